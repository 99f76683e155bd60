from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.engine.locks import LockHolder, lock_holder

NEVER_ALIVE_PID = 2**22 + 1
LOCK = {"username": "me", "timestamp": "2026-11-23T17:35:01.123456789+02:00"}
"""A lock as Pulumi's backend writes it, but for its process and host."""


@pytest.mark.parametrize(
    ("holder", "dead"),
    [
        ({**LOCK, "pid": NEVER_ALIVE_PID, "hostname": socket.gethostname()}, True),
        ({**LOCK, "pid": os.getpid(), "hostname": socket.gethostname()}, False),
        ({**LOCK, "pid": NEVER_ALIVE_PID, "hostname": "elsewhere"}, False),
        ({}, False),
    ],
    ids=["dead", "alive", "other machine", "unreadable"],
)
def test_only_a_process_of_this_machine_can_be_known_to_be_dead(holder: dict[str, Any], dead: bool) -> None:
    assert lock_holder(json.dumps(holder)).is_dead is dead


def test_a_holder_is_told_with_its_time_in_utc_and_its_age() -> None:
    holder = lock_holder(json.dumps({**LOCK, "pid": 7, "hostname": "elsewhere"}))

    assert str(holder) == "me@elsewhere (process 7), since 2026-11-23 15:35:01 UTC"
    assert holder.age(datetime(2026, 11, 23, 16, 35, 1, 123456, tzinfo=UTC)) == timedelta(hours=1)


def test_a_process_that_no_machine_can_have_is_not_known_to_be_dead() -> None:
    assert not lock_holder(json.dumps({**LOCK, "pid": 10**30, "hostname": socket.gethostname()})).is_dead


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"pid": "x"}',
        '{"timestamp": 7}',
        "[" * 100_000,
        json.dumps({**LOCK, "pid": 1, "hostname": "h", "timestamp": "0001-01-01T00:00:00+14:00"}),
        json.dumps({**LOCK, "hostname": "h", "pid": 7}).replace("7}", "1e999}"),
        json.dumps({**LOCK, "hostname": "h", "pid": 7}).replace("7}", "9" * 5000 + "}"),
    ],
    ids=["empty", "list", "nothing", "pid", "time", "deep", "before all time", "infinite", "long"],
)
def test_a_lock_that_cannot_be_read_is_a_lock_all_the_same(text: str) -> None:
    assert lock_holder(text) == LockHolder()
