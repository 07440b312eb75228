"""Makes ``resources/samples`` from the photos that ``samples.txt`` lists.

    python -m training.starter.samples --data ../shared/data

Each photo's own credit has to name its author and CC0, the public domain, CC BY or CC BY-SA: what the list says is
checked against the credit that comes with the photo, and a photo whose credit says anything else stops the run. Photos
are scaled down, never up, and carry author and licence in their EXIF, so that a copy that strays is still credited.

``captions.jsonl`` in the same folder is written by hand and left as it is: whoever changes the list goes over it too.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

LONGEST_SIDE = 640
QUALITY = 88
_LIST = "samples.txt"
_ARTIST, _COPYRIGHT = 0x013B, 0x8298
_LINKS = {
    "Public domain": "https://creativecommons.org/publicdomain/mark/1.0/",
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
}
_HEAD = """# The sample photos

These {count} photos come with Retrouve so that there is something to search from the first minute. They are no part of
the program's own licence: each keeps the free licence named here, and belongs to its author.

All were taken from textbooks by [OpenStax](https://openstax.org), which had scaled and in places cropped them, and were
scaled down once more for this folder by `training/starter/samples.py`. Author and licence also stand in each file's
EXIF. Where the book's credit gives no title, none is named.

The sentences about them in `captions.jsonl` were written for Retrouve by looking at the photos, not taken from the
books. They are part of the program and under its licence, Apache-2.0.

| photo | title | author | source | licence | book |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A row of the list: a photo of the collection, and what its credit says. ``title`` may be empty."""

    file: str
    author: str
    source: str
    licence: str
    title: str


def listed() -> list[Sample]:
    """The chosen photos, in the order that they are shown in."""
    text = resources.files("training.starter").joinpath(_LIST).read_text(encoding="utf-8")
    return [Sample(*line.split("\t")) for line in text.splitlines() if line and not line.startswith("#")]


def licence_link(licence: str) -> str:
    """Where the licence's text stands. Raises ValueError for a licence that is not free."""
    if licence in _LINKS:
        return _LINKS[licence]
    if found := re.fullmatch(r"CC (BY|BY-SA) ([1-4]\.[05])", licence):
        return f"https://creativecommons.org/licenses/{found[1].lower()}/{found[2]}/"
    raise ValueError(f"{licence!r} is no licence that a sample may have.")


def check(sample: Sample, credit: str) -> None:
    """Raises ValueError unless the photo's own credit names this author and this free licence, and no other."""
    said = credit.replace("CC-BY", "CC BY")
    if re.search(r"\bBY[ -](NC|ND)\b|NonCommercial|NoDeriv|all rights", said, re.I):
        raise ValueError(f"{sample.file}: the credit {credit!r} names a licence that is not free.")
    if not all(part in said for part in sample.author.split(" / ")):
        raise ValueError(f"{sample.file}: the credit {credit!r} does not name {sample.author!r}.")
    wanted = "CC0" if sample.licence == "CC0 1.0" else sample.licence
    if wanted.lower() not in said.lower():
        raise ValueError(f"{sample.file}: the credit {credit!r} does not say {sample.licence!r}.")
    licence_link(sample.licence)


def write_photo(source: Path, target: Path, sample: Sample) -> None:
    """Scales the photo down and writes it as JPEG with author and licence in its EXIF, and nothing else."""
    from PIL import Image

    exif = Image.Exif()
    exif[_ARTIST] = sample.author.encode()
    exif[_COPYRIGHT] = f"{sample.licence}, {licence_link(sample.licence)}".encode()
    with Image.open(source) as opened:
        photo = opened.convert("RGB")
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    photo.save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True, exif=exif)


def _cell(text: str) -> str:
    """Text that cannot break out of its cell, nor be taken for markup."""
    return re.sub(r"([|\\`*_\[\]<>])", r"\\\1", text)


def make(data: Path, out: Path) -> int:
    """Writes all samples and CREDITS.md to ``out``, and returns how many there are.

    ``data`` holds ``openstax/captions.jsonl``: a JSON object a line, with a photo's ``file``, ``credit`` and ``book``.
    """
    lines = (data / "openstax" / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["file"]: row for row in map(json.loads, lines)}
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob("retrouve-*.jpg"):
        old.unlink()
    samples = listed()
    credits = [_HEAD.format(count=len(samples))]
    for number, sample in enumerate(samples, 1):
        row = rows[sample.file]
        check(sample, " ".join(row["credit"]))
        name = f"retrouve-{number:03}.jpg"
        write_photo(data / "openstax" / sample.file, out / name, sample)
        cells = (_cell(sample.title), _cell(sample.author), _cell(sample.source))
        licence = f"[{sample.licence}]({licence_link(sample.licence)})"
        book = row["book"].removesuffix("-bundle").replace("-", " ").capitalize()
        credits.append(f"| {name} | {' | '.join(cells)} | {licence} | {book} |\n")
    (out / "CREDITS.md").write_text("".join(credits), encoding="utf-8")
    return len(samples)


def main() -> None:
    """The command line of this recipe."""
    parser = argparse.ArgumentParser(description="Make the sample photos that come with the program.")
    parser.add_argument("--data", type=Path, required=True, help="the folder of photo collections")
    parser.add_argument("--out", type=Path, default=Path("resources/samples"))
    options = parser.parse_args()
    print(f"{make(options.data, options.out)} photos in {options.out}")


if __name__ == "__main__":
    main()
