"""What a terminal shows of names that nobody chose with care."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.cli.wording import beside_root, columns, counted, duration, percent, size, visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("Ünïcode\u3000ärger", "Ünïcode\u3000ärger"),
        ("\x1b[2Jgone.jpg", "\\x1b[2Jgone.jpg"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("\u2066isolated\u2069", "\\u2066isolated\\u2069"),
        ("bad\udcffbyte", "bad\\xffbyte"),
        ("half\ud800pair", "half\\ud800pair"),
        ("family 👨\u200d👩\u200d👧.jpg", "family 👨\u200d👩\u200d👧.jpg"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("line\u2028sep", "line\\u2028sep"),
    ],
)
def test_what_a_terminal_would_obey_is_made_visible(name: str, shown: str) -> None:
    assert visible(name) == shown


@given(some.text(some.characters(exclude_categories=())))
def test_whatever_the_name_one_printable_line_comes_of_it(name: str) -> None:
    shown = visible(name)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown and "\u202e" not in shown


def test_wide_and_combining_characters_are_counted_as_a_terminal_draws_them() -> None:
    assert columns("abc") == 3
    assert columns("写真") == 4
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.034, "0.03 s"),
        (3.21, "3.2 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (3599.7, "1 h"),
    ],
)
def test_durations_are_as_fine_as_a_person_wants(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_only_certainty_is_a_hundred_percent() -> None:
    assert (percent(1.0), percent(0.998), percent(0.5), percent(0.0)) == ("100 %", "99 %", "50 %", "0 %")


def test_counts_agree_with_their_noun() -> None:
    assert (counted(1, "photo"), counted(1234, "photo"), counted(2, "copy", "copies")) == (
        "1 photo",
        "1,234 photos",
        "2 copies",
    )


def test_sizes_are_in_powers_of_a_thousand() -> None:
    assert [size(number) for number in (980, 12_345, 3_400_000, 1_200_000_000)] == [
        "980 B",
        "12 kB",
        "3.4 MB",
        "1.2 GB",
    ]


def test_paths_are_shown_from_their_root(tmp_path: Path) -> None:
    one, two = tmp_path / "Pictures", tmp_path / "Pictures" / "inner"
    photo = two / "a.jpg"
    assert beside_root(photo, [one]) == str(Path("inner/a.jpg"))
    assert beside_root(photo, [one, two]) == str(Path("inner/a.jpg"))
    assert beside_root(one / "b.jpg", [one, two]) == str(Path("Pictures/b.jpg"))
    assert beside_root(photo, []) == str(photo)
