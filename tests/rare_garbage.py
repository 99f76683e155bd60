"""A plugin of `make test`: look for garbage as rarely as the commands do, and never among modules and tests.

Programs under test make objects by the hundred thousand; the looks took a sixth of the processor time.
"""

from __future__ import annotations

import gc

from infra.system.garbage import collect_rarely

collect_rarely()


def pytest_collection_finish() -> None:
    gc.freeze()
