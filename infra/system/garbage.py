"""Looking for garbage less often than Python does by itself."""

from __future__ import annotations

import atexit
import gc

NEW_OBJECTS = 200_000
"""Looks start after so many, and not after the 700 of Python 3.11."""


def collect_rarely() -> None:
    """Look for garbage rarely, and not once more when the process ends.

    The SDKs that a program loads make a million objects, which live until the end: looking through them again and again
    takes a third of the time of `nightowl plan`.
    """
    gc.set_threshold(NEW_OBJECTS, 20, 100)
    atexit.register(gc.freeze)
