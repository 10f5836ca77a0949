"""Strict scores, the threshold, calibration, and the report."""
