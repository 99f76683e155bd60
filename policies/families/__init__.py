"""The rules: one file for each family, none of which knows another."""
