"""The arithmetic of the grid: every tile has one place, and every place one tile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.window.grid_layout import GridLayout, Section, Spacing


@st.composite
def layouts(draw: st.DrawFn) -> GridLayout:
    counts = draw(st.lists(st.integers(0, 40), max_size=4))
    sections, start = [], 0
    for number, count in enumerate(counts):
        sections.append(Section(start, count, draw(st.sampled_from(["", f"heading {number}"]))))
        start += count
    if draw(st.booleans()):
        # The last one may be folded: a heading with a button, and no rows.
        count = draw(st.integers(0, 5))
        sections.append(Section(start, count, draw(st.sampled_from(["", "folded"])), button="Show them"))
    width = draw(st.integers(1, 1500))
    spacing = Spacing(
        draw(st.integers(20, 400)), draw(st.integers(0, 20)), draw(st.integers(0, 40)), draw(st.integers(0, 60))
    )
    return GridLayout(tuple(sections), width, spacing)


@given(layouts())
def test_the_middle_of_each_tile_is_that_tile(layout: GridLayout) -> None:
    for row in range(layout.count):
        x, y, width, height = layout.box(row)
        assert layout.row_at(x + width // 2, y + height // 2) == row
        assert y + height <= layout.height


@given(layouts(), st.integers(-100, 4000), st.integers(0, 900))
def test_the_rows_of_a_band_are_those_that_lie_in_it(layout: GridLayout, top: int, height: int) -> None:
    bottom = top + height
    found = [row for rows in layout.rows_between(top, bottom) for row in rows]
    assert found == sorted(set(found))
    for row in range(layout.count):
        _, y, _, side = layout.box(row)
        if y <= bottom and y + side > top:
            assert row in found


@given(layouts(), st.integers(-50, 50), st.data())
def test_walking_by_lines_stays_among_the_photos(layout: GridLayout, lines: int, data: st.DataObject) -> None:
    if layout.count:
        row = data.draw(st.integers(0, layout.count - 1))
        assert 0 <= layout.beside(row, lines) < layout.count


@given(layouts())
def test_down_and_up_keep_the_column_over_a_heading(layout: GridLayout) -> None:
    for row in range(layout.count):
        below = layout.beside(row, 1)
        if below != row:
            assert layout.box(below)[1] > layout.box(row)[1]
            assert layout.box(below)[0] <= layout.box(row)[0]


@given(layouts(), st.integers(-100, 4000), st.integers(0, 900))
def test_the_headings_of_a_band_are_those_that_touch_it(layout: GridLayout, top: int, height: int) -> None:
    found = [section for section, _ in layout.headings_between(top, top + height)]
    everything = list(layout.headings_between(-1, 1_000_000))
    assert found == [section for section, box in everything if box[1] <= top + height and box[1] + box[3] >= top]
    assert [section for section, _ in everything] == [s for s in layout.sections if s.headed]
    for section, (_, y, _, tall) in everything:
        if section.count:
            assert layout.box(section.start)[1] == y + tall
        assert y + tall <= layout.height + layout.spacing.gap
    placed = layout.button_box()
    assert (placed is not None) == bool(layout.sections and layout.sections[-1].button)


def test_a_million_rows_are_a_few_numbers() -> None:
    layout = GridLayout((Section(0, 1_000_000, "All photos"),), 1200, Spacing())
    assert layout.row_at(*[v + 1 for v in layout.box(999_999)[:2]]) == 999_999
    assert layout.height < 2**31
