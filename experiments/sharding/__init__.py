"""Extraction over a corpus in shards."""
