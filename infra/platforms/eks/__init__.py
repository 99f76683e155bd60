"""Amazon EKS as a platform: one component per concern, wired together in `platform.py`."""
