"""Frozen token encoders in the TF-Hub SavedModel format, and word vectors."""
