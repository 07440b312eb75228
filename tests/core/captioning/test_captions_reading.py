"""Captions files in every format, whole and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.captioning.reading import Broken, Pair, read
from core.errors import CaptionsError

BOTH = [Pair("a.jpg", "A dog."), Pair("a.jpg", "Wet."), Pair("b.jpg", "Biscuit")]


def rows(path: Path, text: str) -> list[Pair | Broken]:
    path.write_text(text, encoding="utf-8")
    return list(read(path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.jsonl", '{"file": "a.jpg", "captions": ["A dog.", "Wet."]}\n\n{"image": "b.jpg", "caption": "Biscuit"}\n'),
        ("x.json", '[{"file": "a.jpg", "captions": ["A dog.", "Wet."]}, {"file": "b.jpg", "text": "Biscuit"}]'),
        ("x.json", '{"a.jpg": ["A dog.", "Wet."], "b.jpg": "Biscuit"}'),
        ("x.csv", "file,caption\na.jpg,A dog.\na.jpg,Wet.\nb.jpg,Biscuit\n"),
        ("x.csv", "id;Caption;Filename\n1;A dog.;a.jpg\n2;Wet.;a.jpg\n3;Biscuit;b.jpg\n"),
        ("x.csv", "a.jpg,A dog.,Wet.\nb.jpg,Biscuit\n"),
        ("x.tsv", "\ufefffile\tcaption\na.jpg\tA dog.\na.jpg\tWet.\nb.jpg\tBiscuit\n"),
        ("x.csv", 'file,caption\r\na.jpg,"A dog."\r\n"a.jpg",Wet.\r\n\r\nb.jpg,Biscuit'),
        ("x.csv", "file,title,caption\na.jpg,DSC 1,A dog.\na.jpg,,Wet.\nb.jpg,DSC 2,Biscuit\n"),
        ("x.jsonl", '{"file": "a.jpg", "captions": ["A dog.", "Wet."]}\r{"image": "b.jpg", "caption": "Biscuit"}\r'),
        ("results.token", "a.jpg#0\tA dog.\na.jpg#1\tWet.\nb.jpg#0\tBiscuit\n"),
    ],
)
def test_every_format_says_the_same(tmp_path: Path, name: str, text: str) -> None:
    assert rows(tmp_path / name, text) == BOTH


def test_coco_joins_images_and_annotations(tmp_path: Path) -> None:
    whole = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}],
        "annotations": [
            {"image_id": 7, "caption": "A dog."},
            {"image_id": 7, "caption": "Wet."},
            {"image_id": 9, "caption": "Biscuit"},
            {"image_id": 8, "caption": "of nothing"},
        ],
    }
    found = rows(tmp_path / "captions_val.json", json.dumps(whole))
    assert found[:3] == BOTH and str(found[3]) == "annotation 4: no image has the id 8"


def test_broken_rows_cost_themselves_alone(tmp_path: Path) -> None:
    found = rows(
        tmp_path / "x.jsonl",
        'oops\n{"captions": ["x"]}\n{"file": "a.jpg", "captions": [3]}\n'
        '{"file": "b.jpg", "captions": []}\n[]\n{"file": "c.jpg", "captions": ["ok"]}',
    )
    assert [type(row) for row in found] == [Broken, Broken, Broken, Pair, Broken, Pair]
    assert found[3] == Pair("b.jpg", "") and found[5] == Pair("c.jpg", "ok")
    assert str(found[1]) == "line 2: it names no photo (`file`)"


def test_one_object_is_a_list_of_one(tmp_path: Path) -> None:
    assert rows(tmp_path / "x.json", '{"file": "a.jpg", "captions": ["A dog.", "Wet."]}') == BOTH[:2]
    assert str(rows(tmp_path / "x.json", '[{"file": "a.jpg", "captions": "x"}, 3]')[1]).startswith("entry 2: no object")


def test_a_quotation_mark_costs_its_own_row_alone(tmp_path: Path) -> None:
    found = rows(
        tmp_path / "x.csv",
        'file,caption\n0.jpg,"never closed\n1.jpg,b\n2.jpg,"of two\nlines, ""said"" she"\n3.jpg,"c\n4.jpg,5" nails\n'
        '5.jpg,"Biscuit" asleep\n6.jpg,"d, e"\n',
    )
    assert [str(row) for row in found if isinstance(row, Broken)] == [
        "line 2: a quotation mark in it is never closed",
        "line 6: a quotation mark in it is never closed",
    ]
    assert [(row.file, row.text) for row in found if isinstance(row, Pair)] == [
        ("1.jpg", "b"),
        ("2.jpg", 'of two lines, "said" she'),
        ("4.jpg", '5" nails'),
        ("5.jpg", "Biscuit asleep"),
        ("6.jpg", "d, e"),
    ]
    many = rows(tmp_path / "many.csv", "file,caption\n" + 'a.jpg,"x\nb.jpg,y\n' * 3000 + 'c.jpg,"z\n')
    assert sum(isinstance(row, Pair) for row in many) == 3000


def test_a_long_cell_is_read_as_a_long_caption_is(tmp_path: Path) -> None:
    for cell in ("x" * 200_000, '"' + "y" * 200_000 + '"'):
        found = rows(tmp_path / "x.csv", f"file,caption\na.jpg,{cell}\nb.jpg,Biscuit\n")
        assert [row.cut for row in found if isinstance(row, Pair)] == [True, False]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.json", "{", "not JSON"),
        ("x.json", "3", "neither a list"),
        ("x.json", "9" * 9000, "too many digits"),
        ("x.json", "[" * 200_000, "nested too deep"),
        ("x.json", '{"images": []}', "no annotations"),
        ("x.pdf", "", "no captions file"),
    ],
)
def test_what_is_no_captions_file_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(CaptionsError, match=says):
        rows(tmp_path / name, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaptionsError, match="is not there"):
        list(read(tmp_path / "none.csv"))


@given(st.binary(max_size=300), st.sampled_from([".jsonl", ".json", ".csv", ".tsv"]))
def test_no_bytes_make_it_fall(tmp_path_factory: pytest.TempPathFactory, raw: bytes, suffix: str) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(raw)
    try:
        assert all(isinstance(row, Pair | Broken) for row in read(path))
    except CaptionsError as error:
        assert str(error)
