"""Asks which list is to suggest tags, for which photos, and from where on they are accepted at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.window.words import count_of
from core.tagging.types import LabelList

USUAL = 95
"""Percent from which on suggestions are accepted at once, where somebody wants that."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Some photos to choose: ``ids`` makes them, None for the whole library."""

    words: str
    ids: Callable[[], Sequence[int]] | None = None


class TagRunDialog(QDialog):
    """The likeliest choices are made already: Enter begins."""

    started = Signal(object, object, object)
    """Name of a list, the photo ids (None: all), and the probability from which on tags are accepted (None: none)."""
    edit_asked = Signal()

    def __init__(
        self,
        own: Sequence[tuple[str, int]],
        ready: Sequence[LabelList],
        photos: Sequence[Photos],
        list_name: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Suggest tags")
        self._photos = photos
        self.lists = _lists_box(own, ready, list_name)
        self.which = QButtonGroup(self)
        self.accept_above = QCheckBox("A&ccept at once what is at least")
        self.percent = QSpinBox()
        self.percent.setRange(50, 100)
        self.percent.setValue(USUAL)
        self.percent.setSuffix("%")
        self.percent.setEnabled(False)
        self.percent.setAccessibleName("Percent sure")
        self.begin, self._edit, cancel = QPushButton("Suggest tags"), QPushButton("Edit lists…"), QPushButton("Cancel")
        self.begin.setProperty("primary", "true")
        self.begin.setDefault(True)
        for button in (self._edit, cancel):
            button.setAutoDefault(False)
        self.begin.setEnabled(self.lists.count() > 0)
        self._lay_out(cancel)
        self.which.button(0).setChecked(True)
        self.accept_above.toggled.connect(self.percent.setEnabled)
        self._edit.clicked.connect(self._on_edit)
        self.begin.clicked.connect(self._on_begin)
        cancel.clicked.connect(self.reject)

    def _lay_out(self, cancel: QPushButton) -> None:
        radios = QVBoxLayout()
        radios.setSpacing(6)
        for number, some in enumerate(self._photos):
            radio = QRadioButton(some.words)
            self.which.addButton(radio, number)
            radios.addWidget(radio)
        line = QHBoxLayout()
        line.setSpacing(8)
        for widget in (self.accept_above, self.percent, QLabel("sure")):
            line.addWidget(widget)
        line.addStretch(1)
        lists = QHBoxLayout()
        lists.setSpacing(8)
        lists.addWidget(self.lists, 1)
        lists.addWidget(self._edit)
        note = QLabel(
            "Suggestions wait for your yes or no. What you have rejected is never suggested again.",
            wordWrap=True,
            objectName="quiet",
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(14)
        for row, (words, layout) in enumerate((("From", lists), ("For", radios), ("", line))):
            label = QLabel(words)
            label.setMargin(4)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(layout, row, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.begin)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(14)
        column.addLayout(grid)
        column.addWidget(note)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 80)

    def _on_edit(self) -> None:
        self.reject()
        self.edit_asked.emit()

    def _on_begin(self) -> None:
        some = self._photos[self.which.checkedId()]
        line = self.percent.value() / 100 if self.accept_above.isChecked() else None
        self.started.emit(self.lists.currentData(), None if some.ids is None else some.ids(), line)
        self.accept()


def _lists_box(own: Sequence[tuple[str, int]], ready: Sequence[LabelList], chosen: str | None) -> QComboBox:
    """One's own lists, then those that come ready; the first is chosen unless one is named."""
    box = QComboBox()
    box.setAccessibleName("Label list")
    kept = {name.casefold() for name, _ in own}
    for name, count in own:
        box.addItem(f"{name}  ·  {count_of(count, 'label')}", name)
    fresh = [labels for labels in ready if labels.name.casefold() not in kept]
    if own and fresh:
        box.insertSeparator(box.count())
    for labels in fresh:
        box.addItem(f"{labels.name}  ·  {count_of(len(labels.labels), 'label')}", labels.name)
    box.setCurrentIndex(max(0, box.findData(chosen) if chosen is not None else 0))
    return box


def photos_to_choose(selected: np.ndarray, shown: np.ndarray, total: int) -> list[Photos]:
    """The photos that are to be chosen from: those selected (more than one), those shown where these are not all, and
    all of them. ``selected`` and ``shown`` are int64[n]."""
    offered = []
    if len(selected) > 1:
        offered.append(Photos(f"The {len(selected):,} &selected photos", selected.tolist))
    if 0 < len(shown) < total:
        offered.append(Photos(f"The {count_of(len(shown), 'photo')} on s&how", shown.tolist))
    offered.append(Photos(f"&All {count_of(total, 'photo')} of the library"))
    return offered
