"""What the pods of an app get from AWS: their role, and secrets, mounted as files by the Secrets Store CSI driver.

Secrets are kept in AWS Secrets Manager.

Only of a secret that is to be a variable or that pulls images, the driver keeps a copy in the cluster's own store,
encrypted by the stack's key, as long as pods use it. Pods without their secret do not start.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import yaml

from infra.iam import Document, allow, policy_document
from infra.labels import ROLE_ANNOTATION
from infra.platforms.eks.context import AwsContext
from infra.platforms.eks.identity.pod_identity import PodIdentity, PodIdentityArgs
from infra.platforms.eks.identity.pod_permissions import Resolve
from infra.platforms.eks.identity.pod_roles import PermittedPods
from infra.platforms.mounted_secrets import secret_files, secret_variable, volume_of_secrets
from infra.platforms.platform import SECRETS_FOLDER, TLS_FOLDER, TLS_KEYS, SecretDelivery
from infra.settings.app.application import Application
from infra.settings.app.secrets import SecretSettings
from infra.settings.eks.pull_secrets import Credentials
from infra.settings.outputs import OutputReference

DRIVER = "secrets-store.csi.k8s.io"
API_VERSION = "secrets-store.csi.x-k8s.io/v1"
COPIES_VOLUME = "pull-secrets"
COPIES_FOLDER = "/run/pull-secrets"
DOCKER_CONFIG_TYPE = "kubernetes.io/dockerconfigjson"
DOCKER_CONFIG_KEY = ".dockerconfigjson"
RANDOM_SUFFIX = "-??????"
"""Secrets Manager ends each ARN with a dash and six random characters."""


@dataclass(frozen=True, kw_only=True)
class OwnRole:
    """A role that is made with the app.

    `key_arn` is the key under which its secrets may be encrypted; `permitted` is what else the pods may do, none where
    they only read secrets.
    """

    key_arn: pulumi.Input[str]
    permitted: PermittedPods | None = None


@dataclass(frozen=True, kw_only=True)
class GivenRole:
    """A role that another stack has made, and that reads the app's secrets."""

    arn: str


@dataclass(frozen=True, kw_only=True)
class AppSecretsArgs:
    """Which secrets an app needs, by name, and where its pods run.

    `cluster_name` is an output of the cluster, `namespace_name` one of the namespace; `resolve` gives the outputs of
    the stack's own code; `drivers` are the add-ons that mount the secrets, where this stack makes them.
    """

    context: AwsContext
    cluster_name: pulumi.Input[str]
    namespace: str
    namespace_name: pulumi.Input[str]
    secrets: Mapping[str, SecretSettings]
    resolve: Resolve
    role: OwnRole | GivenRole
    drivers: Sequence[pulumi.Resource] = ()


class AppSecrets(pulumi.ComponentResource):
    """The role that reads the secrets of one app, for its pods, and what the driver mounts of them.

    The app's service account has the app's name. EKS takes one role for each service account, so the permissions of
    the app are in this role too, with secrets or without.
    """

    delivery: SecretDelivery

    def __init__(self, app: str, args: AppSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nightowl:eks:AppSecrets", app, None, opts)
        association = (
            self._associate(app, args, args.role)
            if isinstance(args.role, GivenRole)
            else self._make_identity(app, args, args.role).association
        )
        mounted = [*_files(app, args.secrets, args.resolve), *_certificates(app, args.secrets, args.resolve)]
        provided = [self._make_class(args, one) for one in mounted]
        credentials = sorted(name for name, one in args.secrets.items() if isinstance(one, Credentials))
        self.delivery = SecretDelivery(
            volumes=[
                *(_driver_volume(one) for one in mounted),
                *([_volume_of_copies(credentials)] if credentials else []),
            ],
            mounts=[
                *(_mount(one.volume, one.folder) for one in mounted),
                *([_mount(COPIES_VOLUME, COPIES_FOLDER)] if credentials else []),
            ],
            env=[
                secret_variable(variable, one.class_name, name)
                for one in mounted
                for name, variable in one.variables.items()
            ],
            annotations=_annotations(app, args.role),
            # Pods get their role when they are admitted, so the association comes first.
            wait_for=[*provided, association],
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
        policies: dict[str, Document] = {}
        if named := references(args.secrets):
            policies["secrets"] = secrets_policy(args.context, named, key_arn=role.key_arn)
        permitted = role.permitted or PermittedPods(context=args.context)
        return PodIdentity(
            role_name(app),
            PodIdentityArgs(
                context=permitted.context,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=app,
                policies={**policies, **permitted.policies},
                managed_policy_arns=permitted.managed_policy_arns,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _make_class(self, args: AppSecretsArgs, mounted: _Mounted) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            mounted.resource,
            api_version=API_VERSION,
            kind="SecretProviderClass",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=mounted.class_name, namespace=args.namespace_name),
            spec={
                "provider": "aws",
                "parameters": {
                    "region": args.context.region,
                    "usePodIdentity": "true",
                    "objects": mounted.objects,
                },
                **({"secretObjects": mounted.copies} if mounted.copies else {}),
            },
            # The add-on brings the kind.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.drivers)),
        )


def _annotations(app: str, role: OwnRole | GivenRole) -> Mapping[str, str]:
    """Return what replaces pods that ran before there was a role; new secrets do that by themselves."""
    has_permissions = isinstance(role, OwnRole) and role.permitted is not None
    return {ROLE_ANNOTATION: role_name(app)} if has_permissions else {}


@dataclass(frozen=True, kw_only=True)
class _Mounted:
    """The files of one folder, and the Secrets that the driver makes of them."""

    resource: str
    class_name: pulumi.Input[str]
    volume: str
    folder: str
    objects: pulumi.Input[str]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variable by secret."""
    copies: Sequence[Mapping[str, object]] = ()


def _files(app: str, secrets: Mapping[str, SecretSettings], resolve: Resolve) -> list[_Mounted]:
    """Describe the secrets that are files of one folder; none where all are certificates."""
    files = {name: one for name, one in secrets.items() if not one.tls}
    if not files:
        return []
    objects = _written(files, resolve, lambda outputs: secret_objects(files, outputs))
    variables = {name: one.env for name, one in sorted(files.items()) if one.env is not None}
    # The driver reads it when a pod starts. With the content in its name, other secrets make other pods.
    class_name = _class_name(f"{app}-secrets", objects, end="".join(f"{name}\n" for name in variables))
    credentials = sorted(name for name, one in files.items() if isinstance(one, Credentials))
    return [
        _Mounted(
            resource=f"{app}-secrets",
            class_name=class_name,
            volume="secrets",
            folder=SECRETS_FOLDER,
            objects=objects,
            variables=variables,
            copies=[
                *([copy_of(class_name, {name: name for name in variables})] if variables else []),
                *(copy_of(name, {DOCKER_CONFIG_KEY: name}, type_=DOCKER_CONFIG_TYPE) for name in credentials),
            ],
        )
    ]


def _certificates(app: str, secrets: Mapping[str, SecretSettings], resolve: Resolve) -> Iterator[_Mounted]:
    """Describe the certificates, each with its key in a folder of its own: the provider makes no folders."""
    for index, (name, secret) in enumerate(sorted((name, one) for name, one in secrets.items() if one.tls)):
        objects = _of_certificate(name, secret, resolve)
        yield _Mounted(
            resource=f"{app}.{name}-tls",
            class_name=_class_name(f"{app}-tls", objects, start=name),
            volume=f"tls-{index}",
            folder=f"{TLS_FOLDER}/{name}",
            objects=objects,
        )


def _of_certificate(name: str, secret: SecretSettings, resolve: Resolve) -> pulumi.Input[str]:
    return _written({name: secret}, resolve, lambda outputs: tls_objects(_reference(secret, outputs)))


def _written(
    secrets: Mapping[str, SecretSettings], resolve: Resolve, write: Callable[[Mapping[str, str]], str]
) -> pulumi.Input[str]:
    """Write a text that has the references of secrets, once the outputs among them are known."""
    outputs = {one.ref.output: resolve(one.ref) for one in secrets.values() if isinstance(one.ref, OutputReference)}
    return pulumi.Output.all(**outputs).apply(write) if outputs else write({})


def _reference(secret: SecretSettings, outputs: Mapping[str, str]) -> str:
    return secret.ref if isinstance(secret.ref, str) else outputs[secret.ref.output]


def _class_name(stem: str, content: pulumi.Input[str], *, start: str = "", end: str = "") -> pulumi.Input[str]:
    def name(text: str) -> str:
        return f"{stem}-{hashlib.sha256(f'{start}{text}{end}'.encode()).hexdigest()[:8]}"

    return name(content) if isinstance(content, str) else pulumi.Output.from_input(content).apply(name)


def references(secrets: Mapping[str, SecretSettings]) -> list[str]:
    """Return the names in Secrets Manager that the stack file has, each once."""
    return sorted({settings.ref for settings in secrets.values() if isinstance(settings.ref, str)})


def copied_secrets(apps: Mapping[str, Application]) -> list[str]:
    """List the keys of a stack file for which the driver must make Secrets."""
    variables = [
        f"nightowl:apps.{app}.secrets.{name}.env"
        for app, settings in apps.items()
        for name, secret in settings.secrets.items()
        if secret.env is not None
    ]
    return [
        *variables,
        *(f"nightowl:apps.{app}.pullSecrets" for app, settings in apps.items() if settings.pull_secrets),
    ]


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


def secret_objects(secrets: Mapping[str, SecretSettings], outputs: Mapping[str, str] = MappingProxyType({})) -> str:
    """Write the provider's list of objects: each secret becomes the file of its name; `outputs` are of own code."""
    objects: dict[str, dict[str, Any]] = {}
    for name, settings in sorted(secrets.items(), key=lambda item: (item[1].key is not None, item[0])):
        # The provider takes each secret once, and writes the whole of it to a file too; this name no secret can have.
        reference = _reference(settings, outputs)
        one = {"objectName": reference, "objectType": "secretsmanager", "objectAlias": f".{name}.json"}
        if settings.key is None:
            objects[reference] = {**one, "objectAlias": name}
        else:
            entry = {"path": _json_path(settings.key), "objectAlias": name}
            objects.setdefault(reference, one).setdefault("jmesPath", []).append(entry)
    return yaml.safe_dump(list(objects.values()), sort_keys=False)


def tls_objects(reference: str) -> str:
    """Write the provider's list of objects for a secret that is a JSON object with a certificate and its key."""
    paths = [{"path": _json_path(key), "objectAlias": key} for key in TLS_KEYS]
    one = {"objectName": reference, "objectType": "secretsmanager", "objectAlias": ".tls.json", "jmesPath": paths}
    return yaml.safe_dump([one], sort_keys=False)


def _json_path(key: str) -> str:
    """Write a key as JMESPath does, which takes a dash or a dot for an operator unless it is quoted."""
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else json.dumps(key)


def copy_of(name: pulumi.Input[str], data: Mapping[str, str], *, type_: str = "Opaque") -> dict[str, object]:
    """Describe the Secret `name` that the driver keeps while pods mount the files of which it is made, by key."""
    return {
        "secretName": name,
        "type": type_,
        "data": [{"objectName": file, "key": key} for key, file in data.items()],
    }


def _driver_volume(mounted: _Mounted) -> k8s.core.v1.VolumeArgs:
    """Describe a volume that the driver fills for a pod, in memory."""
    return k8s.core.v1.VolumeArgs(
        name=mounted.volume,
        csi=k8s.core.v1.CSIVolumeSourceArgs(
            driver=DRIVER, read_only=True, volume_attributes={"secretProviderClass": mounted.class_name}
        ),
    )


def _volume_of_copies(secrets: Sequence[str]) -> k8s.core.v1.VolumeArgs:
    """Describe a volume of the Secrets that the driver makes: with it a pod is ready only when they are there."""
    return volume_of_secrets(COPIES_VOLUME, [secret_files(name, {DOCKER_CONFIG_KEY: name}) for name in secrets])


def _mount(volume: str, folder: str) -> k8s.core.v1.VolumeMountArgs:
    return k8s.core.v1.VolumeMountArgs(name=volume, mount_path=folder, read_only=True)
