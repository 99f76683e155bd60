"""The few shapes that the pictures are drawn with."""

from __future__ import annotations

from html import escape

WIDE = set("mwMWQOGCDHNU@%")
NARROW = set("iljtfrI.,:;'|! ()[]")


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
