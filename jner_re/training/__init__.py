"""Trains the joint model: optimization, resuming, what is logged, distillation."""
