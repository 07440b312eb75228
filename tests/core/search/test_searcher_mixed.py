"""Alternatives, weights, words that are written about photos, marks and orders, on a real catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import captions, photos
from core.errors import CallError
from core.search.searcher import Searcher
from core.search.store import VectorStore
from core.types import FoundCaption, Marks, Order, SearchResult

from .conftest import World


@pytest.fixture
def searcher(world: World):
    store = VectorStore(world.catalog, world.folder, world.model)
    world.add("2019/Italy/1.jpg", "dog", taken="2019-07-04T10:00:00")
    world.add("2019/Italy/2.jpg", "dog beach", taken="2019-07-05T10:00:00")
    world.add("2020/3.jpg", "beach", taken="2020-01-01T10:00:00")
    world.add("2020/4.jpg", "beach people", taken="2020-01-02T10:00:00")
    world.add("2020/5.jpg", "people", taken="2020-01-03T10:00:00")
    world.add("6.jpg", "cake", taken=None)
    yield Searcher(world.catalog, store, world.encoder, world.model)
    store.close()


def names(result: SearchResult) -> list[str]:
    return [hit.path.stem for hit in result.hits]


def strong(result: SearchResult) -> set[str]:
    return {hit.path.stem for hit in result.hits if hit.strong}


def say(world: World, path: str, text: str) -> None:
    def work(db):
        photo = photos.by_path(db, Path("/photos") / path)
        captions.replace_from_file(db, photo.id, [FoundCaption(text, "sidecar")])

    world.catalog.write(work)


def ids(world: World, *paths: str) -> tuple[int, ...]:
    with world.catalog.read() as db:
        return tuple(photos.by_path(db, Path("/photos") / path).id for path in paths)


def test_what_counts_against_a_photo_is_said_after_what_it_was_found_for(searcher: Searcher) -> None:
    [best, *_] = searcher.search("-0.5:people 2:beach").hits
    assert best.reasons == ("looks like 'beach'", "less like 'people'")


def test_alternatives_are_found_each_for_itself(searcher: Searcher) -> None:
    result = searcher.search("dog OR cake")
    assert set(names(result)[:2]) == {"1", "6"}
    assert strong(result) >= {"1", "6"} and "3" not in strong(result)
    first = {hit.path.stem: hit.reasons for hit in result.hits}
    assert first["1"] == ("looks like 'dog'",) and first["6"] == ("looks like 'cake'",)
    assert len({hit.content_id for hit in result.hits}) == len(result.hits) == result.total == 6


def test_alternatives_with_filters(searcher: Searcher) -> None:
    result = searcher.search("(dog folder:Italy) OR (people date:2020)")
    assert set(names(result)) == {"1", "2", "3", "4", "5"} and result.total == 5
    assert set(names(result)[:2]) == {"1", "5"}
    assert searcher.search("(dog date:2019) OR (beach folder:Italy)").total == 2
    assert searcher.search("(dog -people) OR (beach -people)").total == 4
    either = searcher.search("cake OR date:2019")
    assert set(names(either)[:2]) == {"1", "2"} and strong(either) == {"1", "2", "6"}
    assert set(names(searcher.search("beach (folder:Italy OR date:2020-01-01)"))) == {"1", "2", "3"}


def test_too_many_alternatives_are_refused_in_a_sentence(searcher: Searcher) -> None:
    with pytest.raises(CallError, match="fewer alternatives"):
        searcher.search(" ".join(f"(a{n} OR b{n})" for n in range(6)))


def test_weights_move_the_answer(searcher: Searcher) -> None:
    assert names(searcher.search("beach 3:people"))[0] in {"4", "5"}
    assert names(searcher.search("3:beach people"))[0] in {"3", "4"}
    order = names(searcher.search("beach -0.8:people"))
    assert order.index("3") < order.index("4")
    assert "4" in order, "less of it is not without it"


def test_a_name_in_a_caption_beats_a_vague_likeness(searcher: Searcher, world: World) -> None:
    say(world, "6.jpg", "Grandma Els blows out the candles")
    result = searcher.search("grandma els")
    assert names(result)[0] == "6" and result.hits[0].strong
    assert result.hits[0].reasons[0] == "caption: 'Grandma', 'Els'"
    assert "6" not in names(searcher.search("grandma els -cake"))


def test_a_likeness_beats_a_stray_word(searcher: Searcher, world: World) -> None:
    say(world, "6.jpg", "My dog and I, and nobody else in this long story of a picture")
    assert names(searcher.search("dog beach"))[0] == "2"


def test_what_is_written_leaves_out_too(searcher: Searcher, world: World) -> None:
    assert "3" in names(searcher.search("beach -biscuit"))
    say(world, "2020/3.jpg", "Biscuit in the sand")
    assert "3" not in names(searcher.search("beach -biscuit"))
    assert "3" not in names(searcher.search("-biscuit"))
    assert "3" in names(searcher.search("biscuit -cake"))


def test_marks_move_the_answer_and_leave_no_trace(searcher: Searcher, world: World) -> None:
    before = names(searcher.search("beach"))
    people, dog = ids(world, "2020/5.jpg"), ids(world, "2019/Italy/1.jpg")
    after = names(searcher.search("beach", marks=Marks(people, dog)))
    assert after.index("4") < after.index("2") and after[-1] == "1"
    turned = names(searcher.search("beach", marks=Marks(dog, people)))
    assert turned.index("2") < turned.index("4") and turned[-1] == "5"
    assert names(searcher.search("beach")) == before
    assert names(searcher.search("beach", marks=Marks((10**12,), ()))) == before


def test_orders_keep_the_strong_ones_first(searcher: Searcher) -> None:
    by_date = searcher.search("beach", order=Order.DATE)
    kept = [hit.strong for hit in by_date.hits]
    assert kept == sorted(kept, reverse=True) and by_date.strong == sum(kept) >= 2
    taken = names(by_date)[: by_date.strong]
    assert taken == sorted(taken, key=["6", "1", "2", "3", "4", "5"].index, reverse=True)
    oldest = names(searcher.search("beach", order=Order.OLDEST))[: by_date.strong]
    assert oldest == taken[::-1]
    folders = searcher.search("date:2019 OR date:2020", order=Order.FOLDER)
    assert names(folders) == ["1", "2", "3", "4", "5"]


def test_a_part_of_a_picture_is_read(searcher: Searcher, world: World, tmp_path: Path) -> None:
    world.add("red thing.jpg", "red")
    world.add("blue thing.jpg", "blue")
    picture = tmp_path / "two halves.png"
    pixels = np.zeros((60, 120, 3), np.uint8)
    pixels[:, :60, 0] = 255
    pixels[:, 60:, 2] = 255
    Image.fromarray(pixels).save(picture)
    assert names(searcher.search(f'like:"{picture}"[0,0,50,100]'))[0] == "red thing"
    right = searcher.search(f'like:"{picture}"[50,0,100,100]')
    assert names(right)[0] == "blue thing"
    assert right.hits[0].reasons == ("looks like a part of two halves.png",)


@pytest.mark.parametrize("text", ["beach", "2:beach -0.5:cake", "dog OR beach"])
def test_what_a_person_called_right_or_wrong_is_so(searcher: Searcher, world: World, text: str) -> None:
    before = searcher.search(text)
    assert {"3", "4"} <= strong(before) and "6" not in strong(before)
    [alone, crowd, cake] = ids(world, "2020/3.jpg", "2020/4.jpg", "6.jpg")
    after = searcher.search(text, marks=Marks((cake, alone), (crowd,)))
    assert {"3", "6"} <= strong(after) and "4" not in strong(after), "though it looks like one that is right"
    assert after.strong == len(strong(after)) and {*names(after)[: after.strong]} == strong(after), "the strong first"


def test_every_hit_says_why(searcher: Searcher, world: World) -> None:
    say(world, "2020/3.jpg", "sand castle")
    for text in ("beach", "castle folder:2020", "dog OR castle", "beach 2:people -cake", "date:2020"):
        assert all(hit.reasons for hit in searcher.search(text).hits), text
