"""From a text to hallmark labels with probabilities and evidence."""
