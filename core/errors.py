"""One tree of errors.

Each carries one sentence that a person can act on, and the exit code that the command line ends with:
2 for a wrong call, 3 for the world's fault (disk, permissions, model, a photo or folder that is not there).
Faults of ours are no part of this tree: they travel as ordinary exceptions, with their traceback.
"""

from __future__ import annotations

from pathlib import Path


class RetrouveError(Exception):
    """A fault that a person can act on. ``str(error)`` is one clear sentence, never a traceback."""

    exit_code: int = 3


class CallError(RetrouveError):
    """The call itself is wrong: an empty query, an option that is out of range."""

    exit_code = 2


class TargetTaken(CallError):
    """A file that is to be written is there already, and nobody said that it may be overwritten."""


class FolderError(RetrouveError):
    """A folder is not there, is no folder, or cannot be read."""


class FileNamed(CallError, FolderError):
    """A file was named where a folder belongs. What is there can be used, but not so: the call is wrong."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is a file, not a folder. Name the folder that it is in.")
        self.path = path

    def __reduce__(self) -> tuple[type[FileNamed], tuple[Path]]:
        return FileNamed, (self.path,)


class PhotoError(RetrouveError):
    """One photo cannot be read. ``reason`` is kept in the catalogue and shown in the list of failures.

    Such an error never ends a job.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[PhotoError], tuple[Path, str]]:
        """Errors travel from the worker process by pickle, which would otherwise call us with the sentence alone."""
        return type(self), (self.path, self.reason)


class FolderNamed(CallError, PhotoError):
    """A folder was named where a photo belongs."""


class LabelFileError(RetrouveError):
    """A file that a label list should be read from is not there, or cannot be read."""


class CaptionsError(RetrouveError):
    """A file of captions cannot be read, or none of its photos is in the library."""


class TrainingError(RetrouveError):
    """Nothing can be learned: there are too few captions, or what a run left cannot be read."""


class ExportError(RetrouveError):
    """What was found cannot be written where it should go."""


class SidecarError(RetrouveError):
    """A sidecar cannot be written, and is as it was. ``str(error)`` is the reason, a sentence that speaks of it as
    "it". Such an error never ends a job."""


class CatalogError(RetrouveError):
    """The catalogue cannot be used. The base of what is wrong with it."""


class NoLibraryFolder(CallError, CatalogError):
    """A file was named where the library's folder belongs, or a folder in a file."""


class CatalogMissing(CatalogError):
    """There is no catalogue where one was expected."""


class CatalogNewer(CatalogError):
    """The catalogue was written by a newer version of the program. It is left untouched."""


class CatalogDamaged(CatalogError):
    """SQLite says that the file is not a database, or is malformed. It is left untouched."""


class CatalogReadOnly(CatalogError):
    """The library lies where nothing can be written."""


class DiskFull(CatalogError):
    """No space is left where the library lies. What was stored before is safe."""


class LibraryBusy(RetrouveError):
    """Another process is indexing this library, or holds its catalogue for too long."""


class ModelError(RetrouveError):
    """A model cannot be used. The base of what is wrong with it."""


class ModelMissing(ModelError):
    """A model's folder, or a file of it, is not there."""


class ModelDamaged(ModelError):
    """A model's file does not hold what it should."""


class HubError(ModelError):
    """The hub that models are fetched from cannot be reached, or refuses. What was fetched before is kept."""


class TorchMissing(ModelError):
    """What was asked for needs the [torch] extra. The sentence names the command that adds it."""

    def __init__(self, what: str) -> None:
        super().__init__(f'{what} needs PyTorch: add it with `python -m pip install -e ".[torch]"` in its folder.')
        self.what = what

    def __reduce__(self) -> tuple[type[TorchMissing], tuple[str]]:
        return TorchMissing, (self.what,)


class WorkerError(RetrouveError):
    """The worker process could not be started, or went away and could not be brought back."""
