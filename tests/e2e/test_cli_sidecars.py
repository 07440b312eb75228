"""Tags that travel, from the command line: written, read by exiftool, and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.core.photos import reading_tools as tools

Call = Callable[..., Ran]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """Three photos of their own in ``photos``, indexed in ``library``."""
    from tests.conftest import call_retrouve

    folder = tmp_path_factory.mktemp("travelling")
    (folder / "photos").mkdir()
    for photo in sorted(samples.rglob("*.jpg"))[:3]:
        shutil.copy(photo, folder / "photos")
    ran = call_retrouve("--library", folder / "library", "--json", "index", folder / "photos")
    assert ran.document["encoded"] == 3
    return folder


@pytest.fixture
def call(retrouve: Call, place: Path) -> Call:
    return lambda *arguments: retrouve("--library", place / "library", *arguments)


def test_tags_travel_there_and_back(call: Call, place: Path) -> None:
    photos = sorted((place / "photos").glob("*.jpg"))
    bytes_before = [photo.read_bytes() for photo in photos]
    nothing = call("tags", "export", "--xmp")
    assert (nothing.code, "No photo has an accepted tag" in nothing.out) == (1, True)
    theirs = photos[1].with_suffix(".xmp")
    shape = Path(__file__).parents[1] / "core" / "photos" / "sidecar_shapes" / "lightroom.xmp"
    shutil.copy(shape, theirs)
    broken = photos[2].with_name(f"{photos[2].name}.xmp")
    broken.write_bytes(b"<x:xmpmeta")
    assert call("tags", "accept", *photos, "holiday").code == 0

    ran = call("--json", "tags", "export", "--xmp", "--dry-run")
    dry = ran.document
    assert ran.code == 3, "a script learns that one is left out"
    assert (dry["written"], dry["dry_run"], len(dry["refused"])) == (2, True, 1)
    assert not photos[0].with_name(f"{photos[0].name}.xmp").exists()
    assert theirs.read_bytes() == shape.read_bytes()
    shown = call("tags", "export", "--xmp", "--dry-run").out
    assert shown.count("\tadds holiday\t\t") == 2, "without headings a cell says what it is"
    assert str(theirs) in shown, "with its folder"

    ran = call("--json", "tags", "export", "--xmp")
    done = ran.document
    assert ran.code == 3
    made = photos[0].with_name(f"{photos[0].name}.xmp")
    assert (done["written"], done["unchanged"], done["dry_run"]) == (2, 0, False)
    assert {(entry["path"], tuple(entry["adds"])) for entry in done["sidecars"]} == {
        (str(made), ("holiday",)),
        (str(theirs), ("holiday",)),
    }
    assert [entry["path"] for entry in done["refused"]] == [str(broken)]
    assert done["refused"][0]["reason"].startswith("It is no sound XML")
    assert broken.read_bytes() == b"<x:xmpmeta"
    assert [photo.read_bytes() for photo in photos] == bytes_before

    listed = call("index")
    assert listed.code == 0
    assert "1 sidecar could not be read" in listed.out
    failures = call("--json", "failures").document["failures"]
    assert [(entry["path"], entry["reason"].split(" (")[0]) for entry in failures] == [
        (str(broken), "It is no sound XML")
    ], "and the photo is none"

    again = call("tags", "export", "--xmp")
    assert (again.code, str(broken) in again.err) == (3, True)
    assert again.out.startswith("0 sidecars written; 2 say it already; 1 could not be written.")
    indexed = call("--json", "index").document
    assert (indexed["encoded"], indexed["failed"]) == (0, 0)
    [entry] = [e for e in call("--json", "tags", "list").document["photos"] if e["path"] == str(photos[0])]
    assert [(tag["label"], tag["source"]) for tag in entry["tags"] if tag["label"] == "holiday"] == [
        ("holiday", "user")
    ]

    undone = call("--json", "tags", "export", "--xmp", "--undo").document
    assert undone["written"] == 2
    assert not made.exists()
    assert theirs.read_bytes() == shape.read_bytes()
    assert call("tags", "export", "--xmp", "--undo").code == 1


@tools.needs_exiftool
def test_exiftool_reads_what_was_written(call: Call, place: Path) -> None:
    photo, *_ = sorted((place / "photos").glob("*.jpg"))
    shape = Path(__file__).parents[1] / "core" / "photos" / "sidecar_shapes" / "darktable.xmp"
    sidecar = photo.with_suffix(".xmp")
    shutil.copy(shape, sidecar)
    assert call("tags", "accept", photo, "holiday at the sea").code == 0
    assert str(sidecar) in str(call("--json", "tags", "export", "--xmp").document["sidecars"])
    merged, original = tools.exiftool([sidecar, shape])
    known = tools.listed(original, "dc:Subject")
    assert tools.listed(merged, "dc:Subject")[: len(known)] == known
    assert "holiday at the sea" in tools.listed(merged, "dc:Subject")
    assert "holiday at the sea" in tools.listed(merged, "digiKam:TagsList")
    assert tools.foreign(merged) == tools.foreign(original)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tags", "export"), "needs --xmp"),
        (("tags", "export", "--xmp", "--undo", "--dry-run"), "name one of the two"),
        (("tags", "export", "--xmp", "more"), "does not know what to do with `more`"),
        (("tags", "list", "--xmp"), "belongs to `retrouve tags export`"),
    ],
)
def test_a_wrong_call_is_told(call: Call, arguments: tuple[str, ...], said: str) -> None:
    ran = call(*arguments)
    assert ran.code == 2
    assert said in ran.err
