"""A stack that exists: what a change of it does, and which changes are refused."""
