"""Suggestions over the sample photos, with the bundled model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.catalog import suggestions
from core.errors import CallError
from core.library import Library
from core.tagging import learning
from core.tagging.types import Label, LabelList, TagReport

LIST = LabelList("things", tuple(Label(name) for name in ("dog", "flower", "mountain", "food", "boat")))


@pytest.fixture
def library(sample_library: Path) -> Iterator[Library]:
    with Library.open(sample_library) as opened:
        yield opened


def run(library: Library, labels: LabelList = LIST, **more: object) -> TagReport:
    *_, last = library.tagging.suggester.run(labels, **more)  # type: ignore[arg-type]
    assert last.done == last.total
    return last.report


def rows(library: Library) -> dict[tuple[int, str], tuple[str, str, float | None]]:
    with library.catalog.read() as db:
        found = db.execute(
            "SELECT t.photo_id, l.name, t.state, t.source, t.score FROM tag t JOIN label l ON l.id = t.label_id "
            "WHERE t.source <> 'file'"
        ).fetchall()
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}


def test_a_run_writes_what_a_dry_run_finds(library: Library) -> None:
    steps = list(library.tagging.suggester.run(LIST, dry_run=True))
    would = {(one.photo_id, one.label): one.score for step in steps for one in step.found}
    assert not rows(library)
    report = run(library)
    written = rows(library)
    assert len(would) == report.suggested == len(written) > 10
    assert {key: row[2] for key, row in written.items()} == would
    assert {row[:2] for row in written.values()} == {("suggested", "auto")}
    assert all(library.tagging.suggester.line <= score <= 1 for score in would.values())
    assert report.photos == 131 and report.unencoded == 0


def test_a_second_run_changes_nothing_and_another_list_withdraws_nothing(library: Library) -> None:
    run(library)
    before = rows(library)
    assert run(library).withdrawn == 0
    run(library, LabelList("other", (Label("sofa"),)))
    assert {key: row for key, row in rows(library).items() if key[1] != "sofa"} == before


def test_decisions_stay_and_suggestions_that_are_none_any_more_go(library: Library) -> None:
    run(library)
    keys = sorted(rows(library))
    (no, no_label), (yes, yes_label) = keys[0], keys[-1]

    def decide(db):  # type: ignore[no-untyped-def]
        for photo, label, state in ((no, no_label, "rejected"), (yes, yes_label, "accepted")):
            db.execute(
                "UPDATE tag SET state = ?, source = 'user' WHERE photo_id = ? AND label_id = "
                "(SELECT id FROM label WHERE name = ?)",
                [state, photo, label],
            )
        label = db.execute("SELECT id FROM label WHERE name = 'boat'").fetchone()[0]
        photo = db.execute("SELECT min(id) FROM photo").fetchone()[0]
        db.execute("INSERT OR REPLACE INTO tag VALUES (?, ?, 'auto', 'suggested', 0.9)", [photo, label])

    library.catalog.write(decide)
    report = run(library)
    after = rows(library)
    assert after[no, no_label][0] == "rejected" and after[yes, yes_label][0] == "accepted"
    assert report.withdrawn >= 1
    assert all(row[2] is None or row[2] >= library.tagging.suggester.line for row in after.values())


def test_what_is_accepted_above_a_line_is_one_step(library: Library) -> None:
    report = run(library, accept_above=0.7)
    states = [row[:2] for row in rows(library).values()]
    assert states.count(("accepted", "auto")) == report.accepted > 0
    assert states.count(("suggested", "auto")) == report.suggested
    with library.catalog.read() as db:
        assert db.execute("SELECT count(*) FROM step").fetchone()[0] == 1
        assert db.execute("SELECT count(*) FROM step_tag WHERE new_state = 'accepted'").fetchone()[0] == report.accepted


def test_of_an_exclusive_group_the_surest_alone_is_accepted(library: Library) -> None:
    names = ("dog", "flower", "mountain", "food", "boat")
    labels = LabelList("one of", tuple(Label(name, group="kind") for name in names), exclusive=("kind",))
    run(library, labels, accept_above=0.05)
    accepted = [photo for (photo, _), row in rows(library).items() if row[0] == "accepted"]
    assert len(accepted) == len(set(accepted)) > 20
    suggested = {photo for (photo, _), row in rows(library).items() if row[0] == "suggested"}
    assert not suggested & set(accepted)


def test_some_photos_a_folder_and_what_is_none(library: Library, tmp_path: Path) -> None:
    ids = library.browse()[:7].tolist()
    assert run(library, photos=[*ids, 10**9]).photos == 7
    root = library.roots()[0].root.path
    assert run(library, folder=root).photos == 131
    with pytest.raises(CallError, match="not in the library"):
        run(library, folder=tmp_path)
    with pytest.raises(CallError, match="no label"):
        run(library, LabelList("empty"))
    for wrong in (0.0, 1.5, -1.0):
        with pytest.raises(CallError, match=r"0\.95"):
            run(library, accept_above=wrong)


def test_a_cancelled_run_stops_and_counts_what_it_did(library: Library) -> None:
    steps = list(library.tagging.suggester.run(LIST, cancelled=lambda: True))
    assert not rows(library) or steps[-1].done < 131


def test_a_preview_is_what_a_run_would_suggest(library: Library) -> None:
    suggester = library.tagging.suggester
    shown = suggester.preview(LIST.labels[0], LIST, top=60)
    assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)
    run(library)
    written = {photo: row[2] for (photo, label), row in rows(library).items() if label == "dog"}
    sure = {one.photo_id: one.score for one in shown if one.score >= suggester.line}
    assert sure.keys() == written.keys()
    assert all(abs(sure[photo] - (written[photo] or 0)) < 0.001 for photo in sure)
    found = suggester.probabilities(LIST.labels[0], LIST, [shown[0].photo_id, 10**9, shown[-1].photo_id])
    assert found[0] == pytest.approx(shown[0].score, abs=1e-4) and np.isnan(found[1]) and found[2] < found[0]


def test_photos_from_anywhere_are_classified_and_a_broken_one_is_named(
    library: Library, samples: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    one = samples / "retrouve-001.jpg"
    found = library.tagging.suggester.classify([broken, one, tmp_path / "none.jpg"], LIST)
    assert [photo.path for photo in found] == [broken, one, tmp_path / "none.jpg"]
    assert found[0].reason and found[2].reason and found[1].reason is None
    assert len(found[1].tags) == 5
    assert [score for _, score in found[1].tags] == sorted((score for _, score in found[1].tags), reverse=True)


SPAGHETTI = ("a plate of spaghetti",)


def test_what_decisions_teach_is_learned_label_by_label_told_and_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision on one label costs the learning of that label alone, and nobody waits without being told."""
    learned: list[int] = []
    real = learning.learn

    def counted(taught: learning.Taught, *rest: object) -> learning.Learned | None:
        learned.append(len(taught.photos))
        return real(taught, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(learning, "learn", counted)
    suggester, decisions, ids = library.tagging.suggester, library.tagging.decisions, library.browse().tolist()
    decisions.tag(ids[:3], "dog")
    decisions.tag(ids[3:5], "flower")
    steps = list(suggester.run(LIST, dry_run=True))
    assert [(step.done, step.total) for step in steps if step.learning] == [(0, 2), (1, 2)]
    assert all(step.learning for step in steps[:2]) and not steps[-1].learning
    assert learned == [3, 2]
    decisions.tag(ids[5:6], "flower", accept=False)
    list(suggester.run(LIST, dry_run=True))
    assert learned == [3, 2, 3], "of dogs nothing was decided"
    decisions.undo()
    again = list(suggester.run(LIST, dry_run=True))
    assert learned == [3, 2, 3], "as before"
    assert again[-1].found == steps[-1].found
    suggester.refresh()
    stopped = list(suggester.run(LIST, dry_run=True, cancelled=lambda: True))
    assert [step.report.photos for step in stopped] == [0] and learned == [3, 2, 3], "stopped before it learned"
    list(suggester.run(LIST, dry_run=True))
    assert learned == [3, 2, 3, 3, 2]


def test_a_run_for_some_photos_reads_the_tags_of_those_alone(library: Library) -> None:
    """A rule is applied to each photo that comes in: how many others are tagged must not matter."""
    kept = library.tagging.lists.put(LIST)
    run(library, kept)
    ids = library.browse()[:3].tolist()
    before = rows(library)
    with library.catalog.read() as db:
        labels = suggestions.label_ids(db, [label.name for label in LIST.labels])
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        db.set_progress_handler(count, 1)
        mine = suggestions.marked(db, labels, kept.id, ids)
        few, steps = steps, 0
        every = suggestions.marked(db, labels, kept.id)
        db.set_progress_handler(None, 0)
        many = steps
    chosen = np.isin(every.photos, ids)
    for name in ("photos", "scores", "own", "others"):
        assert sorted(getattr(mine, name)) == sorted(getattr(every, name)[chosen])
    pairs = set(zip(every.photos[chosen].tolist(), every.places[chosen].tolist(), strict=True))
    assert set(zip(mine.photos.tolist(), mine.places.tolist(), strict=True)) == pairs
    assert len(every.photos) == len(before) > 10 * len(mine.photos) and few * 5 < many
    assert run(library, kept, photos=ids).withdrawn == 0 and rows(library) == before


def test_a_list_withdraws_only_what_no_other_list_gives(library: Library) -> None:
    lists = library.tagging.lists

    def of_dogs() -> dict[int, float | None]:
        return {photo: score for (photo, name), (_, _, score) in rows(library).items() if name == "dog"}

    def given_by(list_id: int | None) -> dict[int, float]:
        with library.catalog.read() as db:
            query = "SELECT photo_id, score FROM suggested_by WHERE list_id = ?"
            return dict(db.execute(query, [list_id]).fetchall())

    plain = lists.put(LabelList("plain", (Label("dog"),)))
    run(library, plain)
    before = of_dogs()
    assert len(before) > 3 and before == given_by(plain.id)
    # The same name, and another thing: it gives none of these photos.
    other = lists.put(LabelList("other", (Label("dog", SPAGHETTI, negatives=("a dog", "an animal")),)))
    would = list(library.tagging.suggester.run(other, dry_run=True))[-1].report
    report = run(library, other)
    assert would.withdrawn == report.withdrawn == 0
    assert before.keys() - given_by(other.id).keys()
    assert of_dogs() == {
        photo: max(before.get(photo) or 0, given_by(other.id).get(photo, 0))
        for photo in before.keys() | given_by(other.id).keys()
    }
    # What the list that gave them gives no more is withdrawn, and said.
    changed = lists.put(LabelList("plain", (Label("dog", SPAGHETTI, negatives=("a dog", "an animal")),)))
    would = list(library.tagging.suggester.run(changed, dry_run=True))[-1].report
    report = run(library, changed)
    assert report.withdrawn_of == would.withdrawn_of == (("dog", report.withdrawn),) and report.withdrawn > 0
    assert of_dogs().keys() == given_by(other.id).keys() | given_by(changed.id).keys()


def test_with_a_list_goes_what_it_alone_gave(library: Library) -> None:
    lists = library.tagging.lists
    plain = lists.put(LabelList("plain", (Label("dog"), Label("food"))))
    run(library, plain)
    before = rows(library)
    surer = lists.put(LabelList("surer", (Label("dog", synonyms=("puppy",)), Label("mountain"))))
    run(library, surer)
    assert any(name == "mountain" for _, name in rows(library)) and rows(library) != before
    assert lists.remove("surer") > 0
    assert rows(library) == before
    lists.put(LabelList("plain", (Label("food"),)))
    assert rows(library) == {key: row for key, row in before.items() if key[1] == "food"}
