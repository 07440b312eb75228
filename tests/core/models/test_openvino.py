"""The encoder of the light install: right, fast to its first answer, usable from many threads, and offline."""

import json
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.catalog.room import AMPLE
from core.errors import ModelDamaged, ModelError
from core.models import compiling, graph_tower
from core.models.encoder import EncoderSpec
from core.models.openvino import OpenVinoEncoder, normalized

SENTENCES = ["a dog", "two dogs on the beach", "", "the house " * 50, "a red car", "Straße &amp; Meer 😀", "cat"] * 6


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> OpenVinoEncoder:
    return OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", threads=2))


def test_embeddings_are_unit_float32(encoder, drawn_photos):
    for found, count in (
        (encoder.encode_images(drawn_photos[:7]), 7),
        (encoder.encode_texts(SENTENCES), len(SENTENCES)),
    ):
        assert found.dtype == np.float32
        assert found.shape == (count, encoder.dim)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_nothing_gives_nothing(encoder):
    for found in (
        encoder.encode_images([]),
        encoder.encode_texts([]),
        encoder.encode_pixels(np.empty((0, 3, 64, 64), np.float32)),
    ):
        assert found.shape == (0, 32)
        assert found.dtype == np.float32


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 17])
def test_a_batch_gives_what_each_gives_alone(encoder, drawn_photos, count):
    alone = np.concatenate([encoder.encode_images([photo]) for photo in drawn_photos[:count]])
    together = encoder.encode_images(drawn_photos[:count])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_array_equal(encoder.encode_pixels(encoder.preprocess(drawn_photos[:count])), together)
    words = [" ".join(["dog"] * number) for number in range(1, count + 1)]
    words.reverse()
    alone = np.concatenate([encoder.encode_texts([word]) for word in words])
    np.testing.assert_allclose(encoder.encode_texts(words), alone, atol=1e-5)


def test_photos_of_any_shape_and_mode(encoder):
    photos = [Image.new("RGB", size, (9, 80, 200)) for size in ((1, 1), (3000, 2), (64, 64))] + [Image.new("L", (9, 9))]
    found = encoder.encode_images(photos)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[0], found[2], atol=1e-4)


@given(st.lists(st.lists(st.floats(-(2.0**60), 2.0**60, width=32), min_size=3, max_size=3), max_size=4))
def test_no_vector_is_divided_by_zero(rows):
    found = normalized(np.array(rows, np.float32).reshape(-1, 3))
    assert np.isfinite(found).all()


def test_one_tower_is_never_compiled_for_the_other(tiny_model, monkeypatch, drawn_photos):
    compiled = []
    real = graph_tower.compile_graph
    monkeypatch.setattr(
        graph_tower, "compile_graph", lambda graph, *rest: compiled.append(graph.stem) or real(graph, *rest)
    )
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model))
    assert compiled == []
    encoder.encode_texts(["a dog"])
    encoder.encode_texts(["a cat"])
    assert compiled == ["textual"]
    encoder.encode_images([])
    assert compiled == ["textual"]
    encoder.encode_images(drawn_photos[:1])
    assert compiled == ["textual", "visual"]


def test_many_threads_at_once(tiny_model, drawn_photos):
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", threads=2))
    photos, texts = drawn_photos[:12], SENTENCES[:12]
    expected = encoder.encode_images(photos), encoder.encode_texts(texts)

    def both(number: int) -> None:
        np.testing.assert_allclose(encoder.encode_images(photos[number:]), expected[0][number:], atol=1e-5)
        np.testing.assert_allclose(encoder.encode_texts(texts[number:]), expected[1][number:], atol=1e-5)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(both, [*range(12)] * 3))


def test_first_use_from_many_threads_compiles_once(tiny_model, monkeypatch):
    compiled = []
    real = graph_tower.compile_graph
    monkeypatch.setattr(
        graph_tower, "compile_graph", lambda graph, *rest: compiled.append(graph.stem) or real(graph, *rest)
    )
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(encoder.encode_texts, [["a dog"]] * 6))
    assert compiled == ["textual"]


def test_a_photo_that_cannot_be_scaled_harms_no_later_call(encoder, drawn_photos):
    broken = Image.new("RGB", (8, 8))
    broken.close()
    expected = encoder.encode_images(drawn_photos[:3])
    for place in range(5):
        photos = drawn_photos[:12]
        photos[place * 2] = broken
        with pytest.raises(ValueError, match="closed"):
            encoder.encode_images(photos)
    with pytest.raises(Exception, match=r"(?i)shape|dimension"):
        encoder.encode_pixels(np.zeros((8, 3, 65, 11), np.float32))
    np.testing.assert_allclose(encoder.encode_images(drawn_photos[:3]), expected, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2, 3, 16, 64])
def test_threads(tiny_model, drawn_photos, threads):
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", threads=threads))
    assert 1 <= encoder.preferred_batch <= 64
    assert encoder.encode_images(drawn_photos[:9]).shape == (9, 32)


def test_precision(tiny_model, tmp_path):
    assert OpenVinoEncoder(EncoderSpec(tiny_model)).precision == "f32"  # never passed the check in bf16
    passed = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    description = json.loads((passed / "model.json").read_text()) | {"precisions": ["f32", "bf16"]}
    (passed / "model.json").write_text(json.dumps(description))
    best = "bf16" if compiling.has_bf16() else "f32"
    assert OpenVinoEncoder(EncoderSpec(passed)).precision == best
    assert OpenVinoEncoder(EncoderSpec(tiny_model, precision="bf16")).precision == best
    assert OpenVinoEncoder(EncoderSpec(passed, precision="f32")).precision == "f32"
    with pytest.raises(ValueError, match="int4"):
        OpenVinoEncoder(EncoderSpec(passed, precision="int4")).encode_images([Image.new("RGB", (9, 9))])


# The cache


def entries(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def answer(folder: Path, cache: Path) -> np.ndarray:
    return OpenVinoEncoder(EncoderSpec(folder, precision="f32", cache=cache)).encode_texts(["a dog on the beach"])


def test_the_second_start_loads_what_the_first_compiled(tiny_model, tmp_path):
    cache = tmp_path / "deep" / "cache"
    expected = answer(tiny_model, cache)
    [entry] = entries(cache)
    assert entry.startswith("tiny-") and "-textual-" in entry
    [blob] = (cache / entry).iterdir()
    before = blob.stat()
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", cache=cache))
    compiled = compiling.compile_graph(encoder.info.textual, encoder._textual._properties(), cache, encoder.info)
    assert compiled.get_property("LOADED_FROM_CACHE")
    np.testing.assert_array_equal(encoder.encode_texts(["a dog on the beach"]), expected)
    assert entries(cache) == [entry]
    assert blob.stat().st_mtime_ns == before.st_mtime_ns


def test_the_cache_may_vanish_at_any_time(tiny_model, tmp_path):
    encoder = OpenVinoEncoder(EncoderSpec(tiny_model, precision="f32", cache=tmp_path / "cache"))
    expected = encoder.encode_texts(["a dog"])
    shutil.rmtree(tmp_path / "cache")
    np.testing.assert_array_equal(encoder.encode_texts(["a dog"]), expected)
    assert answer(tiny_model, tmp_path / "cache").shape == (1, 32)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_cache_that_was_cut_short_is_made_anew(tiny_model, tmp_path, share):
    expected = answer(tiny_model, tmp_path)
    [blob] = tmp_path.glob("*/*.blob")
    content = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(content[: int(len(content) * share)])
    np.testing.assert_array_equal(answer(tiny_model, tmp_path), expected)
    np.testing.assert_array_equal(answer(tiny_model, tmp_path), expected)


def test_other_weights_are_compiled_anew_and_the_old_forgotten(tiny_model, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    cache = tmp_path / "cache"
    before = answer(folder, cache)
    [old] = entries(cache)
    weights = folder / "open_clip_model.safetensors"
    content = bytearray(weights.read_bytes())
    half = np.frombuffer(content, np.float16, offset=8 + int.from_bytes(content[:8], "little") & ~1)
    content[-half.nbytes :] = (half * np.float16(0.5)).tobytes()
    weights.write_bytes(content)
    after = answer(folder, cache)
    assert np.abs(after - before).max() > 1e-3
    [new] = entries(cache)
    assert new != old


def test_a_cache_that_cannot_be_written_is_done_without(tiny_model, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    np.testing.assert_array_equal(answer(tiny_model, tmp_path / "file"), answer(tiny_model, tmp_path / "good"))


@pytest.mark.parametrize(("before", "after"), [(AMPLE, AMPLE), (1 << 40, AMPLE - 1)])
def test_nothing_is_kept_on_a_disk_that_gets_full(tiny_model, tmp_path, monkeypatch, before, after):
    """Neither where the room looks too small beforehand, nor where it turns out to be."""
    said = iter([before, after, after])
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: type("Usage", (), {"free": next(said)}))
    assert answer(tiny_model, tmp_path / "cache").shape == (1, 32)
    assert not [path for path in (tmp_path / "cache").glob("*") if path.is_dir()]


def test_many_processes_fill_one_cache(tiny_model, tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.models.encoder import EncoderSpec;"
        "from core.models.openvino import OpenVinoEncoder;"
        "found = OpenVinoEncoder(EncoderSpec(Path(sys.argv[1]), precision='f32', cache=Path(sys.argv[2])));"
        "print(found.encode_texts(['a dog on the beach']).tobytes().hex())"
    )
    command = [sys.executable, "-c", code, str(tiny_model), str(tmp_path / "cache")]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = {child.communicate(timeout=120)[0].strip() for child in children}
    assert answers == {answer(tiny_model, tmp_path / "cache").tobytes().hex()}
    assert len(entries(tmp_path / "cache")) == 1


# Damage


@pytest.mark.parametrize("tower", ["visual", "textual"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x08\x07" * 400])
def test_a_damaged_graph_is_named(tiny_model, tmp_path, tower, content):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    (folder / f"{tower}.onnx").write_bytes(content)
    encoder = OpenVinoEncoder(EncoderSpec(folder, cache=tmp_path / "cache"))
    with pytest.raises(ModelDamaged, match=f"{tower}.onnx"):
        if tower == "visual":
            encoder.encode_images([Image.new("RGB", (9, 9))])
        else:
            encoder.encode_texts(["a dog"])


def test_graphs_that_were_swapped_are_named(tiny_model, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    shutil.copy(tiny_model / "textual.onnx", folder / "visual.onnx")
    with pytest.raises(ModelDamaged, match=r"visual\.onnx"):
        OpenVinoEncoder(EncoderSpec(folder)).encode_images([Image.new("RGB", (9, 9))])


def test_weights_that_vanish_after_the_start(tiny_model, tmp_path):
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    encoder = OpenVinoEncoder(EncoderSpec(folder, cache=tmp_path / "cache"))
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match="model"):
        encoder.encode_texts(["a dog"])


# The light install

OFFLINE = """
import sys
def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostby")):
        raise SystemExit(f"tried the network: {event} {arguments}")
sys.addaudithook(watch)
from pathlib import Path
from PIL import Image
from core.models.registry import build_encoder, spec_for
encoder = build_encoder(spec_for(Path(sys.argv[1]), Path(sys.argv[2])))
assert encoder.encode_texts(["a dog", "schöne Straße"]).shape == (2, encoder.dim)
assert encoder.encode_images([Image.new("RGB", (90, 70))]).shape == (1, encoder.dim)
heavy = {"torch", "torchvision", "transformers", "open_clip", "timm", "onnx", "safetensors", "PySide6"}
print(sorted(heavy & set(sys.modules)), [name for name in sys.modules if "telemetry" in name])
"""


@pytest.mark.parametrize("which", ["tiny_model", "starter"])
def test_neither_torch_nor_the_network_nor_telemetry(which, request, tmp_path):
    folder = request.getfixturevalue(which)
    command = [sys.executable, "-W", "error", "-c", OFFLINE, str(folder), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[] []", "")


def test_openvino_can_still_be_imported_whole():
    code = (
        "from core.models.compiling import import_openvino; ov = import_openvino();"
        "import sys; assert 'openvino.tools.ovc' not in sys.modules; from openvino.tools.ovc import convert_model;"
        "print(import_openvino() is ov)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr


def test_a_sentence_does_not_wait_for_photos(starter, drawn_photos):
    """Photos are encoded for seconds on end in another thread: meanwhile sentences come back in a moment."""
    encoder = OpenVinoEncoder(EncoderSpec(starter, threads=2))
    pixels = encoder.preprocess(drawn_photos[:1]).repeat(64, axis=0)
    encoder.encode_pixels(pixels[:4])
    encoder.warm_up_texts()
    stop = threading.Event()
    rounds = []

    def keep_encoding() -> None:
        while not stop.is_set():
            rounds.append(len(encoder.encode_pixels(pixels)))

    thread = threading.Thread(target=keep_encoding)
    thread.start()
    try:
        times = []
        for number in range(40):
            began = time.perf_counter()
            encoder.encode_texts([f"a dog and {number} cats"])
            times.append(time.perf_counter() - began)
    finally:
        stop.set()
        thread.join()
    # One round of photos takes about a second of both cores; a sentence that waited for it would show here.
    assert np.median(times) < 0.2
