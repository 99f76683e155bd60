"""Time the whole pack over the prod stack: `python -m tests.policies.bench`."""

from __future__ import annotations

import time
from collections.abc import Callable

from policies.rules import RULES
from tests.policies.harness import judge, shipped, started_analyzer, strict_levels

ROUNDS = 3


def main() -> None:
    draft = shipped("prod")
    print(f"{len(RULES)} rules, {len(draft.requests)} resources, best of {ROUNDS}")
    print(f"without the engine       {best(lambda: judge(draft)):.2f} s")
    with started_analyzer() as analyzer:
        analyzer.configure(strict_levels())
        each = best(lambda: analyzer.analyze(draft))
        whole = best(lambda: analyzer.analyze_stack(draft))
    print(
        f"as the engine runs it    {each + whole:.2f} s ({each:.2f} s resource by resource, {whole:.2f} s as a stack)"
    )


def best(work: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
