"""The reference encoder loads any OpenCLIP folder, offline, and says plainly what it lacks."""

import importlib.util
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import HubError, ModelDamaged, ModelMissing, TorchMissing
from core.models.encoder import Backend, EncoderSpec
from core.models.openclip import OpenClipEncoder, quietly_offline

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> OpenClipEncoder:
    return OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP), "cpu")


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_embeddings_are_unit_float32(encoder, drawn_photos):
    texts = ["a dog", "", "house " * 4000, "&amp; 😀"]
    for found, count in ((encoder.encode_images(drawn_photos[:11]), 11), (encoder.encode_texts(texts), 4)):
        assert found.dtype == np.float32
        assert found.shape == (count, encoder.dim)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert encoder.encode_images([]).shape == encoder.encode_texts([]).shape == (0, 32)


def test_pixels_are_what_images_become(encoder, drawn_photos):
    pixels = encoder.preprocess(drawn_photos[:9])
    np.testing.assert_allclose(encoder.encode_pixels(pixels), encoder.encode_images(drawn_photos[:9]), atol=1e-6)
    assert encoder.image_size == 64


def test_any_mode(encoder):
    found = encoder.encode_images([Image.new(mode, (70, 50)) for mode in ("RGB", "L", "P", "RGBA", "CMYK")])
    assert np.isfinite(found).all()


def test_many_threads_at_once(encoder, drawn_photos):
    expected = encoder.encode_images(drawn_photos[:6])
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: encoder.encode_images(drawn_photos[:6]), range(8)):
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_model_folder_is_left_alone_and_the_working_folder_does_not_matter(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # open_clip alone would look for the text tower's config here
    before = {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in model.iterdir()}
    for path in model.iterdir():
        path.chmod(0o400)
    assert OpenClipEncoder(EncoderSpec(model, Backend.OPENCLIP), "cpu").encode_texts(["a dog"]).shape == (1, 32)
    assert {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in model.iterdir()} == before


def test_a_text_tower_that_is_named_as_on_a_hub(model, encoder):
    path = model / "open_clip_config.json"
    config = json.loads(path.read_text())
    config["model_cfg"]["text_cfg"] |= {"hf_model_name": "someone/some-bert", "hf_tokenizer_name": "someone/some-bert"}
    path.write_text(json.dumps(config))
    found = OpenClipEncoder(EncoderSpec(model, Backend.OPENCLIP), "cpu")
    np.testing.assert_array_equal(found.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]))
    (model / "config.json").unlink()
    with pytest.raises(ModelMissing, match=r"config\.json"):
        OpenClipEncoder(EncoderSpec(model, Backend.OPENCLIP), "cpu")


def test_a_native_open_clip_architecture(tmp_path, drawn_photos):
    """No timm, no Hugging Face: a small CLIP as open_clip defines it, with its own tokenizer."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    vision = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    model_cfg = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}
    torch.manual_seed(3)
    model = open_clip.CLIP(**json.loads(json.dumps(model_cfg))).eval()
    save_file(model.state_dict(), tmp_path / "open_clip_model.safetensors")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": model_cfg, "preprocess_cfg": {}}))
    description = {
        "name": "native",
        "weights_sha256": "0" * 64,
        "calibration": {"slope": 1, "intercept": 0, "line": 0.5},
    }
    (tmp_path / "model.json").write_text(json.dumps(description))
    encoder = OpenClipEncoder(EncoderSpec(tmp_path, Backend.OPENCLIP), "cpu")
    with torch.inference_mode():
        ids = open_clip.tokenizer.SimpleTokenizer(context_length=77)(["a dog"])
        expected = model.encode_text(ids, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_texts(["a dog"]), expected, atol=1e-6)
    assert encoder.encode_images(drawn_photos[:2]).shape == (2, 24)
    (tmp_path / "open_clip_model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "open_clip_pytorch_model.bin")
    pickled = OpenClipEncoder(EncoderSpec(tmp_path, Backend.OPENCLIP), "cpu")
    np.testing.assert_array_equal(pickled.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]))


class Bomb:
    """What a hostile pickle does when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_checkpoint_cannot_run_code(model, tmp_path):
    import torch

    (model / "open_clip_model.safetensors").unlink()
    torch.save({"state_dict": {}, "bomb": Bomb(tmp_path / "went off")}, model / "open_clip_pytorch_model.bin")
    with pytest.raises(ModelDamaged, match="OpenCLIP cannot load"):
        OpenClipEncoder(EncoderSpec(model, Backend.OPENCLIP), "cpu")
    assert not (tmp_path / "went off").exists()


def test_weights_of_another_shape_are_refused(model):
    path = model / "open_clip_config.json"
    config = json.loads(path.read_text())
    config["model_cfg"]["text_cfg"]["hf_proj_type"] = "linear"
    path.write_text(json.dumps(config))
    with pytest.raises(ModelDamaged, match="OpenCLIP cannot load"):
        OpenClipEncoder(EncoderSpec(model, Backend.OPENCLIP), "cpu")


def test_without_the_extra_one_sentence_says_how_to_add_it(tiny_model, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "open_clip" else real(name, *rest)
    )
    with pytest.raises(TorchMissing, match=r'pip install -e "\.\[torch\]"'):
        OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP))


OFFLINE = """
import sys
def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostby")):
        print(f"tried the network: {event} {arguments}")
        raise SystemExit(1)
sys.addaudithook(watch)
from pathlib import Path
from PIL import Image
from core.models.encoder import Backend, EncoderSpec
from core.models.registry import build_encoder
encoder = build_encoder(EncoderSpec(Path(sys.argv[1]), Backend.OPENCLIP))
assert encoder.encode_texts(["a dog"]).shape == encoder.encode_images([Image.new("RGB", (90, 70))]).shape
"""


def test_the_hub_may_be_asked_afterwards(tiny_model, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP), "cpu")
    assert not constants.HF_HUB_OFFLINE


def test_the_network_is_never_asked(tiny_model):
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(tiny_model)],
        capture_output=True,
        text=True,
        timeout=240,
        env=_bare_environment(),
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def _bare_environment() -> dict[str, str]:
    """The environment without what would make Hugging Face's libraries offline anyway."""
    import os

    return {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}


def test_an_endpoint_that_is_no_address_is_said_before_an_import_breaks_on_it(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://[::1")
    with pytest.raises(HubError, match="HF_ENDPOINT"), quietly_offline():
        pytest.fail("nothing was imported")
