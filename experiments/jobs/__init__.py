"""Trainings that end in a record each, several at a time."""
