"""A worker's encoder where a GPU may be: the check, the fall back to the processor, and what is said of either.

No GPU is at hand: the tower runs on the CPU by the same code, and what a GPU would do wrong is made up.
"""

import numpy as np
import pytest

from core.models import devices, fitting, gpu
from core.models.encoder import Backend, EncoderSpec
from core.models.gpu import GpuEncoder
from core.models.openclip import OpenClipEncoder
from core.models.openvino import OpenVinoEncoder
from core.models.registry import build_encoder

pytestmark = pytest.mark.torch
MACHINE = "A made-up GPU, PyTorch 0"
REAL = fitting.probes


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Four sample photos: enough to judge float32 by."""
    some = fitting.probes(4)
    monkeypatch.setattr(fitting, "probes", lambda: some)


@pytest.fixture(scope="module")
def reference(tiny_model):
    return OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP, "f32"), "cpu")


@pytest.fixture(scope="module")
def cpu(tiny_model):
    return OpenVinoEncoder(EncoderSpec(tiny_model, Backend.OPENVINO, "f32"))


@pytest.fixture
def spec(tiny_model, tmp_path):
    return EncoderSpec(tiny_model, cache=tmp_path / "cache", device="auto")


def begun(spec, cpu, made):
    """An encoder that has tried the GPU."""
    encoder = GpuEncoder(spec, cpu, made)
    encoder.try_gpu()
    return encoder


class Made:
    """Builds the tower; ``asked`` has each precision that was asked for, ``towers`` what was made."""

    def __init__(self, reference, *, precisions=("f32",), machine=MACHINE, spoil=None, error=None):
        self.reference, self.precisions, self.machine = reference, precisions, machine
        self.spoil, self.error = spoil, error
        self.asked, self.towers, self.loaded = [], [], 0

    def __call__(self, spec, device):
        self.loaded += 1
        if self.error is not None:
            raise self.error
        return self.make, self.machine, self.precisions

    def make(self, precision):
        self.asked.append(precision)
        tower = self.reference.tower_in(precision)
        if self.spoil is not None:
            self.spoil(tower, precision)
        tower.fit_batch = lambda: setattr(tower, "batch", 16) or 16
        self.towers.append(tower)
        return tower


def refuse(error):
    """What makes a tower raise from now on."""

    def spoil(tower, _precision=""):
        def raise_it(_batch):
            raise error

        tower._eager = tower._full = raise_it

    return spoil


def test_a_gpu_that_passes_its_check_encodes_the_photos(reference, cpu, spec, drawn_photos):
    encoder = begun(spec, cpu, Made(reference))
    assert encoder.on_gpu and encoder.remark == "" and encoder.preferred_batch == 16
    said = encoder.verdict.sentence
    assert said.startswith(f"Photos are encoded on {MACHINE}, in f32, 16 at once. The encoder agrees")
    np.testing.assert_allclose(
        encoder.encode_images(drawn_photos[:9]), reference.encode_images(drawn_photos[:9]), atol=1e-5
    )
    pixels = list(encoder.preprocess(drawn_photos[:9]))
    np.testing.assert_allclose(encoder.encode_pixels(pixels), cpu.encode_pixels(pixels), atol=1e-3)
    np.testing.assert_array_equal(encoder.encode_texts(["a dog"]), cpu.encode_texts(["a dog"]))
    assert (encoder.model_id, encoder.dim) == (cpu.model_id, cpu.dim)
    encoder.warm_up_texts()
    assert encoder.encode_images([]).shape == (0, cpu.dim)


def test_until_it_was_tried_the_processor_encodes(reference, cpu, spec, drawn_photos):
    made = Made(reference)
    encoder = GpuEncoder(spec, cpu, made)
    assert not encoder.on_gpu and encoder.remark == "" and made.loaded == 0
    np.testing.assert_array_equal(encoder.encode_images(drawn_photos[:3]), cpu.encode_images(drawn_photos[:3]))
    assert made.loaded == 0 and devices.kept(spec.cache, encoder.model_id) is None


def test_it_is_checked_once_for_a_gpu(reference, cpu, spec, monkeypatch):
    begun(spec, cpu, Made(reference))
    monkeypatch.setattr(gpu, "check", lambda *_: pytest.fail("it was checked again"))
    again = begun(spec, cpu, Made(reference))
    assert again.on_gpu and again.preferred_batch == 16
    monkeypatch.setattr(gpu, "check", lambda *_: ("It differs.", False))
    other = begun(spec, cpu, Made(reference, machine="Another GPU"))
    assert not other.on_gpu
    assert other.remark == "Another GPU is not used: It differs. Photos are encoded on the processor."


def test_what_fails_in_reduced_precision_is_tried_in_full(reference, cpu, spec, monkeypatch):
    monkeypatch.setattr(fitting, "probes", REAL)  # ranking is judged among forty

    def spoil(tower, precision):
        if precision == "bf16":
            eager = tower._eager
            tower._eager = tower._full = lambda batch: eager(batch).flip(0)

    made = Made(reference, precisions=("bf16", "f32"), spoil=spoil)
    encoder = begun(spec, cpu, made)
    assert made.asked == ["bf16", "f32"] and encoder.on_gpu and encoder.verdict.precision == "f32"


def test_a_gpu_that_sees_something_else_is_not_used(reference, cpu, spec, drawn_photos):
    def spoil(tower, _precision):
        eager = tower._eager
        tower._eager = tower._full = lambda batch: eager(batch).flip(0)

    encoder = begun(spec, cpu, Made(reference, spoil=spoil))
    assert not encoder.on_gpu and encoder.preferred_batch == 8
    assert "differs too much" in encoder.remark and encoder.remark.endswith("Photos are encoded on the processor.")
    np.testing.assert_array_equal(encoder.encode_images(drawn_photos[:3]), cpu.encode_images(drawn_photos[:3]))
    made = Made(reference)
    assert not begun(spec, cpu, made).on_gpu and made.asked == [], "the verdict holds for this GPU"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("Found no NVIDIA driver. Please\ncheck"), "(Found no NVIDIA driver)"),
        (RuntimeError("CUDA out of memory. Tried to allocate 20 MiB"), "(its memory does not hold a single photo)"),
        (AssertionError(), "(AssertionError)"),
    ],
)
def test_a_gpu_that_cannot_be_begun_with_leaves_the_processor(cpu, reference, spec, drawn_photos, error, said):
    encoder = begun(spec, cpu, Made(reference, error=error))
    assert encoder.remark == (
        f"The GPU cannot be used {said}. Photos are encoded on the processor. RETROUVE_DEVICE=cpu leaves it alone."
    )
    assert len(encoder.encode_pixels(list(encoder.preprocess(drawn_photos[:10])))) == 10
    assert devices.kept(spec.cache, encoder.model_id).sentence == encoder.remark
    assert begun(spec, cpu, Made(reference)).on_gpu, "the next worker tries it again"


def test_memory_that_holds_no_photo_or_a_fault_on_the_way_leaves_it_to_the_processor(
    reference, cpu, spec, drawn_photos
):
    import torch

    made = Made(reference)
    encoder = begun(spec, cpu, made)
    pixels = list(encoder.preprocess(drawn_photos[:10]))
    refuse(torch.OutOfMemoryError("CUDA out of memory"))(made.towers[0])
    np.testing.assert_allclose(encoder.encode_pixels(pixels), cpu.encode_pixels(pixels), atol=1e-6)
    assert not encoder.on_gpu
    said = "The GPU stopped while it encoded photos (its memory does not hold a single photo)"
    assert encoder.remark.startswith(said)


def test_a_gpu_that_ends_its_process_is_left_alone_in_the_third(reference, cpu, spec):
    class Ended(BaseException):
        """Stands for the end of the process."""

    for _ in range(2):
        with pytest.raises(Ended):
            begun(spec, cpu, Made(reference, error=Ended()))
    made = Made(reference)
    encoder = begun(spec, cpu, made)
    assert not encoder.on_gpu and made.loaded == 0
    assert encoder.remark.startswith("The GPU is not used: each try ended its process.")
    assert begun(spec, cpu, made).on_gpu, "tried again another time"


def test_a_try_that_the_app_ends_is_none_that_ended_the_process(reference, cpu, spec):
    class Ended(BaseException):
        """Stands for the end of the process."""

    for _ in range(3):
        encoder = GpuEncoder(spec, cpu, Made(reference, error=Ended()))
        with pytest.raises(Ended):
            encoder.try_gpu()
        encoder.abandon()
        assert devices.kept(spec.cache, encoder.model_id) is None
    assert begun(spec, cpu, Made(reference)).on_gpu
    encoder.abandon()
    assert devices.kept(spec.cache, encoder.model_id).used, "what came of it stays"


def test_a_compiled_tower_is_tried_after_many_photos_and_only_once(reference, cpu, spec, drawn_photos, monkeypatch):
    monkeypatch.setattr(gpu, "COMPILE_AFTER", 6)
    made, tried = Made(reference), []
    encoder = begun(spec, cpu, made)
    tower = made.towers[0]
    tower.kind = "cuda"
    monkeypatch.setattr(tower, "compile_if_faster", lambda: tried.append(1) or False)
    monkeypatch.setattr(tower, "encode", lambda pixels: np.ones((len(pixels), 32), np.float32))
    pixels = list(encoder.preprocess(drawn_photos[:4]))
    for count in (0, 1, 1, 1):
        encoder.encode_pixels(pixels)
        assert len(tried) == count
    assert devices.kept(spec.cache, encoder.model_id).pays is False
    again = begun(spec, cpu, Made(reference))
    assert again._uncompiled == 0, "it is known not to pay"


def test_a_worker_gets_it_where_a_gpu_is_worth_trying_and_nobody_else(tiny_model, tmp_path, monkeypatch):
    built = []

    class Spy:
        def __init__(self, spec, cpu):
            built.append((spec, cpu))

    monkeypatch.setattr(gpu, "GpuEncoder", Spy)
    monkeypatch.setattr(devices, "seems_to_have_gpu", lambda: True)
    spec = EncoderSpec(tiny_model, cache=tmp_path, device="auto")
    assert isinstance(build_encoder(spec), Spy)
    assert built[0][0] == spec and isinstance(built[0][1], OpenVinoEncoder)
    assert isinstance(build_encoder(EncoderSpec(tiny_model, cache=tmp_path, device="cpu")), OpenVinoEncoder)
    assert isinstance(build_encoder(EncoderSpec(tiny_model, cache=tmp_path)), OpenVinoEncoder)
    monkeypatch.setattr(devices, "seems_to_have_gpu", lambda: False)
    assert isinstance(build_encoder(spec), OpenVinoEncoder)
    reference = build_encoder(EncoderSpec(tiny_model, Backend.OPENCLIP, device="auto"))
    assert isinstance(reference, OpenClipEncoder)
    assert len(built) == 1


def test_the_real_builder_says_that_there_is_no_gpu(tiny_model, tmp_path, cpu):
    from core.models.photo_tower import best_device

    if best_device() != "cpu":
        pytest.skip("there is one")
    encoder = begun(EncoderSpec(tiny_model, cache=tmp_path, device="auto"), cpu, None)
    assert "PyTorch finds none" in encoder.remark
    named = begun(EncoderSpec(tiny_model, cache=tmp_path, device="cuda"), cpu, None)
    assert named.remark.startswith("The GPU cannot be used (") and not named.on_gpu


def test_without_a_cache_nothing_is_written(reference, cpu, tiny_model):
    assert begun(EncoderSpec(tiny_model, device="auto"), cpu, Made(reference)).on_gpu
    assert devices.kept(None, cpu.model_id) is None
