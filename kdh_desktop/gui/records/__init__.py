"""The Records page: find, review and hand on what was taken in."""
