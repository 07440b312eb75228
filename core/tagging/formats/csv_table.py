r"""Label lists as a table: a label a row, and what is said of it in columns that the first row names.

    name,parent,group,exclusive,synonyms,prompts,not
    dog,animal,,,puppy | hound,a dog playing in a park,a hot dog
    indoor,,place,yes,,,

Only ``name`` has to be there. Several texts in one cell stand apart by ``|``; one that belongs to a text is written
``\|``. ``exclusive`` says of a label's group that a photo has one of its labels at the most; ``templates`` are those
of the list, in any row. Without a first row that names columns, the first column is the label, and the others are
synonyms. Columns stand apart by commas, semicolons or tabs.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from core.catalog.tags import folded
from core.errors import CallError
from core.tagging.types import Label, LabelList

_COLUMNS = ("name", "parent", "group", "exclusive", "synonyms", "prompts", "not", "templates")
_OTHER_NAMES = {
    "label": "name",
    "keyword": "name",
    "tag": "name",
    "synonym": "synonyms",
    "prompt": "prompts",
    "negatives": "not",
    "template": "templates",
}
_YES = ("yes", "y", "true", "1", "x")
_NO = ("no", "n", "false", "0")
_SEPARATOR = re.compile(r"sep=([,;\t])")
_APART = re.compile(r"((?:[^\\|]|\\.|\\$)*)(?:\||$)", re.DOTALL)
_ESCAPED = re.compile(r"\\([\\|])")


def parsed(text: str, where: str) -> LabelList:
    """The list in a table, without a name of its own. Raises `CallError` that begins with ``where`` and the line."""
    rows = _rows(text, where)
    first = next(rows, None)
    if first is None:
        return LabelList("")
    heads = [folded(cell) for cell in first[1]]
    if "name" not in (_OTHER_NAMES.get(head, head) for head in heads):
        return LabelList("", tuple(_without_head([first, *rows], where)))
    return _with_head(_heads(first[1], f"{where}, line {first[0]:,}"), rows, where)


def written(given: LabelList) -> str:
    """The list as a table with commas between its columns. Columns that would be empty are left out."""
    exclusive = set(given.exclusive)
    rows = [
        {
            "name": label.name,
            "parent": label.parent or "",
            "group": label.group or "",
            "exclusive": "yes" if label.group in exclusive else "",
            "synonyms": _in_one(label.synonyms),
            "prompts": _in_one(label.prompts),
            "not": _in_one(label.negatives),
            "templates": "" if place else _in_one(given.templates),
        }
        for place, label in enumerate(given.labels)
    ]
    used = [column for column in _COLUMNS if column == "name" or any(row[column] for row in rows)]
    file = io.StringIO()
    table = csv.DictWriter(file, used, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return file.getvalue()


def _rows(text: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of its line."""
    start, _, rest = text.partition("\n")
    told = _SEPARATOR.fullmatch(start.strip(" "))
    reader = csv.reader(
        io.StringIO(rest if told else text), delimiter=told[1] if told else _separator(start), strict=True
    )
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num + bool(told), cells
    except csv.Error as error:
        line = reader.line_num + bool(told)
        raise CallError(f"{where}, line {line:,} is no row of a table: {error}.") from error


def _separator(line: str) -> str:
    """What stands most often between the quotes of a line."""
    outside = re.sub('"[^"]*"', "", line)
    return max(",;\t", key=outside.count)


def _heads(cells: Sequence[str], where: str) -> list[str]:
    heads = []
    for cell in cells:
        head = _OTHER_NAMES.get(folded(cell), folded(cell))
        if head and head not in _COLUMNS:
            near = difflib.get_close_matches(head, _COLUMNS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(_COLUMNS)}."
            raise CallError(f"{where}: a label has no “{cell}”. {hint}")
        if head and head in heads:
            raise CallError(f"{where}: the column “{cell}” is there twice.")
        heads.append(head)
    return heads


def _with_head(heads: Sequence[str], rows: Iterable[tuple[int, list[str]]], where: str) -> LabelList:
    labels, templates, exclusive = [], [], []
    said: dict[str, bool] = {}
    for line, cells in rows:
        if any(cells[len(heads) :]):
            raise CallError(
                f"{where}, line {line:,} has {len(cells)} cells, but the first row names {len(heads)}. "
                "Put quotation marks round a text with a comma in it."
            )
        row = dict.fromkeys(_COLUMNS, "") | dict(zip(heads, cells, strict=False))
        if not row["name"]:
            raise CallError(f"{where}, line {line:,} has no name.")
        templates += _texts(row["templates"])
        if row["group"] and row["exclusive"]:
            alone = _is_yes(row["exclusive"], f"{where}, line {line:,}")
            if said.setdefault(folded(row["group"]), alone) != alone:
                raise CallError(
                    f"{where}, line {line:,}: the group “{row['group']}” is exclusive in one row and not in another."
                )
            exclusive += [row["group"]] if alone else []
        synonyms, prompts, negatives = (tuple(_texts(row[column])) for column in ("synonyms", "prompts", "not"))
        labels.append(Label(row["name"], prompts, synonyms, negatives, row["parent"] or None, row["group"] or None))
    return LabelList("", tuple(labels), tuple(templates), tuple(dict.fromkeys(exclusive)))


def _is_yes(cell: str, where: str) -> bool:
    said = folded(cell)
    if said not in (*_YES, *_NO):
        raise CallError(f"{where}: “exclusive” is yes or no, and not “{cell}”.")
    return said in _YES


def _without_head(rows: Iterable[tuple[int, list[str]]], where: str) -> Iterator[Label]:
    for line, cells in rows:
        if not cells[0]:
            raise CallError(f"{where}, line {line:,} has no name in its first column.")
        yield Label(cells[0], synonyms=tuple(cell for cell in cells[1:] if cell))


def _in_one(texts: Iterable[str]) -> str:
    return " | ".join(text.replace("\\", "\\\\").replace("|", "\\|") for text in texts)


def _texts(cell: str) -> list[str]:
    found = (_ESCAPED.sub(lambda escape: escape[1], part).strip() for part in _APART.findall(cell))
    return [text for text in found if text]
