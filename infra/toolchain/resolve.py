"""Getting every tool of the local platform: from PATH, the cache, a download, or a build from Go modules."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from infra.toolchain import cache, on_path, pinned, plugin, releases, table
from infra.toolchain.cache import pulumi_home, tool_cache
from infra.toolchain.events import OnToolEvent, Phase, ToolEvent
from infra.toolchain.golang import Go

LOG = logging.getLogger(__name__)
Result = TypeVar("Result")
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


def resolve(on_event: OnToolEvent) -> Tools:
    """Find every tool, and download or build those that are missing.

    Idempotent and safe beside another process that does the same; interrupted, it leaves nothing half made and resumes
    the next time. Everything is kept in `tool_cache()`. Whatever is fetched is held against a checksum of this
    repository before it is used. Raises ToolchainError.
    """
    found = _get([*(tool.name for tool in table.TOOLS), _ASSETS], on_event)
    programs = ("etcd", "karpenter", "kwok", "kwokctl", "metrics-server", *table.KUBE_NAMES)
    return Tools(
        engine=_engine_tools(found),
        assets=found[_ASSETS],
        downloads=tool_cache() / "kwokctl-downloads",
        **{name.replace("-", "_"): found[name] for name in programs},
    )


def resolve_engine(on_event: OnToolEvent) -> EngineTools:
    """Find the Pulumi CLI and the Kubernetes provider as `resolve` does. Raises ToolchainError."""
    return _engine_tools(_get(["pulumi", table.PROVIDER], on_event))


def resolve_pulumi(on_event: OnToolEvent) -> Path:
    """Find the Pulumi CLI, and download or build it if it is missing, as `resolve` does. Raises ToolchainError."""
    return _get(["pulumi"], on_event)["pulumi"]


def find_provider() -> Path | None:
    """Return the Kubernetes provider's program if it is on this machine; nothing is downloaded or built."""
    return _find_all().get(table.PROVIDER)


def _engine_tools(found: dict[str, Path]) -> EngineTools:
    provider = found[table.PROVIDER]
    note = (
        f"the Kubernetes provider is release {table.PROVIDER_VERSION}, built from source: "
        f"{releases.provider_version()}, to which the Python package belongs, could not be downloaded"
    )
    built = provider.is_relative_to(tool_cache()) and not provider.is_relative_to(pulumi_home())
    return EngineTools(pulumi=found["pulumi"], provider=provider, provider_note=note if built else "")


def _get(wanted: Sequence[str], on_event: OnToolEvent) -> dict[str, Path]:
    """Return where each program is, by name, and make those that are `wanted` and missing."""
    found = _find_all()
    missing = [name for name in wanted if name not in found]
    if missing:

        def wait(holder: str) -> None:
            detail = f"another nightowl builds the tools (process {holder})"
            on_event(ToolEvent(tool=missing[0], phase=Phase.WAITING, position=missing[0], detail=detail))

        with cache.only_builder(tool_cache(), wait):
            cache.remove_unfinished(tool_cache())
            found = _find_all()
            _download_missing([name for name in wanted if name not in found], found, on_event)
            _build_missing([name for name in wanted if name not in found], found, on_event)
    for name in wanted:
        if name not in missing:
            LOG.debug("%s: found at %s", name, found[name])
            on_event(ToolEvent(tool=name, phase=Phase.FOUND, position=name, detail=str(found[name])))
    return found


def _find_all() -> dict[str, Path]:
    """Return what is here already, by name: from elsewhere on this machine, or in the cache."""
    found: dict[str, Path] = {}
    for tool in table.TOOLS:
        places = [_installed(tool.name), _built(tool)]
        if tool.name == "pulumi":
            places.append({"pulumi": _pulumi_download() / "bin" / "pulumi"})
        for place in places:
            if tool.name not in found and tool.name in place and place[tool.name].exists():
                found |= place
    if _assets().exists():
        found[_ASSETS] = _assets()
    return found


def _installed(name: str) -> dict[str, Path]:
    if name == "kubernetes":
        control_plane = on_path.find_control_plane()
        return {name: control_plane["kube-apiserver"], **control_plane} if control_plane else {}
    path = plugin.find() if name == table.PROVIDER else on_path.find(name)
    return {} if path is None else {name: path}


def _built(tool: table.Tool) -> dict[str, Path]:
    """Return the programs of a tool in the cache; the one of Kubernetes has a name for each of its parts too."""
    names = [tool.name, *(table.KUBE_NAMES if tool.name == "kubernetes" else ())]
    return {name: tool_cache() / f"{tool.name}-{tool.key()}" / name for name in names}


def _assets() -> Path:
    return tool_cache() / f"{_ASSETS}-{table.assets_key()}"


def _pulumi_download() -> Path:
    return tool_cache() / f"pulumi-download-{releases.pulumi_version()}"


def _download_missing(missing: Sequence[str], found: dict[str, Path], on_event: OnToolEvent) -> None:
    """Download what is missing of the engine and has a checksum here.

    What a network does not give is built. What it gives with another content ends everything.
    """
    step = partial(_step, on_event, phase=Phase.DOWNLOADING)
    machine = table.target()
    with contextlib.suppress(pinned.DownloadError):
        if "pulumi" in missing and releases.pulumi_release(*machine).is_pinned:
            step(["pulumi"], "pulumi", lambda: cache.place(_pulumi_download(), releases.install_pulumi))
            found["pulumi"] = _pulumi_download() / "bin" / "pulumi"
    with contextlib.suppress(pinned.DownloadError):
        may_download = releases.provider_release("kubernetes", *machine).is_pinned
        if table.PROVIDER in missing and "pulumi" in found and may_download:
            found[table.PROVIDER] = step([table.PROVIDER], table.PROVIDER, lambda: plugin.install(found["pulumi"]))


def _build_missing(missing: Sequence[str], found: dict[str, Path], on_event: OnToolEvent) -> None:
    if not missing:
        return
    cache.require_disk_space(tool_cache(), need_gib=cache.BUILD_DISK_GIB)
    go = Go(folder=tool_cache() / "build")
    step = partial(_step, on_event, [_GO, *missing], phase=Phase.BUILDING)
    step(_GO, go.install)
    for tool in table.TOOLS:
        if tool.name in missing:
            step(tool.name, partial(_build, go, tool))
            found |= _built(tool)
    if _ASSETS in missing:
        step(_ASSETS, lambda: cache.place(_assets(), go.copy_assets))
        found[_ASSETS] = _assets()
    shutil.rmtree(go.folder, ignore_errors=True)


def _build(go: Go, tool: table.Tool) -> None:
    programs = _built(tool)

    def make(folder: Path) -> None:
        go.build(tool, folder / tool.name)
        for name in programs.keys() - {tool.name}:
            (folder / name).symlink_to(tool.name)

    cache.place(programs[tool.name].parent, make)


def _step(
    on_event: OnToolEvent, steps: Sequence[str], name: str, work: Callable[[], Result], *, phase: Phase
) -> Result:
    """Do one of `steps`; report how long it usually takes, how long it took, what is left and what comes next."""
    left = steps[steps.index(name) :]
    seconds = [_typical_seconds(step, phase, first_built=step in steps[1:2]) for step in left]
    report = partial(ToolEvent, tool=name, position=f"[{len(steps) - len(left) + 1}/{len(steps)}] {name}")
    usually = f"usually {_minutes(seconds[0])}, all that is left {_minutes(sum(seconds))}"
    on_event(report(phase=phase, detail=f"{phase} ({usually})"))
    started = time.monotonic()
    result = work()
    then = "".join(f"; next {following}" for following in left[1:2])
    on_event(report(phase=Phase.DONE, detail=f"done in {time.monotonic() - started:.0f} s{then}"))
    return result


def _typical_seconds(name: str, phase: Phase, *, first_built: bool) -> int:
    if phase is Phase.DOWNLOADING:
        return _TYPICAL_DOWNLOAD_SECONDS
    return _TYPICAL_SECONDS[name] + (_FIRST_BUILT_EXTRA_SECONDS if first_built else 0)


def _minutes(seconds: int) -> str:
    return f"{seconds} s" if seconds < 90 else f"{round(seconds / 60)} min"
