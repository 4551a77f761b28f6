"""How one network learns from examples, and what it then says of texts."""
