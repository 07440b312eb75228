"""What names match, what is said of filters, and that nothing typed gets out of hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.catalog import photos
from core.errors import CallError
from core.search import filters
from core.search.grammar import All, Any, InFolder, Iso, Query, Span, Tag, Term, Without, Word, parse
from core.types import FileStamp, PhotoMetadata
from tests.core.search.conftest import World

from .conftest import Few
from .reference import holds


def paths(world: World, text: str) -> set[str]:
    with world.catalog.read() as db:
        ids = photos.ids_by_date(db, *filters.compile(parse(text)))
        return {photo.path.relative_to("/photos").as_posix() for photo in photos.by_ids(db, ids.tolist())}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("folder:italy", {"Italy", "Italy/Rome", "Italy 2019", "2019-07 Italy", "2019/Italy"}),
        ("folder:Italy/", {"Italy", "Italy/Rome", "2019-07 Italy", "2019/Italy"}),
        ("folder:italy/rome", {"Italy/Rome"}),
        ("folder:2019/ital", {"2019/Italy"}),
        ("folder:2019\\italy", {"2019/Italy"}),
        ('folder:"ITALY 2019"', {"Italy 2019"}),
        ("folder:/photos/italy", {"Italy", "Italy/Rome"}),
        ("folder:/photos/ital", set()),
        ("folder:photos -folder:italy", {".", "Littleitaly", "ärger"}),
        ("folder:ÄRGER", {"ärger"}),
        ("folder:arger", {"ärger"}),
        ("folder:rome OR folder:ärger", {"Italy/Rome", "ärger"}),
        ("-(folder:italy OR folder:ärger)", {".", "Littleitaly"}),
        ("folder:%", set()),
        ("folder:" + "x" * 20_000, set()),
        ("folder:ab\ud800c", set()),
        ("folder:a\x00b", set()),
        ("-folder:a\x00b folder:little", {"Littleitaly"}),
    ],
)
def test_what_a_folders_name_matches(world: World, text: str, kept: set[str]) -> None:
    folders = ["", "Italy", "Italy/Rome", "Italy 2019", "2019-07 Italy", "2019/Italy", "Littleitaly", "ärger"]
    for folder in folders:
        world.add(f"{folder}/a.jpg".lstrip("/"), None)
    assert paths(world, text) == {(Path(folder) / "a.jpg").as_posix() for folder in kept}


def test_a_folder_keeps_its_name_when_its_root_is_swallowed(world: World) -> None:
    from core.catalog import roots

    world.add("Été/a.jpg", None, root=Path("/photos/2019"))
    world.add("b.jpg", None)

    def work(db) -> None:
        child, parent = roots.get(db, Path("/photos/2019")), roots.get(db, Path("/photos"))
        assert child is not None and parent is not None
        roots.swallow(db, parent.id, child, "2019")

    world.catalog.write(work)
    assert paths(world, "folder:2019/ete") == paths(world, "folder:/photos/2019") == {"2019/Été/a.jpg"}


def test_a_name_follows_its_file(world: World) -> None:
    world.add("Zürich.jpg", None)

    def work(db) -> None:
        [photo] = photos.by_ids(db, photos.ids_by_date(db).tolist())
        place = db.execute("SELECT folder_id FROM photo").fetchone()[0]
        photos.move(db, photo.id, place, "Genève.jpg", FileStamp(1, 2, 3))

    world.catalog.write(work)
    assert paths(world, "name:zurich") == set() and paths(world, "name:GENEVE") == {"Genève.jpg"}


def test_what_a_file_says_now_is_what_is_asked(world: World) -> None:
    world.add("a.jpg", None, taken="2019-07-04T12:00:00")
    said = PhotoMetadata(400, 300, "PNG", "2020-12-25T12:00:00", camera="Kodak", latitude=1.0, longitude=2.0, rating=4)

    def work(db) -> None:
        [id] = photos.ids_by_date(db).tolist()
        photos.set_metadata(db, id, said)

    assert paths(world, "date:july is:landscape") == set()
    world.catalog.write(work)
    for text in ("date:christmas", "date:friday", "camera:kodak", "near:1,2", "is:landscape", "size:<1mp", "type:png"):
        assert paths(world, text) == {"a.jpg"}, text
    assert paths(world, "date:july") == set()


def test_no_filter_is_no_condition() -> None:
    assert filters.compile(parse("a dog -people")) == (None, ())
    assert filters.compile(()) == (None, ())


def test_of_a_query_the_filters_alone_count(few: Few) -> None:
    query = parse("dog folder:italy (cat OR tag:cat) -(iso:>100 rating:5)")
    assert filters.compile(query) == filters.compile(query.where) and len(query.where) == 2
    with pytest.raises(ValueError, match="dog is no filter"):
        filters.compile([Word("dog")])


def test_days_count_from_today(few: Few) -> None:
    query = parse("date:yesterday")
    with few.catalog.read() as db:
        found = filters.newest(db, query, today=date(2024, 11, 25))
        other = filters.newest(db, query, today=date(2024, 11, 26))
        assert (found.total, other.total) == tuple(
            sum((made.metadata.taken or "").startswith(day) for made in few.photos.values())
            for day in ("2024-11-24", "2024-11-25")
        )
    assert found.total > 0 and found.ids.tolist() != other.ids.tolist()


def test_seasons_turn_round_in_the_south(few: Few) -> None:
    summer = parse("date:summer")
    with few.catalog.read() as db:
        north = set(photos.ids_by_date(db, *filters.compile(summer)).tolist())
        south = set(photos.ids_by_date(db, *filters.compile(summer, southern=True)).tolist())
    months = {id: (made.metadata.taken or "0000-00")[5:7] for id, made in few.photos.items()}
    assert north == {id for id, month in months.items() if month in ("06", "07", "08")}
    assert south == {id for id, month in months.items() if month in ("12", "01", "02")}


def test_nothing_typed_becomes_sql(few: Few) -> None:
    typed = "'; DROP TABLE photo; --"
    keys = ("folder", "camera", "lens", "tag", "caption", "name")
    query = parse(" ".join(f'{key}:"{typed}" -{key}:"%\' OR 1=1"' for key in keys))
    where = filters.compile(query)
    assert len(query.where) == 12 and where.sql is not None
    assert "DROP" not in where.sql and where.sql.count("?") == len(where.params)
    with few.catalog.read() as db:
        assert photos.ids_by_date(db, *where).tolist() == []
        assert photos.count(db) == len(few.photos)


def test_filters_in_words() -> None:
    query = parse(
        'folder:"New York" -folder:Work date:2019-07..2019-08 dog (tag:a OR tag:"b c") -(iso:>100 is:portrait)'
    )
    assert filters.reasons(query) == (
        "folder: New York",
        "not folder: Work",
        "date: 2019-07..2019-08",
        "tag: a or tag: b c",
        "not (iso: >100 and is: portrait)",
    )


def test_a_thousand_filters_are_no_deeper_than_sqlite_goes(few: Few) -> None:
    text = " ".join(f"-folder:nowhere{number} -iso:{number}" for number in range(1200)) + " folder:Italy" * 1000
    with few.catalog.read() as db:
        found = photos.ids_by_date(db, *filters.compile(parse(text)))
        italy = photos.ids_by_date(db, *filters.compile(parse("folder:Italy")))
    iso = {id for id, made in few.photos.items() if (made.metadata.iso or 0) in range(1, 1200)}
    assert set(found.tolist()) == set(italy.tolist()) - iso and len(found)


@pytest.mark.parametrize("inner", ["tag:cat", "lens:sigma", "-caption:dog", "date:easter", "-near:1,2"])
@pytest.mark.parametrize(
    "pattern", ["({} iso:>{n} OR iso:<{n})", "-(iso:{n} OR {} iso:50)", "(iso:{n} ({} OR iso:50))"]
)
def test_brackets_as_deep_as_the_grammar_has_them(few: Few, inner: str, pattern: str) -> None:
    text = inner
    for number in range(24 if "((" in pattern.replace("iso:{n} ", "") else 49):
        text = pattern.replace("{n}", str(number)).format(text)
    query = parse(text)
    assert query.where == query.terms != ()
    where = filters.compile(query)
    with few.catalog.read() as db:
        ids = photos.ids_by_date(db, *where)
        # A statement of the searcher's with the condition inside.
        named = photos.by_content(db, [row[0] for row in db.execute("SELECT id FROM content")], where)
    assert sorted(ids.tolist()) == sorted(photo.id for copies in named.values() for photo in copies)


def full(depth: int, number: int = 1) -> Term:
    """A tree with two branches everywhere."""
    if depth == 0:
        return Iso(Span(float(number), None))
    return (All if depth % 2 else Any)((full(depth - 1, 2 * number), full(depth - 1, 2 * number + 1)))


def test_a_tree_with_a_thousand_leaves(few: Few) -> None:
    with few.catalog.read() as db:
        found = photos.ids_by_date(db, *filters.compile([full(10)]))
    today = date(2024, 11, 25)
    assert set(found.tolist()) == {id for id, made in few.photos.items() if holds(full(10), made, today)}


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ([Iso(Span(float(number), None)) for number in range(6000)], "too many filters"),
        ([Any(tuple(InFolder(f"x{number}") for number in range(6000)))], "too many filters"),
        ([Any(tuple(Tag(f"x{number}") for number in range(6000)))], "too many filters"),
        ([full(13)], "too many filters"),
    ],
    ids=["all", "any folder", "any tag", "tree"],
)
def test_more_than_sqlite_takes_is_refused_in_a_sentence(few: Few, terms: list[Term], said: str) -> None:
    with pytest.raises(CallError, match=said):
        filters.compile(terms)
    with few.catalog.read() as db, pytest.raises(CallError, match=said):
        filters.newest(db, terms)


def test_deeper_than_sqlite_goes_is_refused_in_a_sentence() -> None:
    term: Term = Tag("x")
    for number in range(150):
        term = (All, Any)[number % 2]((term, Iso(Span(float(number), None))))
    with pytest.raises(CallError, match="nested too deep"):
        filters.compile([term])
    for _ in range(100):
        term = Without(term)
    with pytest.raises(CallError, match="nested too deep"):
        filters.compile([term])


def test_brackets_round_nothing_new_cost_nothing(few: Few) -> None:
    """The same question in other words is the same condition."""
    one = filters.compile(parse("tag:cat OR tag:dog OR folder:italy"))
    other = filters.compile([Without(All((Without(Tag("cat")), Without(Any((Tag("dog"), InFolder("italy")))))))])
    with few.catalog.read() as db:
        assert photos.ids_by_date(db, *one).tolist() == photos.ids_by_date(db, *other).tolist()
    assert filters.compile(Query((Tag("cat"), Tag("cat")))) == filters.compile(Query((Tag("cat"),)))
