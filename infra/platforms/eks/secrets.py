"""Secrets of the apps: kept in AWS Secrets Manager, mounted as files by the Secrets Store CSI driver.

Only for a secret that is to be a variable, the driver keeps a copy in the cluster's own store, encrypted by the stack's
key, as long as pods use it. Pods without their secret do not start.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import yaml

from infra.iam import Document, allow, policy_document
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.platform import SecretDelivery
from infra.settings.app.secrets import SecretSettings

DRIVER = "secrets-store.csi.k8s.io"
API_VERSION = "secrets-store.csi.x-k8s.io/v1"
SECRETS_FOLDER = "/run/secrets"
RANDOM_SUFFIX = "-??????"
"""Secrets Manager ends each ARN with a dash and six random characters."""


@dataclass(frozen=True, kw_only=True)
class OwnRole:
    """A role that is made with the app. `key_arn` is the key under which its secrets may be encrypted."""

    key_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class GivenRole:
    """A role that another stack has made, and that reads the app's secrets."""

    arn: str


@dataclass(frozen=True, kw_only=True)
class AppSecretsArgs:
    """Which secrets an app needs, by name, and where its pods run.

    `cluster_name` is an output of the cluster, `namespace_name` one of the namespace; `drivers`
    are the add-ons that mount the secrets, where this stack makes them.
    """

    context: AwsContext
    cluster_name: pulumi.Input[str]
    namespace: str
    namespace_name: pulumi.Input[str]
    secrets: Mapping[str, SecretSettings]
    role: OwnRole | GivenRole
    drivers: Sequence[pulumi.Resource] = ()


class AppSecrets(pulumi.ComponentResource):
    """The role that reads the secrets of one app, for its pods, and what the driver mounts of them.

    The app's service account has the app's name.
    """

    delivery: SecretDelivery

    def __init__(self, app: str, args: AppSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:AppSecrets", app, None, opts)
        association = (
            self._associate(app, args, args.role)
            if isinstance(args.role, GivenRole)
            else self._make_identity(app, args, args.role).association
        )
        objects = secret_objects(args.secrets)
        variables = {name: one.env for name, one in sorted(args.secrets.items()) if one.env is not None}
        # The driver reads it when a pod starts. With the content in its name, other secrets make other pods.
        content = objects + ("".join(f"{name}\n" for name in variables))
        class_name = f"{app}-secrets-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        provided = self._make_class(app, args, class_name, objects, copied=list(variables))
        self.delivery = SecretDelivery(
            volumes=[secrets_volume(class_name)],
            mounts=[k8s.core.v1.VolumeMountArgs(name="secrets", mount_path=SECRETS_FOLDER, read_only=True)],
            env=[_variable(variable, class_name, name) for name, variable in variables.items()],
            # Pods get their role when they are admitted, so the association comes first.
            wait_for=[provided, association],
        )
        self.register_outputs({})

    def _associate(self, app: str, args: AppSecretsArgs, role: GivenRole) -> aws.eks.PodIdentityAssociation:
        return aws.eks.PodIdentityAssociation(
            role_name(app),
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=app,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_identity(self, app: str, args: AppSecretsArgs, role: OwnRole) -> PodIdentity:
        return PodIdentity(
            role_name(app),
            PodIdentityArgs(
                context=args.context,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=app,
                policies={"secrets": secrets_policy(args.context, references(args.secrets), key_arn=role.key_arn)},
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_class(
        self, app: str, args: AppSecretsArgs, class_name: str, objects: str, *, copied: Sequence[str]
    ) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            f"{app}-secrets",
            api_version=API_VERSION,
            kind="SecretProviderClass",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=class_name, namespace=args.namespace_name),
            spec={
                "provider": "aws",
                "parameters": {
                    "region": args.context.region,
                    "usePodIdentity": "true",
                    "objects": objects,
                },
                **({"secretObjects": [copy_of(class_name, copied)]} if copied else {}),
            },
            # The add-on brings the kind.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.drivers)),
        )


def references(secrets: Mapping[str, SecretSettings]) -> list[str]:
    """Return the names in Secrets Manager, each once."""
    return sorted({settings.ref for settings in secrets.values()})


def role_name(app: str) -> str:
    """Name the role of an app's pods: at most 45 characters, of the 56 that there is room for."""
    return f"app-{app}"


def secrets_policy(context: AwsContext, names: Sequence[str], *, key_arn: pulumi.Input[str]) -> Document:
    """Let pods read the secrets `names`, and decrypt these with `key_arn` through Secrets Manager, and nothing else."""
    arns = [context.arn("secretsmanager", f"secret:{name}{RANDOM_SUFFIX}") for name in names]
    return policy_document(
        allow("Read", "secretsmanager:DescribeSecret GetSecretValue", *arns),
        allow(
            "Decrypt",
            "kms:Decrypt",
            key_arn,
            when={
                "StringEquals": {"kms:ViaService": f"secretsmanager.{context.region}.amazonaws.com"},
                # Secrets Manager encrypts each value with the secret's ARN as its context.
                "StringLike": {"kms:EncryptionContext:SecretARN": arns},
            },
        ),
    )


def secret_objects(secrets: Mapping[str, SecretSettings]) -> str:
    """Write the provider's list of objects: each secret becomes the file of its name."""
    objects: dict[str, dict[str, Any]] = {}
    for name, settings in sorted(secrets.items(), key=lambda item: (item[1].key is not None, item[0])):
        # The provider takes each secret once, and writes the whole of it to a file too; this name no secret can have.
        one = {"objectName": settings.ref, "objectType": "secretsmanager", "objectAlias": f".{name}.json"}
        if settings.key is None:
            objects[settings.ref] = {**one, "objectAlias": name}
        else:
            entry = {"path": _json_path(settings.key), "objectAlias": name}
            objects.setdefault(settings.ref, one).setdefault("jmesPath", []).append(entry)
    return yaml.safe_dump(list(objects.values()), sort_keys=False)


def _json_path(key: str) -> str:
    """Write a key as JMESPath does, which takes a dash or a dot for an operator unless it is quoted."""
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)


def copy_of(name: str, secrets: Sequence[str]) -> dict[str, Any]:
    """Describe the Secret `name` that the driver keeps while pods mount the files from which it is made."""
    return {
        "secretName": name,
        "type": "Opaque",
        "data": [{"objectName": secret, "key": secret} for secret in secrets],
    }


def _variable(variable: str, secret: str, key: str) -> k8s.core.v1.EnvVarArgs:
    return k8s.core.v1.EnvVarArgs(
        name=variable,
        value_from=k8s.core.v1.EnvVarSourceArgs(secret_key_ref=k8s.core.v1.SecretKeySelectorArgs(name=secret, key=key)),
    )


def secrets_volume(provider_class: str) -> k8s.core.v1.VolumeArgs:
    """Describe the volume that the driver fills for a pod, in memory."""
    return k8s.core.v1.VolumeArgs(
        name="secrets",
        csi=k8s.core.v1.CSIVolumeSourceArgs(
            driver=DRIVER, read_only=True, volume_attributes={"secretProviderClass": provider_class}
        ),
    )
