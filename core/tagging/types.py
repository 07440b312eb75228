"""The frozen dataclasses of tagging that cross rooms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What is known of a label on a photo."""

    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Source(StrEnum):
    """Who said so: the program, the person, or the photo's own file."""

    AUTO = "auto"
    USER = "user"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of a label list. Its name is unique in its list, case and accents aside.

    Of one name in two lists there is one label: a tag is the same tag, whichever list suggested it.
    """

    name: str
    prompts: tuple[str, ...] = ()
    """Sentences of its own, used beside the list's templates ("a birthday cake with burning candles")."""
    synonyms: tuple[str, ...] = ()
    """Other names, put into the templates as the name is."""
    negatives: tuple[str, ...] = ()
    """What it is not: "a hot dog" for the label dog."""
    parent: str | None = None
    """The name of the label above it in the tree; it is in the same list."""
    group: str | None = None
    """The name of the group that it belongs to."""


@dataclass(frozen=True, slots=True)
class LabelList:
    """A vocabulary of the person's own, or one that comes with the program."""

    name: str
    labels: tuple[Label, ...] = ()
    """In their order; a parent may come after its children."""
    templates: tuple[str, ...] = ()
    """Sentences with {label} in them; none stands for those of `resources/templates.toml`."""
    exclusive: tuple[str, ...] = ()
    """The groups of which a photo has one label at the most. Of the others it may have any."""
    id: int | None = None
    """None until it is kept in a library."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A label on a photo."""

    label_id: int
    label: str
    state: State
    source: Source
    score: float | None = None
    """The probability (0 to 1) that was calculated when it was suggested; None where none was."""


@dataclass(frozen=True, slots=True)
class PhotoTags:
    """A photo and its tags, by name."""

    photo_id: int
    path: Path
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A photo that would get a label, and the calibrated probability (0 to 1) that it shows it."""

    photo_id: int
    label: str
    score: float
    state: State = State.SUGGESTED
    """Accepted, where a run accepts by itself what is so likely."""


@dataclass(frozen=True, slots=True)
class Classified:
    """A photo, and how likely (0 to 1) each label of a list is on it, the likeliest first; or why it cannot be read."""

    path: Path
    tags: tuple[tuple[str, float], ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TagReport:
    """The counts of a run over photos: how many it looked at, and how many tags it left in each state."""

    photos: int = 0
    suggested: int = 0
    accepted: int = 0
    """Tags above the line that the person named, which the program accepted."""
    withdrawn: int = 0
    """Suggestions of before that are none any more."""
    unencoded: int = 0
    """Photos without an embedding of the model that answers: they wait for the next index run."""
    seconds: float = 0.0
    withdrawn_of: tuple[tuple[str, int], ...] = ()
    """How many of each label were withdrawn, the most first."""


@dataclass(frozen=True, slots=True)
class TagProgress:
    """How far a run is, in photos, or while it is ``learning`` in labels; the last one has the whole ``report``."""

    done: int
    total: int
    report: TagReport
    found: tuple[Suggestion, ...] = ()
    """What a dry run would suggest or accept of the photos since the last one; a run that writes has none here."""
    learning: bool = False
    """What decisions teach about the labels is learned, before the first photo is looked at."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to tags, and that can be undone: "accepted dog on 12 photos"."""

    id: int
    said: str
    made: str
    """UTC, ISO 8601."""
    tags: int
    undone: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """A label with suggestions that wait for a decision, or whose decisions are all made."""

    label_id: int
    label: str
    waiting: int
    decided: int
    """Accepted or rejected ones among the photos that it was suggested for or decided on."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many photos have a label, in each state."""

    label_id: int
    label: str
    suggested: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class TagStats:
    """How far the tagging of a library is."""

    photos: int
    """With an accepted tag."""
    suggested: int
    accepted: int
    rejected: int
    labels: tuple[LabelCount, ...]
    """Those that are on photos, by name."""
    steps: int
    """How many can be undone."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When photos come into ``folder`` (or below it), suggest from a list, and accept above a probability."""

    id: int
    folder: Path
    list_name: str
    accept_above: float | None = None
    """None: suggest alone."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What an export writes for one photo, or why not."""

    photo_id: int
    photo: Path
    sidecar: Path
    adds: tuple[str, ...] = ()
    """Labels, by name, that the sidecar does not name yet."""
    removes: tuple[str, ...] = ()
    """Keywords that this program wrote before, of labels that are accepted no more."""
    adds_at: tuple[str, ...] = ()
    """``adds``, each with its place in the tree: "Animals > Dog"."""
    removes_at: tuple[str, ...] = ()
    """All that goes, with its place: of a label that moves to another the place that it leaves, too."""
    caption: str | None = None
    """The description to write; empty where one that this program wrote goes; None where it stays as it is."""
    note: str = ""
    """What a person should know: a choice that was made, a description that stays."""
    refused: str | None = None
    """Why this sidecar cannot be written, a sentence; it stays as it is."""
    unchanged: bool = False
    """Whether it says all that already."""


@dataclass(frozen=True, slots=True)
class SidecarReport:
    """What an export, or the undoing of one, did."""

    written: int = 0
    """Sidecars written, put back, or taken away again; those that would be, in a dry run."""
    unchanged: int = 0
    refused: tuple[tuple[Path, str], ...] = ()
    """Sidecars that were left as they were, and why."""
    sidecars: tuple[Planned, ...] = ()
    """Those that were written."""
    notes: tuple[tuple[Path, str], ...] = ()
    """Photos, and what a person should know of how theirs was treated."""


@dataclass(frozen=True, slots=True)
class SidecarProgress:
    """How far an export is, in photos."""

    done: int
    total: int
    report: SidecarReport
