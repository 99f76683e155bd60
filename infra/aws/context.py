"""What every AWS component is told about where it is."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class AwsContext:
    """One stack in one account and region.

    `name` is the cluster's name and the stem of every fixed name (`nightowl-prod`); `protect` tells whether what
    cannot be made again is protected from deletion.
    """

    name: str
    stack: str
    account_id: str
    region: str
    partition: str
    provider: aws.Provider
    protect: bool
