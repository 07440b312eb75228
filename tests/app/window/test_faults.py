"""Faults of ours end in the log and in a dialog with the traceback; the program goes on."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from app.window.faults import Faults, start_log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    handlers = list(logging.getLogger().handlers)
    path = start_log(tmp_path / "library")
    assert path is not None
    yield path
    for handler in set(logging.getLogger().handlers) - set(handlers):
        logging.getLogger().removeHandler(handler)
        handler.close()


def test_an_exception_is_logged_and_shown_once(qtbot: Any, log: Path) -> None:
    faults = Faults(log)
    try:
        raise ZeroDivisionError("ours")
    except ZeroDivisionError as error:
        faults.report(error)
        faults.report(error)
    qtbot.waitUntil(lambda: faults.dialog is not None)
    dialog = faults.dialog
    assert dialog is not None
    qtbot.addWidget(dialog)
    assert "ZeroDivisionError: ours" in dialog.trace.toPlainText()
    assert log.read_text().count("Traceback") == 2
    copy = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy")
    copy.click()
    assert "test_faults.py" in QGuiApplication.clipboard().text()
    dialog.accept()
    assert faults.dialog is None


def test_exceptions_of_other_threads_arrive_too(qtbot: Any, log: Path) -> None:
    faults = Faults(log)
    faults.hook()
    try:
        thread = threading.Thread(target=lambda: [][1])
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: faults.dialog is not None)
    finally:
        faults.unhook()
    assert sys.excepthook is sys.__excepthook__
    assert faults.dialog is not None
    assert "IndexError" in faults.dialog.trace.toPlainText()
    faults.dialog.accept()


def test_no_log_where_none_can_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level("WARNING"):
        assert start_log(tmp_path / "file") is None
    assert not caplog.records, "a library that is read only is no fault to tell of in the terminal"
