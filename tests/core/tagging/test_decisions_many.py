"""Many photos in one step, and two processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.catalog import contents, folders, tags
from core.catalog.tags import TagChange, TagRow
from core.tagging.types import Label, LabelList

PROJECT = Path(__file__).resolve().parents[3]

_DECIDE = """
import sys
from pathlib import Path
from core.library import Library
with Library.open(Path(sys.argv[1])) as library:
    decisions = library.tagging.decisions
    steps = 0
    for photo in range(int(sys.argv[2]), int(sys.argv[3])):
        steps += decisions.tag([photo], sys.argv[4]) is not None
        if photo % 4 == 0:
            assert decisions.undo() is not None
            assert decisions.steps(1)[0].undone in (True, False)
print(steps)
"""


def fill(album, count: int) -> list[int]:
    """Add so many photos in one transaction."""

    def work(db):
        folder = folders.ensure(db, album.root, "many")
        for number in range(count):
            content = contents.ensure(db, number.to_bytes(16, "little"))
            db.execute(
                "INSERT INTO photo (folder_id, name, content_id, size, mtime_ns, inode) VALUES (?, ?, ?, 1, 1, 1)",
                [folder, f"{number}.jpg", content],
            )
        return [row[0] for row in db.execute("SELECT id FROM photo ORDER BY id")]

    return album.library.catalog.write(work)


def rows(album) -> list[tuple[object, ...]]:
    with album.library.catalog.read() as db:
        return [tuple(row) for row in db.execute("SELECT * FROM tag ORDER BY photo_id, label_id")]


def test_ten_thousand_photos_are_one_step_and_undone_they_are_what_they_were(album):
    ids = fill(album, 10_000)
    album.library.tagging.lists.put(
        LabelList("places", (Label("indoor", group="place"), Label("outdoor", group="place")), exclusive=("place",))
    )
    indoor, outdoor = (album.decisions.label_id(name) for name in ("indoor", "outdoor"))
    suggested = [
        TagChange(id, label, None, TagRow("suggested", "auto", score))
        for id in ids
        for label, score in ((indoor, 0.8), (outdoor, 0.5))
    ]
    album.library.catalog.write(lambda db: tags.put(db, suggested))
    before = rows(album)
    step = album.library.tagging.reviewing.accept_above(indoor, 0.8)
    assert step.said == "accepted “indoor” on 10,000 photos" and step.tags == 20_000
    after = rows(album)
    assert len(after) == 10_000 and {row[1:] for row in after} == {(indoor, "user", "accepted", 0.8)}
    album.decisions.undo()
    assert rows(album) == before
    album.decisions.redo()
    assert rows(album) == after
    album.decisions.undo()
    with album.library.catalog.read() as db:
        assert db.execute("SELECT count(*) FROM decision").fetchone()[0] == 0


def test_two_processes_that_decide_and_undo_at_once_keep_one_history(album):
    ids = fill(album, 60)
    album.label("dog")
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    folder = str(album.library.folder)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _DECIDE, folder, str(ids[first]), str(ids[last]), label],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first, last, label in ((0, 40, "dog"), (20, 59, "cat"))
    ]
    for run in runs:
        out, _ = run.communicate(timeout=120)
        assert run.returncode == 0 and int(out) > 0
    while album.decisions.redo() is not None:
        pass
    with album.library.catalog.read() as db:
        decided = db.execute("SELECT count(*) FROM decision").fetchone()[0]
        assert decided == db.execute("SELECT count(*) FROM tag").fetchone()[0] > 0
    assert album.decisions.stats().steps == decided, "each step that stands decided one photo"
    while album.decisions.undo() is not None:
        pass
    assert rows(album) == []
    with album.library.catalog.read() as db:
        assert db.execute("SELECT count(*) FROM decision").fetchone()[0] == 0
