"""The path that photos take on a GPU, taken on the CPU: the same steps, and a fake of a memory that is too small."""

import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.models.encoder import Backend, EncoderSpec
from core.models.openclip import OpenClipEncoder
from core.models.photo_tower import PhotoTower, best_device, describe, is_out_of_memory, precisions_of

pytestmark = pytest.mark.torch
SIZE, DIM = (6, 8), 5


@pytest.fixture
def pixels():
    return list(np.random.default_rng(3).standard_normal((23, 3, *SIZE), np.float32))


class Device:
    """A tower on a device that holds ``most`` photos at once; what it was given is kept."""

    def __init__(self, most=1000):
        import torch

        torch.manual_seed(1)
        self.most = most
        self.seen = []
        self.channels_last = []
        self.layer = torch.nn.Conv2d(3, DIM, SIZE)

    def __call__(self, batch):
        import torch

        self.seen.append(len(batch))
        self.channels_last.append(batch.is_contiguous(memory_format=torch.channels_last))
        if len(batch) > self.most:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {len(batch)} photos")
        return self.layer(batch).flatten(1)


def tower_of(device, precision="f32"):
    return PhotoTower(device, "cpu", precision, SIZE, DIM)


def test_photos_come_out_of_unit_length_whatever_they_are_cut_into(pixels):
    import torch

    device = Device()
    tower = tower_of(device)
    tower.batch = 7
    found = tower.encode(pixels)
    assert (found.shape, found.dtype) == ((23, DIM), np.float32)
    assert device.seen == [7, 7, 7, 2] and all(device.channels_last)
    with torch.inference_mode():
        plain = device.layer(torch.tensor(np.stack(pixels))).flatten(1)
        expected = torch.nn.functional.normalize(plain, dim=1).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(tower.encode(np.stack(pixels)), expected, atol=1e-6)
    assert tower.encode([]).shape == (0, DIM)


def test_reduced_precision_is_used_where_it_is_asked_for(pixels):
    device = Device()
    full, reduced = tower_of(device).encode(pixels), tower_of(device, "bf16").encode(pixels)
    assert 0 < np.abs(full - reduced).max() < 0.05


@pytest.mark.parametrize("most", [1, 3, 6])
def test_where_memory_runs_out_the_batch_is_halved(pixels, most):
    device = Device(most)
    tower = tower_of(device)
    tower.batch = 16
    expected = tower_of(Device()).encode(pixels)
    np.testing.assert_allclose(tower.encode(pixels), expected, atol=1e-6)
    assert tower.batch <= most
    device.seen.clear()
    tower.encode(pixels)
    assert max(device.seen) <= most, "it is not tried again"


def test_a_memory_that_holds_no_photo_is_told(pixels):
    tower = tower_of(Device(0))
    with pytest.raises(Exception, match="out of memory") as caught:
        tower.encode(pixels)
    assert is_out_of_memory(caught.value) and tower.batch == 1


def test_what_filled_the_memory_is_let_go_of_before_it_is_tried_again(pixels):
    held = []

    class Filling(Device):
        def __call__(self, batch):
            if len(batch) > 4:
                held.append(weakref.ref(batch))
            else:
                assert all(batch() is None for batch in held), "the memory is still full"
            return super().__call__(batch)

    tower = tower_of(Filling(4))
    tower.batch = 16
    assert len(tower.encode(pixels)) == 23 and len(held) == 2


def test_another_fault_is_no_reason_to_try_again(pixels):
    calls = []

    def broken(batch):
        calls.append(len(batch))
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal"):
        tower_of(broken).encode(pixels)
    assert len(calls) == 1


def test_what_out_of_memory_looks_like():
    import torch

    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"))
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("CUDA error: no kernel image is available"))
    assert not is_out_of_memory(ValueError("out of memory"))


class Clock:
    """Each look takes what the last batch took: ``cost(n)`` seconds for n photos."""

    def __init__(self, device, cost):
        self.device, self.cost, self.now, self.counted = device, cost, 0.0, 0

    def __call__(self):
        self.now += sum(self.cost(count) for count in self.device.seen[self.counted :])
        self.counted = len(self.device.seen)
        return self.now


def test_the_batch_grows_as_long_as_that_pays():
    device = Device()
    # A fixed cost for each batch, and one for each photo from sixteen on: beyond, nothing is gained.
    tower = tower_of(device)
    assert tower.fit_batch(Clock(device, lambda n: 0.1 + 0.1 * max(0, n - 16))) == 16
    assert tower.batch == 16 and max(device.seen) == 64


def test_the_batch_stays_within_memory():
    device = Device(10)
    tower = tower_of(device)
    assert tower.fit_batch(Clock(device, lambda n: 0.1)) == 8
    assert tower.batch == 8


def test_a_large_photo_makes_small_batches():
    device = Device()
    tower = PhotoTower(lambda batch: device.layer(batch[..., :6, :8]).flatten(1), "cpu", "f32", (2000, 2000), DIM)
    assert tower.fit_batch() <= 3


def test_a_compiled_tower_is_kept_where_it_is_faster_and_alike(pixels):
    device = Device()
    tower = tower_of(device)
    tower.batch = 4
    made = []

    def compiler(eager):
        def compiled(batch):
            made.append(len(batch))
            device.seen.append(0)
            return eager.layer(batch).flatten(1)

        return compiled

    assert tower.compile_if_faster(compiler, Clock(device, lambda n: 0.1 if n else 0.01))
    made.clear()
    device.seen.clear()
    tower.encode(pixels)
    assert made == [4] * 5 and device.seen[-1] == 3, "what is no full batch goes the plain way"
    tower._halve(4)
    assert not tower.compiled, "it was made for another batch"


@pytest.mark.parametrize("fault", ["slower", "wrong", "broken"])
def test_a_compiled_tower_that_is_no_gain_is_dropped(pixels, fault):
    device = Device()
    tower = tower_of(device)
    expected = tower.encode(pixels)

    def compiler(eager):
        def compiled(batch):
            if fault == "broken":
                raise RuntimeError("no C++ compiler")
            device.seen.append(0)
            return eager.layer(batch).flatten(1) * (-1 if fault == "wrong" else 1)

        return compiled

    assert not tower.compile_if_faster(compiler, Clock(device, lambda n: 0.1 if n or fault == "slower" else 0.01))
    assert not tower.compiled
    np.testing.assert_array_equal(tower.encode(pixels), expected)


def test_many_threads_at_once(pixels):
    device = Device(5)
    tower = tower_of(device)
    expected = tower_of(Device()).encode(pixels)
    tower.batch = 16
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: tower.encode(pixels), range(24)):
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_real_model_gives_the_same_in_either_way(tiny_model, drawn_photos):
    encoder = OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP, "bf16"), "cpu")
    plain = OpenClipEncoder(EncoderSpec(tiny_model, Backend.OPENCLIP, "f32", device="cpu"))
    assert (encoder.photo_tower.precision, plain.device) == ("bf16", "cpu")
    apart = (plain.encode_images(drawn_photos) * encoder.encode_images(drawn_photos)).sum(axis=1)
    assert apart.min() > 0.98 and apart.max() <= 1.001 and apart.min() < 1 - 1e-7
    np.testing.assert_array_equal(plain.encode_texts(["a dog"]), encoder.encode_texts(["a dog"]))


def test_a_device_is_called_by_its_name():
    import torch

    if best_device() == "cpu":  # nowhere else is there anything to be asked
        with pytest.raises((RuntimeError, AssertionError)):
            describe("cuda")
    assert describe("cpu").endswith(f"PyTorch {torch.__version__}")
    assert precisions_of("mps") == ("fp16", "f32") and precisions_of("cpu")[-1] == "f32"
