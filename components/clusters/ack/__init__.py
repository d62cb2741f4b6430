"""Alibaba Cloud's Container Service for Kubernetes (ACK), managed and Pro."""
