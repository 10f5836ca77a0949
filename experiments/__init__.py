"""Programs that check corpora, train, evaluate and predict."""
