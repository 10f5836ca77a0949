"""Joint named entity recognition and relation extraction with TensorFlow."""
