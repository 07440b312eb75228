"""Which options of an export fit each other, and how its end is told."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from app.cli.console import Console
from app.cli.exporting import Wanted, sentence, wanted_export
from core.errors import CallError
from core.exporting import ExportReport


def wanted(as_json: bool = False, **given: Any) -> Wanted | None:
    console = Console(as_json=as_json, out=io.StringIO(), err=io.StringIO())
    return wanted_export({"export": None, "to": None, "overwrite": False} | given, console)


def test_what_is_asked_for() -> None:
    assert wanted() is None
    assert wanted(export="csv") == wanted(export="csv", to="-") == Wanted("csv", None, False)
    assert wanted(export="copies", to="/out") == Wanted("copies", Path("/out"), False)
    assert wanted(export="json", to="x.json", overwrite=True) == Wanted("json", Path.cwd() / "x.json", True)
    assert wanted(as_json=True, export="json", to="/x.json") == Wanted("json", Path("/x.json"), False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"to": "/x"}, "need --export"),
        ({"overwrite": True}, "need --export"),
        ({"export": "copies"}, "--to FOLDER"),
        ({"export": "copies", "to": "-"}, "--to FOLDER"),
        ({"export": "csv", "overwrite": True}, "needs a file"),
        ({"export": "json", "as_json": True}, "stdout to itself"),
        ({"export": "csv", "to": ""}, "path is empty"),
    ],
)
def test_what_makes_no_sense_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(CallError, match=words):
        wanted(**given)


def test_the_end_in_a_sentence() -> None:
    out = Path("/out")
    assert sentence(ExportReport(out, 1), copies=False) == "1 photo written to /out."
    whole = ExportReport(out, 4, 1, 2, ((Path("/a.jpg"), "It is gone."),))
    assert sentence(whole, copies=True) == (
        "4 photos copied to /out; 1 under another name, since theirs was taken; 2 there already; 1 could not be copied."
    )


def test_bytes_go_to_stdout_as_they_are() -> None:
    raw = io.BytesIO()
    console = Console(out=io.TextIOWrapper(raw, encoding="ascii"), err=io.StringIO())
    console.data(b"caf\xe9\n")
    console.flush()
    assert raw.getvalue() == b"caf\xe9\n"
    text = io.StringIO()
    Console(out=text, err=io.StringIO()).data(b"caf\xe9\n")
    assert text.getvalue() == "caf\udce9\n"
