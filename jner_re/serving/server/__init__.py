"""A local server that speaks TensorFlow Serving's REST API over exported models.

It is for trying and developing; in production, TensorFlow Serving itself serves the same folder.
"""
