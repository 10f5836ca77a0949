"""Sentences to padded batches of numbers."""
