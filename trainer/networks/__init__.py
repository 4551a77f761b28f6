"""Networks that the trainer can train; one forward contract (see `transformer`)."""
