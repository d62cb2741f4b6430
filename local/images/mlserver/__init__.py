"""Seldon's MLServer with its scikit-learn runtime: an image that speaks Open Inference for tests."""
