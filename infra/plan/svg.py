"""The few shapes that the pictures are drawn with, and the file that holds one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from infra.console.printable import printable

COLOURS_AND_SHAPES = Path(__file__).with_name("picture.css").read_text(encoding="utf-8")
"""The style of every picture. In a page the colours serve the page too."""
FONT = 'svg { font-family: system-ui, "Segoe UI", Roboto, "Open Sans", "DejaVu Sans", sans-serif; }'
BOTH_SCHEMES = re.compile(r"light-dark\((#\w+), (#\w+)\)")
WIDE = set("mwMWQOGCDHNU@%")
NARROW = set("iljtfrI.,:;'|! ()[]")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Shapes on a sheet of `width` by `height` pixels."""

    style: str
    """The CSS class of the whole drawing."""
    label: str
    """What it shows, for those who do not see it."""
    width: float
    height: float
    shapes: Sequence[str]

    def element(self) -> str:
        """Return an element for a page that has the style."""
        return self._element("", self.shapes)

    def file(self) -> str:
        """Return a file that needs nothing else, one shape per line. Dark or light follows the reader's system."""
        # Programs that draw SVG know the media query for longer than the function `light-dark`.
        light, dark = (BOTH_SCHEMES.sub(rf"\{scheme}", COLOURS_AND_SHAPES) for scheme in (1, 2))
        dark_colours = dark[: dark.index("}") + 1]
        style = f"<style>\n{light}{FONT}\n@media (prefers-color-scheme: dark) {{\n{dark_colours}\n}}\n</style>"
        ground = f'<rect width="{self.width:g}" height="{self.height:g}" fill="var(--ground)"/>'
        namespace = f' xmlns="http://www.w3.org/2000/svg" width="{self.width:g}" height="{self.height:g}"'
        return printable(self._element(namespace, [style, ground, *self.shapes]) + "\n")

    def _element(self, attributes: str, content: Sequence[str]) -> str:
        box_ = f'viewBox="0 0 {self.width:g} {self.height:g}"'
        opening = f'<svg{attributes} class="{self.style}" {box_} role="img" aria-label="{self.label}">'
        return "\n".join([opening, *content, "</svg>"])


def box(x: float, y: float, width: float, height: float, style: str, *, radius: float = 8) -> str:
    """Draw a rectangle with the CSS class `style`."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" class="{style}"/>'


def text(x: float, y: float, content: str, style: str = "", *, anchor: str = "start", room: float | None = None) -> str:
    """Write `content` with its baseline at `y`, cut to `room` pixels if it is longer; the whole text shows on hover."""
    shown = content if room is None else fitted(content, room, size(style))
    title = "" if shown == content else f"<title>{escape(content)}</title>"
    return f'<text x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}">{escape(shown)}{title}</text>'


def path(points: str, style: str) -> str:
    """Draw a line along SVG path commands."""
    return f'<path d="{points}" class="{style}"/>'


def size(style: str) -> float:
    """Return the font size in pixels of a text class; page.css sets the same."""
    return {"big": 15.0, "small": 11.0, "tiny": 10.0}.get(style.split(maxsplit=1)[0] if style else "", 12.5)


def fitted(content: str, room: float, font_size: float) -> str:
    """Cut `content` so that it is no wider than `room` pixels, by an estimate of each character's width."""
    if width(content, font_size) <= room:
        return content
    kept = content
    while kept and width(kept + "…", font_size) > room:
        kept = kept[:-1]
    return kept + "…"


def width(content: str, font_size: float) -> float:
    """Estimate the width of `content` in pixels, rather too wide than too narrow."""
    return sum(0.92 if c in WIDE else 0.36 if c in NARROW else 0.62 for c in content) * font_size
