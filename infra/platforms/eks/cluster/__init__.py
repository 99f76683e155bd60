"""The control plane: its access, keys, log and traffic."""
