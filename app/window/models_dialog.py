"""The page for choosing a model: what there is in a table, what each is in words, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.window.models_delegate import ModelsDelegate, row_height
from app.window.models_table import CHOICE, Column, ModelsTable, SortedModels
from app.window.models_wording import details, left_words, quoted, standing_words, work_words
from app.window.models_work import Kind, Overview, WorkProgress
from app.window.said import Said
from app.window.theme import Theme
from core.types import IndexProgress, ModelChoice, Place

_AT_ONCE = (
    "Photos that it has not learned yet cannot be found meanwhile. Otherwise the model before answers until then."
)


class ModelsDialog(QDialog):
    """Shows what it is given. What is to be done it asks for by signal."""

    use_asked = Signal(object, bool)
    """ModelChoice, and whether it is to answer at once."""
    fetch_asked = Signal(object)
    """ModelChoice."""
    hub_asked = Signal()
    """Any other model of the hub, by its name there."""
    import_asked = Signal(bool)
    """Whether a folder is to be imported, and not a file."""
    remove_asked = Signal(object)
    """ModelChoice."""
    tidy_asked = Signal(object)
    """Overview: what earlier models left is to be removed."""
    probe_asked = Signal()
    stop_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models")
        self.overview: Overview | None = None
        self._busy = False
        self.model = ModelsTable(self)
        self._sorted = SortedModels(self)
        self._sorted.setSourceModel(self.model)
        self.table = _Table()
        self.standing = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.moved = QProgressBar(textVisible=False)
        self.moved.setAccessibleName("How many photos the new model has learned")
        self.moved.hide()
        self.details = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, objectName="quiet")
        self.details.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self.details.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.warning = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, objectName="fault")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName("Progress")
        self.said = Said()
        self.use, self.fetch = QPushButton("Use this model"), QPushButton("Fetch")
        self.at_once = QCheckBox("&Answer with it at once")
        self.at_once.setToolTip(f"<p>{_AT_ONCE}</p>")
        self.at_once.setAccessibleDescription(_AT_ONCE)
        self.stop, self.add = QPushButton("Stop"), QPushButton("A&dd a model")
        self.remove, self.leave = QPushButton("Remove from the &shelf…"), QPushButton("Close")
        self.probe, self.tidy = QPushButton("&Measure how fast each is here"), QPushButton()
        self._lay_out(theme)
        self._connect()
        self.standing.setText("Looking at what there is…")
        self._show_busy()

    # Building

    def _lay_out(self, theme: Theme) -> None:
        for button in (self.use, self.fetch):
            button.setProperty("primary", "true")
        for button in (self.probe, self.tidy):
            button.setProperty("link", "true")
        for button in (self.stop, self.add, self.remove, self.leave, self.probe, self.tidy, self.fetch, self.use):
            button.setAutoDefault(False)
        menu = QMenu(self.add)
        for words, asked in (
            ("Import a &folder…", lambda: self.import_asked.emit(True)),
            ("Import a f&ile…", lambda: self.import_asked.emit(False)),
            ("Fetch another from the &hub…", self.hub_asked.emit),
        ):
            menu.addAction(words, asked)
        self.add.setMenu(menu)
        self._lay_out_table(theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(10)
        column.addWidget(self.standing)
        column.addWidget(self.moved)
        column.addWidget(self.table, 1)
        column.addWidget(self.details)
        column.addWidget(self.warning)
        column.addLayout(_line(self.use, self.fetch, self.at_once, None, self.probe))
        column.addWidget(self.progress)
        column.addLayout(_line((self.said, 1), self.stop))
        column.addLayout(_line(self.add, self.remove, None, self.tidy, self.leave))
        parent = self.parentWidget()
        room = parent.size() if parent is not None else self.size()
        letter = self.fontMetrics().horizontalAdvance("x")
        self.resize(min(letter * 165, max(460, room.width() - 40)), min(760, max(400, room.height() - 40)))

    def _lay_out_table(self, theme: Theme) -> None:
        table = self.table
        table.setModel(self._sorted)
        table.setItemDelegate(ModelsDelegate(theme, table))
        table.setAccessibleName("Models")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setMouseTracking(True)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(row_height(self.fontMetrics().height()))
        # The head and three rows, however long the sentences below are.
        table.setMinimumHeight(4 * row_height(self.fontMetrics().height()))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        header.setStretchLastSection(True)

    def _connect(self) -> None:
        self.table.selectionModel().currentRowChanged.connect(self._on_current_changed)
        self.table.doubleClicked.connect(self._on_double_clicked)
        self.at_once.toggled.connect(lambda _on: self._show_acts())
        self.use.clicked.connect(lambda: self.use_asked.emit(self.current(), self.at_once.isChecked()))
        self.fetch.clicked.connect(lambda: self.fetch_asked.emit(self.current()))
        self.remove.clicked.connect(lambda: self.remove_asked.emit(self.current()))
        self.tidy.clicked.connect(lambda: self.tidy_asked.emit(self.overview))
        self.probe.clicked.connect(self.probe_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.leave.clicked.connect(self.reject)

    # Showing

    def current(self) -> ModelChoice | None:
        """The model that is selected."""
        index = self.table.currentIndex()
        return index.data(CHOICE) if index.isValid() else None

    def show_overview(self, overview: Overview) -> None:
        """Show what there is now. The model that was selected stays so; at first it is the one that is wanted."""
        before, first = self.current(), self.overview is None
        self.overview = overview
        self.model.show(overview)
        self.select((before.model_id or before.name) if before is not None else overview.wanted or "")
        if first:
            self._fit_columns()
        self.standing.setText(standing_words(overview))
        self.moved.setVisible(overview.move is not None and overview.move.total > 0)
        if overview.move is not None:
            self.moved.setRange(0, max(1, overview.move.total))
            self.moved.setValue(overview.move.done)
        self.tidy.setText(left_words(overview))
        self._show_current()

    def select(self, name: str) -> None:
        """Select a model by its name or id; the first where there is none of that."""
        row = self.model.row_of(name)
        index = self._sorted.mapFromSource(self.model.index(row, 0)) if row >= 0 else self._sorted.index(0, 0)
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)

    def show_moving(self, progress: IndexProgress) -> None:
        """How far the move to another model is, as an index run tells it."""
        overview = self.overview
        if progress.updating and overview is not None and overview.move is not None:
            self.moved.setRange(0, max(1, progress.total))
            self.moved.setValue(progress.done)
            self.standing.setText(standing_words(overview, progress.done, progress.total))

    def show_work(self, kind: Kind, name: str, progress: WorkProgress | None, *, stopping: bool = False) -> None:
        """What is at work, and how far it is."""
        self._busy = True
        known = progress is not None and progress.total > 0
        # A progress bar takes no more than 32 bits: thousandths will do.
        self.progress.setRange(0, 1000 if known else 0)
        if progress is not None and known:
            self.progress.setValue(round(1000 * progress.done / progress.total))
        self.say("Stopping…" if stopping else work_words(kind, name, progress))
        self.stop.setEnabled(not stopping)
        self._show_busy()

    def show_idle(self, words: str = "", *, error: bool = False) -> None:
        """Nothing is at work: what came of the last."""
        self._busy = False
        self.say(words, error=error)
        self._show_busy()

    def say(self, words: str, *, error: bool = False) -> None:
        """A sentence above the buttons."""
        self.said.tell(words, error=error)
        self.said.setAccessibleName(words)
        self.said.setVisible(bool(words))

    def _fit_columns(self) -> None:
        """As wide as what is in them; what room is left goes to the figures, whose bars are longer for it."""
        self.table.resizeColumnsToContents()
        header = self.table.horizontalHeader()
        bar = self.table.verticalScrollBar().sizeHint().width()
        spare = self.table.viewport().width() - header.length() - bar
        if spare > 0:
            for column in (Column.NAME, Column.IMAGENET, Column.COCO, Column.SPEED):
                self.table.setColumnWidth(column, self.table.columnWidth(column) + min(spare // 4, 40))

    def _show_busy(self) -> None:
        self.progress.setVisible(self._busy)
        self.stop.setVisible(self._busy)
        self.said.setVisible(bool(self.said.text()))
        self._show_current()

    def _show_current(self) -> None:
        choice = self.current()
        photos = self.overview.photos if self.overview is not None else 0
        self.details.setText("" if choice is None else details(choice, photos))
        warning = quoted(choice.warning) if choice is not None and choice.warning else ""
        self.warning.setText(warning)
        self.warning.setVisible(bool(warning))
        self._show_acts()

    def _show_acts(self) -> None:
        """What can be done with the model that is selected, now."""
        choice, overview = self.current(), self.overview
        can = overview is not None and overview.can_change
        usable = choice is not None and choice.is_usable
        to_fetch = choice is not None and choice.place is Place.HUB
        wanted, answers = False, False
        if choice is not None and overview is not None and choice.model_id is not None:
            wanted, answers = choice.model_id == overview.wanted, choice.model_id == overview.answering
        moving = overview is not None and overview.answering != overview.wanted
        self.fetch.setVisible(to_fetch)
        if choice is not None:
            self.fetch.setText(f"Go on fetching {choice.name}" if choice.fetched else f"Fetch {choice.name}")
        self.fetch.setEnabled(to_fetch and not self._busy)
        self.use.setVisible(not to_fetch)
        self.use.setText("Stay with this model" if answers and moving else "Use this model")
        self.use.setEnabled(can and usable and (not wanted or (moving and self.at_once.isChecked())))
        self.at_once.setVisible(usable and not answers and bool(overview and overview.photos))
        self.at_once.setEnabled(can)
        self.remove.setEnabled(choice is not None and choice.place in (Place.SHELF, Place.BROKEN))
        self.probe.setEnabled(not self._busy)
        self.add.setEnabled(not self._busy)
        self.tidy.setVisible(can and bool(overview and overview.left))

    def _on_current_changed(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self.at_once.setChecked(False)
        self._show_current()

    def _on_double_clicked(self, _index: QModelIndex) -> None:
        button = self.use if not self.use.isHidden() else self.fetch
        if button.isEnabled():
            button.click()


class _Table(QTableView):
    """Keeps the row that is selected in sight when what stands below it takes more room."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())


def _line(*widgets: QWidget | tuple[QWidget, int] | None) -> QHBoxLayout:
    """Widgets side by side; None is room between them. A pair gives how much of the room a widget takes."""
    line = QHBoxLayout()
    line.setSpacing(8)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        elif isinstance(widget, tuple):
            line.addWidget(*widget)
        else:
            line.addWidget(widget)
    return line
