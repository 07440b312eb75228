"""A row of small line charts as SVG, written by hand: one for each fault, from a clean photo to strength 5.

There is no background, and every colour is of middling lightness, so that it reads on white and on black pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

COLOURS = ("#2f81f7", "#d9730d", "#2da44e", "#c15ad0")
INK = "#768390"
COLUMNS = 3
WIDTH, HEIGHT = 250, 170
"""Of one chart's field, in pixels."""
LEFT, TOP, GAP_X, GAP_Y, FOOT = 52, 88, 36, 62, 40
FONT = "font-family='system-ui, sans-serif'"


@dataclass(frozen=True, slots=True)
class Line:
    """A line in every chart: its name, and by chart a value (0 to ``top``) for clean and for each strength."""

    name: str
    values: Mapping[str, Sequence[float]]
    dashed: bool = False


def charts(title: str, lines: Sequence[Line], top: float = 1.0) -> str:
    """The SVG: a chart for each key of the lines' values, three in a row; the upright axis is in per cent.

    ``top`` is the end of that axis (1.0 for 100 %). Raises ValueError without lines, or with more than colours.
    """
    if not lines or len(lines) > 2 * len(COLOURS):
        raise ValueError(f"a chart has 1 to {2 * len(COLOURS)} lines, not {len(lines)}")
    names = list(lines[0].values)
    rows = -(-len(names) // COLUMNS)
    across = LEFT + COLUMNS * WIDTH + (COLUMNS - 1) * GAP_X + 16
    down = TOP + rows * HEIGHT + (rows - 1) * GAP_Y + FOOT
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {across} {down}' width='{across}' height='{down}' "
        f"role='img' aria-label='{escape(title, {chr(39): '&apos;'})}'>",
        f"<g {FONT} font-size='12' fill='{INK}'>",
        _text(LEFT, 20, title, size=15, weight=600),
        *_legend(lines),
    ]
    for place, name in enumerate(names):
        x = LEFT + place % COLUMNS * (WIDTH + GAP_X)
        y = TOP + place // COLUMNS * (HEIGHT + GAP_Y)
        parts += _axes(x, y, name, top, first=place % COLUMNS == 0)
        parts += [_line(x, y, line.values[name], top, _style(lines, number)) for number, line in enumerate(lines)]
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _legend(lines: Sequence[Line]) -> list[str]:
    parts, x = [], LEFT
    for number, line in enumerate(lines):
        parts.append(f"<line x1='{x}' y1='38' x2='{x + 24}' y2='38' {_style(lines, number)}/>")
        parts.append(_text(x + 30, 42, line.name))
        x += 30 + 20 + round(6.8 * len(line.name))
    return parts


def _axes(x: int, y: int, name: str, top: float, *, first: bool) -> list[str]:
    parts = [_text(x, y - 8, name, size=13, weight=600)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        height = y + HEIGHT - share * HEIGHT
        parts.append(
            f"<line x1='{x}' y1='{height:g}' x2='{x + WIDTH}' y2='{height:g}' stroke='{INK}' stroke-opacity='0.3'/>"
        )
        if first:
            parts.append(_text(x - 8, height + 4, f"{100 * share * top:.0f} %", anchor="end"))
    for strength in range(6):
        parts.append(_text(_across(x, strength), y + HEIGHT + 18, str(strength) if strength else "clean", "middle"))
    return parts


def _line(x: int, y: int, values: Sequence[float], top: float, style: str) -> str:
    points = [(_across(x, place), y + HEIGHT - min(value / top, 1.0) * HEIGHT) for place, value in enumerate(values)]
    drawn = " ".join(f"{left:.1f},{down:.1f}" for left, down in points)
    return f"<polyline points='{drawn}' fill='none' stroke-linejoin='round' {style}/>"


def _across(x: int, strength: int) -> float:
    return x + 12 + strength * (WIDTH - 24) / 5


def _style(lines: Sequence[Line], number: int) -> str:
    dash = " stroke-dasharray='5 4'" if lines[number].dashed else ""
    # A dashed line shares its colour with the line before it.
    solid = sum(not line.dashed for line in lines[: number + 1]) - 1
    return f"stroke='{COLOURS[max(0, solid) % len(COLOURS)]}' stroke-width='2.4'{dash}"


def _text(x: float, y: float, said: str, anchor: str = "start", size: int = 12, weight: int = 400) -> str:
    where = f"x='{x:g}' y='{y:g}' text-anchor='{anchor}'"
    return f"<text {where} font-size='{size}' font-weight='{weight}'>{escape(said)}</text>"
