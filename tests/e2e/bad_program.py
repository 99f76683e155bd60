"""What the policy pack is there to refuse."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

NAME = "refused"
LABELS = {"app": NAME}

provider = k8s.Provider("cluster")
options = pulumi.ResourceOptions(provider=provider)
deployment = k8s.apps.v1.Deployment(
    NAME,
    metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME),
    spec=k8s.apps.v1.DeploymentSpecArgs(
        replicas=3,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=LABELS),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=LABELS),
            spec=k8s.core.v1.PodSpecArgs(
                containers=[
                    k8s.core.v1.ContainerArgs(
                        name=NAME,
                        image="docker.io/library/busybox:1.37",
                        security_context=k8s.core.v1.SecurityContextArgs(privileged=True),
                    )
                ]
            ),
        ),
    ),
    opts=options,
)
k8s.autoscaling.v2.HorizontalPodAutoscaler(
    NAME,
    metadata=k8s.meta.v1.ObjectMetaArgs(name=NAME),
    spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
        min_replicas=3,
        max_replicas=6,
        scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
            api_version="apps/v1", kind="Deployment", name=deployment.metadata.name
        ),
    ),
    opts=options,
)
