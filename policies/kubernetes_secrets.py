"""Secrets in Kubernetes objects: where they are kept, and how they reach a container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.objects import CONFIG_MAP, CREDENTIALS, WORKLOADS
from policies.pods import all_containers, called
from policies.rule import ResourceRule, Rule, Severity
from policies.stack import Resource
from policies.values import mapping, mappings, sequence, text, within

SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|pwd|secret|api_?key|access_?key|private_?key|token|credentials?)(?:$|[_.-])",
    re.IGNORECASE,
)
"""Names whose values are secrets. What ends in a place to look (`_FILE`, `_PATH`, `_URL`, `_NAME`) is left out."""
PLACE = re.compile(r"[_.-](?:file|path|dir|url|uri|name|id|arn|ttl|seconds|timeout|header)$", re.IGNORECASE)

SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}|://[^/\s:@]+:[^/\s:@$]+@"
)
"""Private keys, AWS access keys, GitHub and Slack tokens, and passwords in addresses."""

URL = "https://kubernetes.io/docs/concepts/security/secrets-good-practices/"
STORE_URL = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/integrating_csi_driver.html"


def _by_variable(resource: Resource) -> Iterator[str]:
    for container in all_containers(resource):
        for variable in mappings(container, "env"):
            if within(variable, "valueFrom", "secretKeyRef") is not None:
                yield f"{called(container)} takes {text(variable, 'name')} from a Secret into its environment"
        for source in mappings(container, "envFrom"):
            if within(source, "secretRef") is not None:
                yield f"{called(container)} takes Secret {text(source, 'secretRef', 'name')} into its environment"


def _looks_secret(name: str, value: str) -> bool:
    named = bool(SECRET_NAME.search(name)) and not PLACE.search(name)
    return bool(value) and (named or bool(SECRET_VALUE.search(value)))


def _plain(resource: Resource) -> Iterator[str]:
    for container in all_containers(resource):
        for variable in mappings(container, "env"):
            if _looks_secret(text(variable, "name"), text(variable, "value")):
                yield f"{called(container)} has {text(variable, 'name')} in plain text"


def _on_command_line(resource: Resource) -> Iterator[str]:
    for container in all_containers(resource):
        for key in ("command", "args"):
            if any(SECRET_VALUE.search(str(part)) for part in sequence(container.get(key))):
                yield f"{called(container)} has a secret in {key}"


def _in_config(config: Resource) -> Iterator[str]:
    for name in mapping(config.props.get("data")):
        value = text(config.props, "data", name)
        # A whole file is judged by what is in it, not by its name.
        if _looks_secret("" if "\n" in value else name, value):
            yield f"its key {name} holds a secret"


def _in_program(secret: Resource) -> Iterator[str]:
    if mapping(secret.props.get("data")) or mapping(secret.props.get("stringData")):
        yield "its contents come from the program, and so are in the state"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        name="no-secret-variable",
        severity=Severity.MEDIUM,
        types=WORKLOADS,
        controls=("C55",),
        frameworks=("CIS EKS 4.4.1", "CKV_K8S_35", "KubeLinter env-var-secret"),
        protects_from="Variables show up in crash reports, in logs and in every child process.",
        remediation="Mount the Secret as a file.",
        url=URL,
        check=_by_variable,
    ),
    ResourceRule(
        name="no-plain-secret-variable",
        severity=Severity.CRITICAL,
        types=WORKLOADS,
        controls=("C55",),
        frameworks=("CIS EKS 4.4.1", "KubeLinter env-var-secret"),
        protects_from="Whoever may read a Deployment, the program or its history has the secret.",
        remediation="Keep the value in a secret store and mount it as a file; then replace the value.",
        url=URL,
        check=_plain,
    ),
    ResourceRule(
        name="no-secret-on-command-line",
        severity=Severity.CRITICAL,
        types=WORKLOADS,
        controls=("C55",),
        frameworks=("CIS EKS 4.4.1",),
        protects_from="A command line is readable for every process of the node's owner, and is logged.",
        remediation="Pass the path of a mounted file.",
        url=URL,
        check=_on_command_line,
    ),
    ResourceRule(
        name="no-secret-in-config-map",
        severity=Severity.CRITICAL,
        types=(CONFIG_MAP,),
        controls=("C55",),
        frameworks=("CIS EKS 4.4.1", "C-0012"),
        protects_from="ConfigMaps are neither encrypted nor guarded: whoever looks at the namespace reads them.",
        remediation="Move the value to a secret store; then replace it.",
        url=URL,
        check=_in_config,
    ),
    ResourceRule(
        name="secret-in-a-store",
        severity=Severity.LOW,
        types=(CREDENTIALS,),
        controls=("C56",),
        frameworks=("CIS EKS 4.4.2", "C-0234"),
        protects_from="A secret of the program is in its state, its previews and its history, and is not rotated.",
        remediation="Keep it in AWS Secrets Manager and mount it by the Secrets Store CSI Driver.",
        url=STORE_URL,
        check=_in_program,
    ),
)
