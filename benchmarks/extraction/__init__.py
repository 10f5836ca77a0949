"""What calls of the extractor cost, and how well it splits sentences."""
