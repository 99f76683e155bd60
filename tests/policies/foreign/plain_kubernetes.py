"""Objects on a cluster that is simply there, by a careful author: what stays to be said is little."""

from __future__ import annotations

from typing import Any

import pulumi_kubernetes as k8s

LABELS = {"app": "guestbook"}
NAMESPACE = "guestbook"


def program() -> dict[str, Any]:
    k8s.core.v1.Namespace(
        NAMESPACE,
        metadata=k8s.meta.v1.ObjectMetaArgs(
            name=NAMESPACE, labels={"pod-security.kubernetes.io/enforce": "restricted"}
        ),
    )
    k8s.core.v1.ServiceAccount("guestbook", metadata=_metadata("guestbook"))
    _deployment()
    _scaling()
    k8s.core.v1.Service(
        "guestbook",
        metadata=_metadata("guestbook"),
        spec=k8s.core.v1.ServiceSpecArgs(
            selector=LABELS, ports=[k8s.core.v1.ServicePortArgs(port=80, target_port="http")]
        ),
    )
    _ingress()
    return {}


def _metadata(name: str) -> k8s.meta.v1.ObjectMetaArgs:
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=NAMESPACE)


def _probe(path: str) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http"))


def _deployment() -> None:
    container = k8s.core.v1.ContainerArgs(
        name="guestbook",
        image="registry.example.com/guestbook:2.1",
        ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=8080)],
        liveness_probe=_probe("/alive"),
        readiness_probe=_probe("/ready"),
        resources=k8s.core.v1.ResourceRequirementsArgs(
            requests={"cpu": "100m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "128Mi"}
        ),
        security_context=k8s.core.v1.SecurityContextArgs(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
        ),
    )
    k8s.apps.v1.Deployment(
        "guestbook",
        metadata=_metadata("guestbook"),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=3,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=LABELS),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=k8s.meta.v1.ObjectMetaArgs(labels=LABELS),
                spec=k8s.core.v1.PodSpecArgs(
                    service_account_name="guestbook",
                    security_context=k8s.core.v1.PodSecurityContextArgs(
                        run_as_non_root=True, seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault")
                    ),
                    containers=[container],
                ),
            ),
        ),
    )


def _scaling() -> None:
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        "guestbook",
        metadata=_metadata("guestbook"),
        spec=k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=k8s.autoscaling.v2.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name="guestbook"
            ),
            min_replicas=3,
            max_replicas=10,
            metrics=[
                k8s.autoscaling.v2.MetricSpecArgs(
                    type="Resource",
                    resource=k8s.autoscaling.v2.ResourceMetricSourceArgs(
                        name="cpu",
                        target=k8s.autoscaling.v2.MetricTargetArgs(type="Utilization", average_utilization=60),
                    ),
                )
            ],
        ),
    )
    k8s.policy.v1.PodDisruptionBudget(
        "guestbook",
        metadata=_metadata("guestbook"),
        spec=k8s.policy.v1.PodDisruptionBudgetSpecArgs(
            # As many as there are at least: a mistake that is easily made.
            min_available=3,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=LABELS),
        ),
    )


def _ingress() -> None:
    k8s.networking.v1.Ingress(
        "guestbook",
        metadata=_metadata("guestbook"),
        spec=k8s.networking.v1.IngressSpecArgs(
            ingress_class_name="nginx",
            rules=[
                k8s.networking.v1.IngressRuleArgs(
                    host="guestbook.example.com",
                    http=k8s.networking.v1.HTTPIngressRuleValueArgs(
                        paths=[
                            k8s.networking.v1.HTTPIngressPathArgs(
                                path="/",
                                path_type="Prefix",
                                backend=k8s.networking.v1.IngressBackendArgs(
                                    service=k8s.networking.v1.IngressServiceBackendArgs(
                                        name="guestbook", port=k8s.networking.v1.ServiceBackendPortArgs(number=80)
                                    )
                                ),
                            )
                        ]
                    ),
                )
            ],
        ),
    )
