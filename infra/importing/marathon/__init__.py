"""Definitions of Marathon: apps, pods and groups, as files or as its API answers them."""
