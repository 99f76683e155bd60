from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import grpc
import pytest
from pulumi.runtime.settings import get_monitor

from infra.platforms.state import READ_ATTEMPTS, MadeResource, read_state
from tests.harness import run

STATE = {"urn": {"type": "aws:ec2/vpc:Vpc", "outputs": {"id": "vpc-1"}}}


def read(times: int, message: str = "failed to load checkpoint: EOF") -> list[MadeResource]:
    """Read the state of an engine that is writing it: so many questions are answered by an error."""
    found: list[MadeResource] = []
    errors = iter([grpc.RpcError(message)] * times)

    def program() -> None:
        whole: Any = get_monitor()

        def invoke(request: Any) -> Any:
            for error in errors:
                raise error
            return whole.Invoke(request)

        with (
            patch("infra.platforms.state.get_monitor", lambda: SimpleNamespace(Invoke=invoke)),
            patch("infra.platforms.state.BETWEEN_ATTEMPTS_SECONDS", 0),
        ):
            found.extend(read_state())

    run(program, state=STATE)
    return found


def test_a_state_that_is_being_written_is_read_again() -> None:
    assert read(READ_ATTEMPTS - 1) == [MadeResource(type="aws:ec2/vpc:Vpc", outputs={"id": "vpc-1"})]


def test_a_state_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(grpc.RpcError, match="EOF"):
        read(READ_ATTEMPTS)


def test_any_other_error_is_told_at_once() -> None:
    with pytest.raises(grpc.RpcError, match="no such stack"):
        read(1, "no such stack")


def test_a_state_with_a_secret_is_read_as_any_other() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "c2VjcmV0"}
    state = {**STATE, "other": {"type": "kubernetes:core/v1:Secret", "outputs": {"data": {"token": secret}}}}
    found: list[MadeResource] = []
    run(lambda: found.extend(read_state()), state=state)
    assert {one.type for one in found} == {"aws:ec2/vpc:Vpc", "kubernetes:core/v1:Secret"}
