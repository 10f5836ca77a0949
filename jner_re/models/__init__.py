"""The joint model and its decoding."""
