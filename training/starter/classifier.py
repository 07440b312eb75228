"""The ImageNet classifier that the image tower started from, with its own head: what our model is compared with.

And which of our labels it knows by name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image
from timm.data.imagenet_info import ImageNetInfo
from torch import zeros

from core.models import graphs
from core.models.compiling import runtime
from core.models.preprocess import Preprocess
from core.models.towers import CLASSES
from training.starter import sources
from training.starter.towers import IMAGE_SIZE

AT_ONCE = 4


def names() -> list[tuple[str, ...]]:
    """All names of each of the 1,000 ImageNet classes, in small letters, the usual one first."""
    info = ImageNetInfo("imagenet-1k")
    found = (info.index_to_description(index).lower().split(", ") for index in range(CLASSES))
    return [tuple(name.strip() for name in some) for some in found]


def known(labels: Iterable[str], classes: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """The class of each label that is the usual name of just one class.

    Second names mislead: to ImageNet an ocarina is also a sweet potato.
    """
    usual: dict[str, list[int]] = {}
    for index, some in enumerate(classes):
        usual.setdefault(some[0], []).append(index)
    return {label: usual[label][0] for label in labels if len(usual.get(label, ())) == 1}


def related(labels: Iterable[str], words: Iterable[str]) -> dict[str, list[str]]:
    """For each label the names that are the same word, one or many of it, or a kind of it (*grand piano*)."""
    known_words = sorted(set(words))
    found: dict[str, list[str]] = {}
    for label in labels:
        same = {label, label.removesuffix("s")}
        found[label] = [w for w in known_words if w in same or any(w.endswith(f" {one}") for one in same)]
    return found


def bare_classifier(preprocess: Preprocess) -> Callable[[Sequence[Image]], NDArray[np.float32]]:
    """EfficientNet-lite2 as it was published, in OpenVINO: photos to float32[n, 1000] scores.

    ``preprocess`` is that of the model it is compared with, so that both see the same pixels. Raises ModelMissing
    where the package of the weights is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "classifier.onnx"
        pixels = zeros(2, 3, IMAGE_SIZE, IMAGE_SIZE)
        graphs.trace(sources.image_body(), {"pixels": pixels}, {"pixels": {0: "n"}}, graph)
        compiled = runtime().compile_model(str(graph), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

    def scores(images: Sequence[Image]) -> NDArray[np.float32]:
        parts = [
            np.array(compiled({"pixels": preprocess(images[start : start + AT_ONCE])})[0], np.float32)
            for start in range(0, len(images), AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, CLASSES), np.float32)

    return scores


def right(scores: NDArray[np.float32], truth: Sequence[str], classes: Mapping[str, int]) -> NDArray[np.bool_]:
    """bool[n]: whether the true label scores highest among ``classes``, the only ones that may be answered."""
    labels = sorted(classes)
    best = scores[:, [classes[label] for label in labels]].argmax(axis=1)
    answered = np.array([labels[place] for place in best])
    hits: NDArray[np.bool_] = answered == np.asarray(truth)
    return hits
