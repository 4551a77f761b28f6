"""The Training page: start a run, watch it, and see past ones."""
