"""One of each family that OpenCLIP lists comes to the shelf, and encodes in the light install as OpenCLIP does.

``make test`` walks most of them small: the same parts with fewer and narrower layers. ``make test-models`` walks the
smallest that OpenCLIP lists of each, whole, and writes what it found into ``docs/models.md``.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.models import conversion
from core.models.encoder import Backend, EncoderSpec
from core.models.fitting import probes
from core.models.importing import PLAIN, ImportRequest, import_model, silent
from core.models.openclip import OpenClipEncoder
from core.models.parity import COSINE
from core.models.registry import build_encoder, load_info, spec_for
from core.models.shelf import Shelf
from tests.core.models import families
from tests.core.models.families import FAMILIES, Family

pytestmark = pytest.mark.torch
PAGE = Path(__file__).resolve().parents[3] / "docs" / "models.md"
BEGIN, END = "<!-- families: written by make test-models -->", "<!-- end of families -->"
HEAD = "| family | smallest in OpenCLIP | light install | photos | sentences | padding | weights |"
TEXTS = [
    *(
        "a dog",
        "",
        "Two DOGS run on the beach, it's 3 o'clock",
        "the red house " * 40,
        "&amp; café 😀",
        "Übergröße (neu)",
    ),
    *("a cat on a chair", "sunset over the mountains, with clouds", "_under_score_", "日本語の文章"),
]


@dataclass(frozen=True)
class Row:
    """What a walk found: the worst cosine of photos and of sentences with OpenCLIP's own."""

    family: str
    architecture: str
    light: bool
    photos: float
    sentences: float
    padding: str
    megabytes: float
    why: str

    def line(self) -> str:
        """As the page has it."""
        if not self.light:
            return f"| {self.family} | {self.architecture} | no: {self.why} | | | | {self.megabytes:,.0f} MB |"
        cosines = f"{self.photos:.6f} | {self.sentences:.6f}"
        return f"| {self.family} | {self.architecture} | yes | {cosines} | {self.padding} | {self.megabytes:,.0f} MB |"


def walk(family: Family, place: Path, photos, *, whole: bool) -> Row:
    """Bring a model of the family to the shelf, and compare what the light install makes of it."""
    source = families.write(place / "source", family, whole=whole)
    if whole:
        report = import_model(Shelf(place / "shelf"), ImportRequest(source, name=family.whole))
        info, remarks = report.info, report.remarks
    else:  # without the shelf, and without measuring what its scores mean, to be quick
        (place / "small").mkdir()
        remarks = conversion.convert(ImportRequest(source), place / "small", "small", PLAIN, silent)
        info = load_info(place / "small")
    size = info.weights.stat().st_size / 1e6
    if info.visual is None:
        return Row(family.name, family.whole, False, 0, 0, "", size, remarks[0])
    reference = OpenClipEncoder(EncoderSpec(info.folder, Backend.OPENCLIP, "f32"), "cpu")
    expected = reference.encode_images(photos), reference.encode_texts(TEXTS)
    tokens = reference.tokenizer(TEXTS).numpy()
    del reference
    gc.collect()
    ours = build_encoder(spec_for(info.folder, None, precision="f32"))
    found = ours.encode_images(photos), ours.encode_texts(TEXTS)
    cut = ours._get_tokenizer()(TEXTS).input_ids
    np.testing.assert_array_equal(cut, tokens[:, : cut.shape[1]])
    assert (tokens[:, cut.shape[1] :] == cut[1, -1]).all()  # what was left out is padding
    for mine, theirs in zip(found, expected, strict=True):
        apart = theirs - theirs.mean(axis=0)
        # Random towers see much alike: what tells things apart has to come out the same as well.
        assert np.linalg.norm(apart, axis=1).max() > 0.02, "these weights tell nothing apart"
        assert np.abs((mine - mine.mean(axis=0)) - apart).max() < 0.02 * np.abs(apart).max()
    worst = [float((mine * theirs).sum(axis=1).min()) for mine, theirs in zip(found, expected, strict=True)]
    padding = "whole context" if info.raw["tokenizer"]["whole"] else "longest sentence"
    return Row(family.name, family.whole, True, min(worst[0], 1.0), min(worst[1], 1.0), padding, size, "")


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.quick], ids=lambda family: family.name)
def test_small(family, tmp_path, drawn_photos, monkeypatch):
    monkeypatch.setattr(conversion, "probes", lambda: probes(4))
    row = walk(family, tmp_path, drawn_photos[:4], whole=False)
    assert row.light, row.why
    assert min(row.photos, row.sentences) >= COSINE
    [line] = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {family.name} |")]
    cells = [cell.strip() for cell in line.split("|")]
    # What the page says of the whole one is as it came out small.
    assert (cells[2], cells[3], cells[6]) == (family.whole, "yes", row.padding)


def test_the_page_lists_every_family_once():
    page = PAGE.read_text(encoding="utf-8")
    part = page[page.index(BEGIN) : page.index(END)]
    rows = [line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| ") and line != HEAD]
    assert [row for row in rows if row != "---"] == [family.name for family in FAMILIES]


@pytest.mark.models
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_whole(family, tmp_path):
    """In a process of its own each, so that what one leaves in memory is gone before the next."""
    command = [sys.executable, "-m", "tests.core.models.test_families", family.name, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, env=os.environ | {"TQDM_DISABLE": "1"})
    assert done.returncode == 0, done.stderr
    row = Row(**json.loads(done.stdout.strip().splitlines()[-1]))
    write_row(row)
    assert row.light, row.why
    assert min(row.photos, row.sentences) >= COSINE


def write_row(row: Row) -> None:
    """Put a row into the page, in the order of the families; the others stay."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    part = page[page.index(BEGIN) : page.index(END)]
    lines = {line.split("|")[1].strip(): line for line in part.splitlines() if line.startswith("| ")}
    lines[row.family] = row.line()
    body = [lines[family.name] for family in FAMILIES if family.name in lines]
    table = "\n".join([BEGIN, "", HEAD, "| --- | --- | --- | --- | --- | --- | --- |", *body, ""])
    PAGE.write_text(f"{before}{table}\n{after}", encoding="utf-8")


if __name__ == "__main__":
    from dataclasses import asdict

    from tests.core.models.conftest import draw

    chosen = next(family for family in FAMILIES if family.name == sys.argv[1])
    print(json.dumps(asdict(walk(chosen, Path(sys.argv[2]) / "walk", [draw(n) for n in range(4)], whole=True))))
