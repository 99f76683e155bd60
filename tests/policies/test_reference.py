from __future__ import annotations

from policies.reference import FOLDER, INDEX, pages
from policies.rules import ALL_RULES
from tests.policies.harness import ROOT


def test_the_readme_says_how_many_rules_there_are() -> None:
    assert f"\n{len(ALL_RULES)} rules know" in (ROOT / "README.md").read_text()


def test_the_pages_say_what_the_pack_does_and_there_is_none_of_a_family_that_is_gone() -> None:
    written = {file: file.read_text() for file in (INDEX, *FOLDER.iterdir())}
    assert written == pages(), "run `python -m policies.reference`"
