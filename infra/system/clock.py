"""The day, in one place, so that whoever tests what depends on it can choose it."""

from __future__ import annotations

from datetime import date


def today() -> date:
    """Return the day in the time zone of this machine."""
    return date.today()
