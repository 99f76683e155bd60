"""What the stack that a guest stands on would tell it, as far as the guest's own settings say."""

from __future__ import annotations

import json
from collections.abc import Mapping

from infra.plan.answers import MADE_AT_UP
from infra.platforms.eks.names import cluster_name
from infra.settings.eks.addresses import all_reached_ports, http_addresses
from infra.settings.guest import GuestPlatformSettings
from infra.settings.outputs import output_references
from infra.settings.stack import StackSettings


def host_outputs(settings: StackSettings, *, project: str, role: str) -> dict[str, Mapping[str, object]]:
    """Return made-up outputs of the stack that `settings` are a guest of, by stack; nothing for any other platform.

    It lets everything through that the guest needs, and the role named `role` may deploy.
    """
    platform = settings.platform
    if not isinstance(platform, GuestPlatformSettings):
        return {}
    cluster = cluster_name(project, platform.stack)
    roles = f"arn:aws:iam::{platform.account_id}:role"
    balancers = f"arn:aws:elasticloadbalancing:{platform.region}:{platform.account_id}"
    sharing: dict[str, object] = {
        "cluster": cluster,
        "kubeconfig": json.dumps({"clusters": [{"name": cluster}]}),
        "vpc": f"vpc-(of {platform.stack})",
        "publicNetworks": [f"(public subnets of {platform.stack})"],
        "copiesSecrets": True,
        "guestRoles": {
            app: {
                "arn": f"{roles}/(guests' {app} of {platform.stack})",
                "secrets": [secret.ref for secret in of.secrets.values() if isinstance(secret.ref, str)],
            }
            for app, of in settings.with_keeper().apps.items()
            if of.secrets
        },
        "deployers": [f"{roles}/{role}"],
        "outputs": {name: f"({name} of {platform.stack})" for _, name in output_references(settings.apps)},
    }
    if platform.domain is not None:
        sharing["loadBalancer"] = {
            "listener": f"{balancers}:listener/(of {platform.stack})",
            "dnsName": f"alb-{MADE_AT_UP}.{platform.region}.elb.amazonaws.com",
            "hostedZone": f"(zone of elb.amazonaws.com in {platform.region})",
            "domain": platform.domain,
            "domainZone": f"(zone of {platform.domain})",
            "ports": sorted({number for number, _ in all_reached_ports(http_addresses(settings.apps).values())}),
        }
    return {platform.stack: {"sharing": sharing}}
