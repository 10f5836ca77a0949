"""Label Studio's machine-learning backend: predictions for its tasks, and training on what was annotated."""
