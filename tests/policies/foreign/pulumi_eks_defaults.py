"""`pulumi_eks` as its first page shows it: a cluster with all defaults, and a chart on it."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_eks as eks
import pulumi_kubernetes as k8s


def program() -> dict[str, Any]:
    cluster = eks.Cluster("my-cluster")
    provider = k8s.Provider("k8s", kubeconfig=cluster.kubeconfig_json)
    options = pulumi.ResourceOptions(provider=provider)
    namespace = k8s.core.v1.Namespace("redis", metadata=k8s.meta.v1.ObjectMetaArgs(name="redis"), opts=options)
    k8s.helm.v3.Release(
        "metrics-server",
        chart="metrics-server",
        namespace="kube-system",
        repository_opts=k8s.helm.v3.RepositoryOptsArgs(repo="https://kubernetes-sigs.github.io/metrics-server/"),
        opts=options,
    )
    labels = {"app": "redis"}
    k8s.apps.v1.StatefulSet(
        "redis",
        metadata=k8s.meta.v1.ObjectMetaArgs(namespace=namespace.metadata.name),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            service_name="redis",
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=labels),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=labels),
                spec=k8s.core.v1.PodSpecArgs(
                    containers=[
                        k8s.core.v1.ContainerArgs(
                            name="redis",
                            image="docker.io/library/redis:7.4",
                            ports=[k8s.core.v1.ContainerPortArgs(container_port=6379)],
                            env=[k8s.core.v1.EnvVarArgs(name="REDIS_PASSWORD", value="hunter2")],
                        )
                    ]
                ),
            ),
            volume_claim_templates=[
                k8s.core.v1.PersistentVolumeClaimArgs(
                    metadata=k8s.meta.v1.ObjectMetaArgs(name="data"),
                    spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(access_modes=["ReadWriteOnce"]),
                )
            ],
        ),
        opts=options,
    )
    return {"kubeconfig": cluster.kubeconfig}
