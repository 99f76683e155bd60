"""Every key of the input is reported in one of the four columns, whoever noted it."""

from __future__ import annotations

from infra.importing.findings import Finding, Ledger
from infra.importing.keys import Column, Keys, dangerous, decided, find_key, missing, taken
from infra.importing.source import Source

KEYS: Keys = {
    "services.*.image": taken("apps.X.image"),
    "services.*.privileged": dangerous("leave it out"),
    "services.*.logging": missing("what is written to standard output is the log"),
    "services.*.logging.driver": missing("the cluster's log collector decides"),
    "services.*.restart": decided("", "what ends is started again"),
}


def ledger_of(**service: object) -> Ledger:
    return Ledger(KEYS, Source(values={"services": {"web": service}}, place=lambda key: f"compose.yaml:{len(key)}"))


def columns(ledger: Ledger) -> dict[str, Column]:
    return {".".join(map(str, finding.key)): finding.column for finding in ledger.findings()}


def test_what_nobody_notes_goes_where_the_table_says() -> None:
    ledger = ledger_of(privileged=True, restart="always", logging={"driver": "syslog", "options": {"tag": "x", "a": 1}})
    assert columns(ledger) == {
        "services.web.privileged": Column.DANGEROUS,
        "services.web.restart": Column.DECIDED,
        "services.web.logging.driver": Column.MISSING,
        "services.web.logging": Column.MISSING,
    }


def test_a_key_that_the_table_does_not_know_is_reported_as_unknown() -> None:
    finding = ledger_of(blink={"speed": [1, 2]}).findings()[0]
    assert finding.column is Column.MISSING
    assert "is not known to `nightowl import`" in finding.text
    assert finding.place == "compose.yaml:5"


def test_a_key_that_should_have_been_taken_and_was_not_is_reported_as_unknown() -> None:
    [finding] = ledger_of(image="nginx:1").findings()
    assert finding.column is Column.MISSING
    assert "is not known to `nightowl import`" in finding.text


def test_a_note_covers_all_that_is_below_it_and_comes_before_the_table() -> None:
    ledger = ledger_of(image="nginx:1", logging={"driver": "syslog"})
    ledger.taken(("services", "web", "image"), "apps", "web", "image")
    ledger.decided(("services", "web", "logging"), "apps", "web", "sidecars", why="a sidecar sends it")
    assert columns(ledger) == {"services.web.image": Column.TAKEN, "services.web.logging": Column.DECIDED}


def test_one_key_may_go_to_several_places() -> None:
    ledger = ledger_of(image="nginx:1")
    ledger.taken(("services", "web", "image"), "apps", "web", "image")
    ledger.decided(("services", "web", "image"), "apps", "web", "port", why="it serves port 80")
    assert [finding.to for finding in ledger.findings()] == [("apps", "web", "image"), ("apps", "web", "port")]


def test_a_decision_without_any_key_of_the_input_has_no_place() -> None:
    ledger = ledger_of()
    ledger.decided((), "apps", "web", "replicas", why="the input says nothing of it")
    assert (
        Finding(
            column=Column.DECIDED,
            key=(),
            place="",
            to=("apps", "web", "replicas"),
            text="the input says nothing of it",
        )
        in ledger.findings()
    )


def test_an_empty_section_is_reported_too() -> None:
    assert columns(ledger_of(logging={})) == {"services.web.logging": Column.MISSING}


def test_the_most_exact_path_counts_and_names_come_before_any() -> None:
    keys: Keys = {
        "a.*": missing("any"),
        "a.b": missing("b"),
        "a.*.c": missing("below any"),
        "x.*.y": missing("in a list"),
    }
    for location, text in {
        ("a", "z"): "any",
        ("a", "b"): "b",
        ("a", "b", "c"): "below any",
        ("a", "b", "d"): "b",
        ("x", 0, "y"): "in a list",
    }.items():
        found = find_key(keys, location)
        assert found is not None
        assert found[1].text == text
    assert find_key(keys, ("q",)) is None
