"""What the stack that a guest stands on would tell it, as far as the guest's own settings say."""

from __future__ import annotations

import json
from collections.abc import Mapping

from infra.plan.answers import MADE_AT_UP
from infra.platforms.eks.names import cluster_name
from infra.settings.eks.addresses import http_ports
from infra.settings.eks.platform import PARTITION
from infra.settings.guest import GuestPlatformSettings
from infra.settings.stack import StackSettings


def host_outputs(settings: StackSettings, project: str, *, role_arn: str) -> dict[str, Mapping[str, object]]:
    """Return made-up outputs of the stack that `settings` are a guest of, by stack; nothing for any other platform.

    `project` is the name in Pulumi.yaml. It lets everything through that the guest needs, and `role_arn` may deploy.
    """
    platform = settings.platform
    if not isinstance(platform, GuestPlatformSettings):
        return {}
    sharing: dict[str, object] = {
        "cluster": cluster_name(project, platform.stack),
        "kubeconfig": json.dumps({"clusters": [{"name": cluster_name(project, platform.stack)}]}),
        "vpc": f"vpc-(of {platform.stack})",
        "publicNetworks": [f"(public subnets of {platform.stack})"],
        "guestRoles": {
            app: {
                "arn": f"arn:{PARTITION}:iam::{platform.account_id}:role/(guests' {app} of {platform.stack})",
                "secrets": [secret.ref for secret in of.secrets.values()],
            }
            for app, of in settings.apps.items()
            if of.secrets
        },
        "deployers": [role_arn],
    }
    if platform.domain is not None:
        sharing["loadBalancer"] = {
            "listener": _arn("elasticloadbalancing", f"listener/(of {platform.stack})", platform),
            "dnsName": f"alb-{MADE_AT_UP}.{platform.region}.elb.amazonaws.com",
            "hostedZone": f"(zone of elb.amazonaws.com in {platform.region})",
            "domain": platform.domain,
            "domainZone": f"(zone of {platform.domain})",
            "ports": sorted(set(http_ports(settings.apps).values())),
        }
    return {platform.stack: {"sharing": sharing}}


def _arn(service: str, resource: str, platform: GuestPlatformSettings) -> str:
    return f"arn:{PARTITION}:{service}:{platform.region}:{platform.account_id}:{resource}"
