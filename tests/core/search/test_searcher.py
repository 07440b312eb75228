"""Searching a real catalogue, with an encoder whose answers can be foreseen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import CallError, PhotoError
from core.search.searcher import MOST, Searcher
from core.search.seeking import MEANT
from core.search.store import VectorStore
from core.types import SearchResult

from .conftest import WordEncoder, World


@pytest.fixture
def store(world: World):
    made = VectorStore(world.catalog, world.folder, world.model)
    yield made
    made.close()


@pytest.fixture
def searcher(world: World, store: VectorStore) -> Searcher:
    world.add("2019/Italy/dog.jpg", "dog", taken="2019-07-04T10:00:00")
    world.add("2019/Italy/dog on beach.jpg", "dog beach", taken="2019-07-05T10:00:00")
    world.add("2020/beach.jpg", "beach", taken="2020-01-01T10:00:00")
    world.add("2020/beach with people.jpg", "beach people", taken="2020-01-02T10:00:00")
    world.add("2020/people.jpg", "people", taken="2020-01-03T10:00:00")
    world.add("cake.jpg", "cake", taken=None)
    return Searcher(world.catalog, store, world.encoder, world.model)


def names(result: SearchResult) -> list[str]:
    return [hit.path.name for hit in result.hits]


def test_a_sentence_ranks_photos(searcher: Searcher) -> None:
    result = searcher.search("dog beach", top=3)
    assert names(result)[0] == "dog on beach.jpg"
    first = result.hits[0]
    assert first.path == Path("/photos/2019/Italy/dog on beach.jpg")
    assert first.score == pytest.approx(1.0, abs=1e-3) and first.match > 0.99 and first.strong
    assert first.reasons == ("name: 'dog', 'beach'", "looks like 'dog beach'")
    assert result.total == 6 and len(result.hits) == 3 and result.seconds > 0
    assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)
    weak = searcher.search("cake").hits[-1]
    assert not weak.strong and weak.match < 0.5 and weak.reasons == ("a little like 'cake'",)


def test_words_and_phrases_are_one_sentence(searcher: Searcher, world: World) -> None:
    searcher.search('dog "on the" beach')
    assert world.encoder.asked == ["dog on the beach"]


def test_a_sentence_is_encoded_once(searcher: Searcher, world: World) -> None:
    for _ in range(3):
        searcher.search("dog -people")
    assert world.encoder.asked == ["dog", *MEANT["people"]]
    for number in range(300):
        searcher.search(f"number{number}")
    searcher.search("dog")
    assert world.encoder.asked.count("dog") == 2, "the oldest are forgotten"


def test_leaving_out(searcher: Searcher) -> None:
    assert "beach with people.jpg" in names(searcher.search("beach"))
    result = searcher.search("beach -people")
    assert not {"beach with people.jpg", "people.jpg"} & set(names(result))
    assert names(result)[0] == "beach.jpg"
    assert result.total == len(result.hits)
    both = searcher.search("-people -beach")
    assert set(names(both)) == {"dog.jpg", "cake.jpg"}


def test_leaving_out_people_leaves_out_who_captions_call_a_man(world: World, searcher: Searcher) -> None:
    world.add("man.jpg", world.encoder.word("man"))
    assert "man.jpg" in names(searcher.search("man"))
    assert "man.jpg" not in names(searcher.search("beach -people"))
    assert "man.jpg" in names(searcher.search("beach -cake"))


def test_leaving_out_the_very_word_that_is_asked_for_finds_none_of_it(searcher: Searcher) -> None:
    assert not {"dog.jpg", "dog on beach.jpg"} & set(names(searcher.search("dog -dog")))


def test_filters_restrict_and_explain(searcher: Searcher) -> None:
    result = searcher.search("beach folder:Italy")
    assert names(result) == ["dog on beach.jpg", "dog.jpg"] and result.total == 2
    assert result.hits[0].reasons == ("name: 'beach'", "looks like 'beach'", "folder: Italy")
    assert set(names(searcher.search("beach -folder:Italy"))) == {
        "beach.jpg", "beach with people.jpg", "people.jpg", "cake.jpg",
    }  # fmt: skip
    assert names(searcher.search("dog folder:nowhere")) == []
    assert searcher.search("dog folder:nowhere").total == 0


def test_a_filter_alone_is_a_query_newest_first(searcher: Searcher, world: World) -> None:
    result = searcher.search("date:2020")
    assert names(result) == ["people.jpg", "beach with people.jpg", "beach.jpg"] and result.total == 3
    assert all((hit.score, hit.match, hit.strong) == (0.0, 1.0, True) for hit in result.hits)
    assert result.hits[0].reasons == ("date: 2020",)
    assert names(searcher.search("date:2020 -people")) == ["beach.jpg"]
    assert names(searcher.search("-folder:Italy", top=2)) == ["people.jpg", "beach with people.jpg"]
    assert searcher.search("-folder:Italy", top=2).total == 4
    assert world.encoder.asked == list(MEANT["people"]), "a filter alone needs no model"


def test_a_filter_alone_builds_no_encoder(world: World, store: VectorStore) -> None:
    world.add("a.jpg", "dog")
    built: list[WordEncoder] = []

    def build() -> WordEncoder:
        built.append(WordEncoder())
        return built[-1]

    searcher = Searcher(world.catalog, store, build, world.model)
    assert names(searcher.search("date:2020")) == ["a.jpg"] and not built
    assert names(searcher.similar(Path("/photos/a.jpg"))) == [] and not built
    searcher.search("dog")
    searcher.search("cat")
    assert len(built) == 1


def test_copies_are_one_hit(searcher: Searcher, world: World) -> None:
    for name in ("x/b.jpg", "x/a.jpg", "y/c.jpg"):
        world.add(name, "kite", content=b"the same", taken="2021-01-01T00:00:00")
    [hit] = searcher.search("kite", top=1).hits
    assert hit.path == Path("/photos/x/a.jpg")
    assert hit.copies == (Path("/photos/x/b.jpg"), Path("/photos/y/c.jpg"))
    assert searcher.search("kite").total == 7
    [hit] = searcher.search("kite folder:y").hits
    assert hit.path == Path("/photos/y/c.jpg") and hit.copies == ()
    browsed = searcher.search("date:2021")
    assert browsed.total == len(browsed.hits) == 1 and len(browsed.hits[0].copies) == 2


def test_similar_is_never_the_photo_itself(searcher: Searcher, world: World) -> None:
    result = searcher.similar(Path("/photos/2019/Italy/dog.jpg"))
    assert names(result)[0] == "dog on beach.jpg" and "dog.jpg" not in names(result)
    assert result.total == len(result.hits) == 5
    world.add("copy of dog.jpg", "dog", content=b"/photos/2019/Italy/dog.jpg")
    hit = searcher.similar(Path("/photos/x/../2019/Italy/dog.jpg")).hits[0]
    assert hit.path.name == "copy of dog.jpg" and hit.reasons == ("same picture",) and hit.strong
    assert hit.score == pytest.approx(1.0, abs=1e-3)
    assert world.encoder.asked == [] and world.encoder.pictures == 0


def test_a_picture_and_a_sentence_together(searcher: Searcher) -> None:
    together = searcher.search("beach", like=Path("/photos/2019/Italy/dog.jpg"))
    assert names(together)[0] == "dog on beach.jpg" and "dog.jpg" not in names(together)
    assert names(searcher.search('beach like:"/photos/2019/Italy/dog.jpg"')) == names(together)
    first = together.hits[0]
    assert first.reasons == ("name: 'beach'", "looks like 'beach'", "looks like dog.jpg")
    assert 0 < first.match < 1
    assert together.hits[-1].match < first.match


def test_unlike_a_picture(searcher: Searcher) -> None:
    assert "beach with people.jpg" in names(searcher.search("beach"))
    left = names(searcher.search("beach -like:/photos/2020/people.jpg"))
    assert left[0] == "beach.jpg" and not {"people.jpg", "beach with people.jpg"} & set(left)
    compared = names(searcher.search("like:/photos/2020/beach.jpg -like:/photos/2020/people.jpg"))
    assert "dog on beach.jpg" in compared and not {"beach.jpg", "people.jpg", "beach with people.jpg"} & set(compared)


def test_a_picture_from_outside_is_encoded(searcher: Searcher, world: World, tmp_path: Path) -> None:
    pytest.importorskip("core.photos.decode")
    world.add("red thing.jpg", "red")
    picture = tmp_path / "outside.png"
    Image.new("RGB", (80, 60), (250, 5, 5)).save(picture)
    result = searcher.similar(picture)
    assert names(result)[0] == "red thing.jpg" and result.total == 7 and world.encoder.pictures == 1


@pytest.mark.parametrize("what", ["missing", "folder", "text", "nul", "long"])
def test_what_is_no_photo_is_said_in_a_sentence(searcher: Searcher, tmp_path: Path, what: str) -> None:
    pytest.importorskip("core.photos.decode")
    path = tmp_path / "x.jpg"
    if what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("this is no picture")
    elif what == "nul":
        path = Path("a\0b.jpg")
    elif what == "long":
        path = tmp_path / ("y" * 5000)
    with pytest.raises(PhotoError) as fault:
        searcher.similar(path)
    assert len(fault.value.reason) > 10 and "\n" not in str(fault.value)
    with pytest.raises(PhotoError):
        searcher.search("dog", like=path)


@pytest.mark.parametrize("text", ["", "   ", '""', '-""', "\t\n"])
def test_an_empty_query_is_a_wrong_call(searcher: Searcher, text: str) -> None:
    with pytest.raises(CallError, match="Say what to look for"):
        searcher.search(text)


@pytest.mark.parametrize("top", [0, -1, MOST + 1])
def test_top_has_a_range(searcher: Searcher, top: int) -> None:
    with pytest.raises(CallError, match="1 to"):
        searcher.search("dog", top=top)
    with pytest.raises(CallError, match="1 to"):
        searcher.similar(Path("/photos/cake.jpg"), top)


@pytest.mark.parametrize(
    "text", ["x " * 5000, "y" * 10_000, "-" * 10_000, "a\ud800b", "-\ud800", "\x00", "folder:a\x00 dog"]
)
def test_odd_queries_are_answered(searcher: Searcher, text: str) -> None:
    result = searcher.search(text)
    assert all(len(reason) < 200 for hit in result.hits for reason in hit.reasons)


def test_an_empty_library_gives_nothing(world: World, store: VectorStore) -> None:
    searcher = Searcher(world.catalog, store, world.encoder, world.model)
    for text in ("dog", "dog -cat", "date:2019", "-cat", "dog folder:x"):
        result = searcher.search(text)
        assert result.hits == () and result.total == 0


def test_only_contents_with_a_photo_are_found(searcher: Searcher, world: World) -> None:
    """Photos are forgotten before the contents that they leave are purged."""
    for number in range(40):
        world.add(f"gone/{number}.jpg", "kite")
    world.catalog.write(
        lambda db: db.execute("DELETE FROM photo WHERE folder_id IN (SELECT id FROM folder WHERE path = 'gone')")
    )
    result = searcher.search("kite", top=4)
    assert len(result.hits) == 4 and not any("gone" in str(hit.path) for hit in result.hits)
    everything = searcher.search("kite", top=50)
    assert len(everything.hits) == everything.total == 6


def test_what_another_process_adds_is_found(searcher: Searcher, world: World) -> None:
    assert "kite.jpg" not in names(searcher.search("kite"))
    import sqlite3

    world.add("kite.jpg", None)
    other = sqlite3.connect(world.catalog.path)
    with other:
        other.execute(
            "INSERT INTO embedding (content_id, model_id, vector) "
            "SELECT content_id, 1, ? FROM photo WHERE name = 'kite.jpg'",
            [world.encoder.word("kite").astype("<f2").tobytes()],
        )
    other.close()
    assert names(searcher.search("kite"))[0] == "kite.jpg"


def test_a_photo_that_is_not_encoded_yet(searcher: Searcher, world: World) -> None:
    world.add("new.jpg", None, taken="2022-01-01T00:00:00")
    assert "new.jpg" not in names(searcher.search("cake"))
    assert names(searcher.search("date:2022")) == ["new.jpg"]
    assert names(searcher.search("date:2022 -people")) == ["new.jpg"]


def test_more_hits_than_a_batch_with_everything_at_once(world: World, store: VectorStore) -> None:
    rng = np.random.default_rng(6)
    vectors = rng.standard_normal((3000, world.model.dim), dtype=np.float32)
    world.add_many(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    searcher = Searcher(world.catalog, store, world.encoder, world.model)
    result = searcher.search("dog", top=2500)
    assert len(result.hits) == 2500 and result.total == 3000
    assert len({hit.content_id for hit in result.hits}) == 2500
    query = world.encoder.word("dog")
    truth = sorted((float(row.astype(np.float32) @ query) for row in world.stored().values()), reverse=True)
    np.testing.assert_allclose([hit.score for hit in result.hits], truth[:2500], atol=1e-5)
    assert len(searcher.search("-cat", top=3000).hits) == searcher.search("-cat", top=1).total
