"""What mutations of Kubernetes objects take hold of."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from policies.facts.objects import CRON_JOB, DEPLOYMENT, INGRESS, RELEASE
from tests.policies.harness import Draft, Request

DIGEST = "sha256:" + "a" * 64
ELSEWHERE = "elsewhere"
"""A namespace that the shipped stacks know nothing of."""

ALB = "alb.ingress.kubernetes.io/"
CLEAN_ANNOTATIONS = {
    f"{ALB}scheme": "internet-facing",
    f"{ALB}inbound-cidrs": "192.0.2.0/24",
    f"{ALB}certificate-arn": "arn:aws:acm:eu-central-1:111122223333:certificate/one",
    f"{ALB}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
    f"{ALB}ssl-redirect": "443",
    f"{ALB}ssl-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    f"{ALB}wafv2-acl-arn": "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/one",
    f"{ALB}load-balancer-attributes": (
        "routing.http.drop_invalid_header_fields.enabled=true,access_logs.s3.enabled=true,"
        "access_logs.s3.bucket=logs,deletion_protection.enabled=true"
    ),
}


def pod(draft: Draft, name: str = "web") -> dict[str, Any]:
    """The pod spec of a Deployment."""
    return draft.of(DEPLOYMENT, name)["spec"]["template"]["spec"]


def container(draft: Draft, name: str = "web") -> dict[str, Any]:
    """The only container of a Deployment."""
    return pod(draft, name)["containers"][0]


def job_pod(draft: Draft) -> dict[str, Any]:
    """The pod spec of the local stack's CronJob."""
    return draft.of(CRON_JOB)["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def job_container(draft: Draft) -> dict[str, Any]:
    return job_pod(draft)["containers"][0]


def again(draft: Draft, type_: str, name: str, **metadata: Any) -> Request:
    """Add a copy of the object `name` of `type_` under another name."""
    inputs = copy.deepcopy(draft.of(type_, name))
    inputs["metadata"] = {**inputs["metadata"], "name": f"{name}-again", **metadata}
    return draft.add(type_, f"{name}-again", inputs)


def in_pod(**changes: Any) -> Callable[[Draft], object]:
    """Change the pod of web."""
    return lambda draft: pod(draft).update(changes)


def in_container(**changes: Any) -> Callable[[Draft], object]:
    """Change the container of web."""
    return lambda draft: container(draft).update(changes)


def in_container_security(**changes: Any) -> Callable[[Draft], object]:
    """Change the security context of web's container."""
    return lambda draft: container(draft)["securityContext"].update(changes)


def in_pod_security(**changes: Any) -> Callable[[Draft], object]:
    """Change the security context of web's pod."""
    return lambda draft: pod(draft)["securityContext"].update(changes)


def an_ingress(name: str = "shop", *, without: str = "", **changes: str) -> Callable[[Draft], object]:
    """Add an Ingress that nothing is wrong with, but for the annotations that are left out or changed."""
    annotations = {key: value for key, value in CLEAN_ANNOTATIONS.items() if key != f"{ALB}{without}"}
    annotations |= {f"{ALB}{key.replace('_', '-')}": value for key, value in changes.items()}
    backend = {"service": {"name": "shop", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    inputs = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": ELSEWHERE, "annotations": annotations},
        "spec": {"ingressClassName": "alb", "rules": [{"host": "shop.example.com", "http": {"paths": [path]}}]},
    }
    # Whoever makes it a load balancer has to be there when it is deleted.
    return lambda draft: draft.add(INGRESS, name, inputs, depends_on=draft.all(RELEASE))
