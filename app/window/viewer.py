"""The full-size viewer: one photo, its neighbours an arrow away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.jobs import Jobs, Latest
from app.window.full_picture import Facts, read_facts, read_picture
from app.window.icons import icon
from app.window.info_strip import InfoStrip
from app.window.part_picker import PartPicker
from app.window.photo_model import PhotoModel
from app.window.picture_view import PictureView
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails
from core.errors import PhotoError, RetrouveError
from core.search.grammar import Part
from core.types import Photo

if TYPE_CHECKING:
    from core.library import Library


class Viewer(QWidget):
    """Shows the photo of a row of the model: its thumbnail at once, the whole picture when a worker has read it."""

    left = Signal()
    similar_asked = Signal(object)
    """Path of the photo to find others like."""
    part_asked = Signal(object, object)
    """Path of the photo, and the Part of it to find others like."""
    favourite_asked = Signal()
    """The photo that is shown is to be a favourite, or no longer."""
    menu_asked = Signal(object)
    """Global position of a right click."""
    row_changed = Signal(int)
    read_failed = Signal()
    """A photo's file could not be read: its disk may have gone."""

    def __init__(
        self, model: PhotoModel, thumbnails: Thumbnails, lane: Jobs, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("viewer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Photo viewer")
        self._model, self._thumbnails, self._lane, self._theme = model, thumbnails, lane, theme
        self._library: Library | None = None
        self._row = -1
        self._photo_id = self._next_id = -1
        self._gone = False
        """The photo that is shown is in the model no more; ``_row`` is the row of the one that came after it."""
        self._photo: Photo | None = None
        self._unreadable = False
        self._offline: tuple[Path, ...] = ()
        self._facts, self._picture = Latest(), Latest()
        self.picture = PictureView(theme)
        self.parts = PartPicker(self.picture, theme)
        self.strip = InfoStrip(theme)
        self.sentence = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.sentence.setWordWrap(True)
        self.sentence.setMargin(10)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.hide()
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.place = QLabel()
        self.place.setObjectName("quiet")
        self.scale = QLabel()
        self.scale.setObjectName("quiet")
        # The photo before stays until the next one's thumbnail is there, so that walking does not flicker.
        self._waiting = QTimer(self, singleShot=True, interval=150)
        self._waiting.timeout.connect(self.picture.clear)
        self._build()
        self.picture.zoom_changed.connect(self._on_zoom_changed)
        self.parts.chosen.connect(self._on_part_chosen)
        self.parts.ended.connect(lambda: self.part.setChecked(False))

    def _build(self) -> None:
        bar = QWidget(objectName="stagebar")
        bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(bar)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(10)
        row.addWidget(self._button("back", "Back to the photos (Esc)", self.left.emit))
        row.addWidget(self.title, 1)
        row.addWidget(self.scale)
        row.addWidget(self.place)
        self.heart = self._button("heart", "Favourite (F)", self.favourite_asked.emit)
        row.addWidget(self.heart)
        self.part = self._button("part", "Find photos like a part of this one (R, or Shift and drag)", self.pick_part)
        self.part.setCheckable(True)
        row.addWidget(self.part)
        row.addWidget(self._button("similar", "Find similar photos (S)", self._on_similar))
        self.info = self._button("info", "Show or hide what is known of the photo (I)", self.toggle_info)
        self.info.setCheckable(True)
        self.info.setChecked(True)
        row.addWidget(self.info)
        self._previous = self._button("previous", "Previous photo (Left)", partial(self.walk, -1), 28)
        self._next = self._button("next", "Next photo (Right)", partial(self.walk, 1), 28)
        middle = QHBoxLayout()
        middle.setContentsMargins(6, 0, 6, 0)
        middle.setSpacing(6)
        middle.addWidget(self._previous, 0, Qt.AlignmentFlag.AlignVCenter)
        centre = QVBoxLayout()
        centre.addWidget(self.picture, 1)
        centre.addWidget(self.sentence)
        middle.addLayout(centre, 1)
        middle.addWidget(self._next, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)

    def _button(self, name: str, words: str, act: object, size: int = 20) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name, self._theme.colour("on_stage"), size))
        button.setIconSize(QSize(size, size))
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _checked=False: act())  # type: ignore[operator]
        return button

    def use(self, library: Library) -> None:
        """Read from this library from now on."""
        self._library = library

    @property
    def row(self) -> int:
        """The row that is shown."""
        return self._row

    @property
    def photo(self) -> Photo | None:
        """The photo that is shown, once the catalogue has told of it."""
        return self._photo

    def show_row(self, row: int) -> None:
        """Show the photo of a row."""
        if self._library is None or not 0 <= row < self._model.rowCount():
            return
        self._row, self._photo_id, self._photo = row, self._model.photo_id(row), None
        self.strip.tags.show_photo(self._photo_id)
        self._unreadable = False
        self.parts.cancel()
        self._paint_heart()
        hit = self._model.hit(row)
        self.sentence.hide()
        self.picture.show()
        self._stand_at(row)
        photo = self._thumbnails.photo(self._photo_id)
        self._name((photo or hit).path.name if photo or hit else "")  # type: ignore[union-attr]
        self._picture.drop()
        self._waiting.start()
        self._facts.run(self._lane, partial(read_facts, self._library, self._photo_id), self._on_facts, self._on_failed)
        self.row_changed.emit(row)

    def follow(self) -> None:
        """The model has other photos now: stay with the one that is shown, wherever it is, even when it is gone."""
        if self._photo_id < 0:
            return
        row = self._model.row_of(self._photo_id)
        if row is not None:
            self._stand_at(row)
            return
        after = self._model.row_of(self._next_id)
        count = self._model.rowCount()
        self._gone, self._row = True, after if after is not None else min(self._row, count)
        self.place.setText("no longer in the library")
        self._previous.setEnabled(self._row > 0)
        self._next.setEnabled(self._row < count)

    def _stand_at(self, row: int) -> None:
        """The photo that is shown is in this row."""
        count = self._model.rowCount()
        self._row, self._gone = row, False
        self._next_id = self._model.photo_id(row + 1) if row + 1 < count else -1
        stack = self._model.stack(row)
        folded = f"one of a burst of {stack.count:,}  ·  " if stack is not None and not stack.opened else ""
        self.place.setText(f"{folded}{row + 1:,} of {count:,}")
        self._previous.setEnabled(row > 0)
        self._next.setEnabled(row + 1 < count)

    def walk(self, steps: int) -> None:
        """To the next photo, or the one before."""
        if self._gone and steps > 0:
            steps -= 1  # the next photo has taken the place of the one that is gone
        self.show_row(max(0, min(self._model.rowCount() - 1, self._row + steps)))

    def set_offline(self, roots: Sequence[Path]) -> None:
        """These roots cannot be read now: of their photos the thumbnails alone can be shown."""
        self._offline = tuple(roots)
        if self._unreadable:
            self._say_offline()

    def close_photo(self) -> None:
        """Let go of the picture."""
        self._facts.drop()
        self._waiting.stop()
        self._picture.drop()
        self.picture.clear()
        self.parts.cancel()
        self.strip.tags.show_photo(None)
        self._photo_id = self._next_id = self._row = -1
        self._gone = self._unreadable = False

    def pick_part(self) -> None:
        """Offer a rectangle over the photo, or take it away again."""
        if not self.parts.isHidden():
            self.parts.cancel()
        elif self._photo is not None:
            self.part.setChecked(True)
            self.parts.begin()
            self.setFocus()
        else:
            self.part.setChecked(False)

    def set_favourite(self, photo_ids: Sequence[int], favourite: bool) -> None:
        """These photos are favourites now, or are no longer: the one that is shown may be among them."""
        if self._photo is not None and self._photo.id in photo_ids:
            self._photo = replace(self._photo, favourite=favourite)
            self._paint_heart()

    def _paint_heart(self) -> None:
        kept = self._photo if self._photo is not None else self._thumbnails.photo(self._photo_id)
        full = kept is not None and kept.favourite
        colour = "#ff6b7d" if full else self._theme.colours.on_stage
        self.heart.setIcon(icon("heart-full" if full else "heart", QColor(colour), 20))
        words = "No longer a favourite (F)" if full else "Favourite (F)"
        self.heart.setToolTip(words)
        self.heart.setAccessibleName(words)

    def toggle_info(self) -> None:
        """Show or hide what is known of the photo."""
        self.strip.setVisible(self.strip.isHidden())
        self.info.setChecked(not self.strip.isHidden())

    def add_tag(self) -> None:
        """Let a tag be typed for the photo."""
        if self.strip.isHidden():
            self.toggle_info()
        self.strip.tags.take_focus()

    def _decide_tag(self, accept: bool) -> None:
        """Accept or reject the surest suggestion, as long as it can be seen."""
        if not self.strip.isHidden():
            self.strip.tags.decide(accept)

    def _name(self, name: str) -> None:
        self.title.setText(
            self.title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, max(120, self.width() // 2))
        )
        self.setAccessibleDescription(name)

    def _on_facts(self, facts: Facts | None) -> None:
        if facts is None:
            self._say("This photo is no longer in the library.")
            return
        self._photo = facts.photo
        self._paint_heart()
        self._waiting.stop()
        about = facts.photo.metadata
        if facts.thumbnail is not None and about.width and about.height:
            self.picture.show_preview(QPixmap.fromImage(facts.thumbnail), QSizeF(about.width, about.height))
        else:
            self.picture.clear()
        self._name(facts.photo.path.name)
        self.strip.show_photo(facts.photo, facts.captions, self._model.hit(self._row))
        self._picture.run(self._lane, partial(read_picture, facts.photo), self._on_picture, self._on_unread)

    def _on_picture(self, levels: object) -> None:
        self.picture.show_picture(levels, keep=True)  # type: ignore[arg-type]

    def _on_unread(self, error: RetrouveError) -> None:
        """The catalogue knows the photo, but its file cannot be read."""
        self._unreadable = True
        if not self._say_offline():
            self._on_failed(error)
            self.read_failed.emit()

    def _say_offline(self) -> bool:
        """Whether the photo lies on a root that is offline; says so, below its thumbnail."""
        photo = self._photo
        root = next((root for root in self._offline if photo is not None and photo.path.is_relative_to(root)), None)
        if root is None:
            return False
        self._say(f"“{root.name or root}” is offline: this is the small picture that Retrouve keeps.")
        self.picture.show()
        return True

    def _on_failed(self, error: RetrouveError) -> None:
        self._say(f"This photo cannot be shown: {error.reason}" if isinstance(error, PhotoError) else str(error))

    def _say(self, sentence: str) -> None:
        self.picture.hide()
        self.sentence.setText(sentence)
        self.sentence.show()

    def _on_similar(self) -> None:
        if self._photo is not None:
            self.similar_asked.emit(self._photo.path)

    def _on_part_chosen(self, part: QRectF) -> None:
        """A tenth of a percent is a pixel or two of a small photo, and reads well in the search field."""
        if self._photo is not None:
            edges = (part.left(), part.top(), part.right(), part.bottom())
            self.part_asked.emit(self._photo.path, Part(*(round(edge, 1) for edge in edges)))

    def _on_zoom_changed(self, zoom: float) -> None:
        percent = zoom * self.devicePixelRatioF()
        self.scale.setText("" if self.picture.fitted else f"{percent:.0%}")

    def contextMenuEvent(self, event: object) -> None:  # noqa: D102
        self.menu_asked.emit(event.globalPos())  # type: ignore[attr-defined]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        key, keys = event.key(), Qt.Key
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            super().keyPressEvent(event)
            return
        if self.parts.take_key(event):
            return
        actions = {
            keys.Key_Escape: self.left.emit,
            keys.Key_Backspace: self.left.emit,
            keys.Key_Left: partial(self.walk, -1),
            keys.Key_PageUp: partial(self.walk, -1),
            keys.Key_Right: partial(self.walk, 1),
            keys.Key_PageDown: partial(self.walk, 1),
            keys.Key_Space: partial(self.walk, 1),
            keys.Key_Home: partial(self.walk, -self._row),
            keys.Key_End: partial(self.walk, self._model.rowCount()),
            keys.Key_Plus: partial(self.picture.zoom_by, 1.25),
            keys.Key_Equal: partial(self.picture.zoom_by, 1.25),
            keys.Key_Minus: partial(self.picture.zoom_by, 0.8),
            keys.Key_0: self.picture.fit,
            keys.Key_1: self.picture.actual,
            keys.Key_I: self.toggle_info,
            keys.Key_S: self._on_similar,
            keys.Key_F: self.favourite_asked.emit,
            keys.Key_R: self.pick_part,
            keys.Key_T: self.add_tag,
            keys.Key_A: lambda: self._decide_tag(True),
            keys.Key_X: lambda: self._decide_tag(False),
        }
        act = actions.get(Qt.Key(key))
        if act is None:
            super().keyPressEvent(event)
        else:
            act()
