"""Speed of training, beside PyTorch, as work grows, and of jobs at the same time."""
