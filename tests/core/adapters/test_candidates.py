"""Which names captions and tags mention."""

from __future__ import annotations

from core.adapters.candidates import Candidate, Said, candidates


def found(*texts: str, tags: tuple[tuple[int, str], ...] = ()) -> dict[str, Candidate]:
    said = [Said(number, text) for number, text in enumerate(texts)]
    said += [Said(number, tag, tag=True) for number, tag in tags]
    return {one.name: one for one in candidates(said)}


def test_names_are_told_from_words() -> None:
    names = found(
        "Biscuit on the beach",
        "A dog runs to the water",
        "The dog and Biscuit",
        "biscuit!",
        "At the beach with Oma Els.",
        "Oma Els",
        "Two children play. Lotte laughs",
        "Dog jumps",
        "Oma Els and Biscuit",
    )
    assert names["Biscuit"].contents == (0, 2, 3, 8)
    assert names["Oma Els"].contents == (4, 5, 8) and names["Oma Els"].proper
    assert names["Lotte"].contents == (6,) and not names["Lotte"].proper
    assert set(names) == {"Biscuit", "Oma Els", "Lotte"}


def test_something_definite_is_a_name_and_found_in_longer_captions() -> None:
    names = found("the blue cabin", "Us at the blue cabin in 2019", "a blue boat", "my cat", "My cat asleep")
    assert names["the blue cabin"].contents == (0, 1) and names["the blue cabin"].proper
    assert names["my cat"].contents == (3, 4)
    assert "a blue boat" not in names


def test_words_written_without_capitals_are_names_where_several_photos_have_nothing_else() -> None:
    assert found("tante jo", "tante jo", "two boats")["tante jo"].contents == (0, 1)
    assert not found("tante jo at home")


def test_tags_are_names_and_their_captions_count() -> None:
    names = found("grandma at the lake", "a lake", tags=((5, "Grandma"), (6, "Grandma"), (6, "2019")))
    assert names["Grandma"].contents == (0, 5, 6)
    assert "2019" not in names


def test_titles_say_nothing_by_their_capitals() -> None:
    assert not found("Summer In Italy At The Lake Of Como", "The End Of A Long And Happy Day")


def test_a_longer_name_hides_a_shorter_one() -> None:
    names = found("Oma", "Oma", "with Oma Els", "Oma Els")
    assert names["Oma"].contents == (0, 1) and names["Oma Els"].contents == (2, 3)
