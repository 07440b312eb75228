"""Tags many photos at once: a name with completion, and the tags that they have already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.jobs import Job
from app.window.flow import Flow
from app.window.icons import icon
from app.window.said import Said
from app.window.tag_field import TagField
from app.window.tag_panel import known
from app.window.tagging import Tagging
from app.window.theme import Theme
from app.window.tool_row import strong
from app.window.words import count_of, isolated
from core.errors import RetrouveError
from core.tagging.types import State, Step, Tag

MOST_SHOWN = 40
"""Tags that are shown of what the photos have."""
MOST_READ = 5_000
"""Photos whose tags are read to be shown."""
_ICON = 14
_ROWS = 8
"""Rows of tags that are shown at once; the dialog grows for them."""


@dataclass(frozen=True, slots=True)
class Shared:
    """A tag that some of the photos have."""

    label_id: int
    label: str
    photos: int


class TakeAway(QPushButton):
    """A tag that can be taken away from all of the photos. A long name is shortened to the room there is."""

    def __init__(self, one: Shared, everywhere: bool, theme: Theme, taken: Callable[[Shared], None]) -> None:
        super().__init__()
        self._name, self._count = isolated(one.label), "" if everywhere else f" ({one.photos:,})"
        self.setObjectName("offer")
        self.setAutoDefault(False)
        self.setIcon(icon("clear", theme.colour("muted"), _ICON))
        words = f"Take “{self._name}” away from {count_of(one.photos, 'photo')}"
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.clicked.connect(lambda: taken(one))
        self.fit(10_000)

    def fit(self, room: int) -> None:
        """Be no wider than ``room`` pixels."""
        metrics = self.fontMetrics()
        left = max(40, min(room - _ICON - 40, metrics.averageCharWidth() * 40) - metrics.horizontalAdvance(self._count))
        name = metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, left)
        # An ampersand would be taken for the mark of a key.
        self.setText((name + self._count).replace("&", "&&"))


class TagDialog(QDialog):
    """Enter adds what is typed to all of the photos, and the field is free for the next. Nothing is asked twice."""

    search_asked = Signal(str)

    def __init__(self, tagging: Tagging, photo_ids: Sequence[int], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Tag photos")
        self._tagging, self._theme, self._ids = tagging, theme, list(photo_ids)
        self._reading: Job | None = None
        count = count_of(len(self._ids), "photo")
        self.field = TagField(theme)
        self.field.setPlaceholderText("A tag, for instance a name or a place")
        self.said = Said()
        self.heading = strong("")
        self.shared = Flow(most_rows=_ROWS)
        self.shared.setAccessibleName("Tags of these photos")
        self.add, self.undo, close = QPushButton("Add"), QPushButton("&Undo"), QPushButton("Close")
        self.add.setProperty("primary", "true")
        for button in (self.add, self.undo, close):
            button.setAutoDefault(False)
        self._lay_out(strong(f"Tag {count}"), close)
        self.field.entered.connect(self._on_entered)
        self.field.left.connect(self.reject)
        self.field.textChanged.connect(lambda text: self.add.setEnabled(bool(text.strip())))
        self.field.refused.connect(lambda words: self._say(words, error=True))
        self.add.clicked.connect(self.field.enter)
        self.undo.clicked.connect(lambda: self._tagging.undo(self._on_undone))
        close.clicked.connect(self.accept)
        # Methods of the dialog, which are let go with it: a lambda would be called when it is long gone.
        tagging.failed.connect(self._on_failed)
        tagging.changed.connect(self._load)
        self.add.setEnabled(False)
        self.undo.setVisible(False)
        self.heading.hide()
        self._say("Enter adds it. A name that is new becomes a label of your own.")
        self._load()
        self.field.setFocus()

    def _lay_out(self, title: QLabel, close: QPushButton) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.field, 1)
        line.addWidget(self.add)
        foot = QHBoxLayout()
        foot.addWidget(self.undo)
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(title)
        column.addLayout(line)
        column.addWidget(self.said)
        column.addWidget(self.heading)
        column.addWidget(self.shared)
        column.addStretch(1)
        column.addLayout(foot)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 70)
        self.setMinimumHeight(self.fontMetrics().height() * 16)

    def _on_failed(self, error: RetrouveError) -> None:
        self._say(str(error), error=True)

    def _load(self) -> None:
        ids = self._ids[:MOST_READ]
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._tagging.ask(
            lambda core: (known(core), shared(core.decisions.of_photos(ids))), self._on_loaded
        )

    def _on_loaded(self, found: tuple[object, Sequence[Shared]]) -> None:
        names, had = found
        self.field.set_known(names)  # type: ignore[arg-type]
        old = self.shared.items
        self.shared.put([TakeAway(one, self._everywhere(one), self._theme, self._on_taken) for one in had[:MOST_SHOWN]])
        for button in old:
            button.deleteLater()
        more = f" (the first {MOST_SHOWN} of {len(had):,})" if len(had) > MOST_SHOWN else ""
        self.heading.setText(("They have" if len(self._ids) > 1 else "It has") + more)
        self.heading.setVisible(bool(had))
        self._grow()

    def _grow(self) -> None:
        """As high as what is in it needs: a dialog that somebody made larger stays so."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            high = layout.heightForWidth(self.width()) if layout.hasHeightForWidth() else layout.sizeHint().height()
            self.resize(self.width(), max(self.height(), high))

    def _everywhere(self, one: Shared) -> bool:
        return one.photos == min(len(self._ids), MOST_READ)

    def _on_taken(self, one: Shared) -> None:
        self._tagging.clear([(photo_id, one.label_id) for photo_id in self._ids], self._on_step)

    def _on_entered(self, name: str) -> None:
        self._tagging.tag(self._ids, name, self._on_step)
        self.field.setFocus()

    def _on_step(self, step: Step | None) -> None:
        if step is None:
            self._say("Nothing to do: they are so already.")
        else:
            self._say(f"{isolated(step.said[0].upper() + step.said[1:])}.")
            self.undo.setVisible(True)

    def _on_undone(self, step: Step | None) -> None:
        self.undo.setVisible(False)
        self._say("There is nothing to undo." if step is None else f"Undone: {isolated(step.said)}.")
        self.field.setFocus()

    def _say(self, words: str, *, error: bool = False) -> None:
        self.said.tell(words, error=error)


def shared(tags: Mapping[int, Sequence[Tag]]) -> list[Shared]:
    """The accepted tags of photos, those of most photos first."""
    counts: dict[tuple[int, str], int] = {}
    for some in tags.values():
        for tag in some:
            if tag.state is State.ACCEPTED:
                key = (tag.label_id, tag.label)
                counts[key] = counts.get(key, 0) + 1
    found = [Shared(label_id, label, count) for (label_id, label), count in counts.items()]
    return sorted(found, key=lambda one: (-one.photos, one.label.casefold()))
