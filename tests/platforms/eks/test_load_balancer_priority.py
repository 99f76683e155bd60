from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from infra.settings.app.addresses import PublicAddress, addresses_of
from infra.settings.app.application import WebSettings
from infra.settings.app.traffic import PathSettings, TrafficSettings
from infra.settings.eks.listener_rules import path_depth
from infra.settings.eks.priorities import (
    DEEPEST_PATH,
    GUEST_BLOCKS,
    GUEST_PLACES_BY_DEPTH,
    HIGHEST_PRIORITY,
    PLACES_BELOW_WILDCARD,
    PLACES_BY_DEPTH,
    PLACES_WITHOUT_HOST,
    computed_priority,
    guest_priorities,
    guest_priority_errors,
    guest_rules,
    placed_rules,
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


def addresses(apps: Mapping[str, TrafficSettings]) -> dict[str, PublicAddress]:
    image = {"image": "registry.example.com/web:1.0.0", "port": 8080}
    webs = {name: WebSettings.model_validate({**image, "traffic": one}) for name, one in apps.items()}
    return {address.name: address for name, web in webs.items() for address in addresses_of(name, web)}


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
    guests = GUEST_BLOCKS * sum(GUEST_PLACES_BY_DEPTH)
    others = sum(PLACES_BELOW_WILDCARD) + sum(PLACES_WITHOUT_HOST)
    assert sum(PLACES_BY_DEPTH) + guests + others == HIGHEST_PRIORITY


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
    assert len(set(priorities)) == len(priorities) or list(priority_errors(addresses(apps), {}))


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
    paths = [PathSettings(path=path) for path in ("/", "/api", "/api/", "/api/v1")]
    assert [path_depth(path) for path in paths] == [0, 1, 1, 2]


def test_a_path_that_is_taken_alone_is_tried_before_what_is_below_it() -> None:
    alone = {"hosts": ["a.example.com"], "paths": [{"path": "/api", "exact": True}]}
    first = computed_priority("one", TrafficSettings.model_validate(alone))
    assert first < computed_priority("other", traffic("/api", "a.example.com"))


@given(one=NAMES, other=NAMES, segments=SEGMENTS)
def test_a_wildcard_is_tried_after_every_host_of_pull_requests_too_and_before_every_host(
    one: str, other: str, segments: list[str]
) -> None:
    deep = "/" + "/".join(segments)
    wildcard = computed_priority(one, traffic(deep, "*.example.com"))
    assert computed_priority(other, traffic("/", "a.example.com")) < wildcard
    assert max(guest_priorities(199, {other: traffic("/", "pr-199.example.com")}).values()) < wildcard
    assert wildcard < computed_priority(other, traffic(deep))


def many(hosts: list[str], paths: list[str], redirect: str | None = None) -> TrafficSettings:
    return TrafficSettings.model_validate({"hosts": hosts, "paths": paths, "redirect": redirect})


def test_an_app_with_many_hosts_and_paths_has_rules_of_five_values_for_each_path() -> None:
    hosts = [f"{letter}.example.com" for letter in "abcd"] + ["*.example.com"]
    rules = [rule for _, rule in placed_rules({"web": many(hosts, ["/", "/api"])}, {})["web"]]
    assert all(len(rule.hosts) + len(rule.patterns) * (rule.depth > 0) <= 5 for rule in rules)
    assert [(list(rule.hosts), rule.path.path) for rule in rules] == [
        (hosts[:4], "/"), (hosts[4:], "/"), (hosts[:3], "/api"), (hosts[3:4], "/api"), (hosts[4:], "/api"),
    ]  # fmt: skip


SEVERAL = st.builds(
    many,
    st.lists(st.sampled_from(["a.b.cd", "b.b.cd", "c.b.cd", "*.b.cd"]), min_size=1, unique=True),
    st.just(["/", "/x"]),
)


@given(apps=st.dictionaries(NAMES, SEVERAL, max_size=10), number=st.integers(1, 999))
def test_rules_of_apps_with_several_hosts_and_paths_never_share_a_priority(
    apps: dict[str, TrafficSettings], number: int
) -> None:
    firsts = rule_priorities(apps, {})
    if len(set(firsts.values())) < len(firsts):
        return
    for placed in (placed_rules(apps, {}), guest_rules(number, apps)):
        priorities = [priority for rules in placed.values() for priority, _ in rules]
        assert len(set(priorities)) == len(priorities)
    assert {app: rules[0][0] for app, rules in placed_rules(apps, {}).items()} == firsts


def test_a_collision_is_told_with_a_number_that_resolves_it() -> None:
    first, second = sorted(colliding_names())
    apps = {name: traffic(host="a.example.com") for name in (first, second)}
    [error] = priority_errors(addresses(apps), {})
    assert error.location == ("loadBalancer", "priorities", second)
    shared = rule_priorities(apps, {})[first]
    free = int(error.message.rpartition(" ")[2])
    assert error.message == f"{shared} is the priority of {first}'s rule too; give {second} another, such as {free}"
    assert list(priority_errors(addresses(apps), {second: free})) == []


def test_a_priority_for_an_app_without_a_rule_is_refused() -> None:
    [error] = priority_errors({}, {"web": 7})
    assert str(error) == "loadBalancer.priorities.web: web is no app with traffic by HTTP; remove it"


NUMBERS = st.integers(min_value=1, max_value=9_999_999)
GUEST_APPS = st.dictionaries(NAMES, TRAFFIC.filter(lambda settings: settings.host is not None), max_size=30)


@given(number=NUMBERS, apps=GUEST_APPS, base=APPS)
def test_the_rules_of_a_pull_request_never_share_a_priority(
    number: int, apps: dict[str, TrafficSettings], base: dict[str, TrafficSettings]
) -> None:
    priorities = guest_priorities(number, apps)
    assert len(set(priorities.values())) == len(priorities)
    assert priorities.keys() == apps.keys() or list(guest_priority_errors(number, addresses(apps)))
    assert not set(priorities.values()) & set(rule_priorities(base, {}).values()), "the base's are elsewhere"


@given(number=NUMBERS, ahead=st.integers(min_value=1, max_value=GUEST_BLOCKS - 1), apps=GUEST_APPS)
def test_pull_requests_of_the_same_time_have_priorities_of_their_own(
    number: int, ahead: int, apps: dict[str, TrafficSettings]
) -> None:
    one, other = (guest_priorities(at, apps) for at in (number, number + ahead))
    assert not set(one.values()) & set(other.values())


@given(number=NUMBERS, app=NAMES, segments=SEGMENTS)
def test_a_pull_request_is_tried_before_the_apps_of_every_host_and_its_longer_paths_first(
    number: int, app: str, segments: list[str]
) -> None:
    short, long = (
        traffic("/", "pr-7.example.com"),
        traffic("/" + "/".join([*segments, "x"][:DEEPEST_PATH]), "pr-7.example.com"),
    )
    priorities = guest_priorities(number, {app: short, f"{app}-long": long})
    assert priorities[f"{app}-long"] < priorities[app] < computed_priority(app, traffic("/a/b/c/d/e"))


def test_more_apps_than_places_are_told() -> None:
    apps = {f"app-{number}": traffic(host=f"pr-7-{number}.example.com") for number in range(51)}
    [error] = guest_priority_errors(7, addresses(apps))
    assert error.message == "a pull request has room for 50 rules with paths of this depth; remove traffic from some"
