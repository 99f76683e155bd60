"""Getting every tool of the local platform: from PATH, the cache, a download, or a build from Go modules."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.toolchain import cache, download, on_path, pinned, plugin, table
from infra.toolchain.cache import pulumi_home, tool_cache
from infra.toolchain.events import OnToolEvent, Phase, ToolchainError, ToolEvent
from infra.toolchain.golang import Go

LOG = logging.getLogger(__name__)
_GO = "go"
_ASSETS = "assets"
_TYPICAL_SECONDS = {_GO: 20, _ASSETS: 5, **{tool.name: tool.typical_seconds for tool in table.TOOLS}}
_TYPICAL_DOWNLOAD_SECONDS = 30
_FIRST_BUILT_EXTRA_SECONDS = 60
"""Added to the first build of a run: it waits for the sources of all modules."""


@dataclass(frozen=True, kw_only=True)
class EngineTools:
    """Where the Pulumi CLI and the Kubernetes provider are.

    `provider_note` is a sentence for the user where the provider is not the release of the package, else empty.
    """

    pulumi: Path
    provider: Path
    provider_note: str = ""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where each tool is."""

    kwokctl: Path
    karpenter: Path
    engine: EngineTools
    assets: Path
    """The folder with one subfolder per `table.Asset`."""
    downloads: Path
    """kwokctl's own cache of rendered manifests. It is given every program, so that it downloads none."""
    kube_apiserver: Path
    kube_controller_manager: Path
    kube_scheduler: Path
    kubectl: Path
    etcd: Path
    kwok: Path
    metrics_server: Path


def resolve(on_event: OnToolEvent, *, may_download: bool = True) -> Tools:
    """Find every tool, and download or build those that are missing.

    Idempotent and safe beside another process that does the same; interrupted, it leaves nothing half made and resumes
    the next time. Everything is kept in `tool_cache()`. With `may_download` False, no host but the package index
    and the Go module proxy is contacted. Whatever is fetched is held against a checksum of this repository before it is
    used. Raises ToolchainError.
    """
    folder = tool_cache()
    return _tools(folder, _get(folder, _names(), on_event, may_download=may_download))


def resolve_engine(on_event: OnToolEvent, *, may_download: bool = True) -> EngineTools:
    """Find the Pulumi CLI and the Kubernetes provider as `resolve` does. Raises ToolchainError."""
    return _engine_tools(_get(tool_cache(), ["pulumi", table.PROVIDER], on_event, may_download=may_download))


def resolve_pulumi(on_event: OnToolEvent, *, may_download: bool = True) -> Path:
    """Find the Pulumi CLI, and download or build it if it is missing, as `resolve` does. Raises ToolchainError."""
    return _required(_get(tool_cache(), ["pulumi"], on_event, may_download=may_download), "pulumi")


def _get(folder: Path, wanted: Sequence[str], on_event: OnToolEvent, *, may_download: bool) -> dict[str, Path]:
    """Return where each wanted tool is, by name, and make those that are missing."""
    found = _find_all(folder)
    missing = [name for name in wanted if name not in found]
    if missing:
        progress = _Progress(on_event, missing)
        with cache.only_builder(folder, progress.waiting):
            cache.remove_unfinished(folder)
            found = _find_all(folder)
            _make_missing(folder, wanted, found, progress, may_download=may_download)
    _report_found(on_event, {name: found[name] for name in wanted if name not in missing})
    return found


def _names() -> list[str]:
    return [*(tool.name for tool in table.TOOLS), _ASSETS]


def _find_all(folder: Path) -> dict[str, Path]:
    """Return what is here already, by name."""
    found: dict[str, Path] = {}
    for tool in table.TOOLS:
        path = _find(folder, tool)
        if path is not None:
            found[tool.name] = path
    assets = folder / f"{_ASSETS}-{table.assets_key()}"
    if assets.exists():
        found[_ASSETS] = assets
    return found


def _find(folder: Path, tool: table.Tool) -> Path | None:
    installed = _find_installed(tool.name)
    if installed is not None:
        return installed
    candidates = [_entry(folder, tool) / tool.name]
    if tool.name == "pulumi":
        candidates.append(_pulumi_download(folder) / "bin" / "pulumi")
    return next((path for path in candidates if path.exists()), None)


def _find_installed(name: str) -> Path | None:
    """Return a tool that the machine has from elsewhere, or None."""
    if name == table.PROVIDER:
        return plugin.find()
    if name == "kubernetes":
        control_plane = on_path.find_control_plane()
        return control_plane["kube-apiserver"] if control_plane is not None else None
    return on_path.find(name)


def _make_missing(
    folder: Path, wanted: Sequence[str], found: dict[str, Path], progress: _Progress, *, may_download: bool
) -> None:
    """Fill `found` with what is wanted and it lacks."""
    missing = [name for name in wanted if name not in found]
    if not missing:
        return
    if may_download:
        _download_engine(folder, missing, found, progress)
    to_build = [tool for tool in table.TOOLS if tool.name in missing and tool.name not in found]
    assets = [_ASSETS] if _ASSETS in missing else []
    if not to_build and not assets:
        return
    steps = [_GO, *(tool.name for tool in to_build), *assets]
    progress.plan(steps)
    cache.require_disk_space(folder, need_gib=cache.BUILD_DISK_GIB)
    go = Go(folder=folder / "build")
    progress.step(_GO, go.install)
    for tool in to_build:
        progress.step(tool.name, lambda tool=tool: _build(go, tool, _entry(folder, tool)))
        found[tool.name] = _entry(folder, tool) / tool.name
    if assets:
        entry = folder / f"{_ASSETS}-{table.assets_key()}"
        progress.step(_ASSETS, lambda: cache.place(entry, go.copy_assets))
        found[_ASSETS] = entry
    shutil.rmtree(go.folder, ignore_errors=True)


def _download_engine(folder: Path, missing: Sequence[str], found: dict[str, Path], progress: _Progress) -> None:
    """Download what is missing of the engine and has a checksum here.

    What a network does not give is built. What it gives with another content ends everything.
    """
    if "pulumi" in missing and download.pulumi_is_pinned():
        with contextlib.suppress(pinned.DownloadError):
            found["pulumi"] = _downloaded_pulumi(folder, progress)
    pulumi = found.get("pulumi")
    if table.PROVIDER in missing and pulumi is not None and plugin.is_pinned():
        with contextlib.suppress(pinned.DownloadError):
            found[table.PROVIDER] = _downloaded_provider(pulumi, progress)


def _build(go: Go, tool: table.Tool, entry: Path) -> None:
    def make(folder: Path) -> None:
        go.build(tool, folder / tool.name)
        if tool.name == "kubernetes":
            for name in table.KUBE_NAMES:
                (folder / name).symlink_to(tool.name)

    cache.place(entry, make)


def _downloaded_pulumi(folder: Path, progress: _Progress) -> Path:
    entry = _pulumi_download(folder)
    progress.plan(["pulumi"])
    progress.step("pulumi", lambda: cache.place(entry, download.install_pulumi), phase=Phase.DOWNLOADING)
    return entry / "bin" / "pulumi"


def _downloaded_provider(pulumi: Path, progress: _Progress) -> Path:
    made: list[Path] = []
    progress.plan([table.PROVIDER])
    progress.step(table.PROVIDER, lambda: made.append(plugin.install(pulumi)), phase=Phase.DOWNLOADING)
    return made[0]


def _entry(folder: Path, tool: table.Tool) -> Path:
    return folder / f"{tool.name}-{tool.key()}"


def _pulumi_download(folder: Path) -> Path:
    return folder / f"pulumi-download-{importlib.metadata.version('pulumi')}"


def _downloads(folder: Path) -> Path:
    return folder / "kwokctl-downloads"


def _tools(folder: Path, found: dict[str, Path]) -> Tools:
    kube = _control_plane(_required(found, "kubernetes"))
    return Tools(
        kwokctl=_required(found, "kwokctl"),
        karpenter=_required(found, "karpenter"),
        engine=_engine_tools(found),
        assets=_required(found, _ASSETS),
        downloads=_downloads(folder),
        kube_apiserver=_required(kube, "kube-apiserver"),
        kube_controller_manager=_required(kube, "kube-controller-manager"),
        kube_scheduler=_required(kube, "kube-scheduler"),
        kubectl=_required(kube, "kubectl"),
        etcd=_required(found, "etcd"),
        kwok=_required(found, "kwok"),
        metrics_server=_required(found, "metrics-server"),
    )


def _engine_tools(found: dict[str, Path]) -> EngineTools:
    provider = _required(found, table.PROVIDER)
    note = (
        f"the Kubernetes provider is release {table.PROVIDER_VERSION}, built from source: {plugin.release()}, to which "
        "the Python package belongs, could not be downloaded"
    )
    built = provider.is_relative_to(tool_cache()) and not provider.is_relative_to(pulumi_home())
    return EngineTools(pulumi=_required(found, "pulumi"), provider=provider, provider_note=note if built else "")


def _control_plane(path: Path) -> dict[str, Path]:
    if path.name == "kubernetes":
        return {name: path.parent / name for name in table.KUBE_NAMES}
    return on_path.find_control_plane() or {}


def _required(found: dict[str, Path], name: str) -> Path:
    path = found.get(name)
    if path is None:
        raise ToolchainError(f"{name} is neither on PATH nor built; run the command again.")
    return path


def _report_found(on_event: OnToolEvent, found: dict[str, Path]) -> None:
    for index, (name, path) in enumerate(found.items(), start=1):
        LOG.debug("%s: found at %s", name, path)
        on_event(ToolEvent(tool=name, phase=Phase.FOUND, index=index, total=len(found), detail=str(path)))


class _Progress:
    """Turns the steps of a run into events: which one of how many, how long it takes, and what comes next."""

    def __init__(self, on_event: OnToolEvent, steps: list[str]) -> None:
        self._on_event = on_event
        self._steps = steps

    def plan(self, steps: list[str]) -> None:
        self._steps = steps

    def waiting(self, holder: str) -> None:
        detail = f"another nightowl builds the tools (process {holder})"
        self._on_event(ToolEvent(tool=self._steps[0], phase=Phase.WAITING, index=1, total=1, detail=detail))

    def step(self, name: str, work: Callable[[], None], *, phase: Phase = Phase.BUILDING) -> None:
        self._on_event(self._event(name, phase))
        started = time.monotonic()
        work()
        self._on_event(self._event(name, Phase.DONE, seconds=time.monotonic() - started))

    def _event(self, name: str, phase: Phase, *, seconds: float = 0.0) -> ToolEvent:
        position = self._steps.index(name)
        following = self._steps[position + 1 :]
        return ToolEvent(
            tool=name,
            phase=phase,
            index=position + 1,
            total=len(self._steps),
            seconds=seconds,
            typical_seconds=self._typical(name, phase),
            remaining_seconds=sum(self._typical(step, phase) for step in self._steps[position:]),
            next_tool=following[0] if following else None,
        )

    def _typical(self, name: str, phase: Phase) -> int:
        if phase is Phase.DOWNLOADING:
            return _TYPICAL_DOWNLOAD_SECONDS
        first_built = len(self._steps) > 1 and name == self._steps[1]
        return _TYPICAL_SECONDS[name] + (_FIRST_BUILT_EXTRA_SECONDS if first_built else 0)
