"""What serves a model: export, warm-up, what travels with an export, a local server and its page."""
