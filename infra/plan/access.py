"""What the pods of a stack may do on AWS, in one line for each app."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.plan.doubts import account_doubts, action_doubts
from infra.settings.app.permissions import Permissions
from infra.settings.build import PROJECT
from infra.settings.eks.platform import EksPlatformSettings
from infra.settings.guest import GuestPlatformSettings
from infra.settings.problems import Problem
from infra.settings.stack import StackSettings

NOT_ON_EKS = "as the cluster is not one of a stack on EKS"
"""Why keys of EKS do nothing."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What `permissions` of an app are."""

    holder: str
    """The app."""
    may: tuple[str, ...]
    """What its pods may do: `read s3 uploads`; nothing where `why_not` says why."""
    why_not: str = ""
    """Why they may do nothing of it."""

    doubts: tuple[Problem, ...] = ()
    """What is likely not meant so, or needs something elsewhere."""

    @property
    def line(self) -> str:
        """What is said about it in one line."""
        if self.why_not:
            return f"{self.holder}: permissions do nothing here, {self.why_not}"
        return f"{self.holder} may {', '.join(self.may)}"


def pod_access(settings: StackSettings) -> list[Access]:
    """Describe what pods may do, for each that has `permissions`; reading of mounted secrets included."""
    why_not = _why_not(settings)
    found: list[Access] = []
    for place, permissions in settings.permissions.items():
        section, _, name = place.partition(".")
        app = settings.apps[name] if section == "apps" else None
        own, secrets = (permissions, {}) if app is None else (app.permissions, app.secrets)
        if why_not and not own:
            continue
        may = [*(one.text for one in own), *(f"read secret {secret.ref}" for secret in secrets.values())]
        holder = name if section == "apps" else place
        found.append(
            Access(
                holder=holder,
                may=() if why_not else tuple(dict.fromkeys(may)),
                why_not=why_not,
                doubts=tuple(_doubts(place, own, settings)),
            )
        )
    return found


def _doubts(place: str, permissions: Permissions, settings: StackSettings) -> Iterator[Problem]:
    for index, one in enumerate(permissions):
        found = list(action_doubts(one))
        if isinstance(settings.platform, EksPlatformSettings):
            found += account_doubts(one, settings.platform.account_id)
        for doubt in found:
            yield Problem(f"{PROJECT}:{place}.permissions[{index}]", doubt)


def _why_not(settings: StackSettings) -> str:
    if isinstance(settings.platform, EksPlatformSettings):
        return ""
    if isinstance(settings.platform, GuestPlatformSettings):
        return "as pods of a pull request have no rights on AWS but to read secrets"
    return NOT_ON_EKS
