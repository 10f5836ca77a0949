"""Tables of word vectors: GloVe."""
