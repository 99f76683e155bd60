"""What makes apps need room, as messages say it: by the keys that these apps have."""

from __future__ import annotations

from collections.abc import Collection

from infra.settings.app.application import Application, StatefulSettings, Task


def at_their_most(apps: Collection[Application]) -> str:
    """Return how a message says when the apps need most."""
    surge = any(_has_surge(app) for app in apps)
    return "at their maxima, surge included," if surge else "at their maxima"


def keys_that_lower(apps: Collection[Application], *, pods_only: bool = False) -> str:
    """Return the keys of these apps by which they need less; an empty text for none."""
    running = [app for app in apps if not isinstance(app, Task)]
    keys = {
        "scaling.max": any(app.autoscaling is not None for app in running),
        "replicas": any((app.replicas or 0) > 1 for app in running),
        "resources": not pods_only and bool(apps),
    }
    return " or ".join(key for key, is_there in keys.items() if is_there)


def _has_surge(app: Application) -> bool:
    """Whether a rollout adds pods before old ones go."""
    return not isinstance(app, Task | StatefulSettings) and not app.is_replaced and app.rollout.surge > 0
