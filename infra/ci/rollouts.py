"""The way to the cluster of a stack, for the look at its pods while they are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import BotoCoreError, ClientError
from kubernetes import config

from infra.aws import client
from infra.engine.outcome import Watch
from infra.errors import NightowlError
from infra.kube import connect
from infra.platforms.eks.names import cluster_name
from infra.platforms.existing.platform import kubeconfig_path
from infra.rollouts.watch import watch_rollouts
from infra.settings.guest import AwsPlatformSettings, GuestPlatformSettings
from infra.settings.stack import StackSettings

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def rollouts_of(settings: StackSettings, project: str, stack: str) -> Watch:
    """Return a watch of what a stack runs; its cluster, which may not exist yet, is looked up late."""
    return watch_rollouts(settings.namespace.name, lambda: _connect(settings, project, stack))


def _connect(settings: StackSettings, project: str, stack: str) -> ApiClient:
    platform = settings.platform
    try:
        if isinstance(platform, AwsPlatformSettings):
            host = platform.stack if isinstance(platform, GuestPlatformSettings) else stack
            return _connect_to_eks(cluster_name(project, host), platform.region)
        return connect(kubeconfig_path(platform), platform.context)
    except (BotoCoreError, ClientError, config.ConfigException, OSError) as error:
        raise NightowlError(f"the cluster of {stack} cannot be reached: {error}") from error


def _connect_to_eks(cluster: str, region: str) -> ApiClient:
    """Connect with the credentials of the environment, as the provider of the stack does."""
    eks = client("eks", region)
    found = eks.describe_cluster(name=cluster)["cluster"]
    token = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"],
        "interactiveMode": "Never",
    }
    address = {"server": found["endpoint"], "certificate-authority-data": found["certificateAuthority"]["data"]}
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": address}],
        "users": [{"name": cluster, "user": {"exec": token}}],
        "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": cluster}}],
    }
    new_client = cast(Any, config).new_client_from_config_dict
    return cast("ApiClient", new_client(kubeconfig, context=cluster, persist_config=False))
