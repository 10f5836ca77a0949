"""Frozen token encoders in the TF-Hub SavedModel format, one module an architecture."""
