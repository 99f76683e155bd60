"""The base of all errors whose text is meant for the user as it stands."""

from __future__ import annotations


class ProviderError(Exception):
    """Something the user can read and act on; shown without a traceback."""
