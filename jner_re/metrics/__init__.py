"""Strict evaluation."""
