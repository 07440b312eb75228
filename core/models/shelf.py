"""The shelf: the models that a person has fetched or imported, beside the bundled one.

It lies in the user's data folder (``RETROUVE_MODELS`` names another), one folder a model, named as it is. No library
owns it: a library that uses a model keeps a copy of its own (`core.models.kept`), so that taking one off the shelf
breaks none. A model arrives in a draft folder beside the others (`core.models.drafts`) and is renamed when it is whole:
a kill leaves a draft, which a later import or a look at the list clears away, and never half a model.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import CallError, DiskFull, ModelError, ModelMissing
from core.models import drafts
from core.models.drafts import draft_in
from core.models.kept import removed
from core.models.registry import MODEL_FILE, ModelInfo, load_info, starter_folder

ENVIRONMENT = "RETROUVE_MODELS"
FETCHED = ".fetched-"
"""What is being fetched from a hub, until it is whole and imported."""
_STALE = 24 * 3600
"""Seconds after which a draft without a lock that nobody wrote to was left behind by a process that was killed."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A folder on the shelf that holds no model that can be used, and the sentence that says why."""

    folder: Path
    reason: str


def default_shelf() -> Path:
    """Where the shelf lies: what ``RETROUVE_MODELS`` names, else in the platform's folder for an application's data."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100 - symbolic links stay as they are
    import platformdirs

    return platformdirs.user_data_path("retrouve", appauthor=False) / "shelf"


class Shelf:
    """The models at hand. ``folder`` need not be there yet. Methods may be called from any thread."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_shelf() if folder is None else folder

    def all(self) -> list[ModelInfo]:
        """Every model that can be used: the bundled one first, then those on the shelf by name. No weight is read."""
        found = []
        with contextlib.suppress(ModelError):
            found.append(load_info(starter_folder()))
        for folder in self._folders():
            with contextlib.suppress(ModelError):
                found.append(load_info(folder))
        return found

    def unusable(self) -> list[Unusable]:
        """What lies on the shelf and cannot be used, with the reason."""
        found = []
        for folder in self._folders():
            try:
                load_info(folder)
            except ModelError as error:
                found.append(Unusable(folder, str(error)))
        return found

    def find(self, name: str) -> ModelInfo:
        """The model called ``name``: its name, or its model_id. Upper and lower case are one.

        Raises ModelMissing with the names that are near, ModelDamaged where it is there and cannot be used.
        """
        wanted = name.casefold()
        models = self.all()
        for info in models:
            if wanted in (info.name.casefold(), info.model_id.casefold()):
                return info
        if _NAME.fullmatch(name) and (self.folder / name).is_dir():
            return load_info(self.folder / name)
        names = [info.name for info in models]
        near = difflib.get_close_matches(name, names, 1)
        hint = f"Did you mean `{near[0]}`?" if near else f"There is: {', '.join(names)}."
        raise ModelMissing(f"There is no model `{name}` on the shelf in {self.folder}. {hint}")

    def place_of(self, name: str) -> Path:
        """The folder of a model of this name, whether or not there is one. Raises CallError for no possible name."""
        if not _NAME.fullmatch(name):
            raise CallError(
                f"`{name}` cannot name a model: use up to 64 of the letters a to z, digits, dots, dashes and "
                "underscores, a letter or a digit first."
            )
        return self.folder / name

    def check_free(self, name: str) -> None:
        """Raises CallError when a model of this name is there already, or none can be called so."""
        place = self.place_of(name)
        taken = {info.name.casefold() for info in self.all()}
        if name.casefold() in taken or place.exists():
            way = "" if name.casefold() == starter_folder().name else ", or remove the old one from the shelf first"
            raise CallError(f"There is a model `{name}` already: give the new one another name{way}.")

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to make a model in, on the shelf's own disk; `put` takes it. It is gone afterwards.

        Raises ModelError where the shelf cannot be written. A disk that fills up while the draft is made is DiskFull.
        """
        self.clear_drafts()
        with self._told(), draft_in(self.folder) as place:
            yield place

    def put(self, draft: Path) -> ModelInfo:
        """Put a finished draft on the shelf under the name that its ``model.json`` says. Nothing is put in its place.

        Raises CallError when that name is taken, ModelMissing or ModelDamaged when the draft is no whole model.
        """
        info = load_info(draft)
        self.check_free(info.name)
        place = self.place_of(info.name)
        try:
            draft.rename(place)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # another process was first
                self.check_free(info.name)
            raise
        return load_info(place)

    def remove(self, name: str) -> Path:
        """Take a model off the shelf for good; the folder that it lay in. Libraries that use it keep their own copies.

        Raises CallError for the bundled one, ModelMissing when there is no such model, ModelError when its files stay.
        """
        folder = self._folder_of(name)
        if folder == starter_folder():
            raise CallError(f"`{name}` comes with the program and stays.")
        # Without its description it is no model any more, whatever a kill leaves of the rest.
        with contextlib.suppress(OSError):
            (folder / MODEL_FILE).unlink()
        if not removed(folder):
            raise ModelError(f"The files of `{name}` could not all be removed: {folder}")
        return folder

    def clear_drafts(self) -> None:
        """Remove what killed processes left half made, and what was fetched in part and not gone on with for a
        month. What cannot be removed stays."""
        drafts.clear(self.folder, _STALE)
        for part in self.folder.glob(f"{FETCHED}*"):
            with contextlib.suppress(OSError):
                if drafts.idle(part) > 30 * _STALE:
                    shutil.rmtree(part, ignore_errors=True)

    def _folder_of(self, name: str) -> Path:
        """Where a model lies, even one that cannot be used any more."""
        try:
            return self.find(name).folder
        except ModelError:
            if _NAME.fullmatch(name) and (self.folder / name).is_dir():
                return self.folder / name
            raise

    def _folders(self) -> list[Path]:
        try:
            return sorted(
                (path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")),
                key=lambda path: path.name.casefold(),
            )
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                _LOG.warning("the shelf cannot be listed: %s", error)
            return []

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """A fault of the disk under the shelf, as a sentence."""
        try:
            yield
        except OSError as error:
            named = error.filename2 if isinstance(error.filename2, str) else error.filename  # of a copy, where it goes
            where = Path(named) if isinstance(named, str) else None
            if error.errno in _FULL_DISK:
                raise DiskFull(f"The disk is full where the models lie: {self.folder}. Nothing was changed.") from error
            if where is None or not where.is_relative_to(self.folder):
                raise
            raise ModelError(f"The model cannot be written to {where}: {error.strerror or error}.") from error
