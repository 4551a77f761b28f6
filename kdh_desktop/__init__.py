"""KDH Desktop: sorts biomedical text by the Hallmarks of Cancer, offline."""

__version__ = "0.1.0"
