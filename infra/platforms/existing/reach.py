"""Whether the cluster of a stack file can be reached, asked before anything is planned.

The Kubernetes provider previews without a word on a cluster that it cannot find, and fails in the middle of the update.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import yaml

from infra.platforms.existing.platform import kubeconfig_path
from infra.settings.platform import ExistingPlatformSettings, PlatformSettings
from infra.settings.problems import SettingsError, refusal

CONNECT_SECONDS = 5.0
LOCAL_CONTEXT = "nightowl-local"
"""As `infra.local.paths.KUBE_CONTEXT`, which belongs to a part that the program does without."""
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def require_cluster(platform: PlatformSettings) -> None:
    """Check that the kubeconfig has the context of an existing cluster, and that its API server takes connections.

    Other platforms make their cluster themselves.

    Raises:
        SettingsError: one line with the key, its value and what to do.
    """
    if not isinstance(platform, ExistingPlatformSettings):
        return
    files = kubeconfig_files(platform)
    loaded = [(file, _load(file)) for file in files if file.exists() or platform.kubeconfig is not None]
    place = ", ".join(str(file) for file, _ in loaded)
    if not loaded:
        raise _error(platform, f"cannot be found: there is no kubeconfig at {', '.join(map(str, files))}")
    contexts = _named([config for _, config in loaded], "contexts", "context")
    if platform.context not in contexts:
        has = f"which has {', '.join(sorted(contexts))}" if contexts else "which has none"
        raise _error(platform, f"is not a context of {place}, {has}")
    clusters = _named([config for _, config in loaded], "clusters", "cluster")
    name = str(contexts[platform.context].get("cluster") or "")
    if name not in clusters:
        raise _error(platform, f"is a context of cluster {name!r}, which {place} does not describe")
    _require_answer(platform, clusters[name])


def kubeconfig_files(platform: ExistingPlatformSettings) -> list[Path]:
    """List the files that kubectl would read, the first of which wins."""
    named = kubeconfig_path(platform)
    if named is not None:
        return [named]
    listed = [Path(item) for item in os.environ.get("KUBECONFIG", "").split(os.pathsep) if item]
    return listed or [Path.home() / ".kube" / "config"]


def _load(file: Path) -> Mapping[str, Any]:
    key = "nightowl:platform.kubeconfig"
    try:
        loaded: object = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise refusal(key, f"{file} cannot be read: {reason}; correct the path or its rights") from error
    except yaml.YAMLError as error:
        raise refusal(key, f"{file} is no kubeconfig: it is not YAML") from error
    if not isinstance(loaded, Mapping):
        raise refusal(key, f"{file} is no kubeconfig: it is not a map of clusters, users and contexts")
    return cast("Mapping[str, Any]", loaded)


def _named(configs: Sequence[Mapping[str, Any]], plural: str, singular: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for config in configs:
        listed: object = config.get(plural) or []
        entries = cast("list[object]", listed) if isinstance(listed, list) else []
        for entry in (cast("Mapping[str, Any]", each) for each in entries if isinstance(each, Mapping)):
            described: object = entry.get(singular)
            found.setdefault(
                str(entry.get("name")), cast("Mapping[str, Any]", described) if isinstance(described, Mapping) else {}
            )
    return found


def _require_answer(platform: ExistingPlatformSettings, cluster: Mapping[str, Any]) -> None:
    server = str(cluster.get("server") or "")
    try:
        address = urlsplit(server if "://" in server else f"https://{server}")
        port = address.port or (80 if address.scheme == "http" else 443)
    except ValueError as error:
        raise _error(platform, f"leads to {server!r}, which is no address") from error
    if cluster.get("proxy-url") or any(os.environ.get(name) for name in PROXY_VARIABLES):
        return  # only the proxy knows the way
    try:
        socket.create_connection((address.hostname or "", port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise _error(platform, f"leads to {server}, which does not answer ({reason})") from error


def _error(platform: ExistingPlatformSettings, problem: str) -> SettingsError:
    remedy = (
        'run `nightowl local up`, then `eval "$(nightowl local env)"` in this shell'
        if platform.context == LOCAL_CONTEXT
        else "start that cluster, write another context, or set KUBECONFIG or nightowl:platform.kubeconfig"
    )
    return refusal("nightowl:platform.context", f"{platform.context!r} {problem}; {remedy}")
