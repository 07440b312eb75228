"""Captions, training, runs and adapters from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.conftest import Ran


def test_from_captions_to_a_search_and_back(retrouve: Callable[..., Ran], sample_library: Path, tmp_path: Path) -> None:
    call = partial(retrouve, "--library", sample_library, "--json")
    nothing = call("train")
    assert nothing.code == 0 and nothing.document["installed"] is False and nothing.document["why"]
    assert call("adapters", "list").code == 1
    rows = ["file,caption", *(f"retrouve-{number}.jpg,Korver" for number in ("024", "056", "080")), "lost.jpg,x y"]
    (tmp_path / "mine.csv").write_text("\n".join(rows))
    taken = call("captions", "import", tmp_path / "mine.csv").document
    assert (taken["pairs"], taken["added"], taken["unknown"]) == (4, 3, 1)
    looked = call("train", "--dry-run").document
    assert looked["run"] is None and looked["installed"] is False
    assert [(one["name"], one["photos"], one["held_out"]) for one in looked["data"]["names"]] == [("Korver", 3, 3)]
    assert len(call("runs", "list").document["runs"]) == 1, "a dry run leaves nothing"
    trained = call("train", "adapter")
    run = trained.document["run"]
    assert trained.code == 0 and trained.document["installed"] is True, trained
    assert set(trained.document) >= {"run", "before", "after", "installed", "why"}
    assert [one["installed"] for one in call("runs", "list").document["runs"]] == [False, True]
    shown = call("runs", "show", run).document
    assert shown["data"]["captions"] >= 3 and shown["examples"]["better"]
    told = retrouve("--library", sample_library, "runs", "show", run).out
    assert "1 name can be tried, with 3 photos each" in told and "curves.svg" in told
    assert (Path(shown["folder"]) / "curves.svg").read_text().startswith("<svg")
    assert len(call("runs", "compare", nothing.document["run"], run).document["runs"]) == 2
    lines = retrouve("--library", sample_library, "runs", "compare", nothing.document["run"], run).out.splitlines()
    told = {line.split("\t")[0]: line.split("\t")[1:] for line in lines}
    assert told["photos among the first ten by name, after"] == ["", "100.0%"], told
    assert "photos found first by own sentences, after" not in told

    def learned() -> bool:
        hits = call("search", "Korver").document["hits"]
        return any("as it was learned" in reason for hit in hits for reason in hit["reasons"])

    assert learned()
    assert call("adapters", "off", run).document["adapter"]["on"] is False and not learned()
    assert call("adapters", "on", run).document["adapter"]["names"][0]["name"] == "Korver" and learned()
    call("adapters", "off", run)
    [_, off] = call("runs", "list").document["runs"]
    assert off["state"] == "off" and "\toff\t" in retrouve("--library", sample_library, "runs", "list").out
    call("adapters", "on", run)
    assert call("runs", "list").document["runs"][1]["state"] == "on"
    removed = call("runs", "remove", run)
    assert removed.document["adapter_stays"] is True and learned()
    assert call("adapters", "remove", run).code == 0 and not learned()
    assert call("runs", "show", run).code == 2 and call("adapters", "on", run).code == 2
    out = tmp_path / "all.jsonl"
    assert call("captions", "export", out).document["captions"] >= 3
    assert all(set(json.loads(line)) == {"file", "captions"} for line in out.read_text().splitlines())


def test_wrong_calls_get_sentences(retrouve: Callable[..., Ran], sample_library: Path, tmp_path: Path) -> None:
    call = partial(retrouve, "--library", sample_library)
    for words, says in [
        (("train", "nix"), "does not know `nix`"),
        (("train", "--tolerance", "7"), "from 0 to 1"),
        (("train", "--name", "Nix"), "“Nix”"),
        (("captions", "eat"), "`eat`"),
        (("captions", "export", "x.doc"), "tells no format"),
        (("adapters", "on"), "called otherwise"),
        (("runs", "compare", "one"), "called otherwise"),
        (("runs", "remove", "../x"), "no run"),
    ]:
        ran = call(*words)
        assert (ran.code, says in ran.err) == (2, True), (words, ran)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    ran = call("captions", "import", broken)
    assert ran.code == 3 and "is not JSON" in ran.err


def test_lora_and_full_say_what_they_lack(retrouve: Callable[..., Ran], sample_library: Path) -> None:
    call = partial(retrouve, "--library", sample_library)
    ran = call("--json", "train", "lora", "--epochs", "1")
    assert ran.code == 0 and ran.document["installed"] is False and "too little to learn" in ran.document["why"]
    listed = call("--json", "runs", "list").document["runs"]
    assert [(one["kind"], one["why"]) for one in listed] == [("lora", ran.document["why"])]
    assert "too little" in call("runs", "show", listed[0]["run"]).out
    ran = call("train", "lora", "--dry-run")
    assert ran.code == 0 and "Held out" in ran.out and "too little to learn" in ran.out
    assert len(call("--json", "runs", "list").document["runs"]) == 1
    for words, says in [
        (("full", "--resume"), "nothing to resume"),
        (("full", "--resume", "--dry-run"), "leave --resume out"),
        (("full", "--rank", "4"), "--rank is for `train lora`"),
        (("lora", "--steps", "4"), "knows no --steps"),
        (("adapter", "--batch", "4"), "knows no --batch"),
        (("lora", "--name", "Biscuit"), "--name is for `train adapter`"),
        (("lora", "--resume", "--seed", "2"), "leave the other options out"),
        (("lora", "--rate", "2"), "--rate is above 0"),
        (("lora", "--precision", "fp16"), "fp32 or bf16"),
        (("lora", "--hard-negatives", "0.95"), "from 0 to 0.9"),
        (("full", "--swapped", "2"), "from 0 to 1"),
        (("adapter", "--swapped", "1"), "knows no --swapped"),
        (("lora", "--resume", "--hard-negatives", "0.5"), "leave the other options out"),
    ]:
        ran = call("train", *words)
        assert (ran.code, says in ran.err) == (2, True), (words, ran)
