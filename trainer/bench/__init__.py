"""`kdh-trainer bench`: speed and memory of the program beside PyTorch, in one table.

Each contestant is a child process of its own, so that its memory is its own, and all take turns
round by round, so that whatever else the machine does hits all alike.
"""
