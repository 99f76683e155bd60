from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from infra.console.output import Output
from infra.errors import UsageError
from infra.plan.graph import Graph, Resource
from infra.plan.plan import Plan
from infra.plan.run import run_plan
from infra.plan.schedule import clock
from infra.plan.text import Detail, plan_text
from tests.shipped import shipped_plan

STACKS = Path(__file__).parents[2] / "stacks"
README = (STACKS.parent / "README.md").read_text()
GUIDE = (STACKS.parent / "docs" / "eks.md").read_text()
PICTURE = STACKS.parent / "docs" / "prod.svg"
NAMES = sorted(path.name.split(".")[1] for path in STACKS.glob("Pulumi.*.yaml"))
LOCAL = STACKS / "Pulumi.local.yaml"


SCREEN_LINES, SCREEN_COLUMNS = 24, 80


def shown(plan: Plan, *details: Detail, width: int = 160) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(plan_text(plan, details))
    return captured.get()


@pytest.mark.parametrize("stack", NAMES)
def test_every_stack_as_shipped_can_be_planned(stack: str) -> None:
    plan = shipped_plan(stack)
    assert plan.apps
    assert "All apps serve after" in shown(plan)
    assert shown(plan, width=SCREEN_COLUMNS).count("\n") < SCREEN_LINES
    if stack != "local":
        assert f"| `{stack}` | {len(plan.graph.made)} |" in README, "README says how many resources there are"
        minutes, seconds = divmod(round(plan.serving_seconds), 60)
        assert f"the apps serve {minutes} minutes {seconds} seconds after the start" in GUIDE
    if stack == "prod":
        assert PICTURE.read_text() == plan.picture.file(), "run: nightowl plan -s prod --svg docs/prod.svg"


@pytest.mark.parametrize("detail", Detail)
def test_a_detail_stands_below_what_fits_a_screen(sample: Plan, detail: Detail) -> None:
    text = shown(sample, detail)
    assert text.startswith(shown(sample).rstrip())
    assert detail.capitalize() in text.removeprefix(shown(sample).rstrip())


def test_the_text_tells_resources_apps_addresses_permissions_order_and_time(sample: Plan) -> None:
    text = shown(sample, *Detail)
    for expected in (
        "warning: a warning of the program",
        "network Network, 23 resources",
        "Subnet control-plane-a, control-plane-b",
        "Vpc network (protected)",
        "49     in all",
        "3 to 60",
        "https://app.example.com/*",
        "on arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/*",
        "if StringEquals aws:ResourceTag/cluster = nightowl-sample",
        "9:44   570 s",
        f"All apps serve after {clock(sample.serving_seconds)} min",
    ):
        assert expected in text


def test_json_holds_the_whole_plan_and_nothing_else_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    run_plan(LOCAL, stack="local", as_json=True, output=Output())
    document = json.loads(capsys.readouterr().out)
    assert [app["name"] for app in document["apps"]] == ["report", "web", "worker"]
    assert document["resourceCount"] == sum(document["counts"].values())
    assert all(step["source"] for step in document["slowestChain"])
    assert {"urn", "inputs", "waitsFor", "start", "end"} <= document["resources"][0].keys()


def test_manifests_and_page_are_written_besides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html = tmp_path / "plan.html"
    run_plan(LOCAL, stack="local", manifests=tmp_path / "objects", html=html, output=Output())
    assert (tmp_path / "objects" / "3_apps_deployment_web.yaml").is_file()
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert f"{html}: open it in a browser" in capsys.readouterr().out.replace("\n", "")


def test_the_difference_to_another_stack_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    run_plan(LOCAL, stack="local", other=("local", LOCAL), as_json=True, output=Output())
    found = json.loads(capsys.readouterr().out)
    assert (found["added"], found["removed"], found["changed"]) == ([], [], [])


def test_a_page_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--html: .* cannot be written"):
        run_plan(LOCAL, stack="local", as_json=True, html=tmp_path / "no" / "such.html", output=Output())


def test_a_name_that_looks_like_an_emoji_or_markup_is_shown_letter_by_letter() -> None:
    # Rich would take `:secret:` in plain text for an emoji, and `[red]` for a colour.
    named = Resource(urn="a", type="aws:lb/loadBalancer:LoadBalancer", name="a:secret:b [red]c")
    text = shown(Plan(graph=Graph(project="p", stack="s", resources=(named,))), *Detail)
    assert text.count("a:secret:b [red]c") >= 3
