"""Choosing a model in the window: the library moves to it while one searches, and back; models come and go."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from app.window.indexing import State
from app.window.models_import import HubDialog, ImportDialog, confirmed
from app.window.models_work import Kind, ModelTools, WorkProgress
from app.window.start import Parts
from core.errors import HubError, LibraryBusy, RetrouveError
from core.library import Library
from core.models import estimating
from core.models.apart import Stopped
from core.models.curated import curated
from core.models.shelf import Shelf
from tests.core.moving_models import MovingLibrary, make_model, shelved

Open = Callable[..., Parts]


@dataclass
class HeldTools(ModelTools):
    """The real tools, but what would come from a hub, or take long, goes as far as the test lets it."""

    steps: int = 3
    may_end: threading.Event = field(default_factory=threading.Event)
    error: RetrouveError | None = None
    asked: list[Any] = field(default_factory=list)

    def _through(self, word: str, tell: Any, stop: threading.Event, *, in_bytes: bool = False) -> None:
        for done in range(1, self.steps + 1):
            tell(WorkProgress(word, done, self.steps + 1, in_bytes))
        while not self.may_end.wait(0.01):
            tell(WorkProgress(word, self.steps, self.steps + 1, in_bytes))
            if stop.is_set():
                raise Stopped
        if self.error is not None:
            raise self.error

    def plan(self, what: str) -> Any:
        self.asked.append(what)
        listing = SimpleNamespace(repository="org/four", bytes=5 << 20, licence="mit")
        return SimpleNamespace(name="four", listing=listing, about={}, warning=None)

    def fetch(self, planned: Any, tell: Any, stop: threading.Event) -> Any:
        self._through("Fetching", tell, stop, in_bytes=True)
        make_model(Shelf().folder / "three", "three")
        return SimpleNamespace(info=Shelf().find("three"), fitted=None, remarks=("A remark.",))

    def probe(self, tell: Any, stop: threading.Event) -> None:
        self._through("Measuring", tell, stop)
        estimating.keep(Shelf(), {model.name: 10.0 for model in curated()})


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Model one comes with the program, two is on the shelf."""
    return shelved(tmp_path, monkeypatch)


@pytest.fixture
def tools() -> HeldTools:
    return HeldTools()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The questions that were put, each of them answered with yes."""
    put: list[tuple[str, str]] = []

    def confirmed(_parent: Any, _title: str, question: str, more: str, _act: str) -> bool:
        put.append((question, more))
        return True

    monkeypatch.setattr("app.window.models.confirmed", confirmed)
    return put


@pytest.fixture
def parts(open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, tools: HeldTools) -> Any:
    """The window on the painted photos, indexed with model one; the page of models is open."""
    one = open_window(tmp_path / "library", [painted], lambda folder: MovingLibrary.open(folder))
    qtbot.waitUntil(lambda: one.window.model.rowCount() == 18 and idle(one), timeout=20_000)
    one.conductor.models.work.tools = tools
    show(one, qtbot)
    yield one
    tools.may_end.set()


def idle(parts: Parts) -> bool:
    return parts.indexing.last is not None and parts.indexing.state is State.IDLE


def show(parts: Parts, qtbot: Any) -> Any:
    parts.window.commands.models.trigger()
    dialog = parts.conductor.models.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.overview is not None)
    return dialog


def dialog_of(parts: Parts) -> Any:
    assert parts.conductor.models.dialog is not None
    return parts.conductor.models.dialog


def library_of(parts: Parts) -> Library:
    assert parts.session.library is not None
    return parts.session.library


def use(parts: Parts, name: str, *, at_once: bool = False) -> None:
    dialog = dialog_of(parts)
    dialog.select(name)
    dialog.at_once.setChecked(at_once)
    assert dialog.use.isEnabled(), name
    dialog.use.click()


def test_a_chosen_model_is_moved_to_by_itself_and_left_ones_are_removed(
    parts: Parts, qtbot: Any, asked: list[tuple[str, str]], names: Any
) -> None:
    dialog, library = dialog_of(parts), library_of(parts)
    assert dialog.standing.text() == "Your 18 photos are found with one."
    use(parts, "two")
    qtbot.waitUntil(lambda: dialog.standing.text() == "Your 18 photos are found with two.", timeout=20_000)
    assert library.answering.name == "two" and library.move() is None
    assert dialog.current().name == "two" and not dialog.use.isEnabled()
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("yellow")
    assert {name[:6] for name in names(parts)[:3]} == {"yellow"}

    assert dialog.tidy.isVisible()
    [left] = library.left_models()
    dialog.tidy.click()
    qtbot.waitUntil(dialog.tidy.isHidden)
    assert library.left_models() == [] and left.model_id in asked[0][1]
    assert dialog.said.text().endswith("removed.")
    qtbot.waitUntil(lambda: idle(parts))


def test_until_all_is_learned_the_model_before_answers_and_one_can_stay_with_it(
    parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog, library = dialog_of(parts), library_of(parts)
    parts.indexing.hold(lambda: None)
    use(parts, "two")
    qtbot.waitUntil(lambda: dialog.moved.isVisible())
    assert dialog.standing.text() == "one answers until two has learned all photos: 0 of 18 photos so far."
    assert library.answering.name == "one" and library.info.name == "two"
    dialog.select("one")
    assert dialog.use.text() == "Stay with this model"
    dialog.use.click()
    qtbot.waitUntil(lambda: dialog.moved.isHidden())
    assert library.info.name == "one" and library.move() is None
    parts.indexing.let_go()
    qtbot.waitUntil(lambda: idle(parts))


def test_at_once_it_answers_over_what_it_has_learned(parts: Parts, qtbot: Any) -> None:
    dialog, library = dialog_of(parts), library_of(parts)
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text("yellow")
    parts.indexing.hold(lambda: None)
    use(parts, "two", at_once=True)
    qtbot.waitUntil(lambda: library.answering.name == "two")
    qtbot.waitUntil(lambda: parts.window.pages.currentWidget() is parts.window.message, timeout=20_000)
    assert library.search("yellow").total == 0, "it has learned nothing yet"
    parts.indexing.let_go()
    qtbot.waitUntil(lambda: library.search("yellow").total == 18, timeout=20_000)
    qtbot.waitUntil(lambda: parts.window.model.rowCount() > 0, timeout=20_000)
    qtbot.waitUntil(lambda: idle(parts) and not dialog.moved.isVisible(), timeout=20_000)


def test_a_paused_library_moves_all_the_same(parts: Parts, qtbot: Any) -> None:
    library = library_of(parts)
    parts.indexing._set(State.PAUSED)
    use(parts, "two")
    qtbot.waitUntil(lambda: library.answering.name == "two", timeout=20_000)
    qtbot.waitUntil(lambda: idle(parts))


def test_a_fetch_is_shown_ended_and_selected(parts: Parts, qtbot: Any, tools: HeldTools, models: Path) -> None:
    dialog = dialog_of(parts)
    free = next(model.name for model in curated() if not model.research_only)
    dialog.select(free)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: dialog.said.text().startswith(f"Fetching {free}: ") and dialog.stop.isVisible())
    qtbot.waitUntil(lambda: dialog.progress.value() == 750)
    assert not dialog.fetch.isEnabled()
    tools.may_end.set()
    qtbot.waitUntil(lambda: dialog.current().name == "three")
    assert dialog.said.text() == "three is on the shelf. A remark." and dialog.use.isEnabled()
    assert tools.asked == [free]


def test_a_fetch_can_be_stopped_and_is_gone_on_with_when_the_page_is_closed(
    parts: Parts, qtbot: Any, tools: HeldTools
) -> None:
    dialog, work = dialog_of(parts), parts.conductor.models.work
    free = next(model.name for model in curated() if not model.research_only)
    dialog.select(free)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: work.last is not None)
    dialog.stop.click()
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Stopped. What is fetched already is kept"))
    assert work.running is None and not list(Shelf().folder.glob("three"))

    dialog.fetch.click()
    qtbot.waitUntil(lambda: work.last is not None)
    dialog.reject()
    banner = parts.window.banner
    assert banner.topic == "models" and banner.words.text() == f"{free} is being fetched while you search."
    banner.button.click()
    assert dialog_of(parts).stop.isVisible() and dialog_of(parts).said.text().startswith("Fetching")
    dialog_of(parts).reject()
    tools.may_end.set()
    qtbot.waitUntil(lambda: banner.words.text() == "three is on the shelf. A remark.")


def test_what_is_for_research_only_is_asked_about_before_anything_is_fetched(
    parts: Parts, qtbot: Any, tools: HeldTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog, put = dialog_of(parts), []
    research = next(model for model in curated() if model.research_only)

    def refused(*words: Any) -> bool:
        put.append(words)
        return False

    monkeypatch.setattr("app.window.models.confirmed", refused)
    dialog.select(research.name)
    assert "research only" in dialog.warning.text()
    dialog.fetch.click()
    assert "for research only" in put[0][3] and research.licence in put[0][3]
    assert tools.asked == [] and parts.conductor.models.work.running is None
    monkeypatch.setattr("app.window.models.confirmed", lambda *_: True)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: tools.asked == [research.name])


def test_a_fetch_that_fails_says_why(parts: Parts, qtbot: Any, tools: HeldTools) -> None:
    dialog = dialog_of(parts)
    tools.error = HubError("The hub cannot be reached: see `HF_ENDPOINT`.")
    tools.may_end.set()
    dialog.select(curated()[0].name)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: dialog.said.text() == "The hub cannot be reached: see “HF_ENDPOINT”.")
    assert dialog.said.objectName() == "fault" and dialog.fetch.isEnabled()


def test_another_model_of_the_hub_is_looked_up_first(
    parts: Parts, qtbot: Any, tools: HeldTools, asked: list[tuple[str, str]]
) -> None:
    tools.may_end.set()
    dialog = dialog_of(parts)
    dialog.hub_asked.emit()
    asking = dialog.findChild(HubDialog)
    asking.name.setText("org/four")
    asking.look.click()
    qtbot.waitUntil(lambda: dialog.current().name == "three")
    assert tools.asked == ["hf-hub:org/four"], "asked once"
    assert asked == [
        ("Fetch four (5.2 MB)?", "Its licence is mit: its card on the hub, org/four, has the terms."),
    ]


def test_a_folder_is_imported_and_taken_off_the_shelf(
    parts: Parts, qtbot: Any, tmp_path: Path, asked: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog, brought = dialog_of(parts), make_model(tmp_path / "downloads" / "three", "three")
    monkeypatch.setattr("app.window.models.choose_model", lambda _parent, folder: brought if folder else None)
    # Its towers are made up, so that nothing can try them; another process would know nothing of that.
    monkeypatch.setattr("core.models.importing._try_both", lambda _draft: None)
    monkeypatch.setattr("app.window.models_work.run_apart", lambda work, heard, _stop: work(heard))
    dialog.import_asked.emit(True)
    dialog.findChild(ImportDialog).bring.click()
    qtbot.waitUntil(lambda: dialog.current() is not None and dialog.current().name == "three")
    assert dialog.said.text() == "three is on the shelf." and (Shelf().folder / "three").is_dir()
    dialog.remove.click()
    qtbot.waitUntil(lambda: dialog.model.row_of("three") < 0)
    assert not (Shelf().folder / "three").exists() and brought.is_dir()
    assert asked[0][0] == "Remove three from the shelf?"


def test_a_hostile_folder_gets_a_sentence(
    parts: Parts, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = make_model(tmp_path / "hostile", "three")
    (hostile / "open_clip_model.safetensors").write_bytes(b"\xff" * 64)
    monkeypatch.setattr("app.window.models.choose_model", lambda _parent, folder: hostile)
    dialog = dialog_of(parts)
    dialog.import_asked.emit(True)
    dialog.findChild(ImportDialog).bring.click()
    qtbot.waitUntil(lambda: dialog.said.objectName() == "fault")
    assert "hostile" in dialog.said.text() and dialog.model.row_of("three") < 0


def test_measuring_waits_for_indexing_and_holds_it(parts: Parts, qtbot: Any, tools: HeldTools) -> None:
    dialog = dialog_of(parts)
    free = next(model.name for model in curated() if not model.research_only)
    dialog.probe.click()
    qtbot.waitUntil(lambda: "3 of 4" in dialog.said.text())
    parts.indexing.index_everything()
    assert parts.indexing.state is State.IDLE, "it is held"
    with qtbot.waitSignal(parts.indexing.ended):
        tools.may_end.set()
    qtbot.waitUntil(lambda: dialog.model.index(dialog.model.row_of(free), 3).data() == "10")
    assert dialog.said.text() == "" and dialog.probe.isEnabled()


@pytest.mark.parametrize("by", ["stop", "close"])
def test_measuring_that_still_waits_for_indexing_can_be_stopped(
    parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    dialog, work, indexing = dialog_of(parts), parts.conductor.models.work, parts.indexing
    at_work, may_end, real = threading.Event(), threading.Event(), Library.index

    def slow(self: Library, folders: Any = None, cancelled: Any = None, **more: Any) -> Any:
        """A batch that takes its time to end."""
        at_work.set()
        assert may_end.wait(20)
        yield from real(self, folders, cancelled, **more)

    monkeypatch.setattr(Library, "index", slow)
    indexing.index_everything()
    assert at_work.wait(20)
    dialog.probe.click()
    assert dialog.stop.isVisible() and work.running is None, "it waits for the batch"
    assert dialog.said.text().startswith("Indexing pauses for it")
    if by == "stop":
        dialog.stop.click()
        assert dialog.said.text() == "Stopped." and dialog.stop.isHidden() and dialog.probe.isEnabled()
    else:
        dialog.reject()
    with qtbot.waitSignal(indexing.ended, timeout=20_000):
        may_end.set()
    assert work.running is None and work.last is None and not indexing._holds
    if by == "stop":  # and it can be asked for again
        dialog.probe.click()
        qtbot.waitUntil(lambda: "3 of 4" in dialog.said.text())
        dialog.stop.click()
        qtbot.waitUntil(lambda: work.running is None)


def test_measuring_ends_when_the_page_is_closed(parts: Parts, qtbot: Any) -> None:
    dialog, work = dialog_of(parts), parts.conductor.models.work
    dialog.probe.click()
    qtbot.waitUntil(lambda: work.last is not None)
    dialog.reject()
    qtbot.waitUntil(lambda: work.running is None)
    with qtbot.waitSignal(parts.indexing.ended):
        parts.indexing.index_everything()
    assert parts.window.banner.topic == ""


def test_what_cannot_be_done_is_said_and_indexing_goes_on(
    parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Library, name: str, *, at_once: bool = False) -> None:
        raise LibraryBusy("Another process holds the library.")

    monkeypatch.setattr(Library, "use_model", refuse)
    use(parts, "two")
    qtbot.waitUntil(lambda: dialog_of(parts).said.text() == "Another process holds the library.")
    with qtbot.waitSignal(parts.indexing.ended):
        parts.indexing.index_everything()


def test_a_fault_of_ours_ends_the_work_and_is_reported(
    parts: Parts, qtbot: Any, tools: HeldTools, crashes: list[BaseException]
) -> None:
    tools.error = ZeroDivisionError("ours")  # type: ignore[assignment]
    tools.may_end.set()
    dialog = dialog_of(parts)
    dialog.select(curated()[0].name)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: bool(crashes) and parts.conductor.models.work.running is None)
    assert isinstance(crashes.pop(), ZeroDivisionError)
    qtbot.waitUntil(dialog.fetch.isEnabled)


def test_a_model_that_is_gone_is_said_and_another_can_be_chosen(
    open_window: Open, qtbot: Any, tmp_path: Path, painted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MovingLibrary.open(tmp_path / "library") as library:
        library.use_model("two")
        shutil.rmtree(library.folder / "models")
    Shelf().remove("two")
    parts = open_window(tmp_path / "library", [], lambda folder: MovingLibrary.open(folder))
    qtbot.waitUntil(lambda: parts.window.commands.models.isEnabled())
    dialog = show(parts, qtbot)
    assert "neither on the shelf nor kept" in dialog.standing.text()
    use(parts, "one")
    qtbot.waitUntil(lambda: dialog.standing.text() == "Photos will be found with one.", timeout=20_000)


def test_the_work_stops_when_the_window_closes(parts: Parts, qtbot: Any) -> None:
    dialog, work = dialog_of(parts), parts.conductor.models.work
    dialog.select(next(model.name for model in curated() if not model.research_only))
    dialog.fetch.click()
    qtbot.waitUntil(lambda: work.last is not None)
    assert work.running is Kind.FETCH
    parts.window.close()
    assert work.stopping  # and `open_window` sees that no thread is left


def test_the_page_follows_what_another_process_does(parts: Parts, qtbot: Any, tmp_path: Path) -> None:
    dialog = dialog_of(parts)
    parts.session._listen.setInterval(50)
    parts.conductor.models._listen.setInterval(50)
    with MovingLibrary.open(tmp_path / "library") as other:
        other.use_model("two")
        qtbot.waitUntil(lambda: dialog.standing.text().startswith("one answers until two has learned"))
        other.use_model("one")
        qtbot.waitUntil(lambda: dialog.standing.text() == "Your 18 photos are found with one.")
        qtbot.waitUntil(dialog.tidy.isVisible)
        other.remove_left_models()
        qtbot.waitUntil(dialog.tidy.isHidden)
    dialog.select("two")
    assert dialog.remove.isEnabled()
    Shelf().remove("two")
    qtbot.waitUntil(lambda: "two" not in [choice.name for choice in dialog.overview.choices])


@pytest.mark.parametrize(("answer", "agreed"), [("Fetch it", True), ("Cancel", False), ("", False)])
def test_what_costs_something_is_done_only_where_it_is_agreed_to(qtbot: Any, answer: str, agreed: bool) -> None:
    window = QWidget()
    qtbot.addWidget(window)

    offered: list[str] = []

    def reply() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        offered.append(box.defaultButton().text())
        for button in box.buttons():
            if button.text() == answer:
                button.click()
        box.reject()  # as Escape does, where nothing was clicked

    QTimer.singleShot(0, reply)
    assert confirmed(window, "Models", "Fetch it?", "It takes 1.7 GB.", "Fetch it") is agreed
    assert offered == ["Cancel"], "Enter does nothing that costs"
