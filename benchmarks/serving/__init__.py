"""Speed of an exported model, and of the local server under traffic."""
