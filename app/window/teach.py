"""Teaching names: opens the page, has a process learn, and shows what names find before and after."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from app.jobs import Latest
from app.training_child import Step
from app.window.main_window import MainWindow
from app.window.models_wording import quoted
from app.window.searching import Searching
from app.window.session import Session
from app.window.tagging import Tagging
from app.window.teach_messages import TeachMessages
from app.window.teach_reading import Compared, Learned, Lesson, Overview, compare, look, query_of
from app.window.teach_switching import Switching
from app.window.teach_wording import about, lesson_rows, name_rows, summary
from app.window.teach_work import TeachWork
from app.window.words import count_of
from core.adapters.learnable import Learnable
from core.adapters.names import key_of
from core.errors import RetrouveError

if TYPE_CHECKING:
    from core.library import Library

SOON = 400
"""Milliseconds after a change until the library is looked at again: changes come in rows."""
_SLOW = 250
"""Milliseconds after which waiting is shown."""
_TOPIC = "teach"
CANNOT = "This library lies where nothing can be written, so that nothing can be learned here."
TOO_FEW = "Each name has one photo. Two are needed at the least, three are better: write names under more photos."


class Teach(QObject):
    """Lets the page, the library and the process that learns play together."""

    def __init__(self, window: MainWindow, session: Session, searching: Searching, tagging: Tagging) -> None:
        super().__init__(window)
        self._window, self._session, self._searching = window, session, searching
        self._page = window.teach
        self.work = TeachWork(session.lanes.teaching, self)
        self.switching = Switching(session, window)
        self._messages = TeachMessages(self._page, self.leave, self.switching.take_in)
        self._looking, self._comparing = Latest(), Latest()
        self._overview: Overview | None = None
        self._run = self._name = ""
        """What is shown: the run of this name, and the name of this key."""
        self._fresh = ""
        """The run that nobody has said about whether to keep what it learned."""
        self._before: str | None = None
        """What was on before it."""
        self._live: dict[str, Learned] = {}
        self._compared: tuple[object, ...] = ()
        self._wants_focus = False
        """Whether the keys are to act on the names once they are shown: what had the focus is gone."""
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._look)
        self._slow = QTimer(self, singleShot=True, interval=_SLOW)
        self._slow.timeout.connect(self._messages.looking)
        self._connect(tagging)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What the window's action does about teaching."""
        return {"teach": self.toggle}

    def _connect(self, tagging: Tagging) -> None:
        page, work, window = self._page, self.work, self._window
        page.left.connect(self.leave)
        page.learn_asked.connect(self.learn)
        page.stop_asked.connect(self._on_stop_asked)
        page.import_asked.connect(self.switching.take_in)
        page.name_chosen.connect(self._on_name_chosen)
        page.run_chosen.connect(self._on_run_chosen)
        page.run_acted.connect(self._on_run_acted)
        page.remove_asked.connect(self._on_remove_asked)
        page.strip.keep_asked.connect(self._on_kept)
        page.strip.discard_asked.connect(self._on_discard_asked)
        page.strip.switch_asked.connect(lambda: self._on_run_acted(self._run))
        page.strip.remove_asked.connect(lambda: self._on_remove_asked(self._run))
        page.pair.search_asked.connect(self._search)
        work.started.connect(self._on_started)
        work.progressed.connect(self._on_progressed)
        work.ended.connect(self._on_ended)
        work.stopped.connect(self._on_stopped)
        work.failed.connect(self._on_failed)
        self.switching.switched.connect(self._on_switched)
        self.switching.captions_changed.connect(self._look)
        self.switching.failed.connect(self._tell_fault)
        for changed in (self._session.changed_elsewhere, self._session.forgotten, tagging.changed):
            changed.connect(lambda *_: self._on_changed())
        self._session.opened.connect(self._on_opened)
        window.search.asked.connect(self.leave)
        window.side.teach.clicked.connect(self.open)
        for timer in (self._soon, self._slow):
            window.closing.connect(timer.stop)
        window.closing.connect(work.stop)

    def _on_opened(self, library: Library) -> None:
        for column in self._page.pair.columns():
            column.thumbnails.use(library)
        if self._window.in_teach():
            self.open()

    # Opening and leaving

    def toggle(self) -> None:
        """Open the page, or leave it."""
        self.leave() if self._window.in_teach() else self.open()

    def open(self) -> None:
        """Show the page, as it was left or as it is after what changed since."""
        if self._session.library is None:
            return
        if self._window.in_review():
            self._window.review.left.emit()
        self._window.banner.settle(_TOPIC)
        self._window.set_teaching(True)
        self._wants_focus = True
        self._slow.start()
        self._look()

    def leave(self) -> None:
        """Back to the photos. A run goes on, and so does what was asked about it."""
        if not self._window.in_teach():
            return
        self._slow.stop()
        self._window.set_teaching(False)
        if self.work.running and not self.work.stopping:
            self._tell("Names are being learned while you search.")

    def _on_changed(self) -> None:
        if self._window.in_teach() and not self._soon.isActive():
            self._soon.start()

    def _look(self) -> None:
        library = self._session.library
        if library is not None and self._window.in_teach():
            self._looking.run(self._session.lanes.general, partial(look, library), self._on_looked, self._on_not_looked)

    def _on_looked(self, overview: Overview) -> None:
        self._overview = overview
        self._slow.stop()
        self._choose_run()
        self._show()
        if overview.fault:
            self._tell_fault(overview.fault)

    def _on_not_looked(self, error: RetrouveError) -> None:
        self._slow.stop()
        self._messages.cannot_look(quoted(str(error)), self._look)

    # What is shown

    def _choose_run(self) -> None:
        """The run that was shown, as long as it is there; else the one that is on, else the newest."""
        lessons = () if self._overview is None else self._overview.lessons
        if self._lesson() is None:
            on = next((one.run for one in lessons if one.is_on), "")
            self._run = on or (lessons[0].run if lessons else "")

    def _lesson(self) -> Lesson | None:
        lessons = () if self._overview is None else self._overview.lessons
        return next((one for one in lessons if one.run == self._run), None)

    def _learnable(self, key: str) -> Learnable | None:
        names = () if self._overview is None else self._overview.learnable.names
        return next((one for one in names if one.key == key), None)

    def _show(self) -> None:
        """The lists, and whatever belongs at the right of them now."""
        page, overview = self._page, self._overview
        if overview is None:
            return
        lesson = self._lesson()
        self._show_rows()
        self._allow()
        if self.work.running:
            page.show_progress()
        elif not page.names_model.rows and lesson is None:
            self._messages.nothing_to_learn(overview)
        else:
            if lesson is None:
                page.strip.show_offer(self._why_not())
            else:
                page.strip.show_lesson(lesson, fresh=lesson.run == self._fresh, can_change=overview.can_change)
            page.show_photos()
            self._show_name()
            if self._wants_focus and self._window.in_teach():
                page.names.setFocus()
        self._wants_focus = False

    def _show_rows(self) -> None:
        page, overview, lesson = self._page, self._overview, self._lesson()
        assert overview is not None
        if self.work.running:
            lesson = Lesson("", "", False, "", {}, {}, self._live)
        page.show_rows(name_rows(overview, lesson), lesson_rows(overview.lessons), summary(overview))
        keys = [row.key for row in page.names_model.rows]
        if self._name not in keys:
            self._name = keys[0] if keys else ""
        page.names.go_to(self._name)
        page.runs.go_to("" if self.work.running else self._run)

    def _show_name(self) -> None:
        """The current name: two searches where it was learned, else the photos that have it."""
        page, lesson, name = self._page, self._lesson(), self._learnable(self._name)
        learned = None if lesson is None else lesson.names.get(self._name)
        if name is None and learned is None:
            return
        says = name.name if name is not None else learned.name if learned is not None else ""
        photos = () if name is None else name.photos
        known = lesson is not None and lesson.adapter is not None and lesson.fits
        both = known and learned is not None and not learned.why
        page.pair.show_name(says, about(name, learned), photos, compared=both)
        others = self._named_otherwise(self._name, lesson) if both else ()
        library, asked = self._session.library, (says, photos, others, self._run)
        if not both:
            self._comparing.drop()
            self._compared = ()
        elif library is not None and asked != self._compared:
            self._compared = asked
            work = partial(compare, library, says, photos, others, self._run)
            self._comparing.run(self._session.lanes.preview, work, self._on_compared, self._on_not_compared)

    def _named_otherwise(self, key: str, lesson: Lesson | None) -> tuple[int, ...]:
        """The photos that have another name which the run learned."""
        if self._overview is None or lesson is None:
            return ()
        learned = {other for other, one in lesson.names.items() if not one.why} - {key}
        names = (one for one in self._overview.learnable.names if one.key in learned)
        return tuple(sorted({id for one in names for id in one.photos}))

    def _on_compared(self, compared: Compared) -> None:
        self._page.pair.show_compared(compared)

    def _on_not_compared(self, error: RetrouveError) -> None:
        self._compared = ()
        self._tell_fault(error)

    def _why_not(self) -> str:
        """Why nothing can be learned now; empty where something can."""
        overview = self._overview
        if overview is None or not overview.learnable.names:
            return "No caption and no tag has a name in it yet."
        if not overview.can_change:
            return CANNOT
        return "" if any(len(one.photos) > 1 for one in overview.learnable.names) else TOO_FEW

    def _allow(self) -> None:
        can = self._overview is not None and self._overview.can_change
        why_not = self._why_not()
        self._page.allow(learn=not why_not and not self.work.running, take_in=can, why_not=why_not)
        self._page.offer_again(self._overview is not None and bool(self._overview.lessons))

    def _on_name_chosen(self, key: str) -> None:
        self._name = key
        if not self.work.running:
            self._show_name()

    def _on_run_chosen(self, run: str) -> None:
        self._run = run
        if not self.work.running:
            self._show()

    def _search(self, name: str) -> None:
        self.leave()
        self._window.search.put_instead(query_of(name))

    # Learning

    def learn(self) -> None:
        """Begin. The page shows how far it is."""
        library = self._session.library
        if library is not None and not self._why_not() and not self.work.running:
            self._fresh, self._live, self._compared = "", {}, ()
            lessons = () if self._overview is None else self._overview.lessons
            self._before = next((one.run for one in lessons if one.is_on), None)
            self.work.run(library.folder)

    def _on_started(self) -> None:
        self._page.progress.begin()
        self._show()
        self._page.progress.stop.setFocus()

    def _on_progressed(self, step: Step) -> None:
        self._page.show_step(step)
        if "name" in step.more:
            more = step.more
            name = str(more["name"])
            one = self._learnable(key_of(name))
            count = 0 if one is None else len(one.photos)
            self._live[key_of(name)] = Learned(name, count, str(more["why"]), more["before"], more["after"])
            if self._window.in_teach() and self._overview is not None:
                self._show_rows()

    def _on_stop_asked(self) -> None:
        self.work.stop()
        self._page.progress.show_stopping()

    def _on_ended(self, result: dict[str, Any]) -> None:
        self._run = str(result["run"])
        learned, self._wants_focus = bool(result["installed"]), True
        self._fresh = self._run if learned else ""
        if learned:
            self._searching.refresh()
        if self._window.in_teach():
            self._look()
            return
        said = f"{count_of(len(result['names']), 'name')} learned." if learned else quoted(str(result["why"]))
        self._tell(said, "See what changed" if learned else "Teach…")

    def _on_stopped(self) -> None:
        self._wants_focus = True
        if self._window.in_teach():
            self._show()
            self._tell("Cancelled: nothing was learned, and nothing is left of it.", "")
        else:
            self._window.banner.settle(_TOPIC)

    def _on_failed(self, error: RetrouveError) -> None:
        self._wants_focus = True
        if self._window.in_teach():
            self._show()
        self._tell_fault(error)

    # Keeping

    def _on_kept(self) -> None:
        self._fresh = ""
        self._show()
        self._page.names.setFocus()

    def _on_discard_asked(self) -> None:
        run, self._fresh, self._compared = self._run, "", ()
        self.switching.discard(run, self._before)

    def _on_run_acted(self, run: str) -> None:
        """Switch what a run learned over."""
        lessons = () if self._overview is None else self._overview.lessons
        lesson = next((one for one in lessons if one.run == run), None)
        can = self._overview is not None and self._overview.can_change
        if lesson is not None and lesson.adapter is not None and lesson.fits and can and not self.work.running:
            self._fresh = "" if self._fresh == run else self._fresh
            self.switching.switch(run, not lesson.is_on)

    def _on_remove_asked(self, run: str) -> None:
        lessons = () if self._overview is None else self._overview.lessons
        lesson = next((one for one in lessons if one.run == run), None)
        if lesson is not None and self._overview is not None and self._overview.can_change and not self.work.running:
            self.switching.remove(lesson)

    def _on_switched(self) -> None:
        self._searching.refresh()
        self._look()

    # What is said

    def _tell(self, sentence: str, button: str = "Teach…") -> None:
        """Across the window: the page itself has no room for it, or is not there."""
        self._window.banner.say(sentence, topic=_TOPIC, error=False, button=button, act=self.open)

    def _tell_fault(self, error: object) -> None:
        self._window.banner.say(quoted(str(error)), topic=_TOPIC)
