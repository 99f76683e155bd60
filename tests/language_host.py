"""The Python language host that the stock Pulumi CLI looks for on PATH, small, and for tests only.

Pulumi's own (`pulumi-language-python`, written in Go) comes with its CLI and is in no package registry. This one starts
what the engine of 3.274 asks for: a program (`Run`) and a policy pack (`RunPlugin` of the kind `analyzer`, which is
`python -m pulumi.policy <engine> <folder>`), both by the interpreter that runs it.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

NAME = "pulumi-language-python"
UNLIMITED_MESSAGES = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def language_host(folder: Path, python: Path = Path(sys.executable)) -> Path:
    """Put the host into `folder`, which the caller puts on PATH for the CLI. Programs are run by `python`."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / NAME
    # -P: the folder of this file is no place to import from; tests/policies would hide the pack.
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} -P {shlex.quote(__file__)} "$@"\n')
    script.chmod(0o755)
    return folder


class PythonLanguageHost(LanguageServer):
    """The host of one run of the CLI."""

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self.engine = engine

    def Handshake(self, request: Any, context: Any) -> Any:
        self.engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        # They are those of this interpreter.
        return iter(())

    def Run(self, request: Any, context: Any) -> Any:
        os.chdir(request.pwd)
        program = Path(request.info.program_directory, request.info.entry_point)

        def run_program() -> None:
            runpy.run_path(str(program), run_name="__main__")

        self.program = run_program
        request.args.insert(0, self.engine)
        return super().Run(request, context)

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        if request.kind != "analyzer":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"no {request.kind} is run by the tests' language host")
        command = [sys.executable, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
        environment = dict(entry.split("=", 1) for entry in request.env)
        with subprocess.Popen(
            command, cwd=request.pwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            # The engine ends a plugin by ending the call.
            context.add_callback(process.terminate)
            yield from _written(process)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _written(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """What the process writes, as it writes it, until it has closed both streams."""
    lines: SimpleQueue[Any] = SimpleQueue()
    for name in ("stdout", "stderr"):
        Thread(target=_read, args=(getattr(process, name), name, lines), daemon=True).start()
    open_streams = 2
    while open_streams:
        line = lines.get()
        if line is None:
            open_streams -= 1
        else:
            yield line


def _read(stream: IO[bytes], name: str, lines: SimpleQueue[Any]) -> None:
    for line in stream:
        response: dict[str, Any] = {name: line}
        lines.put(language_pb2.RunPluginResponse(**response))
    lines.put(None)


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=UNLIMITED_MESSAGES)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(PythonLanguageHost(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # The engine ends its language hosts by an interrupt.
    with contextlib.suppress(KeyboardInterrupt):
        server.wait_for_termination()


if __name__ == "__main__":
    main()
