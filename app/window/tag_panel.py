"""The tags of the photo in the viewer: chips that can be decided on, and a field for one more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.jobs import Latest
from app.window.tag_chips import TagChips
from app.window.tag_field import TagField
from app.window.tagging import Tagging
from app.window.theme import Theme
from core.errors import CallError
from core.tagging.types import Tag

if TYPE_CHECKING:
    from core.tagging import Tagging as CoreTagging
    from core.tagging.overview import KnownLabel


class TagPanel(QWidget):
    """Shows the tags of the photo that is looked at now; an answer about any other photo is dropped."""

    search_asked = Signal(str)
    """Name of a tag to search for."""
    left = Signal()
    """The photo should have the focus again."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tagging: Tagging | None = None
        self._photo_id: int | None = None
        self._shown: int | None = None
        """The photo whose tags the chips show."""
        self._reading = Latest()
        self._knowing = Latest()
        self.chips = TagChips()
        self.field = TagField(theme)
        self.field.setPlaceholderText("Add a tag (T)")
        self.field.setFixedWidth(self.fontMetrics().horizontalAdvance("x") * 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.chips)
        self.field.entered.connect(self._on_entered)
        self.field.left.connect(self.left)
        self.field.refused.connect(self._on_refused)
        self.chips.search_asked.connect(lambda tag: self.search_asked.emit(tag.label))
        self.chips.accept_asked.connect(lambda tag: self._decide(tag, "accept"))
        self.chips.reject_asked.connect(lambda tag: self._decide(tag, "reject"))
        self.chips.clear_asked.connect(lambda tag: self._decide(tag, "clear"))
        self.hide()

    def use(self, tagging: Tagging) -> None:
        """Read and decide by this from now on."""
        self._tagging = tagging
        tagging.changed.connect(lambda _photos: self.renew())

    def show_photo(self, photo_id: int | None) -> None:
        """Show the tags of a photo, once they are read."""
        if photo_id != self._photo_id:
            self._photo_id = photo_id
            self._reading.drop()
            self.field.clear()
        self.renew()

    def renew(self) -> None:
        """Read the tags of the photo again."""
        tagging, photo_id = self._tagging, self._photo_id
        library = None if tagging is None else tagging.library
        if library is None or photo_id is None:
            self.hide()
            return
        lane = tagging.lane_of_viewer if tagging is not None else None
        assert lane is not None
        self._reading.run(lane, lambda: library.tagging.decisions.of(photo_id), self._on_tags)

    def take_focus(self) -> None:
        """Let a tag be typed."""
        tagging = self._tagging
        if tagging is None or not tagging.can_change or self.isHidden():
            return
        library = tagging.library
        assert library is not None
        self._knowing.run(tagging.lane_of_viewer, lambda: known(library.tagging), self.field.set_known)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def decide(self, accept: bool) -> None:
        """Accept or reject the surest suggestion; nothing happens without one."""
        tag = self.chips.first_waiting()
        if tag is not None:
            self._decide(tag, "accept" if accept else "reject")

    def _on_tags(self, tags: Sequence[Tag]) -> None:
        tagging, self._shown = self._tagging, self._photo_id
        assert tagging is not None
        can = tagging.can_change
        more = [self.field] if can else []
        # The strip lies on the stage, which is dark in both themes.
        self.chips.show_tags(tags, QColor(self._theme.colours.on_stage), can_change=can, more=more)
        self.setVisible(bool(tags) or can)

    def _decide(self, tag: Tag, how: str) -> None:
        # Until the tags of the next photo are read, the chips are still those of the one before.
        if self._tagging is not None and self._photo_id is not None and self._shown == self._photo_id:
            getattr(self._tagging, how)([(self._photo_id, tag.label_id)])
            self.left.emit()

    def _on_refused(self, words: str) -> None:
        if self._tagging is not None:
            self._tagging.failed.emit(CallError(words))

    def _on_entered(self, name: str) -> None:
        if self._tagging is not None and self._photo_id is not None:
            self._tagging.tag([self._photo_id], name)


def known(core: CoreTagging) -> tuple[KnownLabel, ...]:
    """The names that a photo may be tagged with. In a worker thread."""
    return core.overview.known()
