"""A library's label lists: read from files, checked, kept, and written to files."""

from __future__ import annotations

import difflib
import sqlite3
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from core.catalog import label_lists
from core.catalog.connection import Catalog
from core.catalog.tags import folded
from core.copying import Unfinished, is_device, refused
from core.errors import CallError, TargetTaken
from core.tagging import formats
from core.tagging.checking import ListFault, checked, cleaned
from core.tagging.formats import Format, Found, toml_file
from core.tagging.types import LabelList


class LabelLists:
    """The label lists of a library. May be called from any thread.

    Writing raises `CatalogReadOnly`, `LibraryBusy` and `DiskFull`, as every write does. What photos are tagged with
    outlives any change of a list; only what was suggested of a label goes with the last list that has it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def all(self) -> list[LabelList]:
        """The lists of the library, by name, with their labels."""
        with self._catalog.read() as db:
            return label_lists.every(db)

    def names(self) -> list[tuple[str, int]]:
        """The lists of the library, by name, each with the number of its labels."""
        with self._catalog.read() as db:
            return label_lists.names(db)

    def find(self, name: str) -> LabelList | None:
        """The list of the library with this name, case and accents aside, or the ready one, which is not kept by this;
        None where there is neither."""
        with self._catalog.read() as db:
            found = label_lists.by_name(db, cleaned(name))
        return found or next((ready for ready in self.ready() if _same(ready.name, name)), None)

    def get(self, name: str) -> LabelList:
        """The list of this name, case and accents aside. A ready list is kept in the library by that.

        Raises `CallError`, with the names that there are, where none has it.
        """
        found = self.find(name)
        if found is None:
            raise CallError(f"There is no label list “{cleaned(name)}”. {self._hint(name)}")
        if found.id is not None:
            return found
        ready = found

        def work(db: sqlite3.Connection) -> LabelList:
            # Another process may have kept it meanwhile.
            id = label_lists.id_of(db, ready.name)
            return _by_id(db, label_lists.put(db, ready, ready=True) if id is None else id)

        return self._catalog.write(work)

    def put(self, new: LabelList, replacing: str | None = None) -> LabelList:
        """Keep a list: in place of the one named by ``replacing``, else of the one of its own name if there is one.

        Raises `CallError` for a list that cannot be (`core.tagging.checking`), for a name that another list has, and
        where the one to replace is not there.
        """
        new = checked(new)

        def work(db: sqlite3.Connection) -> LabelList:
            same = label_lists.id_of(db, new.name)
            old = same if replacing is None else label_lists.id_of(db, cleaned(replacing))
            if replacing is not None and old is None:
                raise CallError(f"There is no label list “{cleaned(replacing)}” any more.")
            if same is not None and same != old:
                raise CallError(f"There is a label list “{new.name}” already. Choose another name.")
            return _by_id(db, label_lists.put(db, new, old))

        return self._catalog.write(work)

    def remove(self, name: str) -> int:
        """Take a list out of the library; how many suggestions went with it. Raises `CallError` where it is not there.

        Rules that use it go, too.
        """

        def work(db: sqlite3.Connection) -> int | None:
            id = label_lists.id_of(db, cleaned(name))
            return None if id is None else label_lists.remove(db, id)

        withdrawn = self._catalog.write(work)
        if withdrawn is None:
            if any(_same(ready.name, name) for ready in self.ready()):
                raise CallError(f"The label list “{cleaned(name)}” comes with the program and is not in your library.")
            raise CallError(f"There is no label list “{cleaned(name)}”. {self._hint(name)}")
        return withdrawn

    def ready(self) -> list[LabelList]:
        """The lists that come with the program, by name."""
        return list(_ready())

    def read(self, path: Path, format: Format | None = None) -> LabelList:
        """The list in a file, checked, not kept. It is named after the file's stem.

        Raises `LabelFileError` where the file cannot be read, `CallError` where it does not hold what it should.
        """
        return self.found(path, format).list

    def found(self, path: Path, format: Format | None = None) -> Found:
        """The list in a file, as `read` gives it, with its format, and what a person may not expect of how it was read.

        Raises what `read` raises; of what cannot be in a list, with its line where that can be told.
        """
        found = formats.found(path, format)
        try:
            return replace(found, list=checked(found.list))
        except ListFault as error:
            line = formats.line_of(found.text, error.about, last=error.last)
            raise CallError(f"{path}: {error}" if line is None else f"{path}, line {line:,}: {error}") from error
        except CallError as error:
            raise CallError(f"{path}: {error}") from error

    def export(
        self, name: str, path: Path, format: Format | str = Format.TOML, overwrite: bool = False
    ) -> tuple[str, ...]:
        """Write a list to a file, whole or not at all; what of it the format has no place for, in words.

        Raises `CallError` for an unknown list or format and for a name that the format has no place for, `TargetTaken`
        where the file is there and must not be overwritten, `ExportError`.
        """
        found = self.find(name)
        if found is None:
            raise CallError(f"There is no label list “{cleaned(name)}”. {self._hint(name)}")
        chosen = formats.named(format)
        text = formats.written(found, chosen)
        _write(path, text, overwrite)
        return formats.left_out(found, chosen)

    def _hint(self, name: str) -> str:
        known = {folded(name): name for name in (*(ready.name for ready in self.ready()), *dict(self.names()))}
        near = difflib.get_close_matches(folded(cleaned(name)), known, 1)
        if near:
            return f"Did you mean “{known[near[0]]}”?"
        names = [known[key] for key in sorted(known)]
        return f"There are: {', '.join(names[:20])}{'…' if names[20:] else '.'}"


@cache
def _ready() -> tuple[LabelList, ...]:
    folder = files("resources").joinpath("labels")
    found: list[LabelList] = []
    if folder.is_dir():
        for file in folder.iterdir():
            stem, dot, suffix = file.name.rpartition(".")
            if dot and suffix == "toml":
                text = file.read_text(encoding="utf-8")
                found.append(checked(replace(toml_file.parsed(text, file.name), name=stem)))
    return tuple(sorted(found, key=lambda ready: folded(ready.name)))


def _write(path: Path, text: str, overwrite: bool) -> None:
    if path.is_dir():
        raise CallError(f"{path} is a folder: name the file to write.")
    if not overwrite and path.exists() and not is_device(path):
        raise TargetTaken(f"{path} is there already. Name another file, or say that it may be overwritten.")
    try:
        with Unfinished(path, overwrite=overwrite or is_device(path)) as file:
            file.write(text.encode("utf-8"))
            file.finish()
    except FileExistsError as error:
        raise TargetTaken(f"{path} is there already. Name another file, or say that it may be overwritten.") from error
    except OSError as error:
        raise refused(error, path) from error


def _by_id(db: sqlite3.Connection, id: int) -> LabelList:
    found = label_lists.by_id(db, id)
    assert found is not None
    return found


def _same(name: str, other: str) -> bool:
    return folded(name) == folded(cleaned(other))
