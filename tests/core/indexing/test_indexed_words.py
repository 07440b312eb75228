"""An index run keeps the word index in step: with files, folders and sidecars that come, move, change and go."""

from __future__ import annotations

import os
import shutil

from core import membership
from core.search.words import WordIndex
from tests.core.catalog.words_of_catalog import is_in_step

SIDECAR = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""


def found(shelf, text):
    names = {photo.id: photo.path.name for photo in shelf.paths().values()}
    assert is_in_step(shelf.catalog)
    return {names[id] for id in WordIndex(shelf.catalog).search([text]).photo_ids.tolist()}


def say(path, text, time):
    sidecar = path.with_name(path.name + ".xmp")
    sidecar.write_text(SIDECAR.format(text), encoding="utf-8")
    os.utime(sidecar, (time, time))


def test_words_follow_the_files(shelf, album):
    first = album / "album 0" / "0.png"
    say(first, "Großmutter on the beach", 1000)
    shelf.index()
    assert found(shelf, "grossmutter") == {"0.png"}
    assert found(shelf, "album") == {f"{number}.png" for number in range(10)}

    say(first, "Grandpa", 2000)
    shelf.index()
    assert found(shelf, "grossmutter") == set()
    assert found(shelf, "grandpa") == {"0.png"}

    (album / "album 0").rename(album / "Zürich")
    shelf.index()
    assert found(shelf, "zurich") == {"0.png", "2.png", "4.png", "6.png", "8.png"}
    assert found(shelf, "grandpa") == {"0.png"}
    assert found(shelf, "album") == {"1.png", "3.png", "5.png", "7.png", "9.png"}

    (album / "Zürich" / "2.png").rename(album / "Zürich" / "Anna.png")
    (album / "Zürich" / "4.png").write_bytes(b"no picture")
    (album / "Zürich" / "6.png").unlink()
    shelf.index()
    assert found(shelf, "anna") == {"Anna.png"}
    assert found(shelf, "zurich") == {"0.png", "Anna.png", "8.png"}

    shutil.rmtree(album / "Zürich")
    shelf.index()
    assert found(shelf, "zurich") == found(shelf, "grandpa") == set()


def test_a_run_that_finds_nothing_new_writes_no_word(shelf, album):
    shelf.index()

    def state():
        with shelf.catalog.read() as db:
            return [tuple(row) for row in db.execute("SELECT id, block FROM name_words_data")]

    before = state()
    shelf.index()
    assert state() == before


def test_a_root_that_is_taken_over_and_one_that_is_forgotten(shelf, album):
    shelf.index()
    membership.add(shelf.catalog, album.parent)
    assert found(shelf, "album") == {f"{number}.png" for number in range(10)}
    membership.forget(shelf.catalog, album.parent)
    assert found(shelf, "album") == set()
    assert is_in_step(shelf.catalog)
