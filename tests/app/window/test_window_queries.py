"""Ten mixed queries in the real window, with the bundled model, on the sample photos as a family might have them.

What the window shows is compared with the files themselves: their folders, dates, sizes and kinds, and what is seen in
them (`resources/samples/captions.jsonl` says it in words).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from app.window.indexing import State
from app.window.photo_model import Role
from app.window.searching import Found
from app.window.start import Parts
from core.library import Library
from tests.conftest import call_retrouve, isolation

Open = Callable[..., Parts]

TRAVELS = (
    *(2, 5, 8, 9, 11, 15, 22, 25, 28, 31, 34, 37, 45, 48, 51, 53, 58, 59, 61, 62, 63, 69, 74, 76, 83, 93, 94, 99, 100),
    *(105, 109, 110, 119, 121, 123),
)
CAPTIONED = (3, 37, 44, 61, 70, 126)
PNG = (33, 70, 116)
FIRST_DAY, APART = datetime(2023, 1, 7, 12, tzinfo=UTC), timedelta(days=5)


@dataclass(frozen=True)
class Shown:
    """A photo file as it lies on the disk."""

    number: int
    path: Path
    taken: datetime
    pixels: int
    ratio: float

    @property
    def landscape(self) -> bool:
        """Wider than high."""
        return self.ratio > 1

    @property
    def travels(self) -> bool:
        """In the folder of this name."""
        return self.path.parent.name == "Travels"


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory, samples: Path, starter: Path) -> Path:
    """``photos`` (the samples in two folders, five days apart, a few of them PNG or with a caption) and ``library``."""
    place = tmp_path_factory.mktemp("album")
    said = dict(_captions(samples))
    for number, sample in enumerate(sorted(samples.glob("*.jpg")), 1):
        folder = place / "photos" / ("Travels" if number in TRAVELS else "Family")
        folder.mkdir(parents=True, exist_ok=True)
        photo = folder / sample.name
        if number in PNG:
            photo = photo.with_suffix(".png")
            Image.open(sample).save(photo)
        else:
            shutil.copyfile(sample, photo)
        if number in CAPTIONED:
            photo.with_suffix(".txt").write_text(said[sample.name], encoding="utf-8")
        taken = (FIRST_DAY + number * APART).timestamp()
        os.utime(photo, (taken, taken))
    ran = call_retrouve(
        *("--library", place / "library", "--json", "index", place / "photos"),
        environment=isolation(tmp_path_factory.mktemp("indexing-home")),
    )
    assert ran.code == 0, ran
    return place


def _captions(samples: Path) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in (samples / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["file"], row["captions"][0]) for row in rows]


@pytest.fixture
def files(album: Path) -> dict[int, Shown]:
    """Every photo, by its number, as its file says."""
    found = {}
    for path in sorted((album / "photos").rglob("retrouve-*")):
        if path.suffix in (".jpg", ".png"):
            with Image.open(path) as image:
                width, height = image.size
            taken = datetime.fromtimestamp(path.stat().st_mtime)  # Local time, as the catalogue has it.
            number = int(path.stem.removeprefix("retrouve-"))
            found[number] = Shown(number, path, taken, width * height, width / height)
    assert len(found) == 131
    return found


@pytest.fixture
def window(open_window: Open, qtbot: Any, album: Path, tmp_path: Path) -> Parts:
    """The window on a copy of that library, ready, with nothing left to index."""
    library = tmp_path / "library"
    shutil.copytree(album / "library", library, ignore=shutil.ignore_patterns("models"))
    parts = open_window(library, [], Library.open)
    qtbot.waitUntil(lambda: parts.session.is_ready, timeout=60_000)
    qtbot.waitUntil(lambda: parts.window.model.rowCount() == 131, timeout=20_000)
    qtbot.waitUntil(lambda: parts.indexing.last is not None and parts.indexing.state is State.IDLE, timeout=60_000)
    return parts


class Reader:
    """Types queries into the field, and reads what the window shows then."""

    def __init__(self, parts: Parts, qtbot: Any) -> None:
        self._parts, self._qtbot, self._window = parts, qtbot, parts.window
        self._told: list[Found] = []
        parts.searching.found.connect(self._told.append)

    def ask(self, text: str) -> None:
        """Type a query over the one before, and wait for its answer and for the chips to come to rest."""
        edit = self._window.search.edit
        self._told.clear()
        self._window.search.take_focus()
        self._qtbot.keyClick(edit, Qt.Key.Key_Delete)
        self._qtbot.keyClicks(edit, text)
        assert edit.text() == text, "what is typed is not changed by anything that is offered"
        self._qtbot.waitUntil(lambda: any(found.asked.text == text for found in self._told), timeout=30_000)
        self._qtbot.waitUntil(lambda: not self._window.top.chips._pause.isActive())

    @property
    def chips(self) -> list[str]:
        """What the chips say."""
        return [chip.body.accessibleName() for chip in self._window.top.chips.chips if chip.isVisible()]

    @property
    def count(self) -> str:
        """The line over the photos."""
        assert self._window.pages.currentWidget() is self._window.grid, self._window.message.heading.text()
        return self._window.results_bar.summary.text()

    @property
    def photos(self) -> list[int]:
        """The numbers of the photos in the grid, in order, as their tiles name them."""
        self._qtbot.waitUntil(lambda: all(self._names()))
        return [int(Path(name).stem.removeprefix("retrouve-")) for name in self._names()]

    def reasons(self, row: int) -> tuple[str, ...]:
        """Why the photo in a row was found."""
        hit = self._window.model.hit(row)
        assert hit is not None
        return hit.reasons

    def open_weak(self) -> list[int]:
        """Press the button for what is less likely; those photos."""
        strong = len(self.photos)
        assert self._window.grid.button.isVisible() and "less" in self._window.grid.button.text()
        self._qtbot.mouseClick(self._window.grid.button, Qt.MouseButton.LeftButton)
        self._qtbot.waitUntil(lambda: self._window.model.rowCount() > strong)
        return self.photos[strong:]

    def _names(self) -> Sequence[str]:
        model = self._window.model
        ids = [model.index(row).data(Role.PHOTO_ID) for row in range(model.rowCount())]
        library = self._parts.session.library
        assert library is not None
        return [photo.path.name for photo in library.photos(ids)]


def matches(count: int) -> str:
    return f"{count} good match" + ("" if count == 1 else "es")


def test_ten_mixed_queries(window: Parts, qtbot: Any, files: dict[int, Shown]) -> None:
    read = Reader(window, qtbot)

    def passing(test: Callable[[Shown], bool]) -> set[int]:
        return {number for number, file in files.items() if test(file)}

    travels = passing(lambda file: file.travels)

    read.ask("a beautiful landscape folder:Travels -city")
    assert read.chips == ["looks like: a beautiful landscape", "in folder Travels", "not: city"]
    strong = read.photos
    assert read.count == matches(len(strong)) and len(strong) >= 5
    assert {59, 121} <= set(strong[:3]) and 34 not in strong, "a lake and hills come first, a city does not come"
    assert set(strong) <= {8, 28, 48, 58, 59, 63, 74, 93, 94, 109, 121}, "all of them are landscapes"
    weak = read.open_weak()
    assert {*strong, *weak} <= travels and {34, 51, 123}.isdisjoint(weak), "nor is a city among the weak"

    read.ask("mountains 2:lake -0.5:people folder:Travels")
    assert read.chips == ["looks like: mountains", "2 x lake", "0.5 x less: people", "in folder Travels"]
    assert read.photos[0] in (59, 74) and read.count == matches(len(read.photos)), "a lake among mountains"
    assert {59, 74} <= set(read.photos) <= {59, 74, 94}, "the two mountain lakes, and at the most a cliff by the sea"
    assert read.reasons(0)[:3] == ("looks like 'mountains'", "looks like 'lake'", "less like 'people'")

    read.ask("food on a plate date:2024")
    assert read.chips == ["looks like: food on a plate", "taken 2024"]
    assert read.photos[0] == 86 and read.count == matches(len(read.photos))
    assert {*read.photos, *read.open_weak()} <= passing(lambda file: file.taken.year == 2024)

    read.ask("is:portrait type:jpg date:2023-07..2024-06")
    assert read.chips == ["portrait", "JPEG file", "taken July 2023 to June 2024"]
    first, last = datetime(2023, 7, 1), datetime(2024, 7, 1)
    upright = passing(lambda f: f.ratio < 1 and f.path.suffix == ".jpg" and first <= f.taken < last)
    assert 0 < len(upright) < 20 and set(read.photos) == upright and read.count == f"{len(upright)} photos"
    assert read.photos == sorted(upright, reverse=True), "the newest first"

    read.ask('(sunset OR "a sports game") is:landscape -name:12')
    assert read.chips == ["sunset or “a sports game”", "landscape", "not: file name has “12”"]
    assert read.photos[0] == 119 and {6, 14, 130} & set(read.photos), "both are found"
    both = {*read.photos, *read.open_weak()}
    assert {6, 14, 25, 119, 130} <= both
    assert both <= passing(lambda file: file.landscape and "12" not in file.path.name), (
        "a game in 012 and runners in 129"
    )

    read.ask("cat OR fruit size:<0.12mp")
    assert read.chips == ["cat or (fruit, under 0.12 MP)"], "the size is asked of the fruit alone"
    assert read.photos[0] == 70 and files[70].pixels >= 120_000, "the cat, which is larger"
    fruit = read.photos[1:]
    assert 24 in fruit and read.count == matches(1 + len(fruit))
    assert max(files[number].pixels for number in fruit) < 120_000
    assert 80 in {*fruit, *read.open_weak()}

    read.ask(f'like:"{files[123].path}" folder:Travels -people')
    assert read.chips == ["looks like retrouve-123.jpg", "in folder Travels", "not: people"]
    assert read.photos[0] in {34, 51} and read.count == matches(len(read.photos))
    assert set(read.photos) <= {15, 34, 51, 76} and 123 not in [*read.photos, *read.open_weak()]

    read.ask("has:caption lighthouse -type:png")
    assert read.chips == ["has a caption", "looks like: lighthouse", "not: PNG file"]
    assert read.photos == [37] and read.count == matches(1)
    assert read.reasons(0)[0] == "caption: 'lighthouse'"
    assert set(read.open_weak()) == set(CAPTIONED) - {37, *PNG}

    read.ask("name:retrouve-11 -folder:Travels -is:square")
    assert read.chips == ["file name has “retrouve-11”", "not: in folder Travels", "not: square"]
    there = passing(lambda f: 110 <= f.number < 120 and not f.travels and not 0.98 <= f.ratio <= 1.02)
    assert there and set(read.photos) == there and read.count == f"{len(there)} photos"

    read.ask("children has:gps date:soon")
    assert read.chips == ["looks like: children", "has a place", "date:soon is no date, so it counts as words"]
    assert window.window.pages.currentWidget() is window.window.message, "no sample says where it was taken"
    said = f"{window.window.message.heading.text()} {window.window.message.words.text()}"
    assert "Nothing found" in said and "take out one of the parts" in said and "date:soon is no date" in said


def test_parts_are_taken_out_until_something_is_found(window: Parts, qtbot: Any) -> None:
    read, top = Reader(window, qtbot), window.window.top
    read.ask("a sports game has:gps date:2023")
    assert window.window.pages.currentWidget() is window.window.message
    for left in ("a sports game date:2023", "a sports game"):
        with qtbot.waitSignal(window.searching.found, timeout=20_000):
            qtbot.mouseClick(top.chips.chips[1].cross, Qt.MouseButton.LeftButton)
        assert window.window.search.text == left
        assert read.count.endswith("good matches") and read.photos[0] in (12, 130)
    qtbot.waitUntil(lambda: not read.chips)
