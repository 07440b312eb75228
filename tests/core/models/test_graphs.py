"""A graph whose weights lie in the safetensors file computes what torch computes."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
safetensors = pytest.importorskip("safetensors.torch")

from core.models import graphs  # noqa: E402

pytestmark = pytest.mark.torch


def small() -> torch.nn.Sequential:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(288, 16)
    )
    model(torch.randn(16, 3, 8, 8))  # gives batch norm statistics of its own
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())
    return model.eval()


def written(folder: Path, model: torch.nn.Module) -> Path:
    state = {name: value.half() for name, value in model.state_dict().items() if value.is_floating_point()}
    safetensors.save_file(state, folder / "weights.safetensors")
    graphs.trace(model, {"pixels": torch.zeros(2, 3, 8, 8)}, {"pixels": {0: "n"}}, folder / "graph.onnx")
    return folder / "graph.onnx"


def test_places_point_at_the_tensors(tmp_path: Path) -> None:
    model = small()
    written(tmp_path, model)
    raw = (tmp_path / "weights.safetensors").read_bytes()
    for name, place in graphs.places(tmp_path / "weights.safetensors").items():
        found = np.frombuffer(raw[place.offset : place.offset + place.length], np.float16).reshape(place.shape)
        assert np.array_equal(found, model.state_dict()[name].half().numpy())


def test_the_graph_agrees_with_torch_and_holds_no_weights(tmp_path: Path) -> None:
    import openvino

    model = small()
    graph = written(tmp_path, model)
    assert graphs.externalize(graph, tmp_path / "weights.safetensors") == 8
    assert graph.stat().st_size < 6_000
    pixels = torch.randn(5, 3, 8, 8)
    run = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    with torch.no_grad():
        expected = model(pixels).numpy()
    assert np.allclose(run([pixels.numpy()])[0], expected, atol=1e-4)


def test_a_weight_that_is_not_in_the_file_is_refused(tmp_path: Path) -> None:
    graph = written(tmp_path, small())
    other = {name: value.half() for name, value in torch.nn.Linear(3, 3).state_dict().items()}
    safetensors.save_file(other, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match="is not in weights"):
        graphs.externalize(graph, tmp_path / "weights.safetensors")


def test_places_of_a_header_made_by_hand(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"format": "pt"}, "a": {"dtype": "F16", "shape": [2], "data_offsets": [4, 8]}})
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(8))
    assert graphs.places(tmp_path / "x.safetensors") == {"a": graphs.Place(8 + len(header) + 4, 4, [2], "F16")}


def test_whole_numbers_lie_in_a_byte_each(tmp_path: Path) -> None:
    import openvino

    class Words(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(50, 16)
            with torch.no_grad():
                self.table.weight.copy_(torch.arange(-400, 400).remainder(255).sub(127).reshape(50, 16))

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return self.table(ids).mean(dim=1)

    model = Words().eval()
    safetensors.save_file({"table.weight": model.table.weight.to(torch.int8)}, tmp_path / "weights.safetensors")
    ids = torch.tensor([[0, 3, 49], [7, 7, 8]])
    graphs.trace(model, {"ids": ids}, {"ids": {0: "n"}}, tmp_path / "graph.onnx")
    assert graphs.externalize(tmp_path / "graph.onnx", tmp_path / "weights.safetensors") == 1
    run = openvino.Core().compile_model(tmp_path / "graph.onnx", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    assert np.allclose(run([ids.numpy()])[0], model(ids).detach().numpy(), atol=1e-4)
