"""The window with the bundled model in its worker process, on the sample photos."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt, QTimer

from app.window.indexing import State
from app.window.start import Parts
from core.library import Library

Open = Callable[..., Parts]


@pytest.fixture
def real(open_window: Open, qtbot: Any, sample_library: Path) -> Parts:
    parts = open_window(sample_library, [], Library.open)
    qtbot.waitUntil(lambda: parts.session.is_ready, timeout=60_000)
    qtbot.waitUntil(lambda: parts.window.model.rowCount() > 50, timeout=20_000)
    qtbot.waitUntil(lambda: parts.indexing.last is not None and parts.indexing.state is State.IDLE, timeout=60_000)
    return parts


def test_a_sentence_finds_photos_and_a_photo_finds_others(real: Parts, qtbot: Any) -> None:
    window = real.window
    with qtbot.waitSignal(real.searching.found, timeout=20_000):
        qtbot.keyClicks(window.search.edit, "a bowl of fruit")
    first = window.model.hit(0)
    assert first is not None
    assert first.strong
    assert first.match > 0.5
    qtbot.keyClick(window.search.edit, Qt.Key.Key_Down)
    qtbot.keyClick(window.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(window.viewer.picture.is_sharp, timeout=20_000)
    assert window.viewer.photo is not None
    assert window.viewer.photo.path == first.path
    with qtbot.waitSignal(real.searching.found, timeout=20_000):
        qtbot.keyClick(window.viewer, Qt.Key.Key_S)
    assert window.search.like == first.path
    similar = [window.model.hit(row) for row in range(5)]
    assert first.path not in [hit.path for hit in similar if hit is not None]


def test_the_gui_thread_stays_free_while_photos_are_indexed(
    open_window: Open, qtbot: Any, tmp_path: Path, samples: Path, starter: Path
) -> None:
    shutil.copytree(samples, tmp_path / "photos")
    parts = open_window(tmp_path / "library", [tmp_path / "photos"], Library.open)
    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append((now - last[0]) * 1000)
        last[0] = now

    timer = QTimer(interval=5)
    timer.timeout.connect(beat)
    timer.start()
    qtbot.waitUntil(
        lambda: parts.indexing.last is not None and parts.indexing.state is State.IDLE and parts.window.model.rowCount() > 50,
        timeout=120_000,
    )
    timer.stop()
    gaps.sort()
    figures = {share: round(gaps[int(len(gaps) * share / 1000)], 1) for share in (500, 990, 999)}
    print(f"turns {len(gaps)}, per mille in ms {figures}, worst {gaps[-1]:.0f} ms")
    # The budget is 50 ms; a machine that is busy with other things adds its own waits to the worst of them.
    assert gaps[int(len(gaps) * 0.99)] < 50, figures


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no polite kill")
def test_the_program_starts_and_ends_politely(sample_library: Path, tmp_path: Path) -> None:
    call = [sys.executable, "-X", "faulthandler", "-m", "app", "--library", str(sample_library)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "RETROUVE_TEST_DISPLAY": "1"}
    with subprocess.Popen(call, env=environment, stderr=subprocess.PIPE, text=True) as process:
        settings = sample_library / "window.ini"
        deadline = time.monotonic() + 30
        while not (sample_library / "cache" / "openvino").exists() and time.monotonic() < deadline:
            if process.poll() is not None:
                break
            time.sleep(0.05)  # another process: there is no signal to wait for
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert settings.exists(), "the window remembered its place on the way out"
