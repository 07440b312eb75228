"""The whole way in the window: a model is fetched from a hub on loopback, the library moves to it, and it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.window.indexing import State
from app.window.models_import import HubDialog
from app.window.start import Parts
from core.library import Library
from core.models.shelf import Shelf
from tests.core.models import small_models
from tests.core.models.loopback_hub import Hub, Refused, serve

pytestmark = pytest.mark.torch


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one small ONNX export, asked instead of the real one."""
    from huggingface_hub import close_session, constants

    small_models.immich(tmp_path / "hub" / "tests" / "small-onnx")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")  # of the process that fetches
    with serve(tmp_path / "hub") as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running
        close_session()  # the hub's threads wait for the next question


def test_a_model_of_the_hub_is_fetched_used_and_left_again(
    open_window: Callable[..., Parts], qtbot: Any, hub: Hub, sample_library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[tuple[str, ...]] = []
    monkeypatch.setattr("app.window.models.confirmed", lambda _parent, *words: questions.append(words) or True)
    parts = open_window(sample_library, [], Library.open)
    window, models = parts.window, parts.conductor.models
    qtbot.waitUntil(lambda: window.model.rowCount() == 131 and idle(parts), timeout=60_000)
    library = parts.session.library
    assert library is not None and library.answering.name == "starter"

    window.commands.models.trigger()
    dialog = models.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.overview is not None)

    def fetch() -> str:
        """Ask for the model by its name on the hub; what is said at the end."""
        dialog.show_idle()
        dialog.hub_asked.emit()
        asking = dialog.findChildren(HubDialog)[-1]
        asking.name.setText("tests/small-onnx")
        asking.look.click()
        qtbot.waitUntil(lambda: bool(dialog.said.text()) and models.work.running is None, timeout=60_000)
        return dialog.said.text()

    # What the hub refuses is a sentence; the next try goes on from there, and brings the model.
    hub.faults["model.onnx"] = [Refused(403)]
    assert "403" in fetch() and dialog.said.objectName() == "fault" and len(questions) == 1
    assert "small-onnx is on the shelf" in fetch()
    assert "Its licence is mit" in questions[1][2]
    qtbot.waitUntil(lambda: dialog.current() is not None and dialog.current().name == "small-onnx")
    assert [info.name for info in Shelf().all()] == ["starter", "small-onnx"]

    dialog.use.click()
    qtbot.waitUntil(lambda: library.answering.name == "small-onnx", timeout=120_000)
    qtbot.waitUntil(lambda: "are found with small-onnx" in dialog.standing.text(), timeout=60_000)
    with qtbot.waitSignal(parts.searching.found, timeout=60_000):
        window.search.set_text("a dog on the beach")
    assert library.search("a dog on the beach").total == 131
    qtbot.waitUntil(lambda: idle(parts) and dialog.tidy.isVisible(), timeout=60_000)
    dialog.tidy.click()
    qtbot.waitUntil(lambda: library.left_models() == [], timeout=60_000)


def idle(parts: Parts) -> bool:
    return parts.indexing.last is not None and parts.indexing.state is State.IDLE
