"""The line between strong and weak, sorting, bursts, right and wrong answers, favourites, parts of photos: in the real
window, with the keyboard and the mouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QLocale, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import QApplication

from app.window.badges import stack_box
from app.window.photo_model import Role
from app.window.results_bar import refined
from app.window.settings import Settings
from app.window.start import Parts
from core.search.grammar import Like, parse
from core.types import Marks, Order

Names = Callable[[Parts], list[str]]
Open = Callable[..., Parts]
BEGIN = datetime(2019, 7, 6, 12, 0, 0)


@pytest.fixture(autouse=True)
def english() -> Any:
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(QLocale.system())


def ask(parts: Parts, qtbot: Any, text: str) -> None:
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_text(text)


def take(folder: Path, name: str, colour: tuple[int, int, int], when: datetime) -> None:
    """A photo of one colour, with the time at which a camera took it."""
    image = Image.new("RGB", (96, 96), colour)
    image.putpixel((0, 0), (when.second, when.minute, len(name)))
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = when.strftime("%Y:%m:%d %H:%M:%S")
    folder.mkdir(parents=True, exist_ok=True)
    image.save(folder / name, quality=95, exif=exif)


@pytest.fixture
def bursts(qtbot: Any, open_window: Open, tmp_path: Path) -> Parts:
    """A window on nine photos in two months: a burst of four red ones, one of two blue ones, three by themselves."""
    red, blue, green = (220, 30, 30), (30, 60, 210), (30, 170, 60)
    folder = tmp_path / "photos"
    for number in range(4):
        take(folder / "b", f"red {number}.jpg", (red[0] - number, *red[1:]), BEGIN + timedelta(seconds=2 * number))
    take(folder / "b", "green.jpg", green, BEGIN + timedelta(seconds=3))
    for number in range(2):
        take(folder / "a", f"blue {number}.jpg", blue, BEGIN + timedelta(days=40, seconds=number))
    take(folder / "a", "red later.jpg", red, BEGIN + timedelta(seconds=60))
    take(folder / "a", "red elsewhere.jpg", red, BEGIN + timedelta(seconds=1))
    one = open_window(tmp_path / "library", [folder])
    qtbot.waitUntil(lambda: one.indexing.state.name == "IDLE" and one.indexing.last is not None, timeout=20_000)
    qtbot.waitUntil(lambda: one.window.results_bar.summary.text() == "9 photos", timeout=20_000)
    qtbot.waitUntil(lambda: one.window.model.rowCount() == 5, timeout=20_000)
    return one


# Strong and weak


def test_the_less_likely_are_folded_and_opened_by_keyboard(parts: Parts, qtbot: Any) -> None:
    window, grid = parts.window, parts.window.grid
    ask(parts, qtbot, "red")
    assert window.model.rowCount() == 3
    assert grid.button.isVisible() and grid.button.text() == "Show less likely (9)"
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    qtbot.keyClick(grid, Qt.Key.Key_End)
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert grid.button.hasFocus()
    qtbot.keyClick(grid.button, Qt.Key.Key_Up)
    assert grid.hasFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    qtbot.keyClick(grid.button, Qt.Key.Key_Return)
    assert window.model.rowCount() == 12
    assert grid.hasFocus() and grid.currentIndex().row() == 3
    assert [section.title for section in grid.sections()] == ["", "Less likely"]
    assert not any(window.model.hit(row).strong for row in range(3, 12))
    with qtbot.waitSignal(parts.searching.found, timeout=10_000):
        parts.searching.refresh()
    assert window.model.rowCount() == 12, "they stay open for this question"
    qtbot.mouseClick(grid.button, Qt.MouseButton.LeftButton)
    assert window.model.rowCount() == 3
    qtbot.mouseClick(grid.button, Qt.MouseButton.LeftButton)
    ask(parts, qtbot, "blue")
    assert window.model.rowCount() == 3, "another question begins folded"


def test_a_question_that_nothing_answers_says_so(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    ask(parts, qtbot, "a sonata")
    assert window.pages.currentWidget() is window.message
    assert window.message.heading.text() == "Nothing here clearly matches “a sonata”"
    assert window.results_bar.isHidden()
    buttons = window.message.buttons()
    assert [button.text() for button in buttons] == ["Show less likely (12)", "Show all photos"]
    with qtbot.waitSignal(parts.searching.found, timeout=10_000):
        parts.searching.refresh()
    assert window.message.buttons() == buttons, "a renewal takes no button from under the mouse"
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    assert buttons[0].hasFocus()
    qtbot.keyClick(buttons[0], Qt.Key.Key_Return)
    assert window.pages.currentWidget() is window.grid
    assert window.model.rowCount() == 12
    assert window.grid.sections()[0].title == "Nothing here clearly matches “a sonata”"
    assert window.results_bar.summary.text() == "No clear match"
    window.grid.button.click()
    assert window.pages.currentWidget() is window.message


# Sorting


def test_a_list_can_be_sorted_and_the_order_is_remembered(bursts: Parts, qtbot: Any, names: Names) -> None:
    window, bar = bursts.window, bursts.window.results_bar
    assert [section.title for section in window.grid.sections()] == ["August 2019", "July 2019"]
    assert bar.sort.text() == "Newest first"
    assert not bar.orders[Order.MATCH].isVisible()
    with qtbot.waitSignal(bursts.searching.found):
        bar.orders[Order.OLDEST].trigger()
    assert [section.title for section in window.grid.sections()] == ["July 2019", "August 2019"]
    assert names(bursts)[0] == "red 0.jpg"
    with qtbot.waitSignal(bursts.searching.found):
        bar.orders[Order.FOLDER].trigger()
    sections = window.grid.sections()
    assert [(section.title, section.count) for section in sections] == [("a", 3), ("b", 2)]
    assert sections[0].note.startswith("4 photos")
    assert names(bursts) == ["blue 0.jpg", "red elsewhere.jpg", "red later.jpg", "green.jpg", "red 0.jpg"]
    with qtbot.waitSignal(bursts.searching.found):
        bar.orders[Order.SIZE].trigger()
    assert [section.title for section in window.grid.sections()] == [""]
    settings = Settings(bursts.session.library.folder)
    settings._kept.sync()
    assert settings.order(of_list=True) == Order.SIZE
    assert settings.order(of_list=False) == Order.MATCH


def test_an_answer_is_sorted_within_the_line(bursts: Parts, qtbot: Any, names: Names) -> None:
    window, bar = bursts.window, bursts.window.results_bar
    with qtbot.waitSignal(bursts.searching.found):
        bar.fold.trigger()
    ask(bursts, qtbot, "red")
    assert bar.sort.text() == "Best match" and bar.orders[Order.MATCH].isVisible()
    with qtbot.waitSignal(bursts.searching.found):
        bar.orders[Order.OLDEST].trigger()
    strong = window.model.rowCount()
    assert names(bursts) == ["red 0.jpg", "red elsewhere.jpg", "red 1.jpg", "red 2.jpg", "red 3.jpg", "red later.jpg"]
    assert [section.title for section in window.grid.sections()] == ["July 2019", ""]
    window.grid.button.click()
    assert not any(window.model.hit(row).strong for row in range(strong, window.model.rowCount()))
    ask(bursts, qtbot, "")
    assert bar.sort.text() == "Newest first", "lists have an order of their own"


def test_similar_photos_are_sorted_too(parts: Parts, qtbot: Any, names: Names) -> None:
    window, bar = parts.window, parts.window.results_bar
    qtbot.waitUntil(lambda: parts.thumbnails.photo(window.model.photo_id(0)) is not None)
    path = parts.thumbnails.photo(window.model.photo_id(0)).path
    with qtbot.waitSignal(parts.searching.found):
        window.search.set_like(path)
    assert bar.summary.text() == "2 similar photos"
    before = names(parts)
    with qtbot.waitSignal(parts.searching.found):
        bar.orders[Order.FOLDER].trigger()
    assert names(parts) == sorted(before)
    assert [section.title for section in window.grid.sections()] == [path.parent.name, ""]
    window.grid.go_to_row(0)
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.grid, Qt.Key.Key_Plus)
    assert parts.searching.asked.marks.right and path.name not in names(parts)


# Bursts


def stacks(parts: Parts) -> list[int]:
    found = [parts.window.model.stack(row) for row in range(parts.window.model.rowCount())]
    return [stack.count if stack is not None else 1 for stack in found]


def test_bursts_are_one_photo_until_they_are_opened(bursts: Parts, qtbot: Any, names: Names) -> None:
    grid, model = bursts.window.grid, bursts.window.model
    assert names(bursts) == ["blue 1.jpg", "red later.jpg", "red 3.jpg", "green.jpg", "red elsewhere.jpg"]
    assert stacks(bursts) == [2, 1, 4, 1, 1]
    bursts.window.open_row(2)
    assert bursts.window.viewer.place.text() == "one of a burst of 4  ·  3 of 5"
    bursts.window.leave_viewer()
    grid.setFocus()
    grid.go_to_row(2)
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert names(bursts)[2:6] == ["red 3.jpg", "red 2.jpg", "red 1.jpg", "red 0.jpg"]
    assert grid.currentIndex().row() == 2
    qtbot.waitUntil(lambda: bursts.thumbnails.photo(model.photo_id(2)) is not None)
    assert "burst of 4 photos, open" in model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Space)
    assert stacks(bursts) == [2, 1, 4, 1, 1]
    assert grid.currentIndex().row() == 2, "the photo on top of the folded burst"


def test_the_number_on_a_burst_is_clicked(bursts: Parts, qtbot: Any) -> None:
    window, grid, model = bursts.window, bursts.window.grid, bursts.window.model
    tile, stack = grid.visualRect(model.index(0)), model.stack(0)
    assert stack is not None
    place = stack_box(tile, stack, QFontMetrics(grid.font())).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, grid.viewport().mapToGlobal(place))
    assert QApplication.sendEvent(grid.viewport(), event)
    qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not window.in_viewer()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert stacks(bursts)[:2] == [2, 2]
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert stacks(bursts)[0] == 2 and model.stack(1) is None
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=tile.center())
    qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=tile.center())
    assert window.in_viewer()


def test_bursts_can_be_switched_off_and_that_is_remembered(bursts: Parts, qtbot: Any) -> None:
    bar = bursts.window.results_bar
    assert bar.fold.isChecked()
    with qtbot.waitSignal(bursts.searching.found):
        bar.fold.trigger()
    assert bursts.window.model.rowCount() == 9
    assert set(stacks(bursts)) == {1}
    settings = Settings(bursts.session.library.folder)
    assert not settings.bursts
    with qtbot.waitSignal(bursts.searching.found):
        bar.fold.trigger()
    assert bursts.window.model.rowCount() == 5


def test_an_answer_folds_its_bursts_too(bursts: Parts, qtbot: Any, names: Names) -> None:
    ask(bursts, qtbot, "red")
    assert bursts.window.results_bar.summary.text() == "6 good matches"
    assert sorted(stacks(bursts)) == [1, 1, 4]
    assert len([name for name in names(bursts) if name in ("red later.jpg", "red elsewhere.jpg")]) == 2


def test_a_long_list_is_shown_before_it_is_grouped(bursts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.searching.MANY", 5)
    shown: list[tuple[bool, int]] = []
    bursts.searching.found.connect(lambda found: shown.append((found.partial, bursts.window.model.rowCount())))
    ask(bursts, qtbot, "is:square")
    qtbot.waitUntil(lambda: len(shown) == 2)
    assert [partial for partial, _ in shown] == [True, False]
    assert stacks(bursts) == [2, 1, 4, 1, 1]
    assert bursts.window.grid.sections()[0].title == "August 2019"


# Right and wrong


def test_marks_refine_the_answer_and_are_taken_back(parts: Parts, qtbot: Any, names: Names) -> None:
    window, grid, bar = parts.window, parts.window.grid, parts.window.results_bar
    ask(parts, qtbot, "red yellow")
    before = names(parts)
    assert bar.refined.isHidden() and bar.clear.isHidden()
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    first = window.model.photo_id(0)
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(grid, Qt.Key.Key_Plus)
        assert window.model.index(0).data(Role.MARK) is True, "the sign is there at once"
    assert parts.searching.asked.marks == Marks((first,), ())
    assert bar.refined.text() == "Refined by 1 right" and bar.refined.isVisible()
    row = window.model.row_of(first)
    assert row is not None and "marked right" in window.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
    last = window.model.rowCount() - 1
    grid.go_to_row(last)
    wrong = window.model.photo_id(last)
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(grid, Qt.Key.Key_Minus)
    assert parts.searching.asked.marks == Marks((first,), (wrong,))
    assert bar.refined.text() == "Refined by 1 right, 1 wrong"
    ask(parts, qtbot, "red yellow folder:photos")
    assert parts.searching.asked.marks == Marks((first,), (wrong,)), "a filter asks for the same thing"
    ask(parts, qtbot, "red yellow")
    with qtbot.waitSignal(parts.searching.found):
        qtbot.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    assert names(parts) == before
    assert bar.refined.isHidden()


def test_a_photo_that_is_called_wrong_is_folded_away_and_the_keys_go_on_beside_it(parts: Parts, qtbot: Any) -> None:
    window, grid = parts.window, parts.window.grid
    ask(parts, qtbot, "red")
    assert window.results_bar.summary.text() == "3 good matches"
    grid.setFocus()
    for left in ("2 good matches", "1 good match"):
        grid.go_to_row(1 if left[0] == "2" else grid.currentIndex().row())
        wrong = window.model.photo_id(grid.currentIndex().row())
        with qtbot.waitSignal(parts.searching.found):
            qtbot.keyClick(grid, Qt.Key.Key_Minus)
        assert window.results_bar.summary.text() == left
        assert window.model.row_of(wrong) is None and grid.currentIndex().row() == int(left[0]) - 1
    assert window.search.text == "red", "no key went into the field"
    window.grid.button.click()
    assert window.model.row_of(wrong) is not None, "it is found among the less likely"


def test_marking_twice_takes_a_mark_back(parts: Parts, qtbot: Any) -> None:
    window, grid = parts.window, parts.window.grid
    ask(parts, qtbot, "red")
    grid.setFocus()
    grid.selectAll()
    chosen = tuple(window.model.ids.tolist())
    with qtbot.waitSignal(parts.searching.found):
        window.commands.right.trigger()
    assert parts.searching.asked.marks.right == chosen
    grid.selectAll()
    with qtbot.waitSignal(parts.searching.found):
        window.commands.right.trigger()
    assert not parts.searching.asked.marks
    ask(parts, qtbot, "blue")
    assert not parts.searching.asked.marks


def test_there_is_nothing_to_mark_in_a_list(parts: Parts, qtbot: Any) -> None:
    window, grid = parts.window, parts.window.grid
    assert not window.commands.right.isVisible()
    grid.setFocus()
    grid.go_to_row(0)
    qtbot.keyClick(grid, Qt.Key.Key_Minus)
    assert window.search.edit.text() == "-", "it is the beginning of a question"


def test_without_a_good_match_all_that_was_asked_is_named(parts: Parts, qtbot: Any, painted: Path) -> None:
    with qtbot.waitSignal(parts.searching.found):
        parts.window.search.set_like(painted / "even" / "red 0.jpg")
    ask(parts, qtbot, "a sonata")
    heading = parts.window.message.heading.text()
    assert heading == "Nothing here clearly matches “a sonata” and looks like red 0.jpg"


def test_a_refined_answer_without_strong_hits_can_be_taken_back(parts: Parts, qtbot: Any) -> None:
    window = parts.window
    ask(parts, qtbot, "a sonata")
    window.message.buttons()[0].click()
    window.grid.go_to_row(0)
    with qtbot.waitSignal(parts.searching.found):
        qtbot.keyClick(window.grid, Qt.Key.Key_Minus)
    window.grid.button.click()
    assert [button.text() for button in window.message.buttons()][1] == "Forget right and wrong"
    with qtbot.waitSignal(parts.searching.found):
        window.message.buttons()[1].click()
    assert not parts.searching.asked.marks


def test_how_an_answer_was_refined_is_said_in_words() -> None:
    assert refined(Marks()) == ""
    assert refined(Marks((1, 2, 3), (4,))) == "Refined by 3 right, 1 wrong"
    assert refined(Marks((), (4,))) == "Refined by 1 wrong"


# Favourites


def test_f_makes_favourites_in_the_photos_and_in_the_viewer(parts: Parts, qtbot: Any, names: Names) -> None:
    window, grid, model = parts.window, parts.window.grid, parts.window.model
    grid.setFocus()
    grid.go_to_row(1)
    qtbot.waitUntil(lambda: parts.thumbnails.photo(model.photo_id(1)) is not None)
    name = names(parts)[1]
    qtbot.keyClick(grid, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: model.index(1).data(Role.FAVOURITE))
    assert window.search.edit.text() == ""
    assert "favourite" in model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    ask(parts, qtbot, "is:favourite")
    assert names(parts) == [name]
    window.open_row(0)
    qtbot.waitUntil(lambda: window.viewer.photo is not None)
    assert window.viewer.heart.toolTip().startswith("No longer")
    qtbot.keyClick(window.viewer, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: window.viewer.heart.toolTip().startswith("Favourite"))
    qtbot.keyClick(window.viewer, Qt.Key.Key_Escape)
    ask(parts, qtbot, "is:favourite folder:photos")
    assert window.pages.currentWidget() is window.message


def test_several_become_favourites_unless_all_are(parts: Parts, qtbot: Any) -> None:
    window, library = parts.window, parts.session.library
    ids = window.model.ids.tolist()

    def hearts() -> list[bool]:
        return [photo.favourite for photo in library.photos(ids)]

    library.set_favourite(ids[:3], True)
    window.grid.selectAll()
    window.commands.favourite.trigger()
    qtbot.waitUntil(lambda: all(hearts()))
    qtbot.waitUntil(lambda: window.model.index(0).data(Role.FAVOURITE))
    window.grid.selectAll()
    window.commands.favourite.trigger()
    qtbot.waitUntil(lambda: not any(hearts()))


# A part of a photo


@pytest.fixture
def viewing(parts: Parts, qtbot: Any) -> Parts:
    parts.window.open_row(0)
    qtbot.waitUntil(lambda: parts.window.viewer.picture.is_sharp())
    return parts


def like_of(parts: Parts) -> Like:
    [term] = parse(parts.window.search.text).terms
    assert isinstance(term, Like) and term.part is not None
    return term


def test_a_rectangle_dragged_with_shift_is_asked(viewing: Parts, qtbot: Any) -> None:
    window, picture = viewing.window, viewing.window.viewer.picture
    path, target = window.viewer.photo.path, picture.target()
    at = lambda x, y: QPointF(target.x() + target.width() * x, target.y() + target.height() * y).toPoint()  # noqa: E731
    shift = Qt.KeyboardModifier.ShiftModifier
    qtbot.mousePress(picture, Qt.MouseButton.LeftButton, shift, at(0.75, 0.8))
    qtbot.mouseMove(picture, at(0.5, 0.5))
    assert window.viewer.parts.isVisible()
    with qtbot.waitSignal(viewing.searching.found):
        qtbot.mouseRelease(picture, Qt.MouseButton.LeftButton, shift, at(0.25, 0.4))
    like = like_of(viewing)
    assert Path(like.path) == path
    edges = (like.part.left, like.part.top, like.part.right, like.part.bottom)
    assert edges == pytest.approx((25, 40, 75, 80), abs=1)
    assert not window.in_viewer()
    assert window.results_bar.summary.text().endswith("similar photos")


def test_a_click_with_shift_is_no_part(viewing: Parts, qtbot: Any) -> None:
    window, picture = viewing.window, viewing.window.viewer.picture
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, picture.rect().center())
    assert window.in_viewer() and window.search.is_empty()
    assert window.viewer.parts.isHidden()


def test_a_part_is_chosen_by_keyboard(viewing: Parts, qtbot: Any) -> None:
    viewer = viewing.window.viewer
    qtbot.keyClick(viewer, Qt.Key.Key_R)
    assert viewer.parts.isVisible() and viewer.part.isChecked()
    assert viewer.parts.part == QRectF(25, 25, 50, 50)
    qtbot.keyClick(viewer, Qt.Key.Key_Left)
    qtbot.keyClick(viewer, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert viewer.parts.part == QRectF(23, 25, 50, 52)
    assert viewer.row == 0, "the arrows move the rectangle, not the photos"
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert viewer.parts.isHidden() and not viewer.part.isChecked()
    assert viewing.window.in_viewer()
    viewer.part.click()
    for _ in range(60):
        qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.parts.part == QRectF(50, 25, 50, 50)
    with qtbot.waitSignal(viewing.searching.found):
        qtbot.keyClick(viewer, Qt.Key.Key_Return)
    assert str(like_of(viewing).part) == "[50,25,100,75]"


def test_walking_on_takes_the_rectangle_away(viewing: Parts, qtbot: Any) -> None:
    viewer = viewing.window.viewer
    qtbot.keyClick(viewer, Qt.Key.Key_R)
    viewer.walk(1)
    assert viewer.parts.isHidden()
