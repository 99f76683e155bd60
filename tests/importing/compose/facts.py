"""What Nightowl and compose-go read, in one form: what a container gets, whichever way it was written."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

from infra.importing.compose.environment import service_environment
from infra.importing.compose.project import ComposeProject

KEYS = ("image", "build", "command", "entrypoint", "healthcheck", "labels", "dns", "cap_add", "expose", "tmpfs",
        "networks", "depends_on", "ports", "volumes", "secrets", "configs", "devices", "extra_hosts", "read_only",
        "deploy", "logging")  # fmt: skip

ANY = "0.0.0.0"  # noqa: S104


def own_facts(project: ComposeProject) -> dict[str, Any]:
    """Return what Nightowl reads."""
    values: Any = project.source.values
    services = {name: _service(service or {}, project.folder) for name, service in values.get("services", {}).items()}
    for name in services.keys() - project.inactive:
        services[name]["environment"] = {key: value for key, (value, _) in service_environment(project, name).items()}
    secrets = {
        key: _path(one["file"], project.folder) for key, one in values.get("secrets", {}).items() if "file" in one
    }
    return {"name": project.name, "services": services, "inactive": sorted(project.inactive), "secrets": secrets}


def reference_facts(answer: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what compose-go answers, which has the long form of everything."""
    project = answer["project"]
    inactive = answer["disabled"] or {}
    services = {name: _service(one, folder) for name, one in {**project["services"], **inactive}.items()}
    for name, one in project["services"].items():
        services[name]["environment"] = one.get("environment") or {}
    secrets = _secrets(project.get("secrets", {}), folder)
    return {"name": project["name"], "services": services, "inactive": sorted(inactive), "secrets": secrets}


def _secrets(secrets: dict[str, Any], folder: Path) -> dict[str, str]:
    return {key: _path(one["file"], folder) for key, one in secrets.items() if "file" in one}


def _service(service: dict[str, Any], folder: Path) -> dict[str, Any]:
    facts = {key: _FORMS.get(key, _as_it_is)(service[key], folder) for key in KEYS if service.get(key) is not None}
    facts["networks"] = facts.get("networks") or {"default": None}
    return {key: value for key, value in facts.items() if value not in ({}, [], False)}


def _as_it_is(value: Any, folder: Path) -> Any:
    return value


def _words(value: Any, folder: Path) -> Any:
    return shlex.split(value) if isinstance(value, str) else value


def _health(value: Any, folder: Path) -> Any:
    test = value["test"]
    return {"test": ["CMD-SHELL", test] if isinstance(test, str) else test, "retries": value.get("retries")}


def _pairs(value: Any, folder: Path) -> Any:
    pairs = value.items() if isinstance(value, dict) else [item.partition("=")[::2] for item in value]
    return {key: str(one) for key, one in pairs}


def _list(value: Any, folder: Path) -> Any:
    return [value] if isinstance(value, str) else [str(item) for item in value]


def _hosts(value: Any, folder: Path) -> Any:
    pairs = value.items() if isinstance(value, dict) else [re.split("[:=]", item, maxsplit=1) for item in value]
    return sorted(f"{key}={one}" for key, many in pairs for one in ([many] if isinstance(many, str) else many))


def _build(value: Any, folder: Path) -> Any:
    build = {"context": value} if isinstance(value, str) else value
    return {
        "context": _path(build.get("context", "."), folder),
        "dockerfile": build.get("dockerfile", "Dockerfile"),
        "args": _pairs(build.get("args") or {}, folder),
    }


def _networks(value: Any, folder: Path) -> Any:
    return value if isinstance(value, dict) else dict.fromkeys(value)


def _depends(value: Any, folder: Path) -> Any:
    started = "service_started"
    return (
        dict.fromkeys(value, started)
        if isinstance(value, list)
        else {key: one["condition"] for key, one in value.items()}
    )


def _ports(value: Any, folder: Path) -> Any:
    return sorted(_port(item) for item in value)


def _port(item: Any) -> str:
    if isinstance(item, dict):
        parts = (
            (item.get("host_ip") or "").replace(ANY, ""),
            item.get("published"),
            item["target"],
            item.get("protocol"),
        )
    else:
        match = re.fullmatch(r"(?:(?:\[?([\d.:]+?)\]?:)?(\d*):)?(\d+)(?:/(\w+))?", str(item))
        assert match, item
        parts = ((match[1] or "").replace(ANY, ""), *match.groups()[1:])
    return f"{parts[0] or 'any'}:{parts[1] or ''}:{parts[2]}/{parts[3] or 'tcp'}"


def _volumes(value: Any, folder: Path) -> Any:
    return sorted(_volume(item, folder) for item in value)


def _volume(item: Any, folder: Path) -> list[str]:
    if isinstance(item, dict):
        source, target, access = item.get("source", ""), item["target"], "ro" if item.get("read_only") else ""
    else:
        source, target, options = ([*item.split(":"), ""] if ":" in item else ["", item, ""])[:3]
        access = "ro" if "ro" in options.split(",") else ""
    is_path = source.startswith((".", "/"))
    return [_path(source, folder) if is_path else source, os.path.normpath(target), access]


def _mounts(value: Any, folder: Path) -> Any:
    return [[item, ""] if isinstance(item, str) else [item["source"], item.get("target", "")] for item in value]


def _secret_mounts(value: Any, folder: Path) -> Any:
    return [[name, target or f"/run/secrets/{name}"] for name, target in _mounts(value, folder)]


def _devices(value: Any, folder: Path) -> Any:
    return [item.split(":")[:2] if isinstance(item, str) else [item["source"], item["target"]] for item in value]


def _deploy(value: Any, folder: Path) -> Any:
    return {"replicas": value.get("replicas"), "labels": _pairs(value.get("labels") or {}, folder)}


def _path(text: str, folder: Path) -> str:
    return os.path.relpath(folder / text, folder)


_FORMS = {
    "build": _build, "command": _words, "entrypoint": _words, "healthcheck": _health, "labels": _pairs, "dns": _list,
    "cap_add": _list, "expose": _list, "tmpfs": _list, "networks": _networks, "depends_on": _depends, "ports": _ports,
    "volumes": _volumes, "secrets": _secret_mounts, "configs": _mounts, "devices": _devices, "extra_hosts": _hosts,
    "deploy": _deploy,
}  # fmt: skip
