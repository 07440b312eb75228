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


def test_captions_that_are_nothing_but_a_name_say_how_far_it_goes() -> None:
    for texts in (
        ("Oma Els", "Oma Els", "oma els at the door"),
        ("Oma Els", "Oma Els", "oma els at the door", "oma els", "with oma els", "oma els again"),
    ):
        names = found(*texts)
        assert list(names) == ["Oma Els"] and names["Oma Els"].contents == tuple(range(len(texts)))
    names = found("Bello Junior", "Bello Junior", "bello junior at the door", "Bello", "Bello")
    assert names["Bello Junior"].contents == (0, 1, 2) and names["Bello"].contents == (3, 4)
    assert list(found("OMA GRETE", "oma grete again", "Oma Grete")) == ["Oma Grete"]
    assert list(found("Biscuit asleep", "Biscuit asleep")) == ["Biscuit"], "this says more than a name"
    assert set(found("Biscuit & Momo", "Biscuit & Momo")) == {"Biscuit", "Momo"}


def test_what_cameras_and_file_managers_write_is_no_name() -> None:
    assert not found(
        "OLYMPUS DIGITAL CAMERA",
        "untitled",
        "IMG_1234",
        "DSC00012.JPG",
        "Photo by John Smith",
        "At the lake. Photo: J. Smith",
        "© John Smith 2019",
        "P1010023",
        "IMG 1234",
        "dsc-0012",
        "https://www.example.com/a",
        tags=((3, "IMG_20190101_101112.jpg"),),
    )
    names = found("Biscuit at home, photo by Oma Els", "Biscuit", "Photos by the lake, with Biscuit", "Expo2000")
    assert names["Biscuit"].contents == (0, 1, 2) and set(names) == {"Biscuit", "Expo2000"}
    assert found("Oma Els", "photo by Oma Els")["Oma Els"].contents == (0,), "who takes a photo is not on it"


def test_names_stand_between_others_where_there_are_no_spaces() -> None:
    names = found("李明", "李明和我", "李明", "犬太郎", "昨日の犬太郎です", "我们今天在海边和朋友一起散步")
    assert set(names) == {"李明", "犬太郎"}
    assert names["李明"].contents == (0, 1, 2) and names["犬太郎"].contents == (3, 4)
    assert found("ポチ", "ポチと海", "ポチャッコ")["ポチ"].contents == (0, 1), "katakana is a word by itself"


def test_an_ordinary_word_becomes_a_name_by_what_stands_beside_it() -> None:
    names = found("our Toy", "our Toy in the bath", "Toy the duck", "Toy the duck")
    assert names["our Toy"].contents == (0, 1) and names["Toy the duck"].contents == (2, 3)
    assert all(name.proper for name in names.values()) and "Toy" not in names
    assert set(found("our Biscuit", "Biscuit the dog")) == {"Biscuit"}, "this is no ordinary word"
