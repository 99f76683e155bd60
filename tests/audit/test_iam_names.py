"""What `make audit` finds where a list of ours and IAM's actions differ."""

from __future__ import annotations

import json
from pathlib import Path

from tests.audit.checkers import Tools
from tests.audit.iam_names import iam_names


def test_a_service_and_an_action_that_iam_lacks_are_found(tmp_path: Path) -> None:
    definitions = tmp_path / "lib" / "python" / "site-packages" / "parliament" / "iam_definition.json"
    definitions.parent.mkdir(parents=True)
    known = [
        {"prefix": "sns", "privileges": [{"privilege": "Publsh"}]},
        {"prefix": "sqs", "privileges": [{"privilege": "SendMessage"}]},
        {"prefix": "brand-new", "privileges": []},
    ]
    definitions.write_text(json.dumps(known))
    found = {(one.rule, one.resource) for one in iam_names(Tools(folder=tmp_path / "bin", actionlint=tmp_path))}
    assert {
        ("service", "brand-new"),
        ("service", "s3"),
        ("short-form", "sns:Publish"),
        ("operation", "sns:Publsh"),
    } <= found
    assert not {("service", "sqs"), ("short-form", "sqs:SendMessage")} & found
