"""``retrouve train scratch``: its wrong calls get sentences, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.runs import Runs, hold
from tests.conftest import Ran


def test_wrong_calls_get_sentences_and_leave_nothing(
    retrouve: Callable[..., Ran], sample_library: Path, tmp_path: Path
) -> None:
    call = partial(retrouve, "--library", sample_library, "train", "scratch")
    for words, code, says in [
        ((), 2, "What is to be learned from?"),
        (("--resume", "a", "b"), 2, "goes on with one run"),
        (("--resume", "--batch", "8"), 2, "`--workers` alone can change"),
        ((tmp_path, "--loss", "sigmoid"), 2, "`--loss` is not for"),
        ((tmp_path,), 3, "has neither captions.jsonl nor tars"),
    ]:
        ran = call(*words)
        assert (ran.code, says in ran.err) == (code, True), (words, ran)
    assert retrouve("--library", sample_library, "train", "adapter", "x").code == 2
    (tmp_path / "a.jpg").write_bytes(b"no matter")
    (tmp_path / "captions.jsonl").write_text('{"file": "a.jpg", "captions": ["one", "two"]}\n')
    ran = call(tmp_path, "--dry-run", "--hold-out", "0")
    assert ran.code == 0 and "To learn from: 1 pair of a photo and its captions in 1 shard" in ran.out, ran
    assert Runs(sample_library).unfinished("scratch") == []
    assert not list((sample_library / "runs").glob("scratch-*"))


def test_an_unfinished_run_is_listed_and_can_be_removed(retrouve: Callable[..., Ran], sample_library: Path) -> None:
    folder = Runs(sample_library).begin_long("scratch")
    (folder / "config.json").write_text('{"kind": "scratch", "model": "ViT-B-32", "made": "2026-01-01"}')
    call = partial(retrouve, "--library", sample_library, "--json", "runs")
    broken = Runs(sample_library).begin_long("lora")
    for file in ("config.json", "result.json"):
        (broken / file).write_text("{")
    assert call("show", broken.name).code == 3
    assert call("remove", broken.name).code == 0 and not broken.exists(), "one that cannot be read goes too"
    assert call("list").document["unfinished"] == [folder.name]
    with hold(folder):
        ran = retrouve("--library", sample_library, "runs", "list")
        assert f"{folder.name} is going on." in ran.err + ran.out
        ran = retrouve("--library", sample_library, "train", "scratch", "--resume")
        assert (ran.code, "no run of this kind to go on with" in ran.err) == (2, True), ran
        ran = retrouve("--library", sample_library, "train", "scratch", "--resume", folder.name)
        assert (ran.code, "is going on already" in ran.err) == (3, True), ran
        assert folder.is_dir() and call("remove", folder.name).code == 2
    assert call("show", folder.name).code == 2
    removed = call("remove", folder.name)
    assert removed.code == 0 and removed.document["removed"] == folder.name and not folder.exists()
