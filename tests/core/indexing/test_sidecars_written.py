"""An index run after an export, and after its undoing: nothing is encoded, and no decision is undone."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from core.photos.decode import decode
from core.photos.metadata import read
from core.tagging.decisions import Decisions
from core.tagging.travelling import Sidecars
from tests.core.indexing.conftest import Processor


@pytest.fixture
def run(shelf, fakes):
    """An index run that reads sidecars as they are: what it encoded, and whose metadata it read."""
    tools = SimpleNamespace(ColourEncoder=fakes.ColourEncoder, SIZE=fakes.SIZE, decode=decode, read_metadata=read)

    def work():
        encoder = Processor(tools)
        shelf.index(encoder)
        return encoder.encoded, encoder.metadata

    return work


def tags_of(shelf):
    decisions = Decisions(shelf.catalog)
    return {
        photo.path.name: {(tag.label, tag.state.value, tag.source.value) for tag in photo.tags}
        for photo in decisions.listed()
    }


def test_an_export_costs_the_next_run_nothing(shelf, fakes, tmp_path, run) -> None:
    root = tmp_path / "photos"
    shelf.add_root(root)
    for number in range(3):
        fakes.draw(root / f"{number}.png", number)
    assert len(run()[0]) == 3
    ids = [photo.id for photo in shelf.paths().values()]
    Decisions(shelf.catalog).tag(ids, "Dog")
    decided = tags_of(shelf)
    sidecars = Sidecars(shelf.catalog)
    *_, last = sidecars.write()
    assert last.report.written == 3
    before = shelf.dump()
    assert run() == ([], [])
    assert shelf.dump() == before
    for sidecar in root.glob("*.xmp"):  # touched, or copied back from a backup: read again, and nothing new in it
        os.utime(sidecar, ns=(1, 1))
    encoded, metadata = run()
    assert (encoded, len(metadata)) == ([], 3)
    assert tags_of(shelf) == decided
    assert sidecars.undo().written == 3
    assert run()[0] == []
    assert tags_of(shelf) == decided
    assert list(root.glob("*.xmp")) == []


def test_what_another_program_changes_in_our_sidecar_is_read(shelf, fakes, tmp_path, run) -> None:
    root = tmp_path / "photos"
    shelf.add_root(root)
    fakes.draw(root / "a.png", 1)
    run()
    decisions = Decisions(shelf.catalog)
    [id] = [photo.id for photo in shelf.paths().values()]
    decisions.tag([id], "Dog")
    list(Sidecars(shelf.catalog).write())
    sidecar = root / "a.png.xmp"
    changed = sidecar.read_text().replace("<rdf:li>Dog</rdf:li>", "<rdf:li>Dog</rdf:li><rdf:li>Rex</rdf:li>", 1)
    sidecar.write_text(changed)
    os.utime(sidecar, ns=(1, 1))
    assert run() == ([], ["a.png"])
    assert tags_of(shelf) == {"a.png": {("Dog", "accepted", "user"), ("Rex", "accepted", "file")}}
    decisions.clear([(id, decisions.label_id("Dog"))])
    os.utime(sidecar, ns=(2, 2))
    run()
    assert tags_of(shelf) == {"a.png": {("Rex", "accepted", "file")}}
    list(Sidecars(shelf.catalog).write())
    assert "Dog" not in sidecar.read_text()
    assert "Rex" in sidecar.read_text()


def test_a_photo_that_moves_with_its_sidecar_keeps_what_is_ours(shelf, fakes, tmp_path, run) -> None:
    root = tmp_path / "photos"
    shelf.add_root(root)
    fakes.draw(root / "a.png", 1)
    run()
    decisions = Decisions(shelf.catalog)
    [id] = [photo.id for photo in shelf.paths().values()]
    decisions.tag([id], "Dog")
    list(Sidecars(shelf.catalog).write())
    (root / "new").mkdir()
    for name in ("a.png", "a.png.xmp"):
        (root / name).rename(root / "new" / name.replace("a.", "b."))
    assert run()[0] == []
    decisions.clear([(id, decisions.label_id("Dog"))])
    [plan] = Sidecars(shelf.catalog).plan()
    assert (plan.sidecar, plan.removes) == (root / "new" / "b.png.xmp", ("Dog",))
