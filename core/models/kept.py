"""The copies of model files that a library keeps, so that its embeddings outlive an update of the program.

An update puts another model in the place of the bundled one. Old embeddings say nothing without the text tower that
belongs to them, so a library keeps the files of the model that it is indexed with: ``<library>/models/<model_id>/``.
They are copied, and not linked: an update that writes over a file in its place would change a hard link too.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
from pathlib import Path

from core.catalog import room
from core.errors import ModelError
from core.models import drafts
from core.models.drafts import draft_in
from core.models.registry import ModelInfo, load_info, verify

_LOG = logging.getLogger(__name__)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


class KeptModels:
    """The folder of a library's copies. They are removed by the one who holds the index lock, and made by anybody."""

    def __init__(self, library: Path) -> None:
        self.folder = library / "models"
        self._library = library

    def place_of(self, model_id: str) -> Path:
        """Where the copy of a model lies, if there is one. Raises ValueError for a name that no model of ours has."""
        if not _ID.fullmatch(model_id):
            raise ValueError(f"no folder can be named for the model {model_id!r}")
        return self.folder / model_id

    def find(self, model_id: str) -> ModelInfo | None:
        """The copy of a model; None where it is not there, not whole, or another model by now."""
        try:
            info = load_info(self.place_of(model_id))
        except (ModelError, ValueError):
            return None
        return info if info.model_id == model_id else None

    def damaged(self, model_id: str) -> Path | None:
        """The folder of a copy that is there and cannot be used; None where it is whole, or not there."""
        there = self.places(model_id)
        return there[0] if there and self.find(model_id) is None else None

    def all(self) -> list[ModelInfo]:
        """Every copy that is whole."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.name for path in self.folder.iterdir() if _ID.fullmatch(path.name))
        return [found for name in names if (found := self.find(name)) is not None]

    def keep(self, info: ModelInfo) -> str | None:
        """Copy a model's files, unless that was done. None when the copy is there, else a sentence that says why not.

        The copy is made under another name, its weights are compared with their hash, and then it is renamed.
        """
        if self._library in info.folder.parents or self.find(info.model_id) is not None:
            return None
        try:
            if load_info(info.folder).model_id != info.model_id:
                return f"The model in {info.folder} is not {info.model_id} any more: no copy of it could be kept."
            self._make_room(info)
            with draft_in(self.folder) as draft:
                self._copy(info, draft)
        except ModelError as error:
            return f"No copy of the model could be kept: {error}"
        except OSError as error:
            why = "the disk is full" if error.errno in _FULL_DISK else error.strerror or str(error)
            return f"No copy of the model could be kept in {self.folder}: {why}."
        return None

    def _make_room(self, info: ModelInfo) -> None:
        """Raises OSError where a copy would leave too little of the disk to the catalogue."""
        needed = sum(file.stat().st_size for file in files_of(info.folder)) + room.NEARLY_FULL
        room.make_room(self._library, needed)
        if not room.has_room(self._library, needed):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _copy(self, info: ModelInfo, draft: Path) -> None:
        copy_files(info.folder, draft)
        verify(load_info(draft))
        place = self.place_of(info.model_id)
        if self.find(info.model_id) is not None:
            return  # another process was first
        if not removed(place):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        draft.rename(place)

    def remove(self, model_id: str) -> bool:
        """Remove a copy; whether it is gone. Files that another process holds (on Windows) stay for now."""
        return not _ID.fullmatch(model_id) or removed(self.place_of(model_id))

    def places(self, model_id: str) -> list[Path]:
        """The folder of a copy, where there is one."""
        place = self.place_of(model_id) if _ID.fullmatch(model_id) else None
        return [place] if place is not None and place.is_dir() else []

    def clear_drafts(self) -> None:
        """Remove what a killed process left half copied."""
        drafts.clear(self.folder)


def files_of(folder: Path) -> list[Path]:
    """A model's files: those in its folder, and in folders right in it (of an ONNX model)."""
    return [file for file in sorted([*folder.glob("*"), *folder.glob("[!.]*/*")]) if file.is_file()]


def copy_files(folder: Path, target: Path) -> None:
    """Copy a model's files, as `files_of` has them. Raises OSError."""
    for file in files_of(folder):
        place = target / file.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def removed(folder: Path) -> bool:
    """Remove a folder; whether it is gone."""
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        _LOG.info("%s stays for now: another process holds it", folder)
        return False
    return True
