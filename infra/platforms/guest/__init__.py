"""Applications of a pull request on the cluster of another stack."""
