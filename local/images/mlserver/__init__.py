"""An image of Seldon's MLServer with its scikit-learn runtime: a server of the Open Inference
Protocol, for tests."""
