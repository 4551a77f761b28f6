"""The Classify page: paste an abstract, see its hallmarks."""
