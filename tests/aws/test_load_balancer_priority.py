from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.settings.app.traffic import TrafficSettings
from infra.settings.aws.priorities import (
    DEEPEST_PATH,
    HIGHEST_PRIORITY,
    PLACES_BY_DEPTH,
    computed_priority,
    depth,
    priority_errors,
    rule_priorities,
)

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]", fullmatch=True)
SEGMENTS = st.lists(st.sampled_from(["api", "v1", "a", "static"]), max_size=DEEPEST_PATH)
TRAFFIC = st.builds(
    lambda host, segments: TrafficSettings.model_validate({"host": host, "path": "/" + "/".join(segments)}),
    st.sampled_from([None, "a.example.com", "b.example.com"]),
    SEGMENTS,
)
APPS = st.dictionaries(NAMES, TRAFFIC, max_size=30)


def traffic(path: str = "/", host: str | None = None) -> TrafficSettings:
    return TrafficSettings.model_validate({"path": path, "host": host})


def colliding_names() -> tuple[str, str]:
    """Two names whose rules would get the same priority; with 12,000 places a few hundred names are enough."""
    seen: dict[int, str] = {}
    for number in range(5000):
        name = f"app-{number}"
        priority = computed_priority(name, traffic(host="a.example.com"))
        if priority in seen:
            return seen[priority], name
        seen[priority] = name
    raise AssertionError("no two of 5000 names collide")


def test_every_priority_that_a_listener_has_is_used() -> None:
    assert 2 * sum(PLACES_BY_DEPTH) == HIGHEST_PRIORITY


@given(apps=APPS, newcomer=NAMES, its=TRAFFIC)
def test_a_new_app_moves_nobody_elses_rule(
    apps: dict[str, TrafficSettings], newcomer: str, its: TrafficSettings
) -> None:
    before = rule_priorities(apps, {})
    after = rule_priorities({**apps, newcomer: its}, {})
    assert {app: after[app] for app in apps if app != newcomer} == {app: before[app] for app in apps if app != newcomer}


@given(apps=APPS)
def test_two_apps_never_share_a_priority_without_an_error(apps: dict[str, TrafficSettings]) -> None:
    priorities = list(rule_priorities(apps, {}).values())
    assert all(1 <= priority <= HIGHEST_PRIORITY for priority in priorities)
    assert len(set(priorities)) == len(priorities) or list(priority_errors(apps, {}))


@given(one=NAMES, other=NAMES, segments=SEGMENTS, more=st.lists(st.just("x"), min_size=1, max_size=DEEPEST_PATH))
def test_below_one_host_the_longer_path_is_tried_first(
    one: str, other: str, segments: list[str], more: list[str]
) -> None:
    longer = [*segments, *more][:DEEPEST_PATH]
    if len(longer) == len(segments):
        return
    for host in (None, "a.example.com"):
        deep = computed_priority(one, traffic("/" + "/".join(longer), host))
        assert deep < computed_priority(other, traffic("/" + "/".join(segments), host))


@given(one=NAMES, other=NAMES, segments=SEGMENTS)
def test_a_host_is_tried_before_every_host(one: str, other: str, segments: list[str]) -> None:
    of_host = computed_priority(one, traffic("/", "a.example.com"))
    assert of_host < computed_priority(other, traffic("/" + "/".join(segments)))


def test_depth_counts_segments_and_not_slashes() -> None:
    assert [depth(path) for path in ("/", "/api", "/api/", "/api/v1")] == [0, 1, 1, 2]


def test_a_collision_is_told_with_a_number_that_resolves_it() -> None:
    first, second = sorted(colliding_names())
    apps = {name: traffic(host="a.example.com") for name in (first, second)}
    [error] = priority_errors(apps, {})
    assert error.location == ("loadBalancer", "priorities", second)
    shared = rule_priorities(apps, {})[first]
    free = int(error.message.rpartition(" ")[2])
    assert error.message == f"{shared} is the priority of {first}'s rule too; give {second} another, such as {free}"
    assert list(priority_errors(apps, {second: free})) == []


def test_a_priority_for_an_app_without_a_rule_is_refused() -> None:
    [error] = priority_errors({}, {"web": 7})
    assert str(error) == "loadBalancer.priorities.web: web is no app with traffic by HTTP; remove it"
