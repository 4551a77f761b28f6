"""Taking in: what the user is asked, told and shown of the files."""
