"""A plugin of `make test`: look for garbage less often than after every 700 objects, as Python does by default.

A program under test makes objects by the hundred thousand, which live until it ends; the looks took a sixth of the
processor time.
"""

from __future__ import annotations

import gc

gc.set_threshold(200_000, 20, 100)
