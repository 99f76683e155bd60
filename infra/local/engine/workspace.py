"""The folder that the engine works in: project, configuration and passphrase, all below the cluster's own folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from infra.local.engine.outcome import DeploymentFailedError
from infra.local.paths import ClusterPaths
from infra.local.provider_plugin import ProviderPlugin, plugin_version

PROJECT = "nightowl"


def environment(paths: ClusterPaths) -> dict[str, str]:
    """The variables with which kubectl and any Pulumi CLI reach the cluster and the state of its stacks."""
    return {
        "KUBECONFIG": str(paths.kubeconfig),
        "PULUMI_BACKEND_URL": paths.state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(paths.passphrase),
    }


def stack_name(stack_file: Path) -> str:
    """The stack of a file named `Pulumi.<stack>.yaml`. Raises DeploymentFailedError for another name."""
    match = re.fullmatch(r"Pulumi\.([A-Za-z0-9_.-]+)\.ya?ml", stack_file.name)
    if not match:
        raise DeploymentFailedError([f"{stack_file} is not a stack file; its name must be Pulumi.<stack>.yaml"])
    return match.group(1)


def write_workspace(paths: ClusterPaths, stack_file: Path, plugin: ProviderPlugin) -> None:
    """Writes the engine's folder: the project with its plugin, the stack's configuration, and the passphrase.

    The salt that the engine made for the stack's secrets is kept from one run to the next.
    Raises DeploymentFailedError for a stack file that cannot be used here.
    """
    for folder in (paths.root, paths.workspace, paths.state):
        folder.mkdir(parents=True, exist_ok=True)
    _keep_passphrase(paths.passphrase)
    config = _stack_config(stack_file)
    target = paths.workspace / stack_file.with_suffix(".yaml").name
    kept = _yaml_map(target) if target.exists() else {}
    salt = {key: kept[key] for key in ("encryptionsalt",) if key in kept}
    _write_yaml(target, {**salt, "config": config})
    _write_yaml(paths.workspace / "Pulumi.yaml", _project(plugin))


def _project(plugin: ProviderPlugin) -> dict[str, Any]:
    project: dict[str, Any] = {"name": PROJECT, "runtime": "python"}
    if plugin.folder is not None:
        provider = {"name": "kubernetes", "version": plugin_version(), "path": str(plugin.folder)}
        project["plugins"] = {"providers": [provider]}
    return project


def _stack_config(stack_file: Path) -> dict[str, Any]:
    try:
        settings = _yaml_map(stack_file)
    except OSError as error:
        raise DeploymentFailedError([f"{stack_file} cannot be read: {error.strerror}"]) from error
    except yaml.YAMLError as error:
        raise DeploymentFailedError([f"{stack_file} is not YAML: {error}"]) from error
    config: Any = settings.get("config") or {}
    if not isinstance(config, dict):
        raise DeploymentFailedError(
            [f"{stack_file}: config must be a map of keys, not a {type(cast(object, config)).__name__}"]
        )
    if _has_encrypted_value(cast(object, config)):
        raise DeploymentFailedError(
            [f"{stack_file}: encrypted values cannot be read on a local cluster; refer to a secret by name instead"]
        )
    return cast(dict[str, Any], config)


def _has_encrypted_value(value: object) -> bool:
    """Whether a value holds what `pulumi config set --secret` writes: a map with `secure` alone."""
    if isinstance(value, dict):
        entries = cast(dict[str, object], value)
        return set(entries) == {"secure"} or any(map(_has_encrypted_value, entries.values()))
    return isinstance(value, list) and any(map(_has_encrypted_value, cast(list[object], value)))


def _keep_passphrase(path: Path) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32))


def has_only_stale_locks(paths: ClusterPaths, stack: str) -> bool:
    """Whether the stack is locked only by runs on this machine that are no longer alive, and so can be unlocked."""
    locks = list((paths.state / ".pulumi" / "locks" / "organization" / PROJECT / stack).glob("*.json"))
    return bool(locks) and all(_is_stale(lock) for lock in locks)


def _is_stale(lock: Path) -> bool:
    try:
        holder = cast(dict[str, Any], json.loads(lock.read_text()))
        if holder.get("hostname") != socket.gethostname():
            return False
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError):
        return False
    return False


def _yaml_map(path: Path) -> dict[str, Any]:
    loaded: Any = yaml.safe_load(path.read_text())
    return cast(dict[str, Any], loaded) if isinstance(loaded, dict) else {}


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False))
