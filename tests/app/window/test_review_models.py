"""The models of the review page: which photo comes next, and labels that keep their places."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.jobs import Jobs
from app.window.photo_model import Role
from app.window.review_labels import LabelModel, standing, summary
from app.window.review_model import SCORE, ReviewModel, Verdict, percent
from app.window.thumbnails import Thumbnails
from core.tagging.types import Queue


@pytest.fixture
def model(qapp: object) -> ReviewModel:
    lane = Jobs("none")
    made = ReviewModel(Thumbnails(lane))
    scores = np.array([0.996, 0.9, 0.5, np.nan])
    made.show_suggestions(np.array([7, 5, 9, 3]), scores, np.zeros(4, np.int8))
    lane.close()
    return made


def test_the_next_that_waits_comes_after_and_then_from_the_top(model: ReviewModel) -> None:
    assert model.next_waiting(-1) == 0 and model.next_waiting(1) == 2 and model.next_waiting(3) == 0
    model.decide(np.array([0, 3]), Verdict.ACCEPTED)
    assert model.next_waiting(3) == 1 and model.next_waiting(1) == 2 and model.next_waiting(2) == 1
    model.decide(np.array([1, 2]), Verdict.REJECTED)
    assert model.next_waiting(0) is None
    assert (model.count(Verdict.ACCEPTED), model.count(Verdict.REJECTED)) == (2, 2)


def test_the_line_leaves_out_what_is_decided_and_what_has_no_score(model: ReviewModel) -> None:
    assert model.waiting_above(0.9).tolist() == [0, 1]
    model.decide(np.array([0]), Verdict.REJECTED)
    assert model.waiting_above(0.0).tolist() == [1, 2]
    assert model.rows_of(np.array([3, 5, 100])).tolist() == [1, 3]
    assert model.index(3).data(SCORE) is None and model.index(0).data(Role.MARK) is False


def test_nothing_is_a_hundred_percent_sure() -> None:
    assert [percent(score) for score in (1.0, 0.996, 0.985, 0.004)] == ["99%", "99%", "99%", "0%"]


def test_labels_keep_their_places_while_they_are_decided(qapp: object) -> None:
    labels = LabelModel()
    labels.show([Queue(1, "beach", 5, 0), Queue(2, "tree", 3, 1)])
    labels.count(1, 4)
    assert labels.queue(0) == Queue(1, "beach", 1, 4) and summary(labels) == "4 wait, 5 decided"
    labels.renew([Queue(3, "dog", 9, 0), Queue(2, "tree", 3, 1)])
    assert [queue.label for queue in labels.queues] == ["beach", "tree", "dog"]
    assert labels.queue(0) == Queue(1, "beach", 0, 4), "what is not told of any more has nothing that waits"
    assert labels.next_waiting(-1) == 1 and labels.next_waiting(2) == 1 and labels.next_waiting(1, -1) == 2
    assert labels.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "beach, all 4 decided"
    assert standing(Queue(1, "x", 1, 0)) == "1 waits, 0 decided"
