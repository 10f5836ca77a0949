"""The card of a model: what it was trained on and how, how good it is, where that is not known."""
