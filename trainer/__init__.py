"""The trainer of KDH Desktop. Importing this package does not import torch."""
