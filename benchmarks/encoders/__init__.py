"""Speed of encoders."""
