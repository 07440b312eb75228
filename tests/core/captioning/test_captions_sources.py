"""Webdataset tars and folders of Google Takeout, as sources of captions."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.captioning import sources, tars
from core.captioning.reading import Broken, Pair
from core.errors import CallError, CaptionsError
from core.library import Library
from core.photos.hashing import content_hash


@pytest.fixture
def library(sample_library: Path) -> Iterator[Library]:
    with Library.open(sample_library) as opened:
        yield opened


def tar(path: Path, *members: tuple[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]
        for name, content in members:
            one = tarfile.TarInfo(name)
            one.size = len(content)
            file.addfile(one, io.BytesIO(content))
    return path


def takeout(path: Path, title: str, **more: object) -> None:
    said = {"title": title, "photoTakenTime": {"timestamp": "1500000000"}, "url": "https://x", **more}
    path.write_text(json.dumps(said))


@pytest.mark.parametrize(("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.TGZ", "w:gz")])
def test_a_tar_is_read_sample_by_sample(tmp_path: Path, name: str, mode: str) -> None:
    file = tar(
        tmp_path / name,
        ("./0001.jpg", b"one"),
        ("./0001.txt", b"Biscuit \n asleep"),
        ("./0001.json", b'{"caption": "not this one"}'),
        ("0002.json", b'{"caption": "by JSON", "url": "x"}'),
        ("0002.webp", b"two"),
        ("0003.json", b"{"),
        ("deep/0004.txt", b"without a photo"),
        ("0005.jpg", b"without words"),
        ("0006.cls", b"7"),
        ("0007.json", b'{"captions": ["a", 3, "b"]}'),
        mode=mode,
    )
    rows = list(sources.read(file))
    assert [(row.file, row.text) for row in rows if isinstance(row, Pair)] == [
        ("./0001.jpg", "Biscuit asleep"),
        ("0002.webp", "by JSON"),
        ("deep/0004", "without a photo"),
        ("0005.jpg", ""),
        ("0007", "a"),
        ("0007", "b"),
    ]
    assert [str(row) for row in rows if isinstance(row, Broken)] == ["sample 3: its .json is not JSON"]
    (tmp_path / "one").write_bytes(b"one")
    assert rows[0].hash == content_hash(tmp_path / "one")  # type: ignore[union-attr]


def test_the_photos_of_a_tar_are_known_by_their_bytes_and_by_their_names(
    library: Library, indexed_samples: Path, tmp_path: Path
) -> None:
    photos = indexed_samples / "photos"
    file = tar(
        tmp_path / "a.tar",
        ("000001.jpg", (photos / "retrouve-002.jpg").read_bytes()),
        ("000001.txt", b"Biscuit asleep"),
        ("retrouve-003.jpg", b"made smaller"),
        ("retrouve-003.txt", b"Oma Els"),
        ("retrouve-004.txt", b"The blue cabin"),
        ("999.jpg", b"of somebody else"),
        ("999.txt", b"nothing of ours"),
        ("../../etc/passwd.txt", b"nor this"),
    )
    report = library.captioning.take_in(file)
    assert (report.pairs, report.added, report.unknown, report.broken) == (5, 3, 2, 0)
    assert report.unknown_photos == ("999.jpg", "../../etc/passwd")
    for number, text in (("002", "Biscuit asleep"), ("003", "Oma Els"), ("004", "The blue cabin")):
        assert text in [one.text for one in library.captioning.of(photos / f"retrouve-{number}.jpg").captions]
    assert library.captioning.take_in(file).known == 3


def test_of_a_tar_that_breaks_off_what_is_before_counts(tmp_path: Path) -> None:
    members = [(f"{at:03}.{kind}", b"x" * 700) for at in range(4) for kind in ("jpg", "txt")]
    whole = tar(tmp_path / "whole.tar", *members).read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: 5 * 1536 + 700])
    *pairs, broken = sources.read(tmp_path / "cut.tar")
    assert [row.file for row in pairs if isinstance(row, Pair)] == ["000.jpg", "001.jpg"] or len(pairs) == 3
    assert isinstance(broken, Broken) and "breaks off" in broken.why
    for name, content in (("none.tar", b"GIF89a" * 400), ("empty.tar", b""), ("none.tar.gz", b"\x1f\x8b broken")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CaptionsError, match="cannot be read as a tar"):
            list(sources.read(tmp_path / name))
    with pytest.raises(CaptionsError, match="is not there"):
        list(sources.read(tmp_path / "nowhere.tar"))


def test_what_a_tar_claims_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tars, "LARGEST_PHOTO", 100)
    link = tarfile.TarInfo("3.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        for name, content in [("1.jpg", b"x" * 101), ("1.txt", b"y" * (tars.LARGEST_TEXT + 1)), ("2.txt", b"fine")]:
            one = tarfile.TarInfo(name)
            one.size = len(content)
            file.addfile(one, io.BytesIO(content))
        file.addfile(link)
    rows = list(sources.read(tmp_path / "a.tar"))
    assert [str(row) for row in rows if isinstance(row, Broken)] == [
        "sample 1: its .jpg says that it has 101 bytes",
        f"sample 1: its .txt says that it has {tars.LARGEST_TEXT + 1:,} bytes",
    ]
    assert [row for row in rows if isinstance(row, Pair)] == [Pair("2", "fine")]


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_no_bytes_make_a_tar_fall(tmp_path_factory: pytest.TempPathFactory, raw: bytes, at: int) -> None:
    folder = tmp_path_factory.mktemp("tars")
    whole = tar(folder / "a.tar", ("1.jpg", b"x" * 900), ("1.txt", b"words"), ("2.json", b"{}")).read_bytes()
    (folder / "a.tar").write_bytes(whole[:at] + raw + whole[at + len(raw) :])
    try:
        assert all(isinstance(row, Pair | Broken) for row in sources.read(folder / "a.tar"))
    except CaptionsError:
        pass
    shutil.rmtree(folder)


def test_takeout_speaks_of_photos_that_lie_elsewhere(library: Library, indexed_samples: Path, tmp_path: Path) -> None:
    photos = indexed_samples / "photos"
    year = tmp_path / "Takeout" / "Photos from 2017"
    year.mkdir(parents=True)
    # By its name, by its bytes (another name), an album, another program's JSON, a broken one, nobody's photo.
    takeout(year / "retrouve-005.jpg.json", "retrouve-005.jpg", description="Biscuit", people=[{"name": "Oma Els"}])
    shutil.copyfile(photos / "retrouve-006.jpg", year / "IMG_1.jpg")
    takeout(year / "IMG_1.jpg.supplemental-metadata.json", "IMG_1.jpg", description="The blue cabin")
    takeout(year / "IMG_2.jpg.json", "IMG_2.jpg", description="lost")
    takeout(year / "IMG_3.jpg.json", "IMG_3.jpg", description="")
    (year / "metadata.json").write_text('{"title": "Photos from 2017", "description": "an album"}')
    (year / "other.json").write_text("[1, 2]")
    (year / "broken.json").write_text("{")
    report = library.captioning.take_in(tmp_path / "Takeout")
    assert (report.pairs, report.added, report.unknown, report.broken) == (4, 3, 1, 1)
    assert report.unknown_photos == ("IMG_2.jpg",) and "broken.json" in report.broken_rows[0]
    said = [one.text for one in library.captioning.of(photos / "retrouve-005.jpg").captions]
    assert {"Biscuit", "Oma Els"} <= set(said)
    assert "The blue cabin" in [one.text for one in library.captioning.of(photos / "retrouve-006.jpg").captions]
    one = library.captioning.take_in(year / "retrouve-005.jpg.json")
    assert (one.pairs, one.known) == (2, 2)


def test_takeout_beside_a_photo_is_read_by_indexing_and_then_known(photos: Path, tmp_path: Path) -> None:
    folder = photos / "first"
    takeout(folder / "picture 000.jpg.json", "picture 000.jpg", description="Momo", people=[{"name": "Oma Els"}])
    with Library.open(tmp_path / "library") as library:
        library.add_root(photos)
        for _ in library.index():
            pass
        report = library.captioning.take_in(photos)
        assert (report.pairs, report.added, report.known) == (2, 0, 2)


def test_a_folder_that_is_not_takeouts(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="without JSON files of Google Takeout"):
        list(sources.read(tmp_path))
    takeout(tmp_path / "a.jpg.json", "a.jpg")
    with pytest.raises(CaptionsError, match="has a description"):
        list(sources.read(tmp_path))
