"""Indexing gently: the menu's switch is kept in the library, and reaches a worker that runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.window.start import Parts
from core.library import Library


def test_the_switch_is_kept_with_the_library(
    parts: Parts, qtbot: Any, open_window: Callable[..., Parts], tmp_path: Path
) -> None:
    library = parts.session.library
    assert library is not None and not library.gentle
    action = parts.window.commands.gently
    qtbot.waitUntil(action.isEnabled)
    assert not action.isChecked()
    action.trigger()
    qtbot.waitUntil(lambda: library.gentle and library._encoders._gentle)
    assert action.isChecked()
    folder = library.folder
    parts.window.close()
    again = open_window(folder)
    qtbot.waitUntil(lambda: again.window.commands.gently.isChecked())
    qtbot.waitUntil(again.window.commands.gently.isEnabled)
    again.window.commands.gently.trigger()
    other = again.session.library
    assert other is not None
    qtbot.waitUntil(lambda: not other.gentle)


def test_where_it_cannot_be_kept_the_switch_goes_back_and_says_so(parts: Parts, qtbot: Any, monkeypatch: Any) -> None:
    from core.errors import LibraryBusy

    def refuse(self: Library, on: bool) -> None:
        raise LibraryBusy("The library is busy.")

    monkeypatch.setattr(Library, "set_gentle", refuse)
    qtbot.waitUntil(parts.window.commands.gently.isEnabled)
    parts.window.commands.gently.trigger()
    qtbot.waitUntil(lambda: not parts.window.commands.gently.isChecked())
    assert "busy" in parts.window.banner.words.text()


def test_a_late_answer_of_the_library_does_not_undo_the_switch(parts: Parts, qtbot: Any, monkeypatch: Any) -> None:
    library = parts.session.library
    assert library is not None
    action = parts.window.commands.gently
    qtbot.waitUntil(action.isEnabled)
    answered = threading.Event()
    monkeypatch.setattr(Library, "gentle", property(lambda self: not answered.wait(10)))
    parts.session.opened.emit(library)
    action.trigger()
    assert not action.isEnabled() and not action.isChecked()
    answered.set()
    qtbot.waitUntil(action.isEnabled)
    assert not action.isChecked()
