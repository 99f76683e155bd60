from __future__ import annotations

import os
import signal
import threading

import pytest

from infra.system.interruption import interruptions_handled_by


@pytest.fixture(autouse=True)
def handlers_as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_an_interruption_is_noted_where_it_was_raised_and_raised_again_afterwards():
    noted: list[str] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with interruptions_handled_by(lambda: noted.append("one")):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

    assert noted == ["one", "one"]
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_what_the_caller_ignores_stays_ignored():
    noted: list[str] = []
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interruptions_handled_by(lambda: noted.append("one")):
        os.kill(os.getpid(), signal.SIGHUP)

    assert not noted
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_beside_the_main_thread_nothing_is_handled():
    found: list[object] = []

    def work() -> None:
        with interruptions_handled_by(lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
