"""Makes docs/screenshots/*.png from the running window, on the sample photos that ship with the program.

    python packaging/screenshots.py [--photos DIR] [--out DIR]

Runs without a display (Qt's offscreen platform); Inter is used where it is installed (Debian: fonts-inter).
"""

# ruff: noqa: E402 - Qt reads its platform, and Python the project, from what is set first.
from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtGui import QFont, QFontDatabase, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.window.earlier import EarlierList
from app.window.faults import Faults
from app.window.indexing import State
from app.window.label_editor import LabelEditor
from app.window.name_dialog import NameDialog
from app.window.saved_model import Role
from app.window.start import Parts, build, make_application
from app.window.tagging import TagRun
from app.window.theme import Choice
from core.library import Library
from core.tagging import Tagging
from core.tagging.types import Label, LabelList
from core.tagging.types import State as TagState

SIZE = (1280, 820)
COPIES = 8
"""How often each photo lies in an older album besides, so that there is time to see indexing at work."""
TRAVELS = (
    *(2, 5, 8, 9, 11, 15, 22, 25, 28, 31, 34, 37, 45, 48, 51, 53, 58, 59, 61, 62, 63, 69, 74, 76, 83, 93, 94, 99, 100),
    *(105, 109, 110, 119, 121, 123),
)
"""Of the sample photos those that somebody could have taken on a journey; the others are the family's."""
FIRST_DAY = datetime(2023, 1, 7, 15, tzinfo=UTC)
APART = timedelta(days=5)
"""When the first photo is said to have been taken, and how long after that the next."""
QUERIES = {
    "results": "food on a plate",
    "viewer": "hiking in the mountains",
    "dark": "fruit and vegetables at a market",
    "chips": "a beautiful landscape folder:Travels -city",
    "saved": "sunset travels 2024",
    "less-likely": "a sports game",
}
SAVED = {
    "City lights": "a city at night",
    "Food": "food on a plate",
    "Landscapes": "a beautiful landscape -city",
    "Travels 2024": "folder:Travels date:2024",
}
OWN_LIST = LabelList(
    "Our family",
    (
        Label("Animals"),
        Label("Dog", synonyms=("puppy",), negatives=("a hot dog",), parent="Animals"),
        Label("Horse", parent="Animals"),
        Label("Bird", parent="Animals"),
        Label("Meals", prompts=("food on a plate", "people eating at a table")),
        Label("Fruit", parent="Meals"),
        Label("Birthday", prompts=("a birthday cake with burning candles",)),
        Label("Mountains", prompts=("mountains", "hiking in the mountains")),
        Label("At the sea", prompts=("the sea", "a beach")),
        Label("City", prompts=("a city street", "a skyline")),
        Label("Indoor", group="Place"),
        Label("Outdoor", group="Place"),
    ),
    exclusive=("Place",),
)
"""A list of one's own, and the labels of it that photos are tagged with by hand."""
EDITED = "Meals"
REVIEWED_LIST, REVIEWED = "scenes", "landscape"
"""The list whose suggestions are reviewed, and the label of it that is shown."""
CHOSEN = "SigLIP2-B-16"
"""The model that is selected on the page of models."""
TAUGHT = {
    24: "Shopping at Korver",
    56: "Korver",
    102: "On the track with the Spikes",
    129: "The Spikes, first lap: go, Spikes",
    114: "Bobo",
    122: "Bobo and a friend",
    70: "Minoes",
}
"""Captions that give names to sample photos: a greengrocer's, a club, an ape; and a cat that has a single photo."""
EARLIER = ("a dog on the beach", "(sunset OR stars) -city", "birthday folder:Family", *SAVED.values())


class Photographer:
    """Opens one window and photographs it in each of its states."""

    def __init__(self, application: QApplication, library: Path, out: Path, opener: Callable[[Path], Library]) -> None:
        self._application, self._out = application, out
        faults = Faults(None)
        faults.report = self._on_fault  # type: ignore[method-assign,assignment]
        self.parts: Parts = build(application, library, [], lambda: opener(library), faults)
        self.parts.window.resize(*SIZE)
        self.parts.window.theme.choose(Choice.LIGHT)

    def _on_fault(self, error: BaseException) -> None:
        raise SystemExit(f"the window met a fault: {error!r}")

    def wait(self, until: Callable[[], bool], what: str, seconds: float = 120) -> None:
        """Let the window run until something is so."""
        deadline = time.monotonic() + seconds
        loop = QEventLoop()
        timer = QTimer(interval=10)
        timer.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > deadline else None)
        timer.start()
        loop.exec()
        if not until():
            raise SystemExit(f"waited {seconds:.0f} seconds for {what}")

    def pictures_are_there(self) -> bool:
        """Whether every tile in view has its picture."""
        window, thumbnails = self.parts.window, self.parts.thumbnails
        return all(thumbnails.pixmap(window.model.photo_id(row)) is not None for row in window.grid.visible_rows())

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Save the window, or a dialog, as it looks now."""
        self._application.processEvents()
        place = self._out / f"{name}.png"
        if not (widget or self.parts.window).grab().save(str(place)):
            raise SystemExit(f"{place} could not be written")
        print(place)

    def settle(self) -> None:
        """Wait for the pictures, and until the chips have taken the room that they keep."""
        chips = self.parts.window.top.chips
        self.wait(self.pictures_are_there, "the pictures")
        self.wait(lambda: bool(chips.chips) or chips.isHidden(), "the row of chips to close")
        top = self.parts.window.top
        self.wait(lambda: top.height() == top.sizeHint().height(), "the photos to move up")

    def ask(self, text: str) -> None:
        """Type a query and wait for its photos."""
        window, seen = self.parts.window, []
        self.parts.searching.found.connect(seen.append)
        window.search.set_text(text)
        self.wait(lambda: any(found.asked.text == text for found in seen), f"the answer to {text!r}")
        self.parts.searching.found.disconnect(seen.append)
        self.settle()

    def point_at(self, row: int) -> None:
        """Hold the mouse over a photo."""
        grid = self.parts.window.grid
        at = grid.visualRect(grid.model().index(row, 0)).center()
        place = grid.viewport().mapToGlobal(QPoint(at))
        kinds = (QMouseEvent.Type.MouseMove, at.toPointF(), place.toPointF(), Qt.MouseButton.NoButton)
        event = QMouseEvent(*kinds, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(grid.viewport(), event)

    def save(self, name: str, query: str) -> None:
        """Ask a query and keep it, as Ctrl+S does."""
        window = self.parts.window
        self.ask(query)
        window.commands.save_search.trigger()
        dialog = window.findChild(NameDialog)
        assert dialog is not None
        dialog.name.setText(name)
        dialog.save.click()
        window.activateWindow()
        self.wait(lambda: window.side.model.named(name) is not None, f"{name!r} to be saved")

    def counted(self) -> bool:
        """Whether every saved search tells how many photos it finds."""
        model = self.parts.window.side.model
        return all(model.index(row).data(Role.COUNT) for row in range(model.rowCount()))

    def run(self, photos: Path, queries: dict[str, str]) -> None:
        """All states, in the order in which a person meets them."""
        self._first_steps(photos)
        self._answers(queries)
        self._searches(queries)
        self._reviewing()
        self._tagging()
        self._teaching()
        self.models()

    def _first_steps(self, photos: Path) -> None:
        parts, window = self.parts, self.parts.window
        window.show()
        parts.conductor.start()
        self.wait(lambda: bool(window.message.buttons()) and parts.session.is_ready, "the welcome")
        self.shoot("empty")
        own = len(list(photos.rglob("*.jpg")))
        album = older_album(photos)
        parts.session.add_root(photos)
        self.wait(self._half_way, "indexing to be half done")
        self.shoot("indexing")
        self.wait(lambda: parts.indexing.state is State.IDLE and parts.indexing.last is not None, "indexing", 600)
        shutil.rmtree(album)
        self.wait(lambda: window.model.rowCount() == own, "the watched folder to be found without its older album")

    def _answers(self, queries: dict[str, str]) -> None:
        parts, window = self.parts, self.parts.window
        self.ask(queries["results"])
        self.point_at(1)
        self.shoot("results")
        self.ask(queries["viewer"])
        window.open_row(0)
        self.wait(window.viewer.picture.is_sharp, "the full picture")
        self.shoot("viewer")
        window.leave_viewer()
        window.theme.choose(Choice.DARK)
        self.ask(queries["dark"])
        window.grid.go_to_row(0)
        window.grid.setFocus()
        self.shoot("dark")
        window.theme.choose(Choice.LIGHT)
        self.wait(lambda: parts.indexing.state is State.IDLE, "quiet")
        window.search.take_focus()
        window.search.set_text("a lighthouse date:1987")
        self.wait(lambda: window.pages.currentWidget() is window.message, "the page that nothing was found")
        self.shoot("no-results")

    def _searches(self, queries: dict[str, str]) -> None:
        """The pictures of docs/search.md."""
        window = self.parts.window
        self.ask(queries["chips"])
        self.shoot("chips")
        self.ask(queries["less-likely"])
        self.shoot("less-likely")
        for query in EARLIER:
            self.ask(query)
            window.search.edit.returnPressed.emit()
        window.search.clear()
        self.wait(lambda: not window.model.hits, "all photos")
        window.commands.earlier.trigger()
        self.wait(lambda: window.findChild(EarlierList).isVisible(), "the earlier searches")
        self.settle()
        self.shoot("history")
        for name, query in SAVED.items():
            self.save(name, query)
        window.search.take_focus()
        self.ask(queries["saved"])
        self.wait(self.counted, "the saved searches to be counted")
        self.wait(lambda: bool(window.top.offers.buttons), "offers")
        self.settle()
        self.shoot("saved")

    def _reviewing(self) -> None:
        """The pictures of docs/tagging.md: suggestions of a label list, some of them decided."""
        parts, window, page = self.parts, self.parts.window, self.parts.window.review
        library = parts.session.library
        assert library is not None
        tagging, ended = parts.conductor.tagging, []
        tagging.ended.connect(lambda *_: ended.append(True))
        window.search.clear()
        tagging.run(TagRun(library.tagging.lists.get(REVIEWED_LIST)))
        self.wait(lambda: bool(ended), "the run of the label list")
        window.commands.review.trigger()
        self.wait(lambda: page.model.rowCount() > 0, "suggestions")
        rows = [row for row, queue in enumerate(page.labels_model.queues) if queue.label == REVIEWED]
        parts.conductor.review.show_label(rows[0])
        self.wait(lambda: page.model.rowCount() > 0 and page.bar.title.text() == REVIEWED, "the label's photos")
        page.grid.setFocus()
        for name in ("reject", "accept", "accept", "accept"):  # the first one is a city
            page.acts[name].trigger()
        seen = lambda: [page.model.photo_id(row) for row in page.grid.visible_rows()]  # noqa: E731
        self.wait(lambda: all(parts.thumbnails.pixmap(id) is not None for id in seen()), "the pictures")
        self.wait(page.undo.isEnabled, "something to undo")
        self.shoot("review")
        page.left.emit()

    def _tagging(self) -> None:
        """The pictures of docs/labels.md: a list in its editor, and what is tagged from it."""
        parts, window = self.parts, self.parts.window
        library = parts.session.library
        assert library is not None
        core, tagging, ended = library.tagging, parts.conductor.tagging, []
        core.lists.put(OWN_LIST)
        tagging.lists_changed.emit()
        window.commands.lists.trigger()
        editor = window.findChild(LabelEditor)
        assert editor is not None
        editor.resize(*SIZE)
        editor.load(OWN_LIST.name)
        self.wait(lambda: editor.lists.current() == (OWN_LIST.name, False), "the list in the editor")
        item = editor.tree.named(EDITED)
        assert item is not None
        editor.view.go_to(item)
        sections, preview = editor.preview.grid.sections, editor.preview
        self.wait(lambda: bool(sections()) and EDITED in sections()[0].title, "the preview")
        self.wait(lambda: all(preview.has_picture(row) for row in preview.grid.visible_rows()), "its pictures")
        self.shoot("labels", editor)
        editor.close()
        tagging.ended.connect(lambda *_: ended.append(True))
        tagging.run(TagRun(core.lists.get(OWN_LIST.name)))
        self.wait(lambda: bool(ended), "the run of the label list")
        window.banner.hide()
        for name in ("Dog", "Meals", "Mountains", "City"):
            label_id = core.decisions.label_id(name)
            sure = [photo_id for photo_id, _ in core.reviewing.photos(label_id, "surest", 6)]
            tagging.accept([(photo_id, label_id) for photo_id in sure])
        dog = core.decisions.label_id("Dog")
        self.wait(lambda: window.side.tags_model.index_of(dog).isValid(), "the tags in the panel")
        window.side.tags.expandAll()
        window.side.tags.chosen.emit(EDITED)
        self.wait(lambda: 0 < window.model.rowCount() < 60 and self.pictures_are_there(), "the photos of the tag")
        waiting = [row for row in range(window.model.rowCount()) if _waits(core, window.model.photo_id(row))]
        window.open_row(waiting[0] if waiting else 0)
        self.wait(window.viewer.picture.is_sharp, "the full picture")
        self.wait(lambda: bool(window.viewer.strip.tags.chips.chips), "its tags")
        self.shoot("tags")
        window.leave_viewer()
        self.settle()
        self.shoot("tagged")

    def models(self) -> None:
        """The picture of docs/models.md: what there is to choose, with the speed as it is measured on this machine."""
        parts, models = self.parts, self.parts.conductor.models
        self.wait(lambda: parts.indexing.state is State.IDLE, "quiet")
        parts.window.commands.models.trigger()
        dialog = models.dialog
        assert dialog is not None
        self.wait(lambda: dialog.overview is not None, "the models")
        dialog.probe.click()
        self.wait(lambda: bool(dialog.overview and dialog.overview.choices[1].photos_a_second), "the speeds", 300)
        dialog.select(CHOSEN)
        self.shoot("models", dialog)
        dialog.reject()

    def _teaching(self) -> None:
        """The picture of docs/training.md: names are learned from captions, and what one finds before and after."""
        parts, window, page = self.parts, self.parts.window, self.parts.window.teach
        library, work = parts.session.library, parts.conductor.teach.work
        assert library is not None
        rows = [{"file": f"retrouve-{number:03}.jpg", "captions": [said]} for number, said in TAUGHT.items()]
        file = library.folder / "captions.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        library.captioning.take_in(file)
        window.search.clear()
        window.commands.teach.trigger()
        self.wait(page.learn.isEnabled, "names to learn")
        page.learn.click()
        self.wait(lambda: not work.running and page.inside.currentWidget() is page.shown, "the names to be learned")
        page.names.go_to("korver")
        page.names.chosen.emit("korver")
        for column in page.pair.columns():
            self.wait(lambda column=column: column.model.rowCount() > 3, "what is found before and after")
            self.wait(lambda column=column: all(map(column.has_picture, column.grid.visible_rows())), "the pictures")
        page.names.setFocus()
        self.shoot("teach")
        page.left.emit()

    def _half_way(self) -> bool:
        last, window = self.parts.indexing.last, self.parts.window
        enough = last is not None and last.total > 0 and last.done >= last.total * 0.45
        return enough and window.model.rowCount() >= 24 and self.pictures_are_there()


def _waits(core: Tagging, photo_id: int) -> bool:
    """Whether a photo has a tag that is accepted and one that waits."""
    return len({tag.state for tag in core.decisions.of(photo_id)} & {TagState.ACCEPTED, TagState.SUGGESTED}) == 2


def collect(photos: Path, pictures: Path) -> None:
    """Copy the photos as a family has them: in two folders, taken one after another."""
    for number, photo in enumerate(sorted(photos.glob("*.jpg")), 1):
        folder = pictures / ("Travels" if number in TRAVELS else "Family")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, folder / photo.name)
        taken = (FIRST_DAY + number * APART).timestamp()
        os.utime(folder / photo.name, (taken, taken))


def older_album(photos: Path) -> Path:
    """Copies of the photos, each with bytes of its own, in a folder below them and ten years older."""
    originals = list(photos.rglob("*.jpg"))
    album = photos / "older"
    album.mkdir()
    for number in range(COPIES):
        for photo in originals:
            copy = album / f"{number}-{photo.name}"
            copy.write_bytes(photo.read_bytes() + bytes([number]))
            os.utime(copy, (1.45e9, 1.45e9 + number))
    return album


def main(opener: Callable[[Path], Library] = Library.open) -> int:
    """Make them all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photos", type=Path, default=ROOT / "resources" / "samples")
    arguments.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    chosen = arguments.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    application = make_application()
    if "Inter" in QFontDatabase.families():
        application.setFont(QFont("Inter", 10))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # A home of their own: the pictures show "~/Pictures", and nothing of the machine that they were made on.
        os.environ["HOME"] = os.environ["USERPROFILE"] = folder
        collect(chosen.photos, Path(folder) / "Pictures")
        photographer = Photographer(application, Path(folder) / "library", chosen.out, opener)
        try:
            photographer.run(Path(folder) / "Pictures", QUERIES)
        finally:
            photographer.parts.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
