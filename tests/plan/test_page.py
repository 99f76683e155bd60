"""The page in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.plan.answers import Answers
from infra.plan.html import page
from infra.plan.plan import Plan, plan_of_program
from infra.plan.schedule import clock
from tests.plan.browser import Page, browser
from tests.plan.sample import program

DESKTOP = (1300, 900)
PHONE = (390, 800)
PNG = b"\x89PNG\r\n"
OVERLAPS = """
(() => {
  const texts = [...document.querySelectorAll("svg.picture text")];
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    const apart = p.right <= q.left || q.right <= p.left || p.bottom <= q.top + 2 || q.bottom <= p.top + 2;
    if (!apart) found.push(`${a} / ${b}`);
  }));
  return found;
})()
"""
OUTSIDE = """
(() => {
  const frame = document.querySelector("svg.picture").getBoundingClientRect();
  return [...document.querySelectorAll("svg.picture text, svg.picture rect")].filter(shape => {
    const box = shape.getBoundingClientRect();
    return box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1;
  }).map(shape => shape.textContent || shape.getAttribute("class"));
})()
"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def file(sample: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "plan.html"
    path.write_text(page(sample), encoding="utf-8")
    return path


def opened(tab: Page, file: Path, *, dark: bool = False, size: tuple[int, int] = DESKTOP) -> Page:
    tab.open(file, dark=dark, width=size[0], height=size[1])
    return tab


def test_the_page_asks_for_nothing_but_itself_and_the_browser_has_no_complaint(tab: Page, file: Path) -> None:
    opened(tab, file)
    assert tab.requested() == [file.as_uri()]
    assert tab.complaints() == []


def test_the_page_names_no_other_place(sample: Plan) -> None:
    assert re.findall(r"\s(?:src|href)=|url\((?!#)|@import|<script", page(sample)) == []


def test_a_reader_sees_the_time_to_serving_and_the_warning_of_the_program(tab: Page, file: Path, sample: Plan) -> None:
    text = opened(tab, file).value("document.body.innerText")
    assert f"{clock(sample.serving_seconds)}\nminutes until all apps serve" in text
    assert "a warning of the program" in text


def test_the_picture_shows_zones_machines_the_load_balancer_and_apps(tab: Page, file: Path) -> None:
    drawn = opened(tab, file).value('document.querySelector("svg.picture").textContent')
    for expected in ("VPC 10.20.0.0/16", "eu-central-1c", "NAT gateway", "apps-b", "Load Balancer web", "3 to 60 pods"):
        assert expected in drawn


def test_no_text_of_the_picture_covers_another(tab: Page, file: Path) -> None:
    assert opened(tab, file).value(OVERLAPS) == []


def test_the_picture_as_a_file_stands_alone_and_is_the_same_each_time(tab: Page, sample: Plan, tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(sample.picture.file(), encoding="utf-8")
    assert plan_of_program(program, Answers(stack="sample")).picture.file() == sample.picture.file()
    pictures = [opened(tab, file, dark=dark).picture() for dark in (False, True)]
    assert tab.requested() == [file.as_uri()]
    assert tab.complaints() == []
    assert tab.value(OVERLAPS) == []
    assert tab.value(OUTSIDE) == []
    assert pictures[0] != pictures[1]


def test_nothing_of_the_picture_is_cut_off(tab: Page, file: Path) -> None:
    assert opened(tab, file).value(OUTSIDE) == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_never_scrolls_sideways(tab: Page, file: Path, size: tuple[int, int]) -> None:
    opened(tab, file, size=size)
    assert tab.value("document.documentElement.scrollWidth") <= size[0]


def test_resources_are_folded_and_open_to_their_inputs(tab: Page, file: Path) -> None:
    opened(tab, file)
    node_group = '[...document.querySelectorAll("details")].find(d => d.firstChild.textContent.startsWith("apps-a"))'
    assert tab.value(f"{node_group}.checkVisibility()") is False
    tab.value(
        f"for (let d = {node_group}; d; d = d.parentElement.closest('details')) d.querySelector('summary').click()"
    )
    assert tab.value(f"{node_group}.querySelector('pre').checkVisibility()") is True
    assert "maxSize: 20" in tab.value(f"{node_group}.innerText")


def contrast(tab: Page) -> float:
    """Ratio of the luminance of text and ground, as WCAG defines it."""

    def luminance(colour: str) -> float:
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    style: dict[str, Any] = tab.value(
        "(s => ({ink: s.color, ground: s.backgroundColor}))(getComputedStyle(document.body))"
    )
    light, dark = sorted((luminance(style["ink"]), luminance(style["ground"])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_dark_and_light_follow_the_reader_and_both_read_well(tab: Page, file: Path) -> None:
    pictures: list[bytes] = []
    for dark in (False, True):
        opened(tab, file, dark=dark)
        assert contrast(tab) > 7
        pictures.append(tab.picture())
    assert all(picture.startswith(PNG) and len(picture) > 20_000 for picture in pictures)
    assert pictures[0] != pictures[1]
