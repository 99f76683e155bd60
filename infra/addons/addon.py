"""What an add-on of an EKS cluster is: its declaration as plain data, from which the platform makes it.

Nothing here imports Pulumi or any other part of Nightowl that could import it back: the settings read the names, the
platform makes the resources, the pipeline's boundary reads the permissions and `nightowl plan` the durations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from infra.iam import Statement
from infra.labels import SYSTEM_LABEL, SYSTEM_TAINT_KEY, ZONE_LABEL
from infra.versions import KUBERNETES_MINOR

if TYPE_CHECKING:
    import pulumi

RUN_1_36 = (
    "terraform apply of an EKS 1.36 cluster in ap-south-1 "
    "(github Saptak-cyber/DevOps_Assignments, final project, section 8.2, 2026-10)"
)
"""A log that shows how long many add-ons and the cluster itself take."""
LIKE_OTHER_DAEMONS = f"no log was found: as vpc-cni, kube-proxy and eks-pod-identity-agent, 24 s each: {RUN_1_36}"
RELEASE_SECONDS = 35
RELEASE_SOURCE = (
    "5 s with the image present (p99 of the Kubernetes SLO), 20 s to pull it (an own estimate); "
    "10 s until its readiness is asked"
)
"""How long a Helm release takes whose pods start and become ready."""

Need = Literal["nodes", "pods", "volumes", "shared volumes", "secrets", "load balancers", "GPUs"]
"""What does not work without an add-on."""


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """The cluster that an add-on is for.

    The defaults stand for any VPC and any key: they are for callers that ask for permissions alone.
    """

    name: str
    account_id: str
    region: str
    kubernetes_version: str = KUBERNETES_MINOR
    vpc_id: pulumi.Input[str] = "*"
    volumes_key_arn: pulumi.Input[str] = "*"
    file_system_arns: Sequence[pulumi.Input[str]] = ()
    """The stack's file systems; empty for any of the account and region."""
    copies_secrets: bool = False
    """Whether apps have secrets as variables, which come from Secrets of the cluster."""

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the cluster's account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A Helm chart, pinned.

    `definitions` is the URL of its CustomResourceDefinitions, with `{version}` in it: Helm installs those of a chart
    once and never renews them.
    """

    repository: str
    chart: str
    version: str
    definitions: str = ""


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An add-on: what it is, what it may do, what waits for it, and how long it takes to make.

    Without a `chart` it is one of EKS's own add-ons, in the version that the stack file pins under `cluster.addons`,
    else in AWS's default for the cluster's Kubernetes version.
    """

    name: str
    """As AWS names the add-on. With a chart: of the release, its Deployment and its service account."""
    seconds: float
    """How long it takes from the request until it is active, and ..."""
    source: str
    """... where that was seen."""
    chart: Chart | None = None
    namespace: str = "kube-system"
    """Where its pods run. Each namespace gets a network policy first, as strict mode cuts off pods without one."""
    needed_by: Need | None = None
    """What waits for it. What `nodes` need is made before them; everything else waits for the nodes of system pools,
    as an add-on whose pods find no node becomes degraded, and fails after 20 minutes."""
    values: Callable[[ClusterFacts], Mapping[str, Any]] = lambda _: {}
    """Its configuration; empty where the default is right. EKS refuses unknown keys, Helm ignores them."""
    service_account: str | None = None
    """Of the pods that call AWS, where it has any."""
    managed_policy: str | None = None
    """AWS's own policy for it, where no narrower one does."""
    permissions: Callable[[ClusterFacts], Mapping[str, Sequence[Statement]]] = lambda _: {}
    """What these pods may do, by policy. With a `managed_policy`: what that allows, for the permissions boundary."""

    @property
    def short_name(self) -> str:
        """Return the name of its role and release in Pulumi's state."""
        return self.name.removeprefix("aws-")


def on_system_pools(match_labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the values by which the replicas of a controller, found by labels, run on system pools and nowhere else.

    They spread over the zones; `ScheduleAnyway`: after the loss of a zone, running beats balance.
    """
    return {
        "nodeSelector": {SYSTEM_LABEL: "true"},
        "tolerations": [{"key": SYSTEM_TAINT_KEY, "operator": "Exists", "effect": "NoSchedule"}],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": ZONE_LABEL,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": match_labels},
            }
        ],
    }
