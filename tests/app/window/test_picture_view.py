"""Zooming and dragging a picture; broken files say what is wrong; pictures come upright and in halving sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QPointF, QSizeF, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication

from app.window.full_picture import read_picture, to_qimage
from app.window.picture_view import PictureView
from app.window.start import Parts
from app.window.theme import Theme
from core.errors import PhotoError
from core.types import Photo, PhotoMetadata


@pytest.fixture
def view(qtbot: Any, qapp: QApplication) -> PictureView:
    one = PictureView(Theme(qapp))
    qtbot.addWidget(one)
    one.resize(800, 600)
    one.show()
    return one


def photo(path: Path) -> Photo:
    return Photo(1, path, 1, b"0" * 16, 1, PhotoMetadata())


def test_a_large_picture_fits_and_a_small_one_is_at_most_doubled(view: PictureView) -> None:
    view.show_picture([to_qimage(Image.new("RGB", (4000, 2000)))], keep=False)
    assert view.zoom == pytest.approx(0.2)
    assert view.fitted
    view.show_picture([to_qimage(Image.new("RGB", (100, 50)))], keep=False)
    assert view.zoom == pytest.approx(2.0)


def test_zoom_keeps_the_point_under_the_pointer(view: PictureView) -> None:
    view.show_picture([to_qimage(Image.new("RGB", (4000, 3000)))], keep=False)
    at = QPointF(200, 450)
    before = (at - view.target().topLeft()) / view.zoom
    view.zoom_by(4, at)
    after = (at - view.target().topLeft()) / view.zoom
    assert (after - before).manhattanLength() < 1.5
    assert not view.fitted
    view.zoom_by(0.001)
    assert view.fitted


def test_dragging_moves_the_picture_and_never_out_of_the_room(view: PictureView, qtbot: Any) -> None:
    view.show_picture([to_qimage(Image.new("RGB", (4000, 3000)))], keep=False)
    view.actual()
    before = view.target().topLeft()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center())
    qtbot.mouseMove(view, view.rect().center() + QPointF(60, 40).toPoint())
    assert view.target().topLeft() == before + QPointF(60, 40)
    for _ in range(50):
        qtbot.mouseMove(view, view.rect().bottomRight())
        qtbot.mouseRelease(view, Qt.MouseButton.LeftButton)
        qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().topLeft())
    assert view.target().left() <= 0.5
    assert view.target().right() >= view.width() - 0.5


def test_the_whole_picture_takes_the_place_of_its_preview(view: PictureView) -> None:
    view.show_preview(QPixmap(384, 288), QSizeF(4000, 3000))
    assert not view.is_sharp()
    view.zoom_by(3, QPointF(100, 100))
    where = view.target()
    view.show_picture([to_qimage(Image.new("RGB", (4000, 3000)))], keep=True)
    assert view.is_sharp()
    assert view.target() == where


def test_pictures_come_in_halves_and_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the picture is upright after a quarter turn
    Image.new("RGB", (4000, 3000), (10, 200, 30)).save(tmp_path / "turned.jpg", exif=exif)
    levels = read_picture(photo(tmp_path / "turned.jpg"))
    assert [(level.width(), level.height()) for level in levels][:3] == [(3000, 4000), (1500, 2000), (750, 1000)]
    assert levels[-1].pixelColor(5, 5).green() > 150


def test_a_file_that_is_no_picture_gives_its_reason(tmp_path: Path) -> None:
    (tmp_path / "letter.jpg").write_text("dear")
    with pytest.raises(PhotoError) as failed:
        read_picture(photo(tmp_path / "letter.jpg"))
    assert failed.value.reason


def test_the_viewer_says_why_a_photo_cannot_be_shown(parts: Parts, qtbot: Any, painted: Path) -> None:
    viewer = parts.window.viewer
    parts.watching.close()
    for path in painted.rglob("*.jpg"):
        path.write_bytes(b"\xff\xd8 torn")
    parts.window.open_row(0)
    qtbot.waitUntil(lambda: not viewer.sentence.isHidden())
    assert viewer.sentence.text().startswith("This photo cannot be shown: ")
    assert viewer.picture.isHidden()
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.row == 1
    qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert not parts.window.in_viewer()


def test_walking_fast_reads_only_what_one_stops_at(
    parts: Parts, qtbot: Any, monkeypatch: pytest.MonkeyPatch, names: Callable[[Parts], list[str]]
) -> None:
    viewer, seen = parts.window.viewer, []

    def noting(one: Photo) -> Any:
        seen.append(one.path.name)
        return read_picture(one)

    monkeypatch.setattr("app.window.viewer.read_picture", noting)
    parts.window.open_row(0)
    for _ in range(17):
        qtbot.keyClick(viewer, Qt.Key.Key_Right)
    last = names(parts)[17]
    qtbot.waitUntil(lambda: bool(seen) and seen[-1] == last)
    assert viewer.row == 17
    assert viewer.photo is not None
    assert viewer.photo.path.name == last
    assert len(seen) < 10
