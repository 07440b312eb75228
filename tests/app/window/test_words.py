"""Numbers, dates and commands as people and systems want them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.window import words
from app.window.desktop import open_with_default, reveal_command, show_in_file_manager
from core.types import PhotoMetadata, TakenSource


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3, "a few seconds left"),
        (34, "about 30 seconds left"),
        (70, "about a minute left"),
        (600, "about 10 minutes left"),
        (4000, "about an hour left"),
        (7300, "about 2 hours left"),
    ],
)
def test_time_left(seconds: float, said: str) -> None:
    assert words.time_left(seconds) == said


def test_counts() -> None:
    assert words.count_of(1, "photo") == "1 photo"
    assert words.count_of(1204, "photo") == "1,204 photos"


def test_a_date_says_when_it_is_only_the_files() -> None:
    taken = PhotoMetadata(taken="2019-07-04T18:30:00", taken_source=TakenSource.EXIF)
    assert "2019" in words.date_taken(taken)
    assert "30" in words.date_taken(taken)
    guessed = PhotoMetadata(taken="2019-07-04T18:30:00", taken_source=TakenSource.FILE)
    assert "date of the file" in words.date_taken(guessed)
    assert words.date_taken(PhotoMetadata()) == ""
    assert words.date_taken(PhotoMetadata(taken="some time")) == "some time"


def test_exposure() -> None:
    about = PhotoMetadata(focal_length=35, aperture=2.8, exposure=1 / 250, iso=200)
    assert words.exposure(about) == "35 mm  f/2.8  1/250 s  ISO 200"
    assert words.exposure(PhotoMetadata(exposure=2)) == "2 s"


def test_own_folder_is_a_tilde(own_home: Path) -> None:
    assert words.short_path(own_home / "Pictures") == str(Path("~/Pictures"))
    assert words.short_path(Path("/elsewhere")) == str(Path("/elsewhere"))


def test_each_system_selects_the_file() -> None:
    path = Path("/photos/a, b & c.jpg")
    assert reveal_command(path, "win32") == ["explorer", "/select,", str(path)]
    assert reveal_command(path, "darwin") == ["open", "-R", str(path)]
    linux = reveal_command(path, "linux")
    assert linux[0] == "dbus-send"
    assert "array:string:file:///photos/a%2C%20b%20&%20c.jpg" in linux


def test_what_is_not_there_is_not_opened(tmp_path: Path) -> None:
    assert not show_in_file_manager(tmp_path / "gone" / "photo.jpg")
    assert not open_with_default(tmp_path / "gone.jpg")


def test_a_mark_that_turns_the_letters_round_is_written_out_and_scripts_are_left_alone() -> None:
    assert words.isolated("dog\u202egpj.exe") == "dog\\u202egpj.exe"
    assert words.isolated("a\u2066b\u2069\x1b") == "a\\u2066b\\u2069\\u001b"
    for name in ("plage", "שלום", "كلب", "👩\u200d👧", "می\u200cخواهم"):
        assert words.isolated(name) == name
