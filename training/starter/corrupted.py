"""The report's first part: how well the model bears photos that came out badly, and the bare classifier beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from core.evaluation import folder, retrieval, zero_shot
from core.evaluation.folder import Row
from core.evaluation.robustness import Corruption, Judge, Robustness, measure_robustness
from core.models.encoder import Encoder
from core.models.registry import load_info
from core.photos.decode import decode
from training import pages
from training.starter import chance, classifier

Tell = Callable[[str], None]
K = 10
FLICKR_STEP = 3
"""Every third photo of `flickr8k` val: 300 of 899."""
EACH = 6
"""Photos of each `caltech101` class that the two models are compared on."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Our model and the classifier that its image tower started from, on the same photos with the same class names."""

    name: str
    classes: tuple[str, ...]
    photos: int
    ours: Robustness
    bare: Robustness


def thinned(rows: Sequence[Row], most: int | None) -> list[Row]:
    """All rows, or about ``most`` of them, evenly spread, so that every class stays."""
    return list(rows) if most is None or len(rows) <= most else list(rows[:: -(-len(rows) // most)])


def load_photos(rows: Sequence[Row]) -> list[Image]:
    """The photos as the evaluation decodes them, before preprocessing. Raises PhotoError for one that is broken."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda row: decode(row.path, min_side=folder.MIN_SIDE, thumbnail=False).image, rows))


def own_robustness(rows: Sequence[Row], encoder: Encoder, tell: Tell) -> Robustness:
    """Recall@10 where the rows have captions, zero-shot top-1 where they have labels."""
    photo_of = [index for index, row in enumerate(rows) for _ in row.captions]
    if photo_of:
        sentences = encoder.encode_texts([caption for row in rows for caption in row.captions])

        def judge(photos: NDArray[np.float32]) -> NDArray[np.bool_]:
            return retrieval.caption_ranks(photos, sentences, photo_of) < K

        return _measured(rows, encoder.encode_images, judge, photo_of, tell)
    return _measured(rows, encoder.encode_images, _zero_shot(rows, encoder), None, tell)


def robustness(data: Path, encoder: Encoder, tell: Tell, most: int | None = None) -> dict[str, Robustness]:
    """Our model on the four sets. ``most`` photos of each, for a quick look."""
    val = {"split": ("val",)}
    chosen = {
        "scenes": folder.read_rows(data / "eval/scenes", {}),
        "instruments": folder.read_rows(data / "eval/instruments", {}),
        "coco val": folder.read_rows(data / "coco", val),
        "flickr8k val, 300": folder.read_rows(data / "flickr8k", val)[::FLICKR_STEP],
    }
    found = {}
    for name, rows in chosen.items():
        found[name] = own_robustness(thinned(rows, most), encoder, tell)
        tell(f"{name}: {found[name].clean:.3f} clean, {found[name].corrupted:.3f} corrupted")
    return found


def comparison(data: Path, model: Path, encoder: Encoder, tell: Tell, most: int | None = None) -> list[Compared]:
    """Both models on photos of things that ImageNet has a class for, by the same name.

    Instruments were never trained on by us; `caltech101` was.
    """
    scores = classifier.bare_classifier(load_info(model).preprocess)
    names = classifier.names()
    found = []
    for name, rows, each in (
        ("instruments", folder.read_rows(data / "eval/instruments", {}), None),
        ("caltech101", folder.read_rows(data / "caltech101", {}), EACH),
    ):
        classes = classifier.known({row.labels[0] for row in rows}, names)
        kept = thinned(_first_of_each([row for row in rows if row.labels[0] in classes], each), most)
        # A class without a photo, which a quick look may leave, is still one that may be answered wrongly.
        labels, truth = sorted(classes), [row.labels[0] for row in kept]
        ours = _measured(kept, encoder.encode_images, _zero_shot(kept, encoder, labels), None, tell)
        bare = _measured(kept, scores, partial(classifier.right, truth=truth, classes=classes), None, tell)
        found.append(Compared(name, tuple(labels), len(kept), ours, bare))
        tell(f"{name} by name: ours keeps {ours.kept().value:.3f}, the bare classifier {bare.kept().value:.3f}")
    return found


def _first_of_each(rows: Sequence[Row], each: int | None) -> list[Row]:
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        seen[row.labels[0]] += 1
        if each is None or seen[row.labels[0]] <= each:
            kept.append(row)
    return kept


def _zero_shot(rows: Sequence[Row], encoder: Encoder, labels: Sequence[str] | None = None) -> Judge:
    classes = list(labels) if labels is not None else sorted({row.labels[0] for row in rows})
    named = zero_shot.class_embeddings(encoder, classes)
    truth = np.array([classes.index(row.labels[0]) for row in rows])

    def judge(photos: NDArray[np.float32]) -> NDArray[np.bool_]:
        hits: NDArray[np.bool_] = (photos @ named.T).argmax(axis=1) == truth
        return hits

    return judge


def _measured(
    rows: Sequence[Row],
    embed: Callable[[Sequence[Image]], NDArray[np.float32]],
    judge: Judge,
    photo_of: Sequence[int] | None,
    tell: Tell,
) -> Robustness:
    def progress(done: int, of: int) -> None:
        if done % 10 == 0:
            tell(f"  {done} of {of} passes over {len(rows)} photos")

    return measure_robustness(load_photos(rows), embed, judge, photo_of, on_progress=progress)


def sets_table(found: Mapping[str, Robustness]) -> str:
    """Clean, then each fault's mean over five strengths, in per cent."""
    rows = [["clean", *(_percent(one.clean) for one in found.values())]]
    rows += [[str(kind), *(_percent(one.mean(kind)) for one in found.values())] for kind in Corruption]
    rows.append(["all faults", *(_percent(one.corrupted) for one in found.values())])
    rows.append(["kept of clean, %", *(chance.percent(one.kept()) for one in found.values())])
    return pages.table(["photos", *(_figure(name) for name in found)], rows)


def comparison_table(found: Sequence[Compared]) -> str:
    """Top-1 of both models on clean and corrupted photos, and what is kept of it, in per cent."""
    head = ["", *(f"{who}, {one.name}" for one in found for who in ("bare classifier", "ours"))]
    both = [side for one in found for side in (one.bare, one.ours)]
    rows = [
        ["top-1 clean", *(_percent(side.clean) for side in both)],
        ["top-1 corrupted", *(_percent(side.corrupted) for side in both)],
        ["**kept of clean**", *(chance.percent(side.kept()) for side in both)],
    ]
    rows += [[f"kept: {kind}", *(_percent(_ratio(side, kind)) for side in both)] for kind in Corruption]
    said = [
        f"`{one.name}`: {one.photos} photos of {len(one.classes)} kinds ({', '.join(one.classes)})" for one in found
    ]
    return pages.table(head, rows) + "\n\n" + ";\n".join(said) + "."


def kept_lines(one: Robustness) -> dict[str, list[float]]:
    """For a plot: what is kept of the clean rate, from clean (1) through all strengths."""
    return {str(kind): [1.0, *(rate / max(one.clean, 1e-9) for rate in one.at[kind])] for kind in Corruption}


def rate_lines(one: Robustness) -> dict[str, list[float]]:
    """For a plot: the rate, from clean through all strengths."""
    return {str(kind): [one.clean, *one.at[kind]] for kind in Corruption}


def _ratio(side: Robustness, kind: Corruption) -> float:
    return side.mean(kind) / max(side.clean, 1e-9)


def _figure(name: str) -> str:
    return f"{name}, {'recall@10' if 'val' in name else 'top-1'}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
