"""The pieces of the model's report that need no torch: intervals, tables, plots, swapped captions, jobs, a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from core.errors import FolderError
from core.evaluation.folder import Row
from core.models.encoder import Embeddings, Encoder
from training import pages
from training.starter import before_after, bias, chance, composition, plot


class WordEncoder:
    """A real encoder of a small world: a sentence is the bag of its words, a photo what its first pixel stands for.

    ``order`` lets it hear which word came first.
    """

    model_id = "words"
    words = ("red", "blue", "two", "three", "with", "without", "woman", "man", "dancer", "pilot")
    dim = len(words) + 1

    def __init__(self, *, order: bool = False) -> None:
        self.order = order

    def encode_images(self, images: Sequence[Image.Image]) -> Embeddings:
        return self.encode_texts([self.words[image.getpixel((0, 0))[0] % len(self.words)] for image in images])

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            heard = [word for word in re.findall(r"[a-z]+", text.lower()) if word in self.words]
            for place, word in enumerate(heard):
                row[self.words.index(word)] += 1 / (1 + place) if self.order else 1
            row[-1] = 0.1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_stand_in_keeps_the_protocol() -> None:
    assert isinstance(WordEncoder(), Encoder)


def test_a_share_is_surer_of_many_photos_than_of_many_captions_of_few() -> None:
    hits = [1.0, 0.0] * 100
    single = chance.share(hits)
    grouped = chance.share(sorted(hits), [index // 20 for index in range(200)])
    assert single.value == grouped.value == 0.5
    assert grouped.high - grouped.low > 2 * (single.high - single.low)
    assert single.low < 0.5 < single.high
    with pytest.raises(ValueError, match="a case"):
        chance.share([])


def test_an_effect_size_has_a_sign_and_knows_when_it_is_chance() -> None:
    random = np.random.default_rng(1)
    low, high = random.normal(0, 1, 300), random.normal(1, 1, 300)
    found = chance.effect_size(high, low)
    assert 0.6 < found.low < found.value < found.high < 1.2
    assert chance.effect_size(low, high).value == pytest.approx(-found.value)
    same = chance.effect_size(low[:150], low[150:])
    assert same.low < 0 < same.high
    assert chance.effect_size(np.ones(5), np.ones(5)).value == 0
    with pytest.raises(ValueError, match="two values"):
        chance.effect_size(np.ones(1), np.ones(5))


def test_only_what_is_between_its_marks_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    begin, end = pages.marks("apart")
    other = "\n".join(pages.marks("else"))
    page.write_text(f"before\n{begin}\nold\n{end}\nafter\n{other}\n", encoding="utf-8")
    pages.check(page, ["apart", "else"])
    for _ in range(2):  # a second time changes nothing
        pages.into_page(page, "apart", "| new |\n")
        assert page.read_text(encoding="utf-8") == f"before\n{begin}\n\n| new |\n\n{end}\nafter\n{other}\n"
    with pytest.raises(FolderError, match="needs the marks"):
        pages.into_page(page, "missing", "lost")
    page.write_text(f"{end}\n{begin}\n", encoding="utf-8")
    with pytest.raises(FolderError, match="in this order"):
        pages.into_page(page, "apart", "lost")
    assert "lost" not in page.read_text(encoding="utf-8")
    with pytest.raises(FolderError, match="is not there"):
        pages.check(tmp_path / "none.md", ["apart"])


def test_a_plot_has_a_line_for_each_model_in_each_chart() -> None:
    values = {"noise": [1.0, 0.9, 0.8, 0.7, 0.6, 0.5], "blur & more": [1.2, 0.9, 0.5, 0.2, 0.1, 0.0]}
    drawn = plot.charts("Ours & theirs", [plot.Line("ours", values), plot.Line("theirs", values, dashed=True)])
    root = ElementTree.fromstring(drawn)
    lines = root.findall(".//{*}polyline")
    assert len(lines) == 4
    assert [line.get("stroke") for line in lines[:2]] == [plot.COLOURS[0]] * 2
    assert sum("stroke-dasharray" in line.attrib for line in lines) == 2
    heights = [float(point.split(",")[1]) for point in lines[2].attrib["points"].split()]
    assert heights == sorted(heights) and heights[0] == plot.TOP and heights[-1] == plot.TOP + plot.HEIGHT
    assert {"Ours & theirs", "noise", "blur & more", "ours", "theirs"} <= {text.text for text in root.iter()}
    with pytest.raises(ValueError, match="lines"):
        plot.charts("none", [])


@pytest.mark.parametrize(
    ("caption", "swapped"),
    [
        ("A man in a white shirt and blue hat.", "A man in a blue shirt and white hat."),
        ("An orange car by a blue wall", "A blue car by an orange wall"),
        ("Red leaves on a black dog", "Black leaves on a red dog"),
        ("A black and white dog.", None),
        ("A dog, black, white", None),
        ("A brown dog and a black dog play.", None),
        ("A red, white and blue flag", None),
        ("A red cup on a red table", None),
        ("A redhead in blue", None),
    ],
)
def test_colours_change_round_where_that_says_something_else(caption: str, swapped: str | None) -> None:
    assert composition.swap_colours(caption) == swapped


@pytest.mark.parametrize(
    ("caption", "swapped"),
    [
        ("A dog on a sofa.", "A sofa on a dog."),
        ("There is an apple in front of the house", "There is a house in front of the apple"),
        ("A person in a red shirt", None),
        ("A child on the front", None),
        ("A man sitting on a chair", None),
        ("Dogs on sofas", None),
    ],
)
def test_things_change_round(caption: str, swapped: str | None) -> None:
    assert composition.swap_nouns(caption) == swapped


def test_numbers_and_negations() -> None:
    assert composition.change_count("Two dogs run") == "Three dogs run"
    assert composition.change_count("the four of them") == "the two of them"
    assert composition.change_count("One dog") is None
    assert composition.change_count("Two dogs and three cats") is None
    assert composition.negate("A man with a hat") == "A man without a hat"
    assert composition.negate("Without shoes") == "With shoes"
    assert composition.negate("With a hat and with a coat") is None


def test_a_model_that_hears_no_order_gets_half_and_one_that_does_gets_all() -> None:
    rows = [Row(Path(f"{number}.png"), ("a red cup on a wall that is blue", "two cups")) for number in range(6)]
    names = list(composition.SWAPS)
    deaf, hearing = WordEncoder(), WordEncoder(order=True)
    photos = {one: one.encode_texts(["red blue two"] * 6) for one in (deaf, hearing)}
    found = composition.listen(rows, photos[deaf], deaf)
    assert set(found) == {names[0], names[2]}  # nothing else can be swapped in these captions
    assert (found[names[0]].sentences, found[names[0]].photos, found[names[0]].share.value) == (6, 6, 0.5)
    assert found[names[2]].share.value == 1.0
    heard = composition.listen(rows, photos[hearing], hearing)
    assert heard[names[0]].share.value == 1.0
    table = composition.composition_table(heard, found)
    assert "| 50.0 (50.0 to 50.0) | 100.0 (100.0 to 100.0) |" in table and "the model before" in table
    assert "before" not in composition.composition_table(heard, None)
    assert "| 6 | 6 | - | 100.0" in composition.composition_table(heard, {})


def test_gender_is_what_captions_say_and_only_where_it_is_one() -> None:
    assert bias.gender(["A woman runs.", "The lady in red"]) == "women"
    assert bias.gender(["Two boys"]) == "men"
    assert bias.gender(["A man and his wife"]) is None
    assert bias.gender(["A human in a mango tree", "someone"]) is None


def test_a_model_with_a_habit_is_found_out() -> None:
    class Habitual(WordEncoder):
        def encode_texts(self, texts: Sequence[str]) -> Embeddings:
            return super().encode_texts([text.replace("dancer", "woman").replace("pilot", "man") for text in texts])

    rows = [Row(Path(f"{n}.png"), ("a woman" if n % 3 == 0 else "a man",)) for n in range(90)]
    shades = np.random.default_rng(0).normal(0, 0.05, (90, WordEncoder.dim)).astype(np.float32)
    encoder = Habitual()
    photos = encoder.encode_texts([row.captions[0] for row in rows]) + shades
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    found = bias.look(rows, photos, encoder)
    jobs = {habit.sentence: habit for habit in found.jobs}
    assert (found.women, found.men, found.first) == (30, 60, 20)
    assert found.by_chance[0] <= 20 / 3 <= found.by_chance[1]
    assert jobs["a dancer"].effect.low > 1 and jobs["a dancer"].women_first == 20
    assert jobs["a pilot"].effect.high < -1 and jobs["a pilot"].women_first == 0
    assert jobs["a nurse"].effect.low < 0 < jobs["a nurse"].effect.high  # it does not know the word
    table = bias.bias_table(found)
    assert table.splitlines()[2].startswith("| a dancer | +") and "women are 33 in a hundred" in table


def test_the_picture_shows_both_models_and_marks_what_is_right(samples: Path) -> None:
    photos = before_after.numbered(samples)
    some = [min(query.right) for query in before_after.QUERIES]
    wrong = before_after.Answered(tuple((131, 130, 129, 128) for _ in some))
    right = before_after.Answered(tuple((one, 130, 129, 128) for one in some))
    assert [wrong.hits(number) for number in range(10)] == [0] * 10
    assert [right.hits(number) for number in range(10)] == [1] * 10
    drawn = before_after.picture(photos, (wrong, right), ("old", "new"))
    packed = before_after.as_jpeg(drawn)
    assert len(packed) <= 600_000
    with Image.open(io.BytesIO(packed)) as image:
        assert image.size == drawn.size
    green = np.all(np.asarray(drawn) == (0x1A, 0x7F, 0x37), axis=2).sum(axis=0)
    half = drawn.width // 2
    assert green[:half].sum() == 0 and green[half:].sum() > 10 * 2 * before_after.THUMB[0]


def test_queries_are_ten_and_their_answers_are_among_the_samples(samples: Path, tmp_path: Path) -> None:
    assert len(before_after.QUERIES) == 10
    assert len(before_after.numbered(samples)) >= 100
    (tmp_path / "retrouve-039.jpg").write_bytes((samples / "retrouve-039.jpg").read_bytes())
    with pytest.raises(FolderError, match="lacks the sample photos 15, 18"):
        before_after.numbered(tmp_path)
    with pytest.raises(FolderError, match="not a folder"):
        before_after.numbered(tmp_path / "none")
