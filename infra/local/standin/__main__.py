"""`python -m infra.local.standin <engine address>`: serves until the engine ends.

The engine reads the port from the first line of standard output. Only the loopback interface listens.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc

from infra.local.standin.engine_log import GrpcEngineLog, SilentLog
from infra.local.standin.server import Service

MOST_PARALLEL_REQUESTS = 256  # a waiting request holds a thread; threads are only made when needed
PARENT_CHECK_SECONDS = 1.0
MESSAGE_SIZE_BYTES = 400 * 1024 * 1024  # the limit of the Pulumi engine itself


def main(arguments: list[str]) -> None:
    """Serves the provider protocol for the engine at the address in `arguments`."""
    address = next((argument for argument in arguments if not argument.startswith("-")), "")
    cancelled, ended = threading.Event(), threading.Event()
    # The engine ends its plugins by SIGINT, and waits up to 5 s for each. Ctrl-C reaches the engine alone: each plugin
    # has a process group of its own, and is asked to stop by Cancel.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    server = grpc.server(
        ThreadPoolExecutor(max_workers=MOST_PARALLEL_REQUESTS),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_SIZE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_SIZE_BYTES),
        ],
    )
    service = Service(GrpcEngineLog(address) if address else SilentLog(), cancelled)
    server.add_generic_rpc_handlers((service.handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    engine = os.getppid()
    while not ended.wait(PARENT_CHECK_SECONDS) and os.getppid() == engine:
        pass
    cancelled.set()
    server.stop(grace=None)


if __name__ == "__main__":
    main(sys.argv[1:])
