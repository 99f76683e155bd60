"""AWS's managed policies: which of them make an administrator is read from what they allow."""

from __future__ import annotations

import json

from policies.facts.aws_managed import FILE, why_wide
from tests.policies.managed_policies import content


def test_the_list_is_what_the_documents_say() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == content(), "run `python -m tests.policies.managed_policies`"


def test_only_aws_s_own_policies_are_known_by_their_names() -> None:
    assert why_wide("arn:aws:iam::aws:policy/AdministratorAccess")
    assert why_wide("arn:aws-cn:iam::aws:policy/AdministratorAccess")
    assert not why_wide("arn:aws:iam::777788889999:policy/AdministratorAccess")
    assert not why_wide("arn:aws:iam::aws:policy/ReadOnlyAccess")
