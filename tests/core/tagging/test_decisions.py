"""Deciding: accept, reject, clear, tag; copies, keywords of files, exclusive groups; photos that come back."""

from __future__ import annotations

import unicodedata

import pytest

from core.catalog import suggestions, tags
from core.errors import CallError
from core.tagging.types import State

USER_YES, USER_NO = ("accepted", "user"), ("rejected", "user")
WAITS, SAID_BY_FILE = ("suggested", "auto"), ("accepted", "file")


def test_a_decision_takes_the_place_of_a_suggestion_and_keeps_its_score(album):
    album.add("a")
    album.add("b")
    dog = album.suggest("dog", a=0.9, b=0.4)
    step = album.decisions.accept([(album.ids["a"], dog)])
    assert step is not None and step.said == "accepted “dog” on 1 photo" and step.tags == 1 and not step.undone
    assert album.decisions.reject([(album.ids["b"], dog)]).said == "rejected “dog” on 1 photo"
    [tag] = album.decisions.of(album.ids["a"])
    assert (tag.label, tag.state, tag.source, tag.score) == ("dog", State.ACCEPTED, "user", 0.9)
    assert album.tags("b") == {"dog": USER_NO}
    assert album.library.tags(album.ids["a"]) == ["dog"] and album.library.tags(album.ids["b"]) == []


def test_deciding_the_same_again_changes_nothing_and_keeps_what_can_be_done_again(album):
    album.add("a")
    dog, cat = album.suggest("dog", a=0.9), album.suggest("cat", a=0.8)
    album.decisions.accept([(album.ids["a"], dog)])
    album.decisions.accept([(album.ids["a"], cat)])
    album.decisions.undo()
    assert album.decisions.accept([(album.ids["a"], dog)]) is None
    assert album.decisions.accept([]) is None
    assert album.decisions.redo() is not None
    assert album.tags("a") == {"dog": USER_YES, "cat": USER_YES}


def test_photos_that_are_gone_are_left_out_and_labels_that_are_gone_are_told(album):
    album.add("a")
    dog = album.label("dog")
    assert album.decisions.accept([(album.ids["a"], dog), (999, dog)]).tags == 1
    assert album.decisions.accept([(999, dog)]) is None
    with pytest.raises(CallError, match="not there any more"):
        album.decisions.accept([(album.ids["a"], 999)])


def test_a_copy_shares_what_is_decided(album):
    for name in ("a", "copy"):
        album.add(name, shows=7)
    album.add("b")
    dog = album.suggest("dog", a=0.9, copy=0.9, b=0.9)
    step = album.decisions.accept([(album.ids["a"], dog)])
    assert step.said == "accepted “dog” on 2 photos"
    assert album.tags("copy") == {"dog": USER_YES} and album.tags("b") == {"dog": WAITS}
    album.decisions.undo()
    assert album.tags("copy") == album.tags("a") == {"dog": WAITS}


def test_a_copy_that_comes_in_later_has_it_and_follows_when_it_is_undone(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.add("copy", shows=7)
    assert album.tags("copy") == {"dog": USER_YES}
    album.decisions.undo()
    assert album.tags("copy") == album.tags("a") == {}
    album.decisions.redo()
    assert album.tags("copy") == album.tags("a") == {"dog": USER_YES}


def test_a_photo_that_comes_back_has_what_was_decided_of_it(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.decisions.tag([album.ids["a"]], "cat", accept=True)
    album.decisions.tag([album.ids["a"]], "cat", accept=False)
    album.forget("a")
    album.add("elsewhere", shows=7, keywords=["cat", "sea"])
    assert album.tags("elsewhere") == {"cat": USER_NO, "dog": USER_YES, "sea": SAID_BY_FILE}


def test_a_step_can_be_undone_after_its_photo_was_forgotten_and_came_back(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.forget("a")
    album.add("other", shows=8)  # gets the row number that was the photo's
    album.add("back", shows=7)
    assert album.tags("back") == {"dog": USER_YES} and album.tags("other") == {}
    assert album.decisions.undo().said == "accepted “dog” on 1 photo"
    assert album.tags("back") == album.tags("other") == {}
    album.decisions.redo()
    assert album.tags("back") == {"dog": USER_YES} and album.tags("other") == {}


def test_a_step_that_is_undone_while_its_photo_is_away_does_not_come_back_with_it(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.forget("a")
    album.decisions.undo()
    album.add("a", shows=7)
    assert album.tags("a") == {}
    album.forget("a")
    album.decisions.redo()
    album.add("a", shows=7)
    assert album.tags("a") == {"dog": USER_YES}


def test_a_photo_that_was_edited_keeps_what_was_decided_and_so_does_its_new_content(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.add("a", shows=8)
    assert album.tags("a") == {"dog": USER_YES}
    album.forget("a")
    album.add("b", shows=8)
    album.add("c", shows=7)
    assert album.tags("b") == album.tags("c") == {"dog": USER_YES}


def test_undoing_reaches_a_photo_that_was_edited_and_the_copies_of_what_it_holds_now(album):
    album.add("a", shows=7)
    album.decisions.tag([album.ids["a"]], "dog")
    album.add("a", shows=8)
    album.add("b", shows=8)
    album.decisions.undo()
    assert album.tags("a") == album.tags("b") == {}
    album.add("c", shows=8)
    assert album.tags("c") == {}


def test_a_keyword_of_the_file_can_be_rejected_and_reading_it_again_does_not_bring_it_back(album):
    album.add("a", shows=7, keywords=["dog", "sea"])
    assert album.tags("a") == {"dog": SAID_BY_FILE, "sea": SAID_BY_FILE}
    dog = album.decisions.label_id("Dog")
    album.decisions.reject([(album.ids["a"], dog)])
    album.add("a", shows=7, keywords=["dog", "sea"])
    assert album.tags("a") == {"dog": USER_NO, "sea": SAID_BY_FILE}
    album.decisions.undo()
    assert album.tags("a") == {"dog": SAID_BY_FILE, "sea": SAID_BY_FILE}


def test_clearing_gives_back_what_there_was_before(album):
    album.add("a", shows=7, keywords=["sea"])
    dog, sea, own = album.suggest("dog", a=0.7), album.label("sea"), album.label("own")
    a = album.ids["a"]
    album.decisions.accept([(a, dog), (a, sea), (a, own)])
    album.decisions.reject([(a, dog)])
    step = album.decisions.clear([(a, dog), (a, sea), (a, own)])
    assert step.said == "cleared 3 labels on 1 photo"
    assert album.tags("a") == {"dog": WAITS, "sea": SAID_BY_FILE}
    assert album.decisions.of(a)[0].score == 0.7
    assert album.decisions.clear([(a, dog), (a, sea), (a, own)]) is None
    album.forget("a")
    album.add("a", shows=7)
    assert album.tags("a") == {}, "nothing is decided any more"
    album.decisions.undo()
    assert album.tags("a") == {"dog": USER_NO, "sea": USER_YES, "own": USER_YES}


def test_accepting_one_of_an_exclusive_group_takes_the_suggestions_of_the_others(album):
    album.add("a")
    album.add("b")
    indoor = album.suggest("indoor", a=0.9, b=0.5)
    outdoor, street = album.suggest("outdoor", a=0.4, b=0.6), album.suggest("street", a=0.4)
    album.group("scenes", "indoor", "outdoor", "street")
    album.decisions.accept([(album.ids["a"], street)])
    assert album.tags("a") == {"street": USER_YES}, "both of the others waited"
    album.decisions.undo()
    assert album.tags("a") == {"indoor": WAITS, "outdoor": WAITS, "street": WAITS}
    album.decisions.redo()
    album.decisions.accept([(album.ids["b"], indoor), (album.ids["b"], outdoor)])
    assert album.tags("b") == {"indoor": USER_YES, "outdoor": USER_YES}, "a person may say both"
    album.decisions.accept([(album.ids["a"], indoor)])
    assert album.tags("a") == {"indoor": USER_YES, "street": USER_YES}, "accepting rejects nothing"


def given(album) -> set[tuple[str, str]]:
    """Names of photos and labels that some list is noted to suggest."""
    with album.library.catalog.read() as db:
        rows = db.execute(
            "SELECT p.name, l.name FROM suggested_by s "
            "JOIN photo p ON p.id = s.photo_id JOIN label l ON l.id = s.label_id"
        ).fetchall()
    return {(row[0], row[1]) for row in rows}


def note(album, **scores: float) -> None:
    """That the list gives labels to the photo "a", as a run notes it."""

    def work(db):
        [list_id] = db.execute("SELECT min(id) FROM label_list").fetchone()
        rows = [(album.ids["a"], tags.find_label(db, label), score) for label, score in scores.items()]
        suggestions.note_given(db, list_id, rows)

    album.library.catalog.write(work)


def test_what_is_noted_of_a_list_goes_with_the_suggestion_and_comes_back_with_it(album):
    """Else a rival that was cleared would be held up by the list that gave it, when another one suggests it again."""
    album.add("a")
    album.group("scenes", "indoor", "outdoor")
    album.suggest("indoor", a=0.9)
    outdoor = album.suggest("outdoor", a=0.4)
    note(album, indoor=0.9, outdoor=0.4)
    assert given(album) == {("a", "indoor"), ("a", "outdoor")}
    album.decisions.accept([(album.ids["a"], outdoor)])
    assert given(album) == {("a", "outdoor")}
    album.decisions.undo()
    assert given(album) == {("a", "indoor"), ("a", "outdoor")}
    album.decisions.redo()
    assert given(album) == {("a", "outdoor")}


def test_what_is_noted_of_a_list_goes_with_a_keyword_that_the_file_has_no_more(album):
    album.add("a", shows=7)
    album.group("pets", "dog")
    album.suggest("dog", a=0.5)
    note(album, dog=0.5)
    album.add("a", shows=7, keywords=["dog"])
    album.add("a", shows=7)
    assert album.tags("a") == {} and given(album) == set()


def test_rejecting_takes_nothing_and_open_groups_are_no_rivals(album):
    album.add("a")
    indoor = album.suggest("indoor", a=0.9)
    album.suggest("outdoor", a=0.4)
    album.group("scenes", "indoor", "outdoor", exclusive=())
    album.decisions.accept([(album.ids["a"], indoor)])
    assert album.tags("a") == {"indoor": USER_YES, "outdoor": WAITS}
    album.group("others", "indoor", "outdoor")
    album.decisions.reject([(album.ids["a"], indoor)])
    assert album.tags("a") == {"indoor": USER_NO, "outdoor": WAITS}


def test_bulk_tagging_makes_a_label_once_and_knows_it_by_any_spelling(album):
    ids = [album.add(name) for name in "abc"]
    assert album.decisions.tag(ids, "  Café   Müller ").said == "accepted “Café Müller” on 3 photos"
    assert album.decisions.tag(ids[:1], "CAFE MULLER", accept=False).said == "rejected “Café Müller” on 1 photo"
    assert album.decisions.label_id("cafe muller") == album.decisions.label_id("Café Müller", create=True)
    with pytest.raises(CallError, match="Did you mean “Café Müller”"):
        album.decisions.tag(ids, "cafe mueller", accept=False)
    with pytest.raises(CallError, match="needs a name"):
        album.decisions.tag(ids, " \0 ")
    with pytest.raises(CallError, match="too long"):
        album.decisions.tag(ids, "x" * 201)


def test_no_label_is_made_for_photos_that_are_gone(album):
    album.decisions.tag([album.add("a")], "cat")
    assert album.decisions.tag([999], "cat") is None
    with pytest.raises(CallError, match="no label “dog”"):
        album.decisions.tag([999], "dog")


def test_listing_is_by_path_and_leaves_out_what_is_not_asked_for(album):
    album.add("b", folder="z")
    album.add("a", folder="z")
    album.add("c", folder="y", keywords=["sea"])
    album.add("untagged")
    dog = album.suggest("dog", a=0.9, b=0.2)
    album.suggest("cat", a=0.5)
    album.decisions.accept([(album.ids["b"], dog)])
    found = [(entry.path.name, [tag.label for tag in entry.tags]) for entry in album.decisions.listed()]
    assert found == [("c", ["sea"]), ("a", ["cat", "dog"]), ("b", ["dog"])]
    waiting = list(album.decisions.listed([State.SUGGESTED], label="DOG"))
    assert [(entry.path.name, [tag.label for tag in entry.tags]) for entry in waiting] == [("a", ["dog"])]
    root = album.library.roots()[0].root.path
    assert [entry.path.name for entry in album.decisions.listed(folder=root / "z")] == ["a", "b"]
    assert [entry.path.name for entry in album.decisions.listed(folder=root)] == ["c", "a", "b"]
    with pytest.raises(CallError, match="not in the library"):
        list(album.decisions.listed(folder=root.parent / "elsewhere"))
    with pytest.raises(CallError, match="no label “horse”"):
        list(album.decisions.listed(label="horse"))


def test_stats_count_states_by_label(album):
    album.add("a", keywords=["sea"])
    album.add("b")
    dog = album.suggest("dog", a=0.9, b=0.2)
    album.label("never used")
    album.decisions.reject([(album.ids["b"], dog)])
    stats = album.decisions.stats()
    assert (stats.photos, stats.suggested, stats.accepted, stats.rejected, stats.steps) == (1, 1, 1, 1, 1)
    assert [(label.label, label.suggested, label.accepted, label.rejected) for label in stats.labels] == [
        ("dog", 1, 0, 1),
        ("sea", 0, 1, 0),
    ]


def test_a_keyword_that_the_file_got_while_a_decision_stood_is_there_when_it_is_taken_back(album):
    album.add("a", shows=7)
    dog = album.label("dog")
    album.decisions.accept([(album.ids["a"], dog)])
    album.add("a", shows=7, keywords=["dog"])
    assert album.tags("a") == {"dog": USER_YES}
    album.decisions.undo()
    assert album.tags("a") == {"dog": SAID_BY_FILE}
    album.decisions.redo()
    album.add("a", shows=7)
    album.decisions.clear([(album.ids["a"], dog)])
    assert album.tags("a") == {}, "the file does not name it any more"


def test_a_keyword_that_the_file_lost_does_not_come_back_by_undoing(album):
    album.add("a", shows=7, keywords=["dog"])
    album.decisions.reject([(album.ids["a"], album.label("dog"))])
    album.add("a", shows=7)
    album.decisions.undo()
    assert album.tags("a") == {}


def test_a_suggestion_that_the_file_confirms_waits_no_more(album):
    album.add("a", shows=7)
    album.suggest("dog", a=0.5)
    album.add("a", shows=7, keywords=["dog"])
    assert album.tags("a") == {"dog": SAID_BY_FILE}


def test_a_copy_with_a_keyword_of_its_own_keeps_it_when_the_decision_that_it_came_under_is_undone(album):
    album.add("a", shows=7)
    album.decisions.reject([(album.ids["a"], album.label("dog"))])
    album.add("copy", shows=7, keywords=["dog"])
    assert album.tags("copy") == {"dog": USER_NO}
    album.decisions.undo()
    assert album.tags("a") == {} and album.tags("copy") == {"dog": SAID_BY_FILE}


def test_a_file_that_is_overwritten_with_a_copy_is_what_that_is_and_itself_again_later(album):
    album.add("a", shows=7, keywords=["sea"])
    album.add("b", shows=8)
    a = album.ids["a"]
    album.decisions.tag([a], "dog")
    album.decisions.reject([(a, album.label("sea"))])
    album.add("a", shows=8, keywords=["sea"])
    assert album.tags("a") == {"sea": SAID_BY_FILE} and album.tags("b") == {}
    album.add("a", shows=7, keywords=["sea"])
    assert album.tags("a") == {"dog": USER_YES, "sea": USER_NO}
    album.add("c", shows=8)
    assert album.tags("c") == {}


def test_a_keyword_whose_accents_are_written_apart_is_the_same_label(album):
    album.label("Noël")
    album.add("a", keywords=[unicodedata.normalize("NFD", "Noël")])
    assert album.tags("a") == {"Noël": SAID_BY_FILE}
