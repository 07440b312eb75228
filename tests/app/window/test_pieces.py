"""What is said of each part of a query, where it stands, and what is left when it is taken out."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.window.pieces import Tone, taken_out, understood, with_filter
from app.window.typed import finished

TEXTS = st.lists(
    st.sampled_from(
        ["dog", "🐈", "OR", "-", "-people", "(", ")", "-(", "folder:Italy", "date:soon", '-date:"some day"', "2:sunset"]
        + ['"birthday cake"', '"', "like:a.jpg", "is:portrait", "folder:", "(cat OR dog)", "--x", "http://x", "|", '""']
    )
).map(" ".join) | st.text(alphabet='ab -():"|O R1\u3000🐈', max_size=30)


@pytest.mark.parametrize(
    "text", ["", "  ", "dog", "dog on the beach", "- dog", "folder:", "dog date:", "dog -", "10:30"]
)
def test_plain_words_and_what_is_still_being_typed_need_no_explanation(text: str) -> None:
    assert understood(text) == ()


@pytest.mark.parametrize(
    ("text", "tone", "says"),
    [
        ("folder:Italy", Tone.FILTER, "in folder Italy"),
        ("iso:>800", Tone.FILTER, "ISO over 800"),
        ("(folder:a OR folder:b)", Tone.FILTER, "in folder a or in folder b"),
        ("-people", Tone.WITHOUT, "not: people"),
        ("-folder:Italy", Tone.WITHOUT, "not: in folder Italy"),
        ("2:sunset", Tone.WEIGHT, "2 x sunset"),
        ("-0.5:people", Tone.WEIGHT, "0.5 x less: people"),
        ('like:"/a/photo.jpg"', Tone.LIKE, "looks like photo.jpg"),
        ('"birthday cake"', Tone.WORDS, "“birthday cake”"),
        ("dog OR cat", Tone.EITHER, "dog or cat"),
        ("date:banana", Tone.MISREAD, "date:banana is no date, so it counts as words"),
        ('-date:"some day"', Tone.MISREAD, 'date:"some day" is no date, so it counts as words'),
        ("a OR date:soon", Tone.MISREAD, "a or date:soon (date:soon is no date, so it counts as words)"),
    ],
)
def test_each_kind_of_part_is_said_in_words(text: str, tone: Tone, says: str) -> None:
    (part,) = understood(f"  {text}")
    assert (part.tone, part.says) == (tone, says)
    assert part.places == ((2, 2 + len(text)),)
    assert bool(part.wrong) == (tone is Tone.MISREAD)
    assert taken_out(f"  {text}", part) == ""


def test_plain_words_are_one_part_wherever_they_stand() -> None:
    text = "dog on  folder:Italy the beach -people"
    words, folder, people = understood(text)
    assert words.says == "looks like: dog on the beach"
    assert [text[first:last] for first, last in words.places] == ["dog on", "the beach"]
    assert [part.says for part in (folder, people)] == ["in folder Italy", "not: people"]
    assert taken_out(text, words) == "folder:Italy -people"
    assert taken_out(text, folder) == "dog on the beach -people"


def test_what_is_still_being_typed_stays_when_a_part_is_taken_out() -> None:
    text = "folder:Italy dog date:"
    folder, _ = understood(text)
    assert taken_out(text, folder) == "dog date:"


@given(TEXTS)
@example("OR -a dog")
@example('"" OR -a')
@example("dog folder: dog")
def test_taking_out_part_after_part_leaves_the_others_and_ends_with_plain_words(text: str) -> None:
    before = understood(text)
    for _ in range(len(before) + 1):
        if not before:
            return
        text = taken_out(text, before[0])
        after = understood(text)
        if finished(text) != text.strip():
            return  # A key that is the last thing now looks as if it were still being typed.
        left = [part.says for part in before[1:]]
        # Plain words alone need no explanation.
        assert [part.says for part in after] == ([] if len(left) == 1 and left[0].startswith("looks like: ") else left)
        before = after
    raise AssertionError(text)


@given(TEXTS)
def test_the_places_of_the_parts_are_what_they_say(text: str) -> None:
    taken: set[int] = set()
    for part in understood(text):
        for first, last in part.places:
            assert 0 <= first < last <= len(text)
            assert not text[first].isspace()
            assert not taken & set(range(first, last)), "no two parts share a character"
            taken |= set(range(first, last))


@pytest.mark.parametrize(
    ("text", "words", "filter_text", "after"),
    [
        ("dog italy", "italy", "folder:Italy", "dog folder:Italy"),
        ("dog in New York -x", "New York", 'folder:"New York"', 'dog in folder:"New York" -x'),
        ("new -x york", "new york", "folder:NY", "folder:NY -x"),
        ("a a b", "a b", "tag:ab", "a tag:ab"),
        ('"italy" italy', "italy", "folder:Italy", '"italy" folder:Italy'),
        ("🐈 july", "july", "date:july", "🐈 date:july"),
        ("dog", "italy", "folder:Italy", "dog"),
        ("dog OR italy", "italy", "folder:Italy", "dog OR italy"),
    ],
)
def test_a_filter_takes_the_place_of_its_words(text: str, words: str, filter_text: str, after: str) -> None:
    assert with_filter(text, words, filter_text) == after
