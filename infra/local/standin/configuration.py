"""The provider's own configuration: which cluster, which namespace, which rules for ConfigMaps and Secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pulumi.runtime.proto import provider_pb2

from infra.local.standin import properties
from infra.local.standin.errors import ProviderError

CLUSTER_IDENTIFIER = "clusterIdentifier"
CLUSTER_KEYS = ("kubeconfig", "context", "cluster")
KNOWN_KEYS = frozenset(
    {
        *CLUSTER_KEYS,
        CLUSTER_IDENTIFIER,
        "namespace",
        "enableConfigMapMutable",
        "enableSecretMutable",
        "enableServerSideApply",
        "enablePatchForce",
        "upsertExistingObjects",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
        "kubeClientSettings",
        "version",
    }
)
"""Keys of the real provider that are honoured here, or that change nothing for what is supported here."""


class ConfigurationError(ProviderError):
    """A configuration that names no cluster. Its text says which key to correct."""


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The provider's configuration. `known` is false while a preview does not know the kubeconfig yet."""

    kubeconfig: str = ""
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    mutable_config_maps: bool = False
    mutable_secrets: bool = False
    patch_force: bool = False
    upsert: bool = False
    known: bool = True

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Configuration:
        """The configuration in the provider's `inputs`. Environment variables are the real provider's."""
        values = cast(dict[str, Any], properties.reveal(dict(inputs)))
        return cls(
            kubeconfig=_kubeconfig_text(values.get("kubeconfig")),
            context=_text(values.get("context")),
            cluster=_text(values.get("cluster")),
            namespace=_text(values.get("namespace")),
            mutable_config_maps=_flag(values, "enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
            mutable_secrets=_flag(values, "enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
            patch_force=_flag(values, "enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
            upsert=_flag(values, "upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
            known=not any(properties.has_unknown(values.get(key)) for key in CLUSTER_KEYS),
        )

    def load_kubeconfig(self) -> dict[str, Any]:
        """The kubeconfig: from its text or path, else from KUBECONFIG, else from the home folder.

        Raises ConfigurationError when it cannot be read or has no such context.
        """
        where, text = self._kubeconfig_source()
        try:
            parsed: Any = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"kubeconfig: {where} is not YAML; give a path or the contents of one") from error
        if not isinstance(parsed, dict) or "clusters" not in parsed:
            raise ConfigurationError(f"kubeconfig: {where} is no kubeconfig; give a path or the contents of one")
        kubeconfig = cast(dict[str, Any], parsed)
        self._check_context(kubeconfig, where)
        return kubeconfig

    def _kubeconfig_source(self) -> tuple[str, str]:
        given = self.kubeconfig or os.environ.get("KUBECONFIG", "").partition(os.pathsep)[0]
        if "\n" in given or given.lstrip().startswith("{"):
            return "the given text", given
        path = Path(given or "~/.kube/config").expanduser()
        try:
            return str(path), path.read_text()
        except OSError as error:
            raise ConfigurationError(
                f"kubeconfig: {path} cannot be read ({error.strerror}); start or choose a cluster"
            ) from error

    def _check_context(self, kubeconfig: Mapping[str, Any], where: str) -> None:
        names = [context.get("name") for context in cast(list[dict[str, str]], kubeconfig.get("contexts") or [])]
        wanted = self.context or kubeconfig.get("current-context")
        if wanted not in names:
            known = ", ".join(str(name) for name in names) or "none"
            raise ConfigurationError(f"context: {wanted!r} is not in {where}; it has: {known}")


def failures(inputs: Mapping[str, Any]) -> list[provider_pb2.CheckFailure]:
    """What in the provider's inputs the stand-in cannot honour."""
    unsupported = sorted(
        key for key, value in inputs.items() if key not in KNOWN_KEYS and value not in (None, "", False, "false")
    )
    reason = "the stand-in Kubernetes provider does not support this key; remove it, or install the Kubernetes plugin"
    found = [provider_pb2.CheckFailure(property=key, reason=reason) for key in unsupported]
    if str(inputs.get("enableServerSideApply", "true")).lower() == "false":
        reason = "the stand-in Kubernetes provider only knows server-side apply; remove this key"
        found.append(provider_pb2.CheckFailure(property="enableServerSideApply", reason=reason))
    return found


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> provider_pb2.DiffResponse:
    """Whether a changed configuration means another cluster, whose resources must then all be made anew.

    With `clusterIdentifier` that key alone decides; without it, whether the active cluster's settings differ.
    """
    changed = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    if not changed:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=changed, replaces=_replaces(old, new, changed)
    )


def _replaces(old: Mapping[str, Any], new: Mapping[str, Any], changed: list[str]) -> list[str]:
    before, after = old.get(CLUSTER_IDENTIFIER), new.get(CLUSTER_IDENTIFIER)
    if before and after:
        return [CLUSTER_IDENTIFIER] if before != after else []
    moved = [key for key in CLUSTER_KEYS if key in changed]
    if any(properties.has_unknown(new.get(key)) for key in CLUSTER_KEYS):
        return moved
    servers = _active_server(Configuration.of(old)), _active_server(Configuration.of(new))
    return moved if None not in servers and servers[0] != servers[1] else []


def _active_server(configuration: Configuration) -> dict[str, Any] | None:
    """The settings of the cluster that the configuration reaches, or None where that cannot be told."""
    try:
        kubeconfig = configuration.load_kubeconfig()
    except ConfigurationError:
        return None
    context = configuration.context or kubeconfig.get("current-context")
    contexts, clusters = _named(kubeconfig, "contexts", "context"), _named(kubeconfig, "clusters", "cluster")
    return clusters.get(configuration.cluster or str(contexts.get(str(context), {}).get("cluster")))


def _named(kubeconfig: Mapping[str, Any], plural: str, singular: str) -> dict[str, dict[str, Any]]:
    entries = cast(list[dict[str, Any]], kubeconfig.get(plural) or [])
    return {entry["name"]: entry[singular] for entry in entries}


def _kubeconfig_text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _flag(values: Mapping[str, Any], key: str, variable: str) -> bool:
    """A switch; Pulumi sends booleans of provider configuration as JSON text."""
    value = values.get(key)
    return str(os.environ.get(variable, "") if value is None else value).lower() == "true"
