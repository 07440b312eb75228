"""What people bring becomes a whole model on the shelf, encodes as OpenCLIP does, or is refused with a sentence."""

import json
import pickle
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import CallError, ExportError, ModelDamaged, ModelMissing, TorchMissing
from core.models import checkpoints, clip_vocabulary, conversion, hub
from core.models.encoder import Backend, EncoderSpec
from core.models.exporting import export_model
from core.models.fitting import LINE, fit_scores, probes
from core.models.importing import ImportRequest, Step, import_model, name_of
from core.models.kept import KeptModels
from core.models.openclip import OpenClipEncoder
from core.models.openvino import OpenVinoEncoder
from core.models.registry import build_encoder, load_info, spec_for, starter_folder, verify
from core.models.shelf import Shelf
from tests.core.models import small_models

pytestmark = pytest.mark.torch
TEXTS = ["a dog", "", "Two DOGS run on the beach, it's 3 o'clock", "the red house " * 30, "&amp; café 😀"]


@pytest.fixture(autouse=True)
def few_probes(monkeypatch):
    """Parity is judged on eight photos, to be quick; on all of them in ``stocked``."""
    monkeypatch.setattr(conversion, "probes", lambda: probes(8))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture(scope="module")
def local_dir(tmp_path_factory) -> Path:
    return small_models.local_dir(tmp_path_factory.mktemp("brought") / "small")


@pytest.fixture(scope="module")
def immich(tmp_path_factory) -> Path:
    return small_models.immich(tmp_path_factory.mktemp("brought") / "ViT-small__tests")


@pytest.fixture(scope="module")
def stocked(tmp_path_factory, local_dir: Path, immich: Path) -> Shelf:
    """A shelf with one model of each kind, of the same weights: ``small`` and ``ViT-small__tests``. Read only."""
    shelf = Shelf(tmp_path_factory.mktemp("stocked") / "shelf")
    import_model(shelf, ImportRequest(local_dir, about={"licence": "MIT", "languages": ["en", "de"]}))
    import_model(shelf, ImportRequest(immich, about={"licence": "MIT", "source": "hf-hub:tests/small"}))
    return shelf


@pytest.fixture(scope="module")
def reference(stocked: Shelf) -> OpenClipEncoder:
    """OpenCLIP itself on the same weights."""
    return OpenClipEncoder(EncoderSpec(stocked.find("small").folder, Backend.OPENCLIP, "f32"), "cpu")


def agree(folder: Path, reference: OpenClipEncoder, photos) -> None:
    """Photo by photo and sentence by sentence, also after what all have in common is taken away."""
    ours = build_encoder(spec_for(folder, None, precision="f32"))
    assert isinstance(ours, OpenVinoEncoder)
    for found, expected in (
        (ours.encode_images(photos), reference.encode_images(photos)),
        (ours.encode_texts(TEXTS), reference.encode_texts(TEXTS)),
    ):
        assert (found * expected).sum(axis=1).min() >= 0.9999
        apart, own = found - found.mean(axis=0), expected - expected.mean(axis=0)
        assert np.linalg.norm(own, axis=1).min() > 0.05
        assert np.abs(apart - own).max() < 0.01 * np.abs(own).max()


def test_an_openclip_folder_becomes_graphs_beside_the_very_file_that_came(stocked, reference, local_dir, drawn_photos):
    info = stocked.find("small")
    agree(info.folder, reference, drawn_photos[:7])
    assert info.weights.read_bytes() == (local_dir / "open_clip_model.safetensors").read_bytes()
    assert (info.folder / "visual.onnx").stat().st_size < 100_000
    verify(info)


def test_an_openclip_folder_with_a_pickle_in_half_precision(shelf, tmp_path, drawn_photos):
    source = small_models.local_dir(tmp_path / "brought", half=True, pickled=True)
    before = {path: path.stat().st_mtime_ns for path in source.iterdir()}
    heard = []
    report = import_model(shelf, ImportRequest(source, name="mine"), lambda *step: heard.append(step))
    info = report.info
    assert info == shelf.find("mine")
    assert (info.dim, info.image_size, info.context_length) == (24, 32, 20)
    assert info.preprocess.interpolation == "bilinear"
    assert info.raw["tokenizer"] == {"clean": "lower", "pad_id": 0, "whole": False}
    assert info.raw["parity"]["f32"]["ok"]
    verify(info)
    # Nobody trained it, and that is said.
    assert report.fitted is not None and not report.fitted.measured
    assert any("hardly apart" in remark for remark in report.remarks)
    agree(info.folder, OpenClipEncoder(EncoderSpec(info.folder, Backend.OPENCLIP, "f32"), "cpu"), drawn_photos[:7])
    assert info.weights.stat().st_size < 4_000_000
    assert (heard[0], heard[-1]) == ((Step.CONVERT, 0, 4), (Step.MEASURE, 48, 48))
    assert {path: path.stat().st_mtime_ns for path in source.iterdir()} == before
    assert [path.name for path in shelf.folder.iterdir()] == ["mine"]


def test_weights_that_openclip_names_otherwise_are_written_anew(shelf, tmp_path, drawn_photos):
    """Of a model that was trained with its text tower apart: OpenCLIP turns the names round, and so does the file."""
    config = small_models.SMALL | {"custom_text": True}
    source = small_models.local_dir(tmp_path / "brought", config)
    from safetensors.numpy import load_file, save_file

    state = load_file(source / "open_clip_model.safetensors")
    save_file({name.removeprefix("text."): value for name, value in state.items()}, source / "old.safetensors")
    (source / "open_clip_model.safetensors").unlink()
    info = import_model(shelf, ImportRequest(source)).info
    assert set(load_file(info.weights)) == set(state)
    agree(info.folder, OpenClipEncoder(EncoderSpec(info.folder, Backend.OPENCLIP, "f32"), "cpu"), drawn_photos[:4])


def test_an_onnx_folder_as_immich_publishes_them(stocked, reference, drawn_photos, tmp_path):
    info = stocked.find("ViT-small__tests")
    assert info.is_graphs_alone
    assert info.raw["licence"] == "MIT"
    assert info.raw["tokenizer"] == {"clean": "lower", "pad_id": 0, "whole": True}
    assert {path.relative_to(info.folder).as_posix() for path in info.folder.rglob("*") if path.is_file()} == {
        *("model.json", "open_clip_config.json", "tokenizer.json", "tokenizer_config.json"),
        *("visual/model.onnx", "textual/model.onnx"),
    }
    agree(info.folder, reference, drawn_photos[:7])
    with pytest.raises(ModelMissing, match="nothing to load"):
        OpenClipEncoder(EncoderSpec(info.folder, Backend.OPENCLIP))
    # A library's own copy, and the cache, in which the two graphs of one name do not meet.
    kept = KeptModels(tmp_path / "library")
    assert kept.keep(info) is None
    assert kept.find(info.model_id) is not None
    cache = tmp_path / "cache"
    for _ in range(2):
        encoder = build_encoder(spec_for(info.folder, cache, precision="f32"))
        encoder.encode_texts(["a dog"])
        encoder.encode_images(drawn_photos[:1])
        assert len(list(cache.iterdir())) == 2


def test_an_onnx_folder_that_does_not_say_how_photos_are_scaled(shelf, immich, tmp_path):
    source = Path(shutil.copytree(immich, tmp_path / "silent"))
    (source / "visual" / "preprocess_cfg.json").unlink()
    assert any("how photos are scaled" in remark for remark in import_model(shelf, ImportRequest(source)).remarks)


def test_an_onnx_folder_that_takes_one_at_a_time(shelf, stocked, drawn_photos, tmp_path):
    many = stocked.find("ViT-small__tests")
    one = import_model(shelf, ImportRequest(small_models.immich(tmp_path / "one", batch=1))).info
    assert (many.batch, one.batch) == (None, 1)
    encoders = [build_encoder(spec_for(info.folder, None, precision="f32")) for info in (many, one)]
    photos = [encoder.encode_images(drawn_photos[:5]) for encoder in encoders]
    texts = [encoder.encode_texts(TEXTS) for encoder in encoders]
    np.testing.assert_allclose(*photos, atol=1e-5)
    np.testing.assert_allclose(*texts, atol=1e-5)
    with pytest.raises(ModelDamaged, match="7 photos at once"):
        import_model(shelf, ImportRequest(small_models.immich(tmp_path / "seven", batch=7)))


def test_a_bare_onnx_folder_is_filled_in_from_its_graphs(shelf, stocked, immich, tmp_path, drawn_photos):
    source = Path(shutil.copytree(immich, tmp_path / "bare"))
    for name in ("config.json", "textual/tokenizer_config.json"):
        (source / name).unlink()
    shutil.move(source / "textual" / "tokenizer.json", source / "tokenizer.json")
    shutil.move(source / "visual" / "preprocess_cfg.json", source / "preprocess_cfg.json")
    info = import_model(shelf, ImportRequest(source)).info
    assert (info.dim, info.image_size, info.context_length) == (24, 32, 20)
    whole = stocked.find("ViT-small__tests")
    encoders = [build_encoder(spec_for(folder, None, precision="f32")) for folder in (info.folder, whole.folder)]
    np.testing.assert_array_equal(*(encoder.encode_images(drawn_photos[:2]) for encoder in encoders))
    np.testing.assert_array_equal(*(encoder.encode_texts(TEXTS) for encoder in encoders))


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "visual" / "model.onnx").write_bytes(b"nonsense"), r"visual.model\.onnx"),
        (lambda folder: (folder / "visual" / "model.onnx").unlink(), r"no visual/model\.onnx"),
        (lambda folder: (folder / "textual" / "tokenizer.json").unlink(), r"tokenizer\.json"),
        (lambda folder: (folder / "textual" / "tokenizer.json").write_text("{}"), "tokenizer"),
        (lambda folder: (folder / "config.json").write_text("[]"), r"config\.json"),
        (
            lambda folder: shutil.copy(folder / "textual/model.onnx", folder / "visual/model.onnx"),
            "not one of an image",
        ),
    ],
)
def test_an_onnx_folder_that_is_broken(shelf, immich, tmp_path, break_it, said):
    source = Path(shutil.copytree(immich, tmp_path / "broken"))
    break_it(source)
    with pytest.raises((ModelMissing, ModelDamaged), match=said):
        import_model(shelf, ImportRequest(source))
    assert list(shelf.folder.glob("*")) == []


def test_files_of_an_onnx_model_that_change_later_are_noticed(stocked, tmp_path):
    info = load_info(Path(shutil.copytree(stocked.find("ViT-small__tests").folder, tmp_path / "copy")))
    graph = info.folder / "textual" / "model.onnx"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    with pytest.raises(ModelDamaged, match="not those"):
        verify(load_info(info.folder))
    graph.write_bytes(content[:-1])
    with pytest.raises(ModelDamaged, match="damaged"):
        load_info(info.folder)
    graph.unlink()
    with pytest.raises(ModelMissing, match="textual"):
        load_info(info.folder)


def test_what_only_fails_in_use_fails_at_the_import(stocked, shelf, tmp_path):
    source = Path(shutil.copytree(stocked.find("small").folder, tmp_path / "exported"))
    card = source / "model.json"
    said = json.loads(card.read_text())
    for change, words in (
        ({"tokenizer": None}, "config.json"),
        ({"precisions": ["int1"]}, "int1"),
        ({"parity": "x"}, "parity"),
        ({"licence": [[[1]]]}, "licence"),
    ):
        card.write_text(json.dumps(said | change))
        with pytest.raises((ModelMissing, ModelDamaged), match=words) as caught:
            import_model(shelf, ImportRequest(source, name="other"))
        assert str(source) in str(caught.value) and ".draft-" not in str(caught.value)
    assert list(shelf.folder.glob("*")) == []


def test_an_estimate_stays_one_when_it_travels(stocked, shelf, tmp_path):
    info = stocked.find("small")
    assert info.raw["calibrated_on"]["measured"] is False
    out = export_model(info, tmp_path / "out")
    card = (out.folder / "README.md").read_text()
    assert "an estimate" in card and "measured on" not in card
    report = import_model(shelf, ImportRequest(out.folder))
    assert len(report.remarks) == 1 and "hardly apart" in report.remarks[0]


@pytest.mark.parametrize(("value", "said"), [(float("nan"), "gives no numbers"), (0.0, "the same for every")])
def test_weights_that_are_no_numbers_or_nothing_are_refused(shelf, local_dir, immich, tmp_path, value, said):
    import onnx
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(local_dir, tmp_path / "weights"))
    weights = folder / "open_clip_model.safetensors"
    save_file({name: tensor.mul(value) for name, tensor in load_file(weights).items()}, weights)
    graphs = Path(shutil.copytree(immich, tmp_path / "graphs"))
    graph = graphs / "textual" / "model.onnx"
    model = onnx.load(graph)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            changed = onnx.numpy_helper.to_array(tensor) * np.float32(value)
            tensor.CopyFrom(onnx.numpy_helper.from_array(changed, tensor.name))
    onnx.save(model, graph)
    for source in (folder, graphs):
        with pytest.raises(ModelDamaged, match=said):
            import_model(shelf, ImportRequest(source))
    assert list(shelf.folder.glob("*")) == []


def test_a_scaling_that_is_no_number_is_refused(shelf, immich, tmp_path):
    source = Path(shutil.copytree(immich, tmp_path / "scaled"))
    (source / "visual" / "preprocess_cfg.json").write_text('{"size": 32, "mean": [NaN, 0.5, 0.5]}')
    with pytest.raises(ModelDamaged, match="no number"):
        import_model(shelf, ImportRequest(source))


@pytest.mark.parametrize(
    "name", ["config.json", "textual/tokenizer.json", "textual/tokenizer_config.json", "visual/preprocess_cfg.json"]
)
def test_json_that_is_nested_too_deeply_is_named(shelf, immich, tmp_path, name):
    source = Path(shutil.copytree(immich, tmp_path / "deep"))
    (source / name).write_text("[" * 100_000)
    with pytest.raises(ModelDamaged, match=Path(name).stem):
        import_model(shelf, ImportRequest(source))


@pytest.mark.parametrize("name", ["open_clip_config.json", "model.json"])
def test_a_description_that_is_nested_too_deeply_is_named(stocked, shelf, tmp_path, name):
    source = Path(shutil.copytree(stocked.find("small").folder, tmp_path / "deep"))
    (source / name).write_text("[" * 100_000)
    with pytest.raises(ModelDamaged, match=name):
        import_model(shelf, ImportRequest(source, name="other"))


def test_what_a_library_says_of_a_damaged_file_fits_a_sentence(shelf, immich, local_dir, tmp_path, capfd):
    source = Path(shutil.copytree(immich, tmp_path / "garbage"))
    noise = np.random.default_rng(3).integers(0, 256, 20_000, np.uint8).tobytes()
    (source / "visual" / "model.onnx").write_bytes(b"\x08\x07\x12\x0a" + noise)
    cut = Path(shutil.copytree(small_models.local_dir(tmp_path / "pickled", pickled=True), tmp_path / "cut"))
    checkpoint = cut / "epoch_3.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    for path in (source, cut):
        with pytest.raises(ModelDamaged) as caught:
            import_model(shelf, ImportRequest(path))
        said = str(caught.value)
        assert said.isprintable() and said.endswith(".") and len(said) < 220 + len(str(path)), said
    assert capfd.readouterr().err == ""


class Bomb:
    """What a hostile pickle does when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_folder_that_wants_its_own_code_run_gets_a_sentence(shelf, tmp_path):
    went_off = tmp_path / "went off"
    text = small_models.SMALL["text_cfg"] | {
        "hf_tokenizer_name": "x/y",
        "tokenizer_kwargs": {"trust_remote_code": True},
    }
    source = small_models.local_dir(tmp_path / "folder", small_models.SMALL | {"text_cfg": text})
    merges = clip_vocabulary.read_merges(clip_vocabulary.merges_file())
    clip_vocabulary.tokenizer(merges).save(str(source / "tokenizer.json"))
    said = {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": [None, "tokenizer_evil.Evil"]}}
    (source / "tokenizer_config.json").write_text(json.dumps(said))
    (source / "tokenizer_evil.py").write_text(
        f"open({str(went_off)!r}, 'w').write('')\nfrom transformers import PreTrainedTokenizerFast\n"
        "class Evil(PreTrainedTokenizerFast): pass\n"
    )
    with pytest.raises(ModelDamaged, match="not known"):
        import_model(shelf, ImportRequest(source))
    assert not went_off.exists() and not hub._is_text("tokenizer_evil.py")


def test_a_hostile_pickle_gets_a_sentence_and_does_not_run(shelf, tmp_path):
    import torch

    went_off = tmp_path / "went off"
    first, second = tmp_path / "zip.pt", tmp_path / "plain.pt"
    torch.save({"state_dict": {"a": torch.zeros(2)}, "bomb": Bomb(went_off)}, first)
    second.write_bytes(pickle.dumps(Bomb(went_off)))
    folder = small_models.local_dir(tmp_path / "folder")
    (folder / "open_clip_model.safetensors").unlink()
    shutil.copy(first, folder / "open_clip_pytorch_model.bin")
    for request in (
        ImportRequest(first, architecture="ViT-B-32"),
        ImportRequest(second, architecture="ViT-B-32"),
        ImportRequest(folder),
    ):
        with pytest.raises(ModelDamaged, match="more than weights"):
            import_model(shelf, request)
    assert not went_off.exists()
    assert list(shelf.folder.iterdir()) == []


def test_a_torchscript_archive_is_refused(tmp_path):
    import torch

    with pytest.warns(FutureWarning):
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "old.pt")
    with pytest.raises(ModelDamaged, match="TorchScript archive"):
        checkpoints.read_checkpoint(tmp_path / "old.pt")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pt", b""),
        ("a.pt", b"nonsense"),
        ("a.pt", b"hello"),
        ("a.safetensors", b""),
        ("a.safetensors", b"\xff" * 40),
        ("a.bin", b"PK\x03\x04" + bytes(50)),
    ],
)
def test_a_damaged_checkpoint_is_named(shelf, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelDamaged, match=name) as caught:
        import_model(shelf, ImportRequest(tmp_path / name, architecture="ViT-B-32"))
    assert not re.search(r"\(\W*\d*\W*\)", str(caught.value)), "the reason is in words"
    assert list(shelf.folder.iterdir()) == []


def test_a_checkpoint_of_another_architecture_is_named(shelf, local_dir, tmp_path):
    source = Path(shutil.copytree(local_dir, tmp_path / "wrong"))
    path = source / "open_clip_config.json"
    config = json.loads(path.read_text())
    config["model_cfg"]["vision_cfg"]["layers"] = 3
    path.write_text(json.dumps(config))
    with pytest.raises(ModelDamaged, match="another architecture: Missing key"):
        import_model(shelf, ImportRequest(source))


@pytest.mark.parametrize(
    ("name", "architecture", "tag", "error", "said"),
    [
        ("a.safetensors", None, None, CallError, "--architecture"),
        ("a.safetensors", "ViT-B-33", None, CallError, "Did you mean ViT-B-32"),
        ("a.safetensors", "ViT-B-32", "nobody", CallError, "no checkpoint `nobody`"),
        ("a.safetensors", "ViT-L-14", None, CallError, "--tag"),
        ("a.safetensors", "ViT-B-16-SigLIP", None, ModelMissing, "tokenizer"),
        ("a.safetensors", "xlm-roberta-base-ViT-B-32", None, ModelMissing, "config"),
        ("a.txt", "ViT-B-32", None, CallError, "no checkpoint"),
        ("model.onnx", None, None, CallError, "folder that it lies in"),
        ("nowhere", None, None, ModelMissing, "not there"),
        (".", None, None, ModelMissing, "neither open_clip_config"),
    ],
)
def test_calls_that_do_not_fit(shelf, tmp_path, name, architecture, tag, error, said):
    if name != "nowhere":
        for file in ("a.safetensors", "a.txt", "model.onnx"):
            (tmp_path / file).write_bytes(b"")
    with pytest.raises(error, match=said):
        import_model(shelf, ImportRequest(tmp_path / name, architecture=architecture, tag=tag))


def test_a_tag_says_how_photos_are_scaled_and_which_gelu():
    def described(architecture, tag):
        return checkpoints.described(ImportRequest(Path("x"), architecture=architecture, tag=tag))

    assert described("ViT-B-32", "openai")["model_cfg"]["quick_gelu"] is True
    assert "quick_gelu" not in described("ViT-B-32", "laion2b_s34b_b79k")["model_cfg"]
    assert described("ViT-L-14", "laion2b_s32b_b82k")["preprocess_cfg"]["mean"] == [0.5, 0.5, 0.5]
    assert described("MobileCLIP2-S0", None)["preprocess_cfg"]["interpolation"] == "bilinear"


def test_a_folder_that_cannot_be_exported_is_kept_for_pytorch(shelf, local_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion.graphs, "trace", lambda *_rest: (_ for _ in ()).throw(RuntimeError("no such form")))
    report = import_model(shelf, ImportRequest(local_dir))
    assert any("PyTorch alone" in remark and "no such form" in remark for remark in report.remarks)
    assert report.info.visual is None
    assert spec_for(report.info.folder, None).backend is Backend.OPENCLIP
    monkeypatch.undo()
    out = export_model(report.info, tmp_path / "out")
    assert out.visual is not None and out.textual is not None
    assert load_info(report.info.folder).visual is None


def test_graphs_that_come_out_otherwise_are_not_kept(shelf, local_dir, monkeypatch):
    real = conversion.graphs.externalize

    def spoilt(path, *rest, **more):
        """As if the export had folded something wrong: the graph's own constants change."""
        import onnx

        count = real(path, *rest, **more)
        model = onnx.load(path, load_external_data=False)
        for node in model.graph.node:
            if node.op_type == "Softmax":
                node.attribute[0].i = 2
        path.write_bytes(model.SerializeToString())
        return count

    monkeypatch.setattr(conversion.graphs, "externalize", spoilt)
    report = import_model(shelf, ImportRequest(local_dir))
    assert any("PyTorch alone" in remark for remark in report.remarks)
    assert report.info.visual is None


def test_what_is_interrupted_leaves_nothing(shelf, immich):
    def stop(step, done, total):
        if step is Step.MEASURE:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_model(shelf, ImportRequest(immich), stop)
    assert list(shelf.folder.iterdir()) == []


def test_without_the_extra_a_checkpoint_is_refused(shelf, local_dir, monkeypatch):
    real = conversion.importlib.util.find_spec
    monkeypatch.setattr(
        conversion.importlib.util, "find_spec", lambda name, *rest: None if name == "onnx" else real(name, *rest)
    )
    with pytest.raises(TorchMissing, match=r"Importing the OpenCLIP checkpoint .*pip install"):
        import_model(shelf, ImportRequest(local_dir))


LIGHT = """
import sys
from pathlib import Path
from core.models.importing import ImportRequest, import_model
from core.models.shelf import Shelf
for path in sys.argv[2:]:
    info = import_model(Shelf(Path(sys.argv[1])), ImportRequest(Path(path))).info
heavy = {"torch", "torchvision", "transformers", "open_clip", "timm", "onnx", "safetensors", "PySide6"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_light_install_imports_what_was_exported(stocked, immich, tmp_path):
    made = stocked.find("small")
    out = export_model(made, tmp_path / "out" / "model").folder
    command = [sys.executable, "-W", "error", "-c", LIGHT, str(tmp_path / "light"), str(out), str(immich)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
    again = Shelf(tmp_path / "light").find("small")
    assert again.model_id == made.model_id
    encoders = [build_encoder(spec_for(folder, None, precision="f32")) for folder in (made.folder, again.folder)]
    np.testing.assert_array_equal(*(encoder.encode_texts(TEXTS) for encoder in encoders))


def test_export(stocked, tmp_path):
    info = stocked.find("small")
    (tmp_path / "empty").mkdir()
    out = export_model(info, tmp_path / "empty")
    assert out.model_id == info.model_id
    card = (out.folder / "README.md").read_text()
    for said in ("# small", "| licence | MIT |", "en, de", "float32[n, 3, 32, 32]", "float32[n, 24]", "agrees with"):
        assert said in card
    with pytest.raises(CallError, match="not empty"):
        export_model(info, tmp_path / "empty")
    with pytest.raises(CallError, match="own folder"):
        export_model(info, info.folder / "inside")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        export_model(info, tmp_path / "file" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/ViT-B-32.safetensors", "ViT-B-32"),
        ("a/ViT-B-32.v2", "ViT-B-32.v2"),
        ("a/Mein Modell (neu)!.pt", "Mein-Modell-neu"),
        ("a/…", "model"),
        ("a/Grüße q", "Grusse-q"),
        ("a/" + "x" * 100, "x" * 64),
    ],
)
def test_names_from_files(path, name):
    assert name_of(Path(path)) == name


def test_scores_are_measured_where_the_model_was_trained():
    fitted = fit_scores(build_encoder(spec_for(starter_folder(), None, precision="f32")))
    own = load_info(starter_folder())
    assert fitted.measured
    assert fitted.auc > 0.9
    assert fitted.found_at_5 > 0.6
    assert fitted.text.line == LINE
    # Of two photos: the bundled model's own map, moved to where the bundled model's photos lie, is itself.
    assert fitted.photo.slope == pytest.approx(own.photo_calibration.slope, rel=1e-3)
    assert fitted.photo.intercept == pytest.approx(own.photo_calibration.intercept, rel=1e-3)
    assert len(probes().photos) == len(set(probes().sentences)) == 48
