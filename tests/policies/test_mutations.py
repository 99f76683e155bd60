"""Each rule, on a shipped stack that is broken in exactly its respect."""

from __future__ import annotations

import pytest

from policies.rules import RULES
from tests.policies.harness import Analyzer, Mutation, fires_over_grpc, newly_fired
from tests.policies.mutations import MUTATIONS


def test_every_rule_has_a_mutation_that_must_set_it_off() -> None:
    assert {rule.name for rule in RULES} == {mutation.rule for mutation in MUTATIONS}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_broken_stack_sets_off_exactly_the_rule_for_it(mutation: Mutation) -> None:
    assert newly_fired(mutation) == {mutation.rule, *mutation.also}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_the_pack_says_so_to_the_engine(mutation: Mutation, analyzer: Analyzer) -> None:
    assert fires_over_grpc(analyzer, mutation)
