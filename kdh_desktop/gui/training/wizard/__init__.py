"""The wizard that plans a training run."""
