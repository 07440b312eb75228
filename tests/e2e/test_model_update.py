"""An update of the program brings another model: the library moves to it, and is searched as before until it has.

The program of these tests is the real one, with a ``resources`` package of its own, so that its bundled model can be
replaced as an update does it. The old model is once a stand-in (the shipped one in a space that is turned round, and
bent, so that it answers differently), and once version 0 out of the project's history.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.catalog import embeddings
from core.library import Library
from core.models.registry import load_info, verify
from core.types import SearchResult

PROJECT = Path(__file__).resolve().parents[2]
VERSION_0 = "f87134f"
SENTENCES = ("a bowl of fruit", "a dog", "snow on mountains", "flowers in a garden")
TOP = 40
NEAR = 0.01
"""How photos fall into batches changes the last bits of a vector (in bfloat16 the third digit of a cosine)."""
pytestmark = pytest.mark.slow


def stand_in(shipped: Path, folder: Path) -> Path:
    """The shipped model with its dimensions in another order, half of them turned round and some of them weaker."""
    from core.models.compiling import runtime

    core = runtime()
    import openvino
    from openvino import opset13

    shutil.copytree(shipped, folder)
    said = json.loads((shipped / "model.json").read_text(encoding="utf-8"))
    chance = np.random.default_rng(4)
    order = chance.permutation(said["dim"]).astype(np.int64)
    weight = (chance.choice([-1, 1], said["dim"]) * chance.choice([0.4, 1], said["dim"])).astype(np.float32)
    for tower, name in (("visual", said["graphs"]["visual"]), ("textual", said["graphs"]["textual"])):
        model = core.read_model(shipped / name)
        [result] = model.get_results()
        turned = opset13.gather(result.input_value(0), order, np.int64(1))
        model.remove_result(result)
        model.add_results([opset13.result(opset13.multiply(turned, weight))])
        openvino.save_model(model, folder / f"{tower}.xml")
        (folder / name).unlink()
    weights = folder / "open_clip_model.safetensors"
    content = weights.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length]) | {"__metadata__": {"format": "pt", "turned": "yes"}}
    again = json.dumps(header).encode()
    weights.write_bytes(struct.pack("<Q", len(again)) + again + content[8 + length :])
    said |= {
        "version": said["version"] - 1,
        "model_id": "",
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "graphs": {"visual": "visual.xml", "textual": "textual.xml"},
        "calibration": {"slope": 9.0, "intercept": -4.0, "line": 0.3},
    }
    (folder / "model.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def version_0(shipped: Path, folder: Path) -> Path:
    """Version 0 as it was shipped."""
    inside = "resources/models/starter"

    def git(*words: str) -> bytes:
        try:
            return subprocess.run(["git", *words], cwd=PROJECT, capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"version 0 of the model is not in the history that is here ({error})")

    folder.mkdir(parents=True)
    for name in git("ls-tree", "--name-only", VERSION_0, f"{inside}/").decode().split():
        (folder / Path(name).name).write_bytes(git("show", f"{VERSION_0}:{name}"))
    verify(load_info(folder))
    if load_info(folder).model_id == load_info(shipped).model_id:
        pytest.skip("the model that ships is version 0 itself")
    return folder


class Program:
    """The command line with a bundled model that can be replaced."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.model = place / "resources" / "models" / "starter"
        self.model.parent.mkdir(parents=True)
        for name in ("__init__.py", "models.toml"):
            shutil.copy(PROJECT / "resources" / name, place / "resources")

    def update(self, model: Path) -> None:
        """Put a model in the place of the bundled one."""
        shutil.rmtree(self.model, ignore_errors=True)
        shutil.copytree(model, self.model)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begin a call; its working folder comes first on the module path."""
        return subprocess.Popen(
            [sys.executable, "-m", "app", *map(str, arguments)],
            cwd=self._place,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str | Path) -> dict[str, Any]:
        """The document of a call that ends well."""
        process = self.start("--json", *arguments)
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, (out, err)
        document: dict[str, Any] = json.loads(out)
        return document

    def answers(self, library: Path) -> list[dict[str, tuple[float, float]]]:
        """What each sentence finds: score and match of each photo, the best first."""
        return [
            {hit["path"]: (hit["score"], hit["match"]) for hit in self._search(library, sentence)["hits"]}
            for sentence in SENTENCES
        ]

    def _search(self, library: Path, sentence: str) -> dict[str, Any]:
        document = self.call("--library", library, "search", sentence, "--top", str(TOP))
        assert set(document) == {"hits", "total", "seconds"}
        return document


@pytest.fixture
def photos(tmp_path: Path, samples: Path) -> Path:
    """The sample photos, and their mirror images, so that there is time to interrupt."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for file in sorted(samples.glob("*.jpg")):
        shutil.copy(file, folder)
        with Image.open(file) as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"{file.stem}-mirrored.jpg", quality=88)
    return folder


def stored(library: Path) -> dict[str, int]:
    with Library.open(library) as opened, opened.catalog.read() as db:
        return {model.name: embeddings.count(db, model.id) for model in embeddings.models(db)}


def told(results: Sequence[SearchResult]) -> list[dict[str, tuple[float, float]]]:
    return [{str(hit.path): (hit.score, hit.match) for hit in result.hits} for result in results]


def alike(ours: list[dict[str, tuple[float, float]]], theirs: list[dict[str, tuple[float, float]]]) -> bool:
    """Whether both say the same, except for the last bits: of photos that both show, and of all that stand out."""
    for mine, other in zip(ours, theirs, strict=True):
        shared = mine.keys() & other.keys()
        if len(shared) < 0.8 * TOP or any(abs(mine[path][0] - other[path][0]) > NEAR for path in shared):
            return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
@pytest.mark.parametrize("make_old", [stand_in, version_0])
def test_an_update_brings_another_model(
    tmp_path: Path, photos: Path, starter: Path, make_old: Callable[[Path, Path], Path]
) -> None:
    old_model = make_old(starter, tmp_path / "old")
    old, new = load_info(old_model).model_id, load_info(starter).model_id
    program, library = Program(tmp_path / "program"), tmp_path / "library"
    program.update(old_model)
    count = program.call("--library", library, "index", photos)["encoded"]
    assert stored(library) == {old: count}
    before = program.answers(library)
    shutil.rmtree(old_model)

    program.update(starter)
    assert program.answers(library) == before, "the copy that was kept answers"
    fresh = tmp_path / "fresh"
    program.call("--library", fresh, "index", photos)
    after = program.answers(fresh)
    assert not alike(before, after)

    encoded = 0
    for _ in range(2):
        process = program.start("--library", library, "index")
        while process.poll() is None and stored(library).get(new, 0) <= encoded:
            pass
        process.kill()
        process.communicate()
        encoded = stored(library)[new]
        assert program.answers(library) == before, "an interrupted move changes no answer"
        if encoded == count:
            break
    status = program.call("--library", library, "status")
    assert (status["model_id"], status["next_model_id"]) == (old, new) and f"of {count}" in status["note"]
    assert program.call("--library", library, "doctor")["healthy"]

    with Library.open(library, model=program.model) as other:
        assert alike(told([other.search(SENTENCES[0], top=TOP)]), before[:1])
        process = program.start("--library", library, "--json", "index")
        while process.poll() is None:
            answers = told([other.search(SENTENCES[0], top=TOP)])
            assert alike(answers, before[:1]) or alike(answers, after[:1]), "never a ranking of both"
        assert alike(told([other.search(SENTENCES[0], top=TOP)]), after[:1]), "another process is told of the new model"
    out, err = process.communicate()
    assert process.returncode == 0, err
    report = json.loads(out)
    assert new in report["note"]
    assert report["encoded"] + report["reused"] == report["scanned"] == count
    assert report["reused"] >= encoded, "what was encoded before the kill is not encoded again"
    assert alike(program.answers(library), after)
    assert stored(library) == {new: count}
    assert [place.name for place in (library / "models").iterdir()] == [new]
    assert [place.name for place in (library / "cache" / "vectors").iterdir()] == [new]
    assert not list((library / "cache" / "openvino").glob(f"{old}-*"))
    again = program.call("--library", library, "index")
    assert (again["encoded"], again["reused"]) == (0, count) and "note" not in again
    assert program.call("--library", library, "status")["note"] is None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
def test_a_library_moves_to_an_imported_model_though_it_is_killed_twice(
    tmp_path: Path, photos: Path, starter: Path
) -> None:
    program, library = Program(tmp_path / "program"), tmp_path / "library"
    program.update(starter)
    brought = stand_in(starter, tmp_path / "brought")
    said = json.loads((brought / "model.json").read_text(encoding="utf-8"))
    (brought / "model.json").write_text(json.dumps(said | {"name": "brought"}), encoding="utf-8")
    count = program.call("--library", library, "index", photos)["encoded"]
    before, old = program.answers(library), load_info(starter).model_id
    new = program.call("models", "import", brought)["model"]["model_id"]
    shutil.rmtree(brought)
    chosen = program.call("--library", library, "models", "use", "brought")
    assert (chosen["model"], chosen["answering"], chosen["total"]) == (new, old, count)
    encoded = 0
    for _ in range(2):
        process = program.start("--library", library, "index")
        while process.poll() is None and stored(library).get(new, 0) <= encoded:
            pass
        process.kill()
        process.communicate()
        encoded = stored(library)[new]
        assert program.answers(library) == before, "until all is encoded the bundled model answers"
    report = program.call("--library", library, "index")
    assert new in report["note"] and report["reused"] >= encoded
    assert stored(library) == {old: count, new: count}
    assert not alike(before, program.answers(library))
    program.call("--library", library, "models", "use", "starter")
    assert program.call("--library", library, "index")["encoded"] == 0
    assert alike(program.answers(library), before), "and back, without encoding anything"
    removed = program.call("--library", library, "models", "tidy")["removed"]
    assert [entry["model_id"] for entry in removed] == [new] and stored(library) == {old: count}


def test_without_the_copy_the_new_model_answers_what_it_has(tmp_path: Path, samples: Path, starter: Path) -> None:
    for file in sorted(samples.glob("*.jpg"))[:12]:
        (tmp_path / "photos").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "photos")
    program, library = Program(tmp_path / "program"), tmp_path / "library"
    program.update(stand_in(starter, tmp_path / "old"))
    program.call("--library", library, "index", tmp_path / "photos")
    shutil.rmtree(library / "models")
    program.update(starter)
    process = program.start("--library", library, "--json", "search", "a dog")
    out, _ = process.communicate()
    found = json.loads(out)
    assert process.returncode == 1 and found["hits"] == [] and "0 of 12 photos can be found so far" in found["note"]
    process = program.start("--library", library, "--json", "doctor")
    checks = {check["name"]: check for check in json.loads(process.communicate()[0])["checks"]}
    assert not checks["embeddings"]["ok"] and "retrouve index" in checks["embeddings"]["sentence"]
    assert load_info(starter).model_id in program.call("--library", library, "index")["note"]
    assert len(program.call("--library", library, "search", "a dog")["hits"]) == 12
