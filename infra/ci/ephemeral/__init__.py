"""Stacks of pull requests: made of a base stack's file, on the same cluster, and gone with the pull request."""
