"""Nightowl: containerized applications on Kubernetes, as code."""
