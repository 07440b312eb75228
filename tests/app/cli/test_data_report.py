"""What there is to learn from, in sentences."""

from __future__ import annotations

from app.cli.data_report import sentences

CAPTIONS = {"photos": 2000, "captioned": 40, "captions": 1200, "tags": 1, "repeated": 3, "empty": 1, "overlong": 0}


def test_names_to_be_learned() -> None:
    names = [{"name": "Biscuit", "photos": 3}, {"name": "Oma Els", "photos": 9}]
    report = CAPTIONS | {"names": names, "left_out": [{}, {}], "held_out": "each photo once"}
    assert sentences(report) == [
        "To learn from: 1,200 captions and 1 tag on 40 photos, of 2,000 that are indexed.",
        "Of these 3 repeat others and 1 is empty.",
        "2 names can be tried, with 3 to 9 photos each; 2 more cannot. Held out: each photo once.",
    ]
    report |= {"names": [], "repeated": 0, "empty": 0}
    assert sentences(report)[1:] == ["None of the 2 names in them can be learned."]


def test_pairs_to_be_learned() -> None:
    report = CAPTIONS | {"repeated": 0, "empty": 0, "overlong": 1, "missing": 2, "near_copies": 1, "not_indexed": 0}
    report |= {"unreadable": ["a.jpg: broken"], "learned": 30, "albums": 6, "replayed": 65, "choosing": 5, "judging": 4}
    report |= {"held_out": "whole albums"}
    assert sentences(report)[1:] == [
        "Of these 1 is too long to be read whole.",
        "Of the photos 2 are not there, 1 is nearly the same as another and 1 cannot be read, the first a.jpg: broken.",
        "30 photos of 6 folders are learned from, and 65 sample photos again, so that nothing is forgotten. Held out, "
        "whole albums: 5 to choose by, 4 to judge by.",
    ]


def test_shards_to_be_learned() -> None:
    report = {"shards": 2, "pairs": 100, "held_out": 3, "copies": 1, "captions_said_again": 0}
    assert sentences(report | {"left_out": {"no caption": 7}}) == [
        "To learn from: 100 pairs of a photo and its captions in 2 shards; 3 more held out.",
        "Of these 1 photo is a copy of another.",
        "Left out: no caption (7).",
    ]
    assert "as they come" in sentences({"shards": 9, "steps": 100})[0]
