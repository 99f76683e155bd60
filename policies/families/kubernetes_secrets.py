"""Secrets in Kubernetes objects: where they are kept, and how they reach a container."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from infra.secret_texts.acknowledged import ACKNOWLEDGED, acknowledged
from infra.secret_texts.texts import in_arguments, in_file, in_setting, in_text, without_secrets
from infra.values import mapping, mappings, sequence, text, within
from policies.facts.objects import CONFIG_MAP, POD_SPELLINGS, SECRET, annotation
from policies.facts.pods import all_containers, label
from policies.facts.spellings import with_patches
from policies.facts.stack import Resource
from policies.rule import CRITICAL, LOW, MEDIUM, Family, Messages

family = Family(
    "Secrets in Kubernetes", __doc__, url="https://kubernetes.io/docs/concepts/security/secrets-good-practices/"
)


@family.rule("no-secret-variable", MEDIUM, POD_SPELLINGS, "CIS EKS 4.4.1", "CKV_K8S_35", "KubeLinter env-var-secret")
def _by_variable(resource: Resource) -> Messages:
    """Variables show up in crash reports, in logs and in every child process.

    Mount the Secret as a file.
    """
    for container in all_containers(resource):
        for variable in mappings(container, "env"):
            if within(variable, "valueFrom", "secretKeyRef") is not None:
                yield f"{label(container)} takes {text(variable, 'name')} from a Secret into its environment"
        for source in mappings(container, "envFrom"):
            if within(source, "secretRef") is not None:
                yield f"{label(container)} takes Secret {text(source, 'secretRef', 'name')} into its environment"


@family.rule("no-plain-secret-variable", CRITICAL, POD_SPELLINGS, "CIS EKS 4.4.1", "KubeLinter env-var-secret")
def _plain(resource: Resource) -> Messages:
    """Whoever may read a Deployment, the program or its history has the secret.

    Keep the value in a secret store and mount it as a file; then replace the value.
    """
    known = _known(resource)
    for container in all_containers(resource):
        for variable in mappings(container, "env"):
            name = text(variable, "name")
            if f"{text(container, 'name')}/{name}" not in known and in_setting(name, text(variable, "value")):
                yield f"{label(container)} has {without_secrets(name)} in plain text"


@family.rule("no-secret-on-command-line", CRITICAL, POD_SPELLINGS, "CIS EKS 4.4.1")
def _on_command_line(resource: Resource) -> Messages:
    """A command line is readable for every process of the node's owner, and is logged.

    Pass the path of a mounted file.
    """
    known = _known(resource)
    for container in all_containers(resource):
        for key, words in _commands(container):
            found = in_arguments([str(word) for word in words])
            if any(f"{text(container, 'name')}/{key}#{index}" not in known for index in found):
                yield f"{label(container)} has a secret in {key}"


def _commands(container: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    for key in ("command", "args"):
        yield key, sequence(container.get(key))
    for key in ("startupProbe", "readinessProbe", "livenessProbe"):
        yield key, sequence(within(container, key, "exec", "command"))
    for key in ("postStart", "preStop"):
        yield key, sequence(within(container, "lifecycle", key, "exec", "command"))


@family.rule("no-secret-in-config-map", CRITICAL, with_patches(CONFIG_MAP), "CIS EKS 4.4.1", "C-0012")
def _in_config(config: Resource) -> Messages:
    """ConfigMaps are neither encrypted nor guarded: whoever looks at the namespace reads them.

    Move the value to a secret store; then replace it.
    """
    known = _known(config)
    for name in mapping(config.props.get("data")):
        # A variable may have a dot in its name, as a file has.
        if name not in known and any(place not in known for place in _places(name, text(config.props, "data", name))):
            yield f"its key {without_secrets(name)} holds a secret"
    for name in mapping(config.props.get("binaryData")):
        if in_text(text(config.props, "binaryData", name)) or in_file(name, _decoded(config, name)):
            yield f"its key {without_secrets(name)} holds a secret"


def _places(key: str, value: str) -> list[str]:
    """List what looks like a secret under a key: the value of a variable, or things in a file."""
    if in_setting(key, value) and re.fullmatch(r"[A-Za-z_]\w*", key):
        return [key]
    return [f"{key}#{secret.name}" for secret in in_file(key, value)]


def _decoded(config: Resource, name: str) -> str:
    return base64.b64decode(text(config.props, "binaryData", name)).decode(errors="replace")


def _known(resource: Resource) -> Collection[str]:
    return acknowledged(annotation(resource, ACKNOWLEDGED))


@family.rule("secret-in-a-store", LOW, with_patches(SECRET), "CIS EKS 4.4.2", "C-0234")
def _in_program(secret: Resource) -> Messages:
    """A secret of the program is in its state, its previews and its history, and is not rotated.

    Keep it in AWS Secrets Manager and mount it by the Secrets Store CSI Driver.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/integrating_csi_driver.html
    """
    if mapping(secret.props.get("data")) or mapping(secret.props.get("stringData")):
        yield "its contents come from the program, and so are in the state"
