"""What goes wrong with the data of the pack."""


class PolicyDataError(ValueError):
    """A levels or exceptions file is not usable; the message names file, key and remedy."""
