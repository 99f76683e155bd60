"""How long pods of an EKS stack take to stop and to be found, and the longest that the cluster waits for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.addons.cluster_autoscaler import LONGEST_STOP_SECONDS
from infra.settings.app.application import Application, LongRunning, Task, traffic_of
from infra.settings.app.rollout import MIN_READY_SECONDS
from infra.settings.model import FieldError
from infra.settings.scalars import seconds_text

HTTP_DRAIN_SECONDS = 60
"""How long an ALB may still send to a pod that stops: with 40 s a request was lost now and then, with 60 s none was
(aws-load-balancer-controller issues 1064, 1719, 2106 and 2366)."""
TCP_DRAIN_SECONDS = 130
"""An NLB takes about two minutes to stop sending to an IP target (the same issues)."""
SERVICE_DRAIN_SECONDS = 15
"""Without a load balancer only kube-proxy must learn that a pod stops: within 5 s, on a busy cluster within 10 s."""

HTTP_REGISTRATION_SECONDS = 20
"""An ALB sends to a new target after one answered check ("Health checks for Application Load Balancer target groups"),
which it asks every 10 s; registering takes seconds."""
TCP_REGISTRATION_SECONDS = 180
"""An NLB takes minutes to send to a new target (Elastic Load Balancing user guide, "Register targets")."""

GRACE_MARGIN_SECONDS = 10
"""What an app's grace period has above its drain and its longest request: room for slow clocks and the last writes."""


def drain_seconds(settings: LongRunning) -> int:
    """Return how long a stopping pod may still be sent new requests or connections, unless its app says otherwise."""
    of_addresses = (HTTP_DRAIN_SECONDS if traffic.is_http else TCP_DRAIN_SECONDS for traffic in traffic_of(settings))
    return max(of_addresses, default=SERVICE_DRAIN_SECONDS)


def registration_seconds(settings: LongRunning) -> int:
    """Return how long a pod that is ready may wait, in seconds, until the load balancer found it well."""
    of_addresses = (
        HTTP_REGISTRATION_SECONDS if traffic.is_http else TCP_REGISTRATION_SECONDS for traffic in traffic_of(settings)
    )
    return max(of_addresses, default=0)


def registration_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find apps whose new pods may count as late before the load balancer has found them well."""
    for app, settings in apps.items():
        if not isinstance(settings, Task) and (wait := registration_seconds(settings)):
            start, deadline = settings.longest_start_seconds, settings.deadline_seconds
            if start + wait + MIN_READY_SECONDS >= deadline:
                yield FieldError(
                    ("apps", app, "rollout", "deadline"),
                    f"{seconds_text(deadline)} is not above the longest start of {seconds_text(start)} and the "
                    f"{seconds_text(wait)} that a load balancer may take to find a new pod well; raise it, or lower "
                    f"{settings.health.key_of_the_start}",
                )


def stop_errors(apps: Mapping[str, Application]) -> Iterator[FieldError]:
    """Find apps that may take longer to stop than the cluster waits for them."""
    for app, settings in apps.items():
        if not isinstance(settings, Task):
            drain = settings.rollout.drain
            if drain is None:
                drain = drain_seconds(settings) if settings.is_sent_requests_while_it_stops else 0
            longest = drain + settings.rollout.finish_within + GRACE_MARGIN_SECONDS
            most = max(0, LONGEST_STOP_SECONDS - drain - GRACE_MARGIN_SECONDS)
            if longest > LONGEST_STOP_SECONDS:
                yield FieldError(
                    ("apps", app, "rollout", "finishWithin"),
                    f"with {seconds_text(drain)} of drain a pod takes {seconds_text(longest)} to stop, but the "
                    f"autoscaler waits {seconds_text(LONGEST_STOP_SECONDS)} before it ends one on a node that it "
                    f"removes; lower it to {seconds_text(most)}, or run such work as kind: job or cron, whose runs "
                    "keep their node",
                )
