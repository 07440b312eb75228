"""The frozen dataclasses that cross rooms. The words are the design's: library, root, photo, model, embedding."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from pathlib import Path

ContentHash = bytes
"""The first 16 bytes of the SHA-256 of a file's bytes. Copies share it."""


class TakenSource(StrEnum):
    """Where a photo's date comes from, the most trusted first."""

    EXIF = "exif"
    XMP = "xmp"
    TAKEOUT = "takeout"
    NAME = "name"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that the user added. ``mount`` is the mount point that it lay under when it was last read."""

    id: int
    path: Path
    added: str
    mount: Path | None = None
    ignore: tuple[str, ...] = ()
    """Patterns of names or relative paths that are left out (fnmatch)."""


@dataclass(frozen=True, slots=True)
class RootStatus:
    """A root as it stands: whether it can be read now, and how many photos the catalogue knows under it."""

    root: Root
    online: bool
    photos: int
    failures: int
    why_offline: str | None = None


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a stat says of a file. Equal stamps mean an unchanged file: nothing is read again.

    ``sidecar_ns`` is the newest mtime (nanoseconds) among the files beside the photo that speak of it, 0 without any.
    """

    size: int
    mtime_ns: int
    inode: int
    sidecar_ns: int = 0


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a scan came across and that may be a photo. ``folder`` is relative to the root, in POSIX form."""

    path: Path
    folder: str
    name: str
    stamp: FileStamp
    sidecars: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundCaption:
    """A sentence about a photo, and where it was read: exif, iptc, xmp, sidecar, takeout, text or imported."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """What a file and its sidecars say of a photo.

    ``taken`` is local time as ISO 8601 without a zone (``2019-07-04T18:30:00``); sizes are pixels after orientation;
    ``focal_length`` is millimetres, ``exposure`` seconds, ``latitude`` and ``longitude`` signed degrees,
    ``rating`` 0 to 5 (-1 for rejected, as XMP has it).
    """

    width: int = 0
    height: int = 0
    format: str = ""
    taken: str | None = None
    taken_source: TakenSource | None = None
    camera: str | None = None
    lens: str | None = None
    focal_length: float | None = None
    aperture: float | None = None
    exposure: float | None = None
    iso: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    rating: int | None = None
    captions: tuple[FoundCaption, ...] = ()
    keywords: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    """Those of the keywords that sidecars alone have: this program may have written them itself."""
    paths: tuple[tuple[str, ...], ...] = ()
    """Where keywords lie in the trees of other programs: the steps of each path, two at least, from the top."""
    paths_beside: tuple[tuple[str, ...], ...] = ()
    """Those of sidecars: this program may have written them itself."""
    unread: tuple[tuple[str, str], ...] = ()
    """Sidecars that could not be read, by name, each with why, a sentence."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One file under a root, as the catalogue knows it."""

    id: int
    path: Path
    content_id: int
    content_hash: ContentHash
    size: int
    metadata: PhotoMetadata
    favourite: bool = False
    """Whether the person marked it as one of theirs."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, a photo or a sidecar, that could not be read, and why, in plain words."""

    path: Path
    reason: str
    tried: str
    """When it was last tried: UTC, ISO 8601."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo that a query found.

    ``score`` is the cosine that it is ranked by, ``match`` the calibrated probability (0 to 1) that it is what was
    asked for, ``strong`` whether that lies above the line. ``copies`` are other files with the same bytes.
    """

    photo_id: int
    content_id: int
    content_hash: ContentHash
    path: Path
    score: float
    match: float
    strong: bool
    reasons: tuple[str, ...] = ()
    copies: tuple[Path, ...] = ()


class Order(StrEnum):
    """How hits are sorted. The strong ones always come before the others."""

    MATCH = "match"
    DATE = "date"
    """The newest first; a photo without a date comes last."""
    OLDEST = "oldest"
    FOLDER = "folder"
    SIZE = "size"
    """The largest file first."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Photos (their ids) that a person called right or wrong answers: like the ones is wanted, like the others not."""

    right: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.right or self.wrong)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a query found, the best first. ``total`` counts the photos that it ranked, ``seconds`` its whole time.

    The first ``strong`` of the hits lie above the line, the others below.
    """

    hits: tuple[Hit, ...]
    total: int
    seconds: float
    strong: int = 0


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query that a person keeps under a name, and the order that they saw it in."""

    id: int
    name: str
    query: str
    order: Order = Order.MATCH
    added: str = ""
    """When it was first saved: UTC, ISO 8601."""


class Phase(StrEnum):
    """What an index run is doing."""

    SCANNING = "scanning"
    READING = "reading"
    ENCODING = "encoding"
    FINISHING = "finishing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class IndexReport:
    """The counts of an index run. ``scanned == encoded + reused + failed`` when it ran to its end."""

    scanned: int = 0
    encoded: int = 0
    reused: int = 0
    failed: int = 0
    forgotten: int = 0
    seconds: float = 0.0
    offline: tuple[Path, ...] = ()
    """Roots that could not be read this time. Nothing under them was forgotten."""
    suggested: int = 0
    """Tags that the rules of folders left waiting for a decision."""
    accepted: int = 0
    """Tags that the rules accepted by themselves, above the line of each."""


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far an index run is: throttled, about ten a second. The last one has ``phase == DONE``."""

    phase: Phase
    done: int
    total: int
    report: IndexReport
    rate: float = 0.0
    """Photos a second that are being encoded, over the last seconds."""
    seconds_left: float | None = None
    stored: tuple[int, ...] = field(default=())
    """Ids of the photos stored since the last progress, so that a window can show them."""
    updating: bool = False
    """Whether known photos are encoded anew for another model, while the one before it answers."""


@dataclass(frozen=True, slots=True)
class ModelMove:
    """A library on its way from the model that answers, ``old``, to the one that is wanted, ``new`` (model ids).

    ``done`` of ``total`` contents that the old model knows are encoded by the new one.
    """

    old: str
    new: str
    done: int
    total: int
    old_is_there: bool
    """Whether the old model can answer: without its files its embeddings say nothing, and the new one answers over
    what it has encoded so far."""
    waits_for: tuple[Path, ...] = ()
    """Roots that are offline, where all that can be read is encoded: the old model answers until they are back."""
    damaged: Path | None = None
    """The library's copy of the old model, where that is there and cannot be used."""

    @property
    def sentence(self) -> str:
        """How far it is, for people."""
        count = f"{self.done:,} of {self.total:,} photos"
        if self.damaged is not None:
            return (
                f"The library's copy of the model {self.old}, which knew these photos, is damaged: {self.damaged}. "
                f"They are encoded anew, and {count} can be found so far. With a whole copy in that folder (from a "
                "backup), or imported to the shelf, all are found at once."
            )
        if not self.old_is_there:
            return (
                f"The model {self.old}, which knew these photos, is not there any more: they are encoded anew, and "
                f"{count} can be found so far."
            )
        if self.waits_for:
            names = ", ".join(str(path) for path in self.waits_for)
            return (
                f"The model {self.new} has encoded {count}. The others are offline ({names}); until they are back, "
                f"for {PATIENCE_DAYS} days at the most, {self.old} answers."
            )
        return f"The model {self.new} has encoded {count}. Until it has encoded all, {self.old} answers."


@dataclass(frozen=True, slots=True)
class LeftModel:
    """A model that a library used before: how many embeddings are left of it, and about how many bytes all of it takes.

    As long as they are there, going back to it takes no encoding.
    """

    model_id: str
    embeddings: int
    bytes: int
    needed: int = 0
    """How many photos can be found by going back to it alone, since the model that answers has not encoded them: where
    that is any, its embeddings are removed by name only. 0 of all models but the one that knows most of those."""


class Place(Enum):
    """Where a model lies that a person can choose."""

    BUNDLED = auto()
    """It comes with the program."""
    SHELF = auto()
    KEPT = auto()
    """A library keeps a copy, and it is not on the shelf any more."""
    HUB = auto()
    """It can be fetched."""
    BROKEN = auto()
    """It lies on the shelf and cannot be used."""


class RunsOn(Enum):
    """What runs a model on this machine."""

    OPENVINO = auto()
    """Its graphs, as they are: the light install does."""
    CONVERTED = auto()
    """Its graphs, once PyTorch (the [torch] extra) has made them."""
    TORCH = auto()
    """PyTorch: it has no graphs."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that a person can choose, at hand or not, with what helps to choose. What nobody knows is None."""

    name: str
    place: Place
    model_id: str | None
    """None where that is known only when it has been fetched."""
    bytes: int
    languages: tuple[str, ...]
    licence: str
    runs_on: RunsOn | None
    research_only: bool = False
    warning: str | None = None
    """What has to be said of the licence before anything is fetched."""
    imagenet: float | None = None
    """How often it names a photo right, of ImageNet's 1,000 names: 0 to 1."""
    coco: float | None = None
    """How often the photo of a sentence comes first among COCO's 5,000: 0 to 1."""
    figures: str = ""
    """Where these two are published."""
    photos_a_second: float | None = None
    """Measured on this machine."""
    about: str = ""
    source: str = ""
    """Where it comes from, or would be fetched from."""
    fetched: int = 0
    """Bytes of it that an interrupted fetch has left, for the next to go on from."""
    reason: str = ""
    """Why it cannot be used."""
    folder: Path | None = None
    """Where it lies; None until it is fetched."""
    dim: int | None = None
    """Numbers in an embedding."""
    image_size: int | None = None
    """Pixels on the longer side of what its image tower sees."""
    context_length: int | None = None
    """Tokens of a sentence, at the most."""
    precisions: tuple[str, ...] = ()
    """Those that passed the parity check."""

    @property
    def is_usable(self) -> bool:
        """Whether a library can be moved to it now."""
        return self.place in (Place.BUNDLED, Place.SHELF, Place.KEPT)


PATIENCE_DAYS = 30
"""How long a move waits for photos that cannot be read: disks that are unplugged come back, or they do not."""
