"""The model card that people read: ``README.md`` in the model folder, made from ``model.json`` (Mitchell et al. 2019).

Its head is the YAML that the Hugging Face hub reads, so that a copy of the folder put there shows what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training import pages

FILE = "README.md"

USE = """## What it is for

Finding photos on one's own computer by sentences and by other photos, sorting them by labels that somebody writes, and
as the start of training on one's own captioned photos. It knows English.

It is not for judging people. It repeats what its data says about them; `docs/model.md` of Retrouve measures some of
that. It does not read text in photos, does not count beyond two or three, and does not tell left from right. A single
photo that it says nothing strong about may still be the right one.
"""

LOADING = """## How to load it

Retrouve loads this folder as it is. With plain open_clip, register the image tower first
(`core.models.towers.register_towers()` of Retrouve), and put this folder's absolute path where `open_clip_config.json`
says `.`. The graphs `visual.onnx` and `textual.onnx` read their weights from the safetensors file beside them.
"""

LICENCES = """The heads and what tuning changed are ours, under Apache-2.0, like the towers that they began from.
Whether a model is a work derived from its training data is not settled everywhere: the list is there so that you can
judge for yourself. No photo and no sentence of it is in this folder.
"""


def text(card: Mapping[str, Any], figures: str) -> str:
    """The card as Markdown. ``card`` is all of ``model.json``, ``figures`` its table."""
    return "\n".join(
        [
            _head(card),
            f"# {card['name']} {card['version']}\n",
            f"The model that Retrouve ships: `{card['model_id']}`, made on {card['date']}. Two small towers, trained "
            f"to put photos and sentences into one space of {card['dim']} dimensions.\n",
            USE,
            LOADING,
            "## How well it finds\n",
            "Recall is text to photo, in per cent, with bootstrap 95 % intervals, on photos that it never learned "
            "from. Every caption is a query and the set itself the gallery.\n",
            figures + "\n",
            _scores(card),
            "## What it was made from\n",
            pages.table(
                ("set", "what", "licence", "what that means for the weights"),
                [(row["name"], row["what"], row["licence"], row["means"]) for row in card["training_data"]],
            ),
            "",
            pages.table(
                ("part", "began as", "licence", "from"),
                [(row["part"], row["what"], row["licence"], row["source"]) for row in card["towers"]],
            ),
            "",
            LICENCES,
            _weights(card),
        ]
    )


def _head(card: Mapping[str, Any]) -> str:
    lines = [
        "---",
        f"license: {card['licence'].lower()}",
        "library_name: open_clip",
        "pipeline_tag: zero-shot-image-classification",
        f"language: [{', '.join(card['languages'])}]",
        "---",
        "",
    ]
    return "\n".join(lines)


def _scores(card: Mapping[str, Any]) -> str:
    curve, photos = card["calibration"], card["photo_calibration"]
    return (
        "A cosine `c` of a sentence and a photo means a match with a probability of "
        f"`1 / (1 + exp(-({curve['slope']:.2f} * c + {curve['intercept']:.2f})))`, strong from {curve['line']} on; of "
        f"two photos, `1 / (1 + exp(-({photos['slope']:.2f} * c + {photos['intercept']:.2f})))`, strong from "
        f"{photos['line']} on.\n"
    )


def _weights(card: Mapping[str, Any]) -> str:
    return f"SHA-256 of `open_clip_model.safetensors`: `{card['weights_sha256']}`.\n"
