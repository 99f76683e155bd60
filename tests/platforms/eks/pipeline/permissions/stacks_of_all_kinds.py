"""The stacks that the permissions are tested with: those that are shipped, and what only a setting brings."""

from __future__ import annotations

import functools
from typing import Any

from infra.platforms.eks.pipeline.permissions.scope import Scope
from infra.platforms.eks.record import MADE_BY_COMPONENTS
from tests.platforms.eks.answers import ACCOUNT, REGION
from tests.platforms.eks.harness_aws import Graph
from tests.platforms.eks.stacks import run_shipped, run_stack, with_apps

DELIVERY_TYPES = frozenset(
    {
        "aws:codebuild/project:Project",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repository:Repository",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:iam/policy:Policy",
    }
)
"""What `nightowl:delivery` brings."""
SERVICE_ROLE_TYPE = frozenset({"aws:iam/serviceLinkedRole:ServiceLinkedRole"})
"""What a stack makes in an account that never had an Auto Scaling group."""
BUCKET = f"nightowl-state-{ACCOUNT}-{REGION}"


def scope(stack: str = "dev", **changes: Any) -> Scope:
    """The scope of a stack whose account is that of the other tests."""
    given: dict[str, Any] = {
        "account_id": ACCOUNT,
        "region": REGION,
        "project": "nightowl",
        "stack": stack,
        "backend_bucket": BUCKET,
        "domain": f"{stack}.example.com",
    }
    return Scope(**{**given, **changes})


def types(graph: Graph) -> frozenset[str]:
    """What the recorder would see of a graph."""
    made = {resource.type for resource in graph.resources}
    inside = {kind for outer in made for kind in MADE_BY_COMPONENTS.get(outer, ())}
    return frozenset(kind for kind in made | inside if kind.startswith("aws:"))


@functools.cache
def types_of(stack: str) -> frozenset[str]:
    """The types of a shipped stack."""
    return types(run_shipped(stack).graph)


@functools.cache
def types_of_everything() -> frozenset[str]:
    """The types of a stack with every option: both load balancers, a firewall, an empty pool, files, and delivery."""
    settings = with_apps(
        {
            "web": {"traffic": {"host": "app.example.com"}, "secrets": {"key": "prod/web/key"}},
            "queue": {"traffic": {"protocol": "tcp"}},
            "files": {"volumes": {"all": {"mount": "/all", "size": "1Gi", "kind": "persistent", "shared": True}}},
        },
        nodePools={
            "system": {"instanceTypes": ["m7g.large"], "min": 2, "max": 4, "system": True},
            "apps": {"instanceTypes": ["m7g.xlarge"], "min": 0, "max": 30},
        },
        loadBalancer={"public": True, "allowFrom": ["0.0.0.0/0"], "domain": "example.com", "waf": True},
        network={"interfaceEndpoints": ["ecr.api"]},
    )
    return types(run_stack(settings).graph) | DELIVERY_TYPES | SERVICE_ROLE_TYPE
