"""The Models page: which model is in force, what it can do, and which were before."""
