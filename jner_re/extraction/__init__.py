"""Whoever asks a model: the graph from text to what was found, and its clients."""
