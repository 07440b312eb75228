"""Index runs over real folders into a real catalogue."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pytest

from core.catalog import embeddings
from core.catalog.lock import IndexLock
from core.errors import DiskFull, FolderError, LibraryBusy, WorkerError
from core.models.encoder import EncoderSpec
from core.models.remote import RemoteEncoder
from core.models.wire import PhotoDone
from core.types import IndexReport, Phase, PhotoMetadata


def test_a_first_run_encodes_all_and_a_second_nothing(shelf, album):
    assert shelf.counts() == (10, 0, 0, 0)
    assert set(shelf.paths()) == {album / f"album {n % 2}" / f"{n}.png" for n in range(10)}
    before = shelf.dump()
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []
    assert shelf.dump() == before


def test_embeddings_and_thumbnails_are_stored(shelf, album, fakes):
    shelf.index()
    with shelf.catalog.read() as db:
        [model] = embeddings.models(db)
        assert (model.name, model.dim, embeddings.count(db, model.id)) == ("colours", 48, 10)
        photo = next(iter(shelf.paths().values()))
        assert abs(float((embeddings.get(db, model.id, photo.content_id) ** 2).sum()) - 1) < 0.01
    assert shelf.thumbnails.get(photo.content_hash)[:2] == b"\xff\xd8"
    assert photo.content_hash == fakes.hash_of(photo.path)


def test_a_renamed_folder_keeps_its_rows_and_reads_nothing(shelf, album):
    shelf.index()
    ids = {photo.id for photo in shelf.paths().values()}
    (album / "album 0").rename(album / "Ünïcode\u3000ärger \u202eabc")
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []
    assert {photo.id for photo in shelf.paths().values()} == ids
    assert sum("Ünïcode" in str(path) for path in shelf.paths()) == 5


def test_a_file_moved_to_another_root_keeps_its_row(shelf, album, tmp_path):
    shelf.index()
    shelf.add_root(tmp_path / "second")
    path = album / "album 0" / "0.png"
    photo_id = shelf.paths()[path].id
    path.rename(tmp_path / "second" / "new.png")
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []
    assert shelf.paths()[tmp_path / "second" / "new.png"].id == photo_id


def test_a_move_into_a_folder_that_alone_is_looked_at(shelf, album):
    """The watcher names the folder that changed: the file came from one that it does not name."""
    shelf.index()
    photo_id = shelf.paths()[album / "album 0" / "0.png"].id
    (album / "album 0" / "0.png").rename(album / "album 1" / "moved.png")
    assert shelf.counts(folders=[album / "album 1"]) == (0, 6, 0, 0)
    assert shelf.encoder.seen == []
    assert shelf.paths()[album / "album 1" / "moved.png"].id == photo_id
    assert album / "album 0" / "0.png" not in shelf.paths()


def test_files_that_swap_names_keep_their_rows(shelf, album):
    shelf.index()
    a, b, c = (album / "album 0" / name for name in ("0.png", "2.png", "4.png"))
    ids = [shelf.paths()[path].id for path in (a, b, c)]
    spare = album / "spare"
    a.rename(spare), b.rename(a), c.rename(b), spare.rename(c)
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []
    assert [shelf.paths()[path].id for path in (c, a, b)] == ids


def test_a_file_moved_over_another_forgets_the_other(shelf, album):
    shelf.index()
    a, b = album / "album 0" / "0.png", album / "album 1" / "1.png"
    photo_id = shelf.paths()[a].id
    a.replace(b)
    assert shelf.counts() == (0, 9, 0, 1)
    assert shelf.paths()[b].id == photo_id
    assert shelf.dump()[2] == 0


def test_a_name_that_holds_a_date_is_read_again(shelf, album):
    shelf.index()
    (album / "album 0" / "0.png").rename(album / "album 0" / "IMG-20190704-WA0012.png")
    assert shelf.counts() == (0, 10, 0, 0)
    assert (shelf.encoder.encoded, shelf.encoder.metadata) == ([], ["IMG-20190704-WA0012.png"])


def test_copies_are_encoded_once(shelf, album):
    shutil.copytree(album / "album 0", album / "copies")
    assert shelf.counts() == (10, 5, 0, 0)
    shutil.copytree(album / "album 1", album / "later copies")
    assert shelf.counts() == (0, 20, 0, 0)
    assert len(shelf.encoder.metadata) == 5
    shutil.rmtree(album / "copies")
    shutil.rmtree(album / "later copies")
    assert shelf.counts() == (0, 10, 0, 10)


def test_deleted_photos_are_forgotten_with_embedding_and_thumbnail(shelf, album):
    shelf.index()
    gone = shelf.paths()[album / "album 0" / "0.png"]
    shutil.rmtree(album / "album 0")
    assert shelf.counts() == (0, 5, 0, 5)
    assert shelf.thumbnails.get(gone.content_hash) is None
    with shelf.catalog.read() as db:
        assert embeddings.count(db, 1) == 5
    assert shelf.dump()[3] == [(1, "album 1")]


def test_an_edited_photo_is_encoded_again_under_its_old_row(shelf, album, fakes):
    shelf.index()
    path = album / "album 0" / "0.png"
    photo_id = shelf.paths()[path].id
    fakes.draw(path, 100)
    assert shelf.counts() == (1, 9, 0, 0)
    assert shelf.paths()[path].id == photo_id
    assert shelf.paths()[path].content_hash == fakes.hash_of(path)
    assert shelf.dump()[2] == 0


def test_a_touched_photo_is_read_but_not_encoded(shelf, album):
    shelf.index()
    os.utime(album / "album 0" / "0.png", ns=(10**18, 10**18))
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.metadata == ["0.png"]
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []


def test_a_sidecar_is_read_alone(shelf, album):
    shelf.index()
    (album / "album 0" / "0.txt").write_text("a day at the sea")
    assert shelf.counts() == (0, 10, 0, 0)
    assert (shelf.encoder.encoded, shelf.encoder.metadata) == ([], ["0.png"])
    assert shelf.dump()[0][str(album / "album 0" / "0.png")][3] == ("a day at the sea",)
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.seen == []
    (album / "album 0").rename(album / "other")
    (album / "other" / "0.txt").unlink()
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.encoder.metadata == ["0.png"]
    assert shelf.dump()[0][str(album / "other" / "0.png")][3] == ()


def test_failures_are_listed_and_tried_again_when_they_change(shelf, album, fakes):
    bad = album / "album 0" / "bad.png"
    bad.write_text("no picture")
    (album / "album 0" / "empty.png").touch()
    assert shelf.counts() == (10, 0, 2, 0)
    assert set(shelf.failures()) == {bad, album / "album 0" / "empty.png"}
    assert shelf.failures()[bad] == "This is no picture."
    assert shelf.counts() == (0, 10, 2, 0)
    assert shelf.encoder.seen == []
    fakes.draw(bad, 50)
    assert shelf.counts() == (1, 10, 1, 0)
    (album / "album 0" / "empty.png").unlink()
    assert shelf.counts() == (0, 11, 0, 0)
    assert shelf.failures() == {}


def test_a_photo_that_breaks_becomes_a_failure(shelf, album):
    shelf.index()
    bad = album / "album 0" / "0.png"
    bad.write_bytes(bad.read_bytes()[:0] + b"broken")
    assert shelf.counts() == (0, 9, 1, 0)
    assert set(shelf.failures()) == {bad} and bad not in shelf.paths()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the administrator may read everything")
def test_permissions_that_come_back(shelf, album):
    path = album / "album 0" / "0.png"
    path.chmod(0)
    assert shelf.counts() == (9, 0, 1, 0)
    path.chmod(0o600)
    assert shelf.counts() == (1, 9, 0, 0)


def test_a_disk_fault_is_tried_again_although_the_stamp_is_the_same(shelf, album, monkeypatch):
    from core.errors import PhotoError
    from core.indexing import reading

    real = reading.content_hash

    def broken(path):
        if path.name == "3.png":
            raise PhotoError(path, "The disk could not read this file.") from OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr(reading, "content_hash", broken)
    assert shelf.counts() == (9, 0, 1, 0)
    monkeypatch.undo()
    assert shelf.counts() == (1, 9, 0, 0)


def test_an_unreadable_folder_is_a_failure_and_forgets_nothing(shelf, album, monkeypatch):
    from core.indexing import scope
    from core.photos.scan import UnreadableFolder

    shelf.index()
    real = scope.scan

    def scan(root, **how):
        for entry in real(root, **how):
            if entry.folder != "album 0":
                yield entry
        yield UnreadableFolder(root.path / "album 0", "album 0", "You have no permission to read this folder.")

    monkeypatch.setattr(scope, "scan", scan)
    assert shelf.counts() == (0, 5, 1, 0)
    assert shelf.failures() == {album / "album 0": "You have no permission to read this folder."}
    assert len(shelf.paths()) == 10
    assert shelf.counts() == (0, 5, 1, 0)
    monkeypatch.undo()
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.failures() == {}


def test_a_root_that_is_away_is_offline(shelf, album, tmp_path, fakes):
    other = shelf.add_root(tmp_path / "other").path
    fakes.draw(other / "x.png", 77)
    shelf.index()
    album.rename(tmp_path / "elsewhere")
    report = shelf.index()
    assert (report.scanned, report.reused, report.forgotten, report.offline) == (1, 1, 0, (album,))
    assert len(shelf.paths()) == 11
    album.mkdir()  # what the mount point of an unplugged disk looks like
    report = shelf.index()
    assert (report.scanned, report.forgotten, report.offline) == (1, 0, (album,))
    album.rmdir()
    (tmp_path / "elsewhere").rename(album)
    assert shelf.counts() == (0, 11, 0, 0)


def test_a_root_that_goes_during_the_run_forgets_nothing(shelf, album, tmp_path):
    shelf.index()
    shutil.rmtree(album / "album 0")
    for progress in shelf.indexer().run():
        if progress.phase == Phase.ENCODING:
            album.rename(tmp_path / "pulled")
    assert progress.report.forgotten == 0 and progress.report.offline == (album,)
    assert len(shelf.paths()) == 10


def test_all_roots_away(shelf, album, tmp_path):
    album.rename(tmp_path / "elsewhere")
    report = shelf.index()
    assert (report.scanned, report.offline) == (0, (album,))


def test_a_file_from_another_disk_keeps_its_row(shelf, album, tmp_path):
    """Copied and deleted, as every move between disks is: another inode, the same bytes."""
    shelf.index()
    path = album / "album 0" / "0.png"
    photo_id = shelf.paths()[path].id
    shutil.copy(path, album / "album 1" / "new.png")
    path.unlink()
    assert shelf.counts() == (0, 10, 0, 0)
    assert shelf.paths()[album / "album 1" / "new.png"].id == photo_id


def test_only_what_lies_below_the_folders_is_forgotten(shelf, album, fakes):
    shelf.index()
    shutil.rmtree(album / "album 0")
    (album / "album 1" / "1.png").unlink()
    fakes.draw(album / "album 1" / "new.png", 60)
    fakes.draw(album / "unseen" / "new.png", 61)
    assert shelf.counts(folders=[album / "album 1"]) == (1, 4, 0, 1)
    assert shelf.counts(folders=[album / "album 0"]) == (0, 0, 0, 5)
    assert shelf.counts(folders=[album]) == (1, 5, 0, 0)
    with pytest.raises(FolderError, match="none of the library"):
        shelf.index(folders=[album.parent / "nowhere"])


def test_only_the_given_roots_are_looked_at(shelf, album, tmp_path, fakes):
    other = shelf.add_root(tmp_path / "other")
    fakes.draw(other.path / "x.png", 70)
    assert shelf.counts(roots=[other]) == (1, 0, 0, 0)
    assert shelf.counts() == (10, 1, 0, 0)


def test_a_new_model_encodes_everything_and_keeps_the_old_embeddings(shelf, album):
    shelf.index()
    before = shelf.paths()
    shelf.model.model_id = "better"
    assert shelf.counts() == (10, 0, 0, 0)
    assert shelf.paths() == before
    with shelf.catalog.read() as db:
        assert [embeddings.count(db, model.id) for model in embeddings.models(db)] == [10, 10]
    assert shelf.counts() == (0, 10, 0, 0)


def test_a_renamed_folder_under_a_new_model(shelf, album):
    shelf.index()
    ids = sorted(photo.id for photo in shelf.paths().values())
    shelf.model.model_id = "better"
    (album / "album 0").rename(album / "renamed")
    assert shelf.counts() == (10, 0, 0, 0)
    assert sorted(photo.id for photo in shelf.paths().values()) == ids


@pytest.mark.parametrize("name", ["touch.png", "vanish.png"])
def test_a_file_that_changes_under_our_hands_is_left_for_the_next_run(shelf, album, fakes, name):
    path = fakes.draw(album / name, 30)
    shutil.copy(path, album / "z twin.png")
    report = shelf.index()
    assert (report.scanned, report.encoded, report.failed) == (11, 11, 0)  # the twin took its place
    assert path not in shelf.paths() and album / "z twin.png" in shelf.paths()
    assert shelf.failures() == {}


def test_a_lone_file_that_changes_is_skipped(shelf, album, fakes):
    fakes.draw(album / "touch.png", 30)
    assert shelf.counts() == (10, 0, 0, 0)
    assert album / "touch.png" not in shelf.paths()
    assert shelf.counts() == (1, 10, 0, 0)  # its time stays at 1 now


def test_the_next_copy_is_tried_when_the_first_fails(shelf, tmp_path, fakes):
    root = shelf.add_root(tmp_path / "p").path
    fakes.draw(root / "a bug.png", 1)
    shutil.copy(root / "a bug.png", root / "b.png")

    class Raising(type(shelf.indexer().__dict__["_encoder"])):
        def process(self, jobs):
            from core.models.wire import PhotoFailed

            for outcome in super().process(self._note(jobs)):
                yield outcome if outcome is None or outcome.key else PhotoFailed(0, "broken")

        def _note(self, jobs):
            for job in jobs:
                yield job if job is None or "bug" not in job.path.name else _renamed(job, root / "b.png")

    report = shelf.index(Raising(fakes))
    assert (report.encoded, report.failed) == (1, 1)
    assert set(shelf.failures()) == {root / "a bug.png"} and set(shelf.paths()) == {root / "b.png"}


def _renamed(job, path):
    from dataclasses import replace

    return replace(job, path=path)


def test_closing_in_the_middle_leaves_a_catalogue_that_goes_on(shelf, album):
    with closing(shelf.indexer().run()) as steps:
        for progress in steps:
            if progress.phase == Phase.ENCODING:
                break
    steps = shelf.indexer().run()
    assert next(steps).phase == Phase.SCANNING  # the lock is free
    steps.close()
    report = shelf.index()
    assert report.scanned == 10 and len(shelf.paths()) == 10


def test_what_was_read_is_stored_when_a_run_is_closed(shelf, album, monkeypatch):
    from core.indexing import progress as module

    monkeypatch.setattr(module, "_EVERY_S", 0.0)
    with closing(shelf.indexer().run()) as steps:
        for progress in steps:
            if progress.report.encoded == 4:
                break
    assert len(shelf.paths()) == 4
    assert shelf.counts() == (6, 4, 0, 0)


def test_a_cancelled_run_forgets_nothing(shelf, album):
    shelf.index()
    shutil.rmtree(album / "album 0")
    ended = list(shelf.indexer().run(cancelled=lambda: True))
    assert ended[-1].phase == Phase.DONE and ended[-1].report.forgotten == 0
    assert len(shelf.paths()) == 10


def test_one_indexer_at_a_time(shelf, album):
    with IndexLock(shelf.folder), pytest.raises(LibraryBusy):
        shelf.index()


def test_a_full_disk_keeps_what_was_committed(shelf, album, monkeypatch):
    from core.indexing import store

    monkeypatch.setattr(store, "_MOST", 4)
    real = shelf.catalog.write
    batches = 0

    def write(work, **how):
        nonlocal batches
        batches += "_write" in work.__qualname__ or "flush" in work.__qualname__
        if batches > 1:
            raise DiskFull("The disk is full.")
        return real(work, **how)

    monkeypatch.setattr(shelf.catalog, "write", write)
    with pytest.raises(DiskFull):
        shelf.index()
    monkeypatch.setattr(shelf.catalog, "write", real)
    assert len(shelf.paths()) == 4
    assert shelf.counts() == (6, 4, 0, 0)


def test_a_worker_that_fails_keeps_what_was_read(shelf, album):
    @dataclass
    class Dying:
        inner: object

        def process(self, jobs):
            for number, outcome in enumerate(self.inner.process(jobs)):
                if number == 3:
                    raise WorkerError("The worker stopped.")
                yield outcome

    shelf.indexer()
    with pytest.raises(WorkerError):
        shelf.index(Dying(shelf.encoder))
    assert 0 < len(shelf.paths()) <= 3


def test_progress_tells_phases_counts_and_new_photos(shelf, album):
    told = list(shelf.indexer().run())
    phases = list(dict.fromkeys(progress.phase for progress in told))
    assert phases == [Phase.SCANNING, Phase.READING, Phase.ENCODING, Phase.FINISHING, Phase.DONE]
    assert isinstance(told[-1].report, IndexReport) and told[-1].report.seconds > 0
    assert (told[-1].done, told[-1].total) == (10, 10)
    assert {i for progress in told for i in progress.stored} == {photo.id for photo in shelf.paths().values()}


def test_through_the_real_worker_with_files_that_crash_and_print(shelf, album, fakes, capfd):
    for number, name in enumerate(("crash.png", "noise.png", "bug.png")):
        fakes.draw(album / name, 40 + number)
    with RemoteEncoder(EncoderSpec(shelf.folder), toolbox=fakes.toolbox) as encoder:
        assert shelf.counts(encoder=encoder) == (11, 0, 2, 0)
        assert set(shelf.failures()) == {album / "crash.png", album / "bug.png"}
        assert shelf.counts(encoder=encoder) == (0, 11, 2, 0)
    assert capfd.readouterr() == ("", "")


class Blind:
    """Takes any file for a photo, unseen."""

    def process(self, jobs):
        vector = np.full(48, 48**-0.5, np.float16)
        for job in jobs:
            yield job and PhotoDone(job.key, vector, None, PhotoMetadata(), job.stamp)


@pytest.mark.slow
def test_ten_thousand_renamed_photos(shelf, tmp_path, fakes):
    root = shelf.add_root(tmp_path / "many").path
    (root / "a").mkdir()
    for number in range(10_000):
        (root / "a" / f"{number}.png").write_bytes(number.to_bytes(4, "big"))
    assert shelf.index(Blind()).encoded == 10_000
    (root / "a").rename(root / "b")
    begin = time.perf_counter()
    assert shelf.counts() == (0, 10_000, 0, 0)
    seconds = time.perf_counter() - begin
    assert shelf.encoder.seen == []
    print(f"10,000 renamed: {seconds:.1f} s")
    assert seconds < 10
