"""What a run from scratch tells."""

from __future__ import annotations

import io

import pytest

from app.cli.console import Console
from app.cli.scratch import show


@pytest.mark.parametrize(
    ("steps", "first", "last", "says"),
    [
        (1, 7.2, 7.2, "Trained 1 step; the loss was 7.2."),
        (300, 7.2, 3.1, "Trained 300 steps; the loss fell from 7.2 to 3.1."),
        (2, 7.2, 7.3, "Trained 2 steps; the loss rose from 7.2 to 7.3."),
    ],
)
def test_the_loss_is_said_as_it_went(steps: int, first: float, last: float, says: str) -> None:
    out = io.StringIO()
    told = {"steps": steps, "loss_first": first, "loss_last": last, "held_out_photos": 3, "before": {}, "after": {}}
    show(told | {"why": "it was not asked.", "run": "scratch-1"}, Console(out=out, err=io.StringIO()))
    assert out.getvalue().splitlines()[0] == says
