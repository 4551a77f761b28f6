"""What the window, the command line and the trainer stand on: no Qt, no torch."""
