"""What ``retrouve models`` says when a person ends it."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.cli.main import main
from core.models import fetching


def test_a_fetch_that_is_interrupted_says_that_it_can_be_gone_on_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = SimpleNamespace(repository="org/name", bytes=5_000_000)
    planned = SimpleNamespace(listing=listing, about={"licence": "mit"}, warning=None)
    monkeypatch.setattr(fetching, "plan", lambda _shelf, _request: planned)

    def interrupted(_shelf: Any, _plan: Any, tell: Any) -> None:
        tell(fetching.Step.FETCH, 1_000_000, 5_000_000)
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "fetch", interrupted)
    assert main(["models", "fetch", "hf-hub:org/name"]) == 130
    said = capsys.readouterr()
    assert said.out.startswith("org/name: 5.0 MB, licence: mit")
    assert said.err.splitlines()[-1] == (
        "retrouve: Interrupted. What is fetched already is kept: the same command goes on from there."
    )
