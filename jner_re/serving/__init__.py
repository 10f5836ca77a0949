"""What runs a trained model for others: in this process, as a SavedModel, behind a REST endpoint."""
