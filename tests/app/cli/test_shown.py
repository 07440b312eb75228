"""What a person sees of label lists and of planned sidecars: nothing whose meaning they have to guess."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from app.cli import calls, labels, tags_export
from app.cli.commands import COMMANDS
from app.cli.console import Console
from core.library import Library
from core.tagging.types import Label, LabelList, Planned, SidecarReport
from tests.app.cli.test_console import Terminal

DOG = Label("dog", ("a dog on grass",), ("puppy", "hound"), ("a wolf",), "animal", "kept at")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with Library.open(tmp_path / "library") as library:
        library.tagging.lists.put(LabelList("pets", (Label("animal"), DOG)))
    return tmp_path / "library"


def show(place: Path, out: io.StringIO) -> str:
    call = calls.read(["labels", "show", "pets", "--library", str(place)], COMMANDS, str)
    assert labels.labels(call, Console(out=out, err=io.StringIO())) == 0
    return out.getvalue()


def test_a_label_list_says_what_each_of_its_texts_is(place: Path) -> None:
    assert show(place, Terminal()).splitlines()[2:] == [
        "animal",
        "  dog",
        "      group: kept at",
        "      also called: “puppy”, “hound”",
        "      looked for as: “a dog on grass”",
        "      not: “a wolf”",
    ]
    assert show(place, io.StringIO()).splitlines() == [
        "label\tbelow\tgroup\talso called\tlooked for as\tnot",
        "animal\t\t\t\t\t",
        "dog\tanimal\tkept at\tpuppy | hound\ta dog on grass\ta wolf",
    ]


def test_a_dry_run_of_the_export_says_what_happens_to_keywords_and_captions() -> None:
    plans = (
        Planned(1, Path("/a.jpg"), Path("/a.xmp"), adds_at=("Animals > Dog",), caption="Rex\nat the sea " + "x" * 80),
        Planned(2, Path("/b.jpg"), Path("/b.xmp"), removes_at=("cat",), caption=""),
        Planned(3, Path("/c.jpg"), Path("/c.xmp"), adds_at=("dog",)),
    )
    terminal, pipe, few = Terminal(), io.StringIO(), Terminal()
    tags_export._show_plans(SidecarReport(sidecars=plans), Console(out=terminal, err=io.StringIO()))
    tags_export._show_plans(SidecarReport(sidecars=plans), Console(out=pipe, err=io.StringIO()))
    tags_export._show_plans(SidecarReport(sidecars=plans[2:]), Console(out=few, err=io.StringIO()))
    head, first, second, third = terminal.getvalue().splitlines()
    assert head.split("  ")[0] == "sidecar" and "adds keywords" in head and head.endswith("caption")
    at = head.index("caption")
    assert first[at:].startswith("“Rex at the sea xxx") and first.endswith("…”") and len(first) - at < 70
    assert second[at:] == "that of before goes" and second[head.index("takes keywords away") :].startswith("cat")
    assert third == "/c.xmp   dog"
    assert pipe.getvalue().splitlines()[1:] == [
        "/b.xmp\t\ttakes away cat\tcaption: that of before goes",
        "/c.xmp\tadds dog\t\t",
    ]
    assert few.getvalue() == "sidecar  adds keywords\n/c.xmp   dog\n", "no column stands empty"
