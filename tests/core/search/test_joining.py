"""Parts of a question that each have to hold."""

from __future__ import annotations

import numpy as np
import pytest

from core.search import joining
from core.search.calibration import Curve, match
from core.search.seeking import Sought

NAME = Sought(np.zeros(2, np.float32), Curve(20.0, -8.0, 0.5), "", learned=True)
WORDS = Sought(np.zeros(2, np.float32), Curve(13.0, -7.0, 0.25), "")
CURVE = Curve(13.0, -7.0, 0.25)


def joint(*rows: list[float], wanted: list[Sought]) -> np.ndarray:
    return match(joining.as_cosines(np.array(rows, np.float32), wanted, CURVE), CURVE)


def test_it_is_the_geometric_mean_of_the_probabilities() -> None:
    name, words = [0.1, 0.4, 0.6], [0.5, 0.55, 0.1]
    expected = np.sqrt(match(name, NAME.curve) * match(words, WORDS.curve))
    np.testing.assert_allclose(joint(name, words, wanted=[NAME, WORDS]), expected, rtol=1e-4)


def test_having_much_of_one_does_not_make_good_for_the_other() -> None:
    surely_biscuit_elsewhere, biscuit_on_the_beach = joint([0.95, 0.5], [0.2, 0.5], wanted=[NAME, WORDS])
    assert biscuit_on_the_beach > surely_biscuit_elsewhere
    assert 20 * 0.95 + 13 * 0.2 > 20 * 0.5 + 13 * 0.5, "a sum would say otherwise"


def test_less_of_a_part_counts_the_other_way() -> None:
    less = Sought(NAME.vector, NAME.curve, "", weight=-0.5, learned=True)
    with_it, without_it = joint([0.9, 0.0], [0.5, 0.5], wanted=[less, WORDS])
    assert without_it > with_it


@pytest.mark.parametrize("cosine", [-1.0, 1.0])
def test_certainty_stays_a_number(cosine: float) -> None:
    sure = Sought(NAME.vector, Curve(500.0, 0.0, 0.5), "", learned=True)
    assert np.isfinite(joining.as_cosines(np.full((2, 3), cosine, np.float32), [sure, sure], CURVE)).all()
