"""Where each tile of the grid lies: plain arithmetic, so that a million photos cost no more than a hundred.

Qt's own QListView walks every row to lay it out (measured with 1,000,000 rows on two cores: 0.7 to 2.8 s for showing,
and again for each resize and reset). All tiles have one size here, so a row's place is a division.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the content."""


@dataclass(frozen=True, slots=True)
class Section:
    """A run of rows under a heading. ``note`` is the quieter half of the heading.

    ``button``, for the last section alone, is what a button in the heading says; with one, the heading is there even
    without a row. ``ruled`` draws a line above it.
    """

    start: int
    count: int
    title: str = ""
    note: str = ""
    button: str = ""
    ruled: bool = False

    @property
    def headed(self) -> bool:
        """Whether there is a heading at all."""
        return bool(self.title or self.button)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Pixels: the wanted side of a tile, the gap between tiles, the margin around all, the height of a heading."""

    side: int = 180
    gap: int = 8
    margin: int = 20
    heading: int = 44


class GridLayout:
    """Square tiles in lines from left to right, stretched to fill the width, in sections with headings."""

    def __init__(self, sections: tuple[Section, ...], width: int, spacing: Spacing) -> None:
        self.sections = tuple(s for s in sections if s.count > 0 or s.button)
        self.spacing = spacing
        usable = max(1, width - 2 * spacing.margin)
        self.columns = max(1, (usable + spacing.gap) // (spacing.side + spacing.gap))
        self.side = max(16, (usable - (self.columns - 1) * spacing.gap) // self.columns)
        self.step = self.side + spacing.gap
        # What the division leaves over goes to both margins, so that the tiles sit in the middle.
        self.left = max(0, (width - self.columns * self.step + spacing.gap) // 2)
        # In one go: a list of folders may have ten thousand sections, and every resize lays them out.
        counts = np.array([s.count for s in self.sections], np.int64)
        headed = np.array([s.headed for s in self.sections], np.bool_)
        heads = np.where(headed, spacing.heading + 2 * spacing.gap, 2 * spacing.gap)
        heads[:1] = np.where(headed[:1], spacing.heading, spacing.gap)
        bottoms = np.cumsum(heads + -(-counts // self.columns) * self.step)
        self.count = int(counts.sum())
        self._starts: list[int] = [s.start for s in self.sections]
        self._heads: list[int] = heads.tolist()
        self._tops: list[int] = [0, *bottoms[:-1].tolist()] if len(bottoms) else []
        self.height = int(bottoms[-1]) + spacing.margin - spacing.gap if len(bottoms) else 0

    def _head(self, number: int) -> int:
        """The pixels above a section's first line."""
        return self._heads[number]

    def _section_of(self, row: int) -> int:
        return max(0, bisect_right(self._starts, row) - 1)

    def box(self, row: int) -> Box:
        """The tile of a row."""
        number = self._section_of(row)
        line, column = divmod(row - self.sections[number].start, self.columns)
        return (
            self.left + column * self.step,
            self._tops[number] + self._head(number) + line * self.step,
            self.side,
            self.side,
        )

    def row_at(self, x: int, y: int) -> int | None:
        """The row whose tile covers a point, if there is one."""
        if not self.sections or y < 0:
            return None
        number = max(0, bisect_right(self._tops, y) - 1)
        down = y - self._tops[number] - self._head(number)
        across = x - self.left
        if down < 0 or across < 0 or across >= self.columns * self.step:
            return None
        line, below = divmod(down, self.step)
        column, beside = divmod(across, self.step)
        row = line * self.columns + column
        if below >= self.side or beside >= self.side or row >= self.sections[number].count:
            return None
        return self.sections[number].start + row

    def rows_between(self, top: int, bottom: int) -> Iterator[range]:
        """The rows whose lines touch the band from ``top`` to ``bottom``, a range for each section."""
        first = max(0, bisect_right(self._tops, top) - 1)
        for number in range(first, len(self.sections)):
            if self._tops[number] > bottom:
                return
            section = self.sections[number]
            origin = self._tops[number] + self._head(number)
            start = max(0, (top - origin) // self.step) * self.columns
            stop = min(section.count, max(0, (bottom - origin) // self.step + 1) * self.columns)
            if start < stop:
                yield range(section.start + start, section.start + stop)

    def headings_between(self, top: int, bottom: int) -> Iterator[tuple[Section, Box]]:
        """The headings that touch a band, with their boxes."""
        for number in range(max(0, bisect_right(self._tops, top) - 1), len(self.sections)):
            y, height = self._tops[number], self._head(number)
            if y > bottom:
                return
            if self.sections[number].headed and y + height >= top:
                yield self.sections[number], self._heading_box(number)

    def button_box(self) -> tuple[Section, Box] | None:
        """The heading with a button, which only the last section can have, and its box."""
        if self.sections and self.sections[-1].button:
            return self.sections[-1], self._heading_box(len(self.sections) - 1)
        return None

    def _heading_box(self, number: int) -> Box:
        return self.left, self._tops[number], self.columns * self.step - self.spacing.gap, self._head(number)

    def beside(self, row: int, lines: int) -> int:
        """The row ``lines`` lines below (above when negative) in the same column, as near as there is one."""
        number = self._section_of(row)
        line, column = divmod(row - self.sections[number].start, self.columns)
        line += lines
        while line < 0 and number > 0:
            number -= 1
            line += self._lines(number)
        while line >= self._lines(number) and number < len(self.sections) - 1:
            line -= self._lines(number)
            number += 1
        section = self.sections[number]
        if line < 0 or line >= self._lines(number):
            return row if abs(lines) == 1 else (section.start if line < 0 else section.start + section.count - 1)
        return section.start + min(line * self.columns + column, section.count - 1)

    def _lines(self, number: int) -> int:
        return -(-self.sections[number].count // self.columns)
