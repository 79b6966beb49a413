"""Trains and serves the purchase-likelihood model, by SageMaker's contract for containers."""
