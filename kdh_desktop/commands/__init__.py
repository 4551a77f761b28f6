"""What `kdh` can do, one module for each command; heavy libraries are imported where needed."""
