"""Accepted tags and captions go into sidecars, come back as nothing new, and can be taken back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.catalog import photos, travelled, written
from core.catalog.written import KEPT_RUNS
from core.errors import CatalogReadOnly
from core.library import Library
from core.photos import sidecar_files, sidecars, xmp, xmp_writing
from core.photos.facts import clean
from core.photos.metadata import read
from core.tagging.travelling import CHANGED_SINCE
from tests.core.photos.drawn import scene, xmp_packet


@pytest.fixture
def shelf(album, tmp_path):
    """An album whose photos are files: two of them, not alike."""

    def put(name: str, shade: int = 0) -> Path:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        scene(64 + shade, 48).save(path)
        folder, _, bare = name.rpartition("/")
        album.ids[name] = album.add(bare, folder=folder, shows=shade)
        return path

    album.put = put
    return album


def export(shelf, **more):
    *_, last = shelf.library.tagging.sidecars.write(**more)
    assert last.done == last.total
    return last.report


def reread(shelf, name: str) -> None:
    """What an index run does for a photo whose sidecar changed."""
    path = next(photo.path for photo in shelf.library.photos([shelf.ids[name]]))
    beside = sidecars.sidecars_of(path.name, sidecars.index_of(path.parent.iterdir()))
    found = read(path, beside)
    shelf.library.catalog.write(lambda db: photos.set_metadata(db, shelf.ids[name], found))


def say(shelf, name: str, text: str) -> None:
    shelf.library.catalog.write(
        lambda db: db.execute(
            "INSERT INTO caption (photo_id, text, source) VALUES (?, ?, 'user')", [shelf.ids[name], text]
        )
    )


def tree(shelf, *pairs: tuple[str, str | None]) -> None:
    """A list: labels with the one above each."""
    ids = {name: shelf.label(name) for name, _ in pairs}

    def work(db):
        [list_id] = db.execute(
            "INSERT INTO label_list (name, folded, added, changed) VALUES ('l', 'l', '', '') RETURNING id"
        ).fetchone()
        db.executemany(
            "INSERT INTO listed (list_id, label_id, position, parent_id) VALUES (?, ?, ?, ?)",
            [(list_id, ids[name], at, ids.get(above)) for at, (name, above) in enumerate(pairs)],
        )

    shelf.library.catalog.write(work)


def said(path: Path) -> tuple[tuple[str, ...], ...]:
    found = xmp_writing.said(path.read_bytes())
    return tuple(found.items[key] for key in (xmp_writing.SUBJECT, xmp_writing.TREE, xmp_writing.LIST))


def test_a_tag_travels_with_its_tree_and_a_caption(shelf) -> None:
    photo = shelf.put("a.jpg")
    pixels = photo.read_bytes()
    tree(shelf, ("Animals", None), ("Dog", "Animals"), ("Beach", None))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "dog")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Beach")
    say(shelf, "a.jpg", "Rex at the sea")
    [plan] = shelf.library.tagging.sidecars.plan()
    sidecar = photo.with_name("a.jpg.xmp")
    assert (plan.sidecar, plan.adds, plan.removes, plan.caption) == (sidecar, ("Beach", "Dog"), (), "Rex at the sea")
    assert not sidecar.exists()
    assert export(shelf, dry_run=True).written == 1
    assert not sidecar.exists()
    report = export(shelf)
    assert (report.written, report.unchanged, report.refused) == (1, 0, ())
    assert said(sidecar) == (("Beach", "Dog"), ("Beach", "Animals|Dog"), ("Beach", "Animals/Dog"))
    assert xmp.read(sidecar).captions == ("Rex at the sea",)
    assert photo.read_bytes() == pixels
    before = sidecar.read_bytes()
    report = export(shelf)
    assert (report.written, report.unchanged) == (0, 1)
    assert sidecar.read_bytes() == before


def test_what_was_written_comes_back_as_nothing_new(shelf) -> None:
    """Not the labels above, not the caption doubled, and not what was decided otherwise since."""
    shelf.put("a.jpg")
    tree(shelf, ("Animals", None), ("Dog", "Animals"))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    say(shelf, "a.jpg", "Rex\nat the sea")
    export(shelf)
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg") == {"Dog": ("accepted", "user")}
    assert [c.text for c in shelf.library.captions(shelf.ids["a.jpg"])] == ["Rex\nat the sea"]
    dog = shelf.label("Dog")
    shelf.decisions.clear([(shelf.ids["a.jpg"], dog)])
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg") == {}
    shelf.decisions.reject([(shelf.ids["a.jpg"], dog)])
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg") == {"Dog": ("rejected", "user")}


@pytest.mark.parametrize("undecide", ["clear", "reject"])
def test_what_is_accepted_no_more_leaves_the_sidecar_and_what_others_wrote_stays(shelf, undecide: str) -> None:
    photo = shelf.put("a.jpg")
    sidecar = photo.with_name("a.xmp")
    sidecar.write_bytes(
        xmp_packet("<dc:subject><rdf:Bag><rdf:li>Paris</rdf:li><rdf:li>cat</rdf:li></rdf:Bag></dc:subject>")
    )
    before = sidecar.read_bytes()
    reread(shelf, "a.jpg")
    for label in ("Dog", "Cat", "Boat"):
        shelf.decisions.tag([shelf.ids["a.jpg"]], label)
    report = export(shelf)
    assert report.sidecars[0].adds == ("Boat", "cat", "Dog")  # cat for the trees that it was not in
    assert said(sidecar)[0] == ("Paris", "cat", "Boat", "Dog")
    assert set(said(sidecar)[2]) == {"Paris", "Boat", "cat", "Dog"}  # digiKam would look no further than its own list
    for label in ("Dog", "Cat"):
        getattr(shelf.decisions, undecide)([(shelf.ids["a.jpg"], shelf.label(label))])
    [plan] = shelf.library.tagging.sidecars.plan()
    assert plan.removes == ("Dog",)
    export(shelf)
    assert said(sidecar)[0] == ("Paris", "cat", "Boat")
    shelf.decisions.clear([(shelf.ids["a.jpg"], shelf.label("Boat"))])
    export(shelf)
    assert said(sidecar) == (("Paris", "cat"), (), ())
    assert xmp.parse(sidecar.read_bytes()) == xmp.parse(before)
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg")["Paris"] == ("accepted", "file")


def test_a_programs_own_marks_are_not_carried_on(shelf) -> None:
    photo = shelf.put("a.jpg")
    sidecar = photo.with_name("a.jpg.xmp")
    marked = "<rdf:li>darktable|exported</rdf:li>"
    plain = "<rdf:li>darktable</rdf:li><rdf:li>exported</rdf:li>"
    for more, kept in (("", {"Dog"}), ("<rdf:li>places|Rome</rdf:li>", {"Dog", "places/Rome"})):
        sidecar.write_bytes(
            xmp_packet(
                f"<dc:subject><rdf:Bag>{plain}</rdf:Bag></dc:subject>"
                f"<lr:hierarchicalSubject><rdf:Bag>{marked}{more}</rdf:Bag></lr:hierarchicalSubject>"
            )
        )
        shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
        export(shelf)
        assert set(said(sidecar)[2]) == kept
        assert "darktable|exported" in said(sidecar)[1], "it stays where it was"


def test_a_word_that_the_photo_itself_has_is_its_own(shelf, tmp_path: Path) -> None:
    tree(shelf, ("Animals", None), ("Dog", "Animals"))
    photo = shelf.put("a.jpg")
    scene(64, 48).save(photo, xmp=xmp_packet("<dc:subject><rdf:Bag><rdf:li>animals</rdf:li></rdf:Bag></dc:subject>"))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg") == {"Animals": ("accepted", "file"), "Dog": ("accepted", "user")}


def test_a_description_of_another_program_stays(shelf) -> None:
    photo = shelf.put("a.jpg")
    sidecar = photo.with_name("a.jpg.xmp")
    sidecar.write_bytes(xmp_packet("<dc:description><rdf:Alt><rdf:li>Theirs</rdf:li></rdf:Alt></dc:description>"))
    before = sidecar.read_bytes()
    say(shelf, "a.jpg", "Mine")
    [plan] = shelf.library.tagging.sidecars.plan()
    assert plan.unchanged
    assert "description of its own" in plan.note
    assert export(shelf).unchanged == 1
    assert sidecar.read_bytes() == before


def test_a_caption_of_ours_follows_the_person(shelf) -> None:
    photo = shelf.put("a.jpg")
    say(shelf, "a.jpg", "One")
    export(shelf)
    sidecar = photo.with_name("a.jpg.xmp")
    shelf.library.catalog.write(lambda db: db.execute("UPDATE caption SET text = 'Two'"))
    assert export(shelf).sidecars[0].caption == "Two"
    assert xmp.read(sidecar).captions == ("Two",)
    shelf.library.catalog.write(lambda db: db.execute("DELETE FROM caption"))
    export(shelf)
    assert xmp.read(sidecar).captions == ()


def test_runs_are_undone_one_after_the_other_byte_for_byte(shelf) -> None:
    first, second = shelf.put("a.jpg"), shelf.put("b/b.jpg", 1)
    theirs = second.with_name("b.xmp")
    theirs.write_bytes(xmp_packet("<dc:subject>Paris</dc:subject>"))
    original = theirs.read_bytes()
    theirs.chmod(0o640)
    work = shelf.library.tagging.sidecars
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    assert export(shelf).written == 2
    middle = [first.with_name("a.jpg.xmp").read_bytes(), theirs.read_bytes()]
    shelf.decisions.tag(list(shelf.ids.values()), "Cat")
    shelf.decisions.clear([(shelf.ids["a.jpg"], shelf.label("Dog"))])
    assert export(shelf).written == 2
    assert work.can_undo() == 2
    assert (work.undo().written, work.undo().refused) == (2, ())
    assert theirs.read_bytes() == original
    assert theirs.stat().st_mode & 0o777 == 0o640
    assert not first.with_name("a.jpg.xmp").exists()
    assert work.undo().written == work.can_undo() == 0
    with shelf.library.catalog.read() as db:
        assert travelled.kept(db, list(shelf.ids.values())) == {}
    del middle


def test_what_was_ours_is_ours_again_after_an_undo(shelf) -> None:
    photo = shelf.put("a.jpg")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    shelf.decisions.clear([(shelf.ids["a.jpg"], shelf.label("Dog"))])
    export(shelf)
    sidecar = photo.with_name("a.jpg.xmp")
    assert said(sidecar) == ((), (), ())
    shelf.library.tagging.sidecars.undo()
    assert said(sidecar)[0] == ("Dog",)
    export(shelf)
    assert said(sidecar) == ((), (), ())


def test_a_sidecar_that_was_changed_since_is_not_put_back(shelf) -> None:
    one, two = shelf.put("a.jpg"), shelf.put("b.jpg", 1)
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    export(shelf)
    changed = one.with_name("a.jpg.xmp")
    changed.write_bytes(changed.read_bytes() + b"\n")
    kept = changed.read_bytes()
    report = shelf.library.tagging.sidecars.undo()
    assert (report.written, report.refused) == (1, ((changed, CHANGED_SINCE),))
    assert changed.read_bytes() == kept
    assert not two.with_name("b.jpg.xmp").exists()
    assert shelf.library.tagging.sidecars.undo().refused == ()


def test_one_that_cannot_be_put_back_now_can_be_later(shelf) -> None:
    sidecar = shelf.put("a.jpg").with_name("a.jpg.xmp")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    sidecar.chmod(0o444)
    [(path, why)] = shelf.library.tagging.sidecars.undo().refused
    assert (path, why) == (sidecar, "It is write-protected.")
    sidecar.chmod(0o644)
    assert shelf.library.tagging.sidecars.undo().written == 1
    assert not sidecar.exists()


def test_an_index_run_has_nothing_to_read_after_an_export(shelf) -> None:
    photo = shelf.put("a.jpg")
    text = photo.with_name("a.txt")
    text.write_text("A dog")
    now = text.stat().st_mtime_ns
    shelf.library.catalog.write(lambda db: db.execute("UPDATE photo SET sidecar_ns = ?", [now]))
    os.utime(text, ns=(now, now))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    with shelf.library.catalog.read() as db:
        stamp = photos.stamp_of(db, shelf.ids["a.jpg"])
    assert stamp.sidecar_ns == photo.with_name("a.jpg.xmp").stat().st_mtime_ns


def test_a_sidecar_that_no_run_has_read_yet_is_still_read(shelf) -> None:
    photo = shelf.put("a.jpg")
    photo.with_name("a.jpg.xmp").write_bytes(xmp_packet("", 'xmp:Rating="4"'))
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    with shelf.library.catalog.read() as db:
        assert photos.stamp_of(db, shelf.ids["a.jpg"]).sidecar_ns == 0


def test_photos_that_share_a_name_get_sidecars_of_their_own(shelf) -> None:
    jpeg, raw = shelf.put("a.jpg"), shelf.put("a.png", 1)
    shared = jpeg.with_name("a.xmp")
    shared.write_bytes(xmp_packet("<dc:subject>Paris</dc:subject>"))
    before = shared.read_bytes()
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    [plan] = shelf.library.tagging.sidecars.plan()
    assert plan.sidecar.name == "a.jpg.xmp"
    assert "a.png" in plan.note
    export(shelf)
    assert shared.read_bytes() == before
    reread(shelf, "a.png")
    assert "Dog" not in shelf.tags("a.png")
    del raw


def test_a_photo_or_folder_that_is_gone_is_told(shelf) -> None:
    photo, other = shelf.put("a.jpg"), shelf.put("b/b.jpg", 1)
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    photo.unlink()
    other.unlink()
    other.parent.rmdir()
    reasons = [why for _, why in export(shelf).refused]
    assert reasons == ["The file is no longer there.", "Its folder is not there now."]
    assert list(photo.parent.iterdir()) == []


def test_a_refused_sidecar_costs_itself_alone(shelf) -> None:
    one, two = shelf.put("a.jpg"), shelf.put("b.jpg", 1)
    broken = one.with_name("a.jpg.xmp")
    broken.write_bytes(b"<x:xmpmeta")
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    report = export(shelf)
    assert [path for path, _ in report.refused] == [broken]
    assert broken.read_bytes() == b"<x:xmpmeta"
    assert said(two.with_name("b.jpg.xmp"))[0] == ("Dog",)
    assert shelf.library.tagging.sidecars.undo().written == 1


def test_a_sidecar_that_changes_while_it_is_written_stays_as_it_is(shelf, monkeypatch) -> None:
    sidecar = shelf.put("a.jpg").with_name("a.jpg.xmp")
    sidecar.write_bytes(xmp_packet("<dc:subject>Paris</dc:subject>"))
    theirs = xmp_packet("<dc:subject>London</dc:subject>")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    real = os.fsync

    def another_program_comes_by(descriptor):
        real(descriptor)
        sidecar.write_bytes(theirs)

    monkeypatch.setattr("core.copying.os.fsync", another_program_comes_by)
    [(path, why)] = export(shelf).refused
    monkeypatch.undo()
    assert path == sidecar
    assert "changed it meanwhile" in why
    assert sidecar.read_bytes() == theirs
    assert [path.name for path in sidecar.parent.iterdir() if path.suffix == ".part"] == []
    with shelf.library.catalog.read() as db:
        assert travelled.kept(db, list(shelf.ids.values())) == {}
        assert written.last_run(db) == []


def test_a_run_may_be_stopped_and_what_it_wrote_be_undone(shelf) -> None:
    for number in range(5):
        shelf.put(f"{number}.jpg", number)
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    asked = iter([False, False, False, True, True, True])
    *_, last = shelf.library.tagging.sidecars.write(cancelled=lambda: next(asked))
    made = sorted(path.name for path in (Path(shelf.library.folder).parent / "photos").glob("*.xmp"))
    assert made == ["0.jpg.xmp", "1.jpg.xmp"]
    assert shelf.library.tagging.sidecars.undo().written == 2
    assert export(shelf).written == 5
    del last


def test_old_runs_are_forgotten(shelf) -> None:
    shelf.put("a.jpg")
    for number in range(KEPT_RUNS + 3):
        shelf.decisions.tag([shelf.ids["a.jpg"]], f"label {number}")
        export(shelf)
    undone = 0
    while shelf.library.tagging.sidecars.undo().written:
        undone += 1
    assert undone == KEPT_RUNS


def test_a_library_that_is_read_only_writes_no_sidecar(shelf, monkeypatch) -> None:
    photo = shelf.put("a.jpg")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    monkeypatch.setattr(shelf.library.catalog, "read_only", True)
    for work in (lambda: list(shelf.library.tagging.sidecars.write()), shelf.library.tagging.sidecars.undo):
        with pytest.raises(CatalogReadOnly):
            work()
    assert export(shelf, dry_run=True).written == 1
    assert not photo.with_name("a.jpg.xmp").exists()


def test_labels_that_no_keyword_could_be(shelf) -> None:
    sidecar = shelf.put("a.jpg").with_name("a.jpg.xmp")
    for label in ("24/7", "either|or", "<b>&amp;", "Łódź 🐕", "a;b"):
        shelf.decisions.tag([shelf.ids["a.jpg"]], label)
    export(shelf)
    subjects, lines, paths = said(sidecar)
    assert set(subjects) == {"24/7", "either|or", "<b>&amp;", "Łódź 🐕", "a;b"}
    assert {"24/7", "either-or"} <= set(lines)
    assert {"24-7", "either|or"} <= set(paths)
    before = shelf.tags("a.jpg")
    reread(shelf, "a.jpg")
    assert shelf.tags("a.jpg") == before
    assert export(shelf).unchanged == 1
    assert clean("24/7") in subjects


def test_opened_anew_the_library_still_knows_what_it_wrote(shelf) -> None:
    sidecar = shelf.put("a.jpg").with_name("a.jpg.xmp")
    shelf.decisions.tag([shelf.ids["a.jpg"]], "Dog")
    export(shelf)
    with Library.open(shelf.library.folder) as again:
        assert again.tagging.sidecars.undo().written == 1
    assert not sidecar.exists()


def test_a_run_that_is_killed_can_be_undone_and_done_again(shelf, monkeypatch) -> None:
    """Killed after one of three was written: what was announced of the others is no obstacle."""
    for number in range(3):
        shelf.put(f"{number}.jpg", number)
    theirs = Path(shelf.library.folder).parent / "photos" / "1.jpg.xmp"
    theirs.write_bytes(xmp_packet("<dc:subject>Paris</dc:subject>"))
    original = theirs.read_bytes()
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    real, written_so_far = sidecar_files.write, []

    def killed(*what):
        if written_so_far:
            raise KeyboardInterrupt
        written_so_far.append(what)
        real(*what)

    monkeypatch.setattr(sidecar_files, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        export(shelf)
    monkeypatch.undo()
    report = shelf.library.tagging.sidecars.undo()
    assert (report.written, report.refused) == (1, ())
    assert [path.name for path in theirs.parent.glob("*.xmp")] == ["1.jpg.xmp"]
    assert theirs.read_bytes() == original
    assert export(shelf).written == 3


def test_names_in_no_encoding(shelf) -> None:
    try:
        photo = shelf.put("caf\udce9.jpg")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    assert export(shelf).written == 1
    assert said(photo.with_name("caf\udce9.jpg.xmp"))[0] == ("Dog",)
    assert shelf.library.tagging.sidecars.undo().written == 1


def test_an_undo_says_nothing_of_a_photo_that_took_over_the_number_of_one_that_is_gone(shelf) -> None:
    shelf.put("a.jpg")
    shelf.decisions.tag(list(shelf.ids.values()), "Dog")
    export(shelf)
    shelf.decisions.tag(list(shelf.ids.values()), "Cat")
    export(shelf)
    gone = shelf.ids["a.jpg"]
    shelf.forget("a.jpg")
    shelf.put("b.jpg", 1)
    assert shelf.ids["b.jpg"] == gone
    assert shelf.library.tagging.sidecars.undo().written == 1
    with shelf.library.catalog.read() as db:
        assert travelled.kept(db, [gone]) == {}
