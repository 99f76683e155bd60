"""Environment variables and files of a container, as ConfigMaps named by their content.

A changed value makes a ConfigMap of another name, so the pod template changes and the pods roll. The old ConfigMap
stays until the rollout has finished, so the old pods can restart while they serve, and a failed one can be taken back.
Names are `<owner>-env-<8 hex>` and `<owner>-files-<8 hex>`; the owner is the app, or `<app>.<container>` for a helper
(no app name has a dot, so no two owners share a name).

Kubernetes expands `$(NAME)` in the variables of the container itself and not in those of a ConfigMap, so a text with a
reference is written there, after those that it refers to.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

import pulumi
import pulumi_kubernetes as k8s

from infra.apps.not_secret import in_file, variables_in
from infra.settings.app.environment import Environment, FieldValue, Files, ResourceValue
from infra.settings.app.references import in_order_of_references, is_expanded
from infra.settings.outputs import OutputReference

Outputs = Mapping[str, pulumi.Input[str]]
NO_OUTPUTS: Outputs = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class ConfigMapContent:
    """An immutable ConfigMap still to be made."""

    name: str
    """Name of the object and of the resource: another content is another resource, so that a release that failed can be
    taken back while its objects are still there."""
    data: Mapping[str, str]
    not_secret: Sequence[str] = ()
    """What in `data` only looks like a secret, as infra/secret_texts/acknowledged.py has it."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """How one container gets its configuration."""

    config_maps: Sequence[ConfigMapContent] = ()
    env: Sequence[k8s.core.v1.EnvVarArgs] = ()
    expanded: Sequence[k8s.core.v1.EnvVarArgs] = ()
    """Variables that refer to others, in the order of their references; they come after all others."""
    env_from: Sequence[k8s.core.v1.EnvFromSourceArgs] = ()
    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()


def configuration(
    owner: str,
    *,
    container: str,
    env: Environment,
    files: Files,
    not_secret: Collection[str] = (),
    outputs: Outputs = NO_OUTPUTS,
) -> Configuration:
    """Describe the configuration of `container`, whose ConfigMaps are named after `owner`.

    `not_secret` has the entries of the app's key of that name that are about this container, `outputs` what the stack's
    own code returns.
    """
    all_texts = {name: value for name, value in env.items() if isinstance(value, str)}
    texts = {name: value for name, value in all_texts.items() if not is_expanded(value)}
    variables = _content(f"{owner}-env", texts, not_secret=variables_in(not_secret, texts)) if texts else None
    keys = {path: _file_key(index, path) for index, path in enumerate(sorted(files))}
    only = [place for path, key in keys.items() for place in in_file(not_secret, path, key)]
    contents = (
        _content(f"{owner}-files", {keys[path]: files[path] for path in keys}, not_secret=only) if files else None
    )
    volume = f"files-{container}"
    return Configuration(
        config_maps=[config_map for config_map in (variables, contents) if config_map is not None],
        env=[
            k8s.core.v1.EnvVarArgs(name=name, value=outputs[value.output])
            if isinstance(value, OutputReference)
            else _from_pod(name, value)
            for name, value in env.items()
            if not isinstance(value, str)
        ],
        expanded=[
            k8s.core.v1.EnvVarArgs(name=name, value=all_texts[name])
            for name in in_order_of_references(all_texts)
            if name not in texts
        ],
        env_from=[]
        if variables is None
        else [k8s.core.v1.EnvFromSourceArgs(config_map_ref=k8s.core.v1.ConfigMapEnvSourceArgs(name=variables.name))],
        volumes=[]
        if contents is None
        else [
            k8s.core.v1.VolumeArgs(
                name=volume,
                config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=contents.name, default_mode=0o444),
            )
        ],
        mounts=[
            # By subPath, so that a file appears beside the image's own files and hides none of them.
            k8s.core.v1.VolumeMountArgs(name=volume, mount_path=path, sub_path=key, read_only=True)
            for path, key in keys.items()
        ],
    )


def _content(role: str, data: Mapping[str, str], *, not_secret: Sequence[str]) -> ConfigMapContent:
    digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:8]
    return ConfigMapContent(name=f"{role}-{digest}", data=data, not_secret=not_secret)


def _file_key(index: int, path: str) -> str:
    # A ConfigMap key allows letters, digits, dash, dot and underscore; the index keeps equal base names apart.
    return f"{index}-{re.sub(r'[^-._a-zA-Z0-9]', '_', PurePosixPath(path).name)[:200]}"


def _from_pod(name: str, value: FieldValue | ResourceValue) -> k8s.core.v1.EnvVarArgs:
    if isinstance(value, FieldValue):
        source = k8s.core.v1.EnvVarSourceArgs(
            field_ref=k8s.core.v1.ObjectFieldSelectorArgs(api_version="v1", field_path=value.field)
        )
    else:
        source = k8s.core.v1.EnvVarSourceArgs(
            resource_field_ref=k8s.core.v1.ResourceFieldSelectorArgs(resource=value.resource)
        )
    return k8s.core.v1.EnvVarArgs(name=name, value_from=source)
