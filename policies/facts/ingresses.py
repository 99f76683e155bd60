"""Ingresses as rules see them, and the annotations of those that AWS Load Balancer Controller serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.values import mapping, mappings, text, within
from policies.facts.objects import annotation
from policies.facts.stack import Resource

ALB_PREFIX = "alb.ingress.kubernetes.io/"


def on_alb(ingress: Resource) -> bool:
    """Return whether AWS Load Balancer Controller makes a load balancer of it."""
    classes = (text(ingress.props, "spec", "ingressClassName"), annotation(ingress, "kubernetes.io/ingress.class"))
    annotations = mapping(within(ingress.props, "metadata", "annotations"))
    return "alb" in classes or any(key.startswith(ALB_PREFIX) for key in annotations)


def alb_annotation(ingress: Resource, name: str) -> str:
    """Return one of the controller's annotations, or an empty text."""
    return annotation(ingress, f"{ALB_PREFIX}{name}")


def alb_attributes(ingress: Resource, name: str) -> Mapping[str, str]:
    """Return the attributes that one of those annotations lists: `key=value,key=value`."""
    attributes: dict[str, str] = {}
    for part in alb_annotation(ingress, name).split(","):
        key, _, value = part.strip().partition("=")
        attributes[key] = value
    return attributes


def backends(ingress: Resource) -> Iterator[Mapping[str, object]]:
    """Return what it sends to."""
    yield mapping(within(ingress.props, "spec", "defaultBackend"))
    for rule in mappings(ingress.props, "spec", "rules"):
        for path in mappings(rule, "http", "paths"):
            yield mapping(path.get("backend"))
