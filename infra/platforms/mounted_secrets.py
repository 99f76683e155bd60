"""How pods get what is in Secrets of their namespace: as files of one folder, or as variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

OWNER_AND_GROUP_READ = 0o440


def secret_files(secret: pulumi.Input[str], paths: Mapping[str, str]) -> k8s.core.v1.VolumeProjectionArgs:
    """Describe the files of a Secret, whose `paths` are by key."""
    items = [k8s.core.v1.KeyToPathArgs(key=key, path=path) for key, path in paths.items()]
    return k8s.core.v1.VolumeProjectionArgs(secret=k8s.core.v1.SecretProjectionArgs(name=secret, items=items))


def volume_of_secrets(name: str, sources: Sequence[k8s.core.v1.VolumeProjectionArgs]) -> k8s.core.v1.VolumeArgs:
    """Describe a volume with the files of several Secrets, which the pod's user and group may read."""
    return k8s.core.v1.VolumeArgs(
        name=name,
        projected=k8s.core.v1.ProjectedVolumeSourceArgs(default_mode=OWNER_AND_GROUP_READ, sources=sources),
    )


def secret_variable(variable: str, secret: pulumi.Input[str], key: str) -> k8s.core.v1.EnvVarArgs:
    """Describe a variable with the value that a Secret has at `key`."""
    return k8s.core.v1.EnvVarArgs(
        name=variable,
        value_from=k8s.core.v1.EnvVarSourceArgs(secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=secret, key=key)),
    )
