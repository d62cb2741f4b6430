"""Model sources: where model files come from, and how a pod gets them."""
