"""Pairs from folders and tars: in an order that can be taken up anywhere, shared out, with copies kept together."""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import FolderError, PhotoError, TrainingError
from tests.training import shapes
from training import decoding
from training.shards import HoldOut, Pair, Position, Reader, Shard, Stream, expand, find_shards, held_out, survey


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shapes.write_tars(tmp_path_factory.mktemp("tars") / "tars", tars=5, pairs=20, side=32)


def stream(shards: list[Shard], rank: int = 0, size: int = 1, held: float = 0, buffer: int = 30) -> Stream:
    return Stream(shards, rank, size, 3, buffer, HoldOut(held), Reader())


def test_names_of_many_tars() -> None:
    assert expand("s-{008..010}.tar") == ["s-008.tar", "s-009.tar", "s-010.tar"]
    assert expand("{0..1}/{00..01}") == ["0/00", "0/01", "1/00", "1/01"]
    assert expand("plain.tar") == ["plain.tar"]


def test_tars_and_folders_give_the_same_pairs(tars: Path, tmp_path: Path) -> None:
    folder = shapes.write_folder(tmp_path / "folder", 100, side=32)
    (of_folder, of_tars) = (find_shards([str(folder)]), find_shards([f"{tars}/shard-{{00000..00004}}.tar"]))
    assert len(of_folder) == 2 and len(of_tars) == 5 and of_tars == find_shards([str(tars)])
    reader = Reader()
    first = [pair for shard in of_folder for pair in reader.pairs(shard)]
    second = [pair for shard in of_tars for pair in reader.pairs(shard)]
    assert [pair.captions for pair in first] == [pair.captions for pair in second]
    assert [pair.read() for pair in first] == [pair.read() for pair in second]
    assert not reader.faults


def test_a_broken_line_of_captions_costs_itself_alone(tmp_path: Path) -> None:
    folder = shapes.write_folder(tmp_path / "folder", 10, side=32)
    with (folder / "captions.jsonl").open("a") as more:
        more.write('\n{broken\n{"captions": ["x"]}\n' + "[" * 100_000)
    reader = Reader()
    [shard] = find_shards([str(folder)])
    assert len(list(reader.pairs(shard))) == 10
    assert reader.faults == {"a line of captions.jsonl that cannot be read": 3}
    (tmp_path / "captions.jsonl").write_text("{broken\n")
    with pytest.raises(FolderError, match="Line 1 of"):
        find_shards([str(tmp_path)])


def test_sources_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"neither captions\.jsonl nor tars"):
        find_shards([str(tmp_path)])
    with pytest.raises(TrainingError, match="is not there"):
        find_shards([str(tmp_path / "no.tar")])


def test_a_tar_that_breaks_off_gives_what_is_before(tars: Path, tmp_path: Path) -> None:
    with tarfile.open(tars / "shard-00000.tar") as tar:
        within = next(one for one in tar if one.name == "000000011.png").offset_data + 20
    (tmp_path / "cut.tar").write_bytes((tars / "shard-00000.tar").read_bytes()[:within])
    (tmp_path / "none.tar").write_bytes(b"no tar at all")
    reader = Reader()
    assert len(list(reader.pairs(Shard(tmp_path / "cut.tar")))) == 11
    assert list(reader.pairs(Shard(tmp_path / "none.tar"))) == []
    assert len(reader.faults) == 2 and all("breaks off" in fault for fault in reader.faults)


@pytest.mark.parametrize("held", [0.0, 0.2])
def test_it_goes_on_from_any_pair(tars: Path, held: float) -> None:
    shards = find_shards([str(tars)])
    whole = list(islice(stream(shards, held=held).after(Position()), 230))
    for at in (0, 1, 28, 29, 30, 60, 79, 80, 99, 100, 101, 150):
        rest = islice(stream(shards, held=held).after(whole[at][1]), 229 - at)
        assert [(pair.captions, seed) for pair, _, seed in rest] == [
            (pair.captions, s) for pair, _, s in whole[at + 1 :]
        ]


def test_each_pass_has_every_pair_once_in_another_order(tars: Path) -> None:
    shards = find_shards([str(tars)])
    every = sorted(pair.read() for shard in shards for pair in Reader().pairs(shard))
    found = [pair.read() for pair, _, _ in islice(stream(shards).after(Position()), 200)]
    assert sorted(found[:100]) == every and sorted(found[100:]) == every
    assert found[:100] != found[100:] and found[:100] != every


def test_processes_share_a_pass_out(tars: Path) -> None:
    shards = find_shards([str(tars)])
    first = [pair.read() for pair, at, _ in islice(stream(shards, 0, 2).after(Position()), 60)]
    second = [pair.read() for pair, at, _ in islice(stream(shards, 1, 2).after(Position()), 40)]
    every = sorted(pair.read() for shard in shards for pair in Reader().pairs(shard))
    assert sorted(first + second) == every
    with pytest.raises(TrainingError, match="5 shards are too few for 6 processes"):
        stream(shards, 0, 6)


def test_what_is_held_out_is_never_learned_and_copies_stay_together(tars: Path, tmp_path: Path) -> None:
    folder = shapes.write_folder(tmp_path / "folder", 100, side=32)
    lines = (folder / "captions.jsonl").read_text().splitlines()
    copies = []
    for number in range(0, 100, 3):
        name = f"copy-{number}.png"
        (folder / name).write_bytes((folder / f"{number:05d}.png").read_bytes())
        copies.append(lines[number].replace(f"{number:05d}.png", name))
    (folder / "captions.jsonl").write_text("\n".join(lines + copies) + "\n")
    shards, held = find_shards([str(folder), str(tars)]), HoldOut(0.25)
    apart = {pair.read() for pair in held_out(shards, held, 1000)}
    learned = {pair.read() for pair, _, _ in islice(stream(shards, held=0.25).after(Position()), 300)}
    assert 10 < len(apart) < 45
    assert not apart & learned
    report = survey(shards, held)
    assert report["copies"] == 134 and report["left_out"] == {}
    assert report["pairs"] + report["held_out"] == 234  # type: ignore[operator]
    assert len(held_out(shards, held, 7)) == 7


def test_pairs_without_a_sentence_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as tar:
        for name, content in [
            ("a.jpg", b"x"), ("a.txt", b"  "),
            ("b.jpg", b"x"), ("b.json", b"{broken"),
            ("c.jpg", b"x"), ("c.json", b'["list"]'),
            ("d.txt", b"a sentence alone"),
            ("sub/a.jpg", b"y"), ("sub/a.txt", b"two dogs"),
        ]:  # fmt: skip
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    reader = Reader()
    assert [pair.captions for pair in reader.pairs(Shard(path))] == [("two dogs",)]
    assert reader.faults == Counter({"no caption": 3})


def tokenize(sentences: list[str]) -> torch.Tensor:
    return torch.tensor([[len(sentence)] for sentence in sentences])


def test_batches_pass_over_what_cannot_be_read_and_go_on_anywhere(tmp_path: Path) -> None:
    folder = shapes.write_folder(tmp_path / "folder", 100, side=40)
    for number in (3, 50, 51):
        (folder / f"{number:05d}.png").write_bytes(b"no picture")
    (folder / "00007.png").unlink()
    shards = find_shards([str(folder)])

    def batches(workers: int) -> decoding.Batches:
        return decoding.Batches(stream(shards), 8, 16, tokenize, workers)

    made = batches(3)
    whole = list(islice(made.after(Position()), 20))
    assert all(batch.photos.shape == (8, 3, 16, 16) and batch.photos.dtype == torch.uint8 for batch in whole)
    assert sum(made.faults.values()) >= 4
    rest = list(islice(batches(1).after(whole[12].position), 7))
    for one, other in zip(whole[13:], rest, strict=True):
        assert torch.equal(one.photos, other.photos) and torch.equal(one.tokens, other.tokens)
        assert one.position == other.position


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    (tmp_path / "none.tar").write_bytes(b"no tar at all")
    with pytest.raises(TrainingError, match=r"There is no pair to train on: the tar none\.tar breaks off"):
        next(stream([Shard(tmp_path / "none.tar")]).after(Position()))
    pictures = Pair(b"no picture", ("words",))

    class Broken(Stream):
        def after(self, start):  # type: ignore[no-untyped-def]
            while True:
                yield pictures, start, [1]

    broken = Broken([Shard(tmp_path)], 0, 1, 0, 1, HoldOut(0), Reader())
    with pytest.raises(TrainingError, match="No photo can be read any more"):
        next(decoding.Batches(broken, 2, 16, tokenize, 1).after(Position()))


def test_random_cuts_are_parts_of_the_picture() -> None:
    image = Image.fromarray(np.mgrid[0:60, 0:90][1].astype(np.uint8))
    for seed in range(20):
        cut = decoding.random_cut(image.convert("RGB"), 30, np.random.default_rng(seed))
        assert cut.shape == (30, 30, 3)
        assert 70 <= int(cut[0, -1, 0]) - int(cut[0, 0, 0]) <= 90
    thin = decoding.random_cut(Image.new("RGB", (5, 200), "red"), 8, np.random.default_rng(0))
    assert (thin == (255, 0, 0)).all()
    with pytest.raises(PhotoError):
        decoding.open_photo(b"GIF89a", 8)
