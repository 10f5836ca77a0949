"""Files of annotated text to and from sentences, one module a format."""
