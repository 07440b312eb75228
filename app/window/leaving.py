"""Asks what is to become of a list that was edited: when it is left, when somebody else changed it, when it goes."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtWidgets import QWidget

from app.window.asking import ask


class Leaving(Enum):
    """What somebody chose."""

    SAVE = auto()
    DISCARD = auto()
    STAY = auto()


_GO_ON = "Go on editing"


def ask_to_leave(parent: QWidget, name: str, why_not: str) -> Leaving:
    """Ask about the list of a name. ``why_not`` is a sentence where it cannot be saved as it stands, else empty."""
    if why_not:
        why = f"It cannot be saved as it stands. {why_not}"
        discards = not ask(parent, "Label lists", f"Discard what was edited in “{name}”?", why, "Discard", _GO_ON)
        return Leaving.DISCARD if discards else Leaving.STAY
    explained = "It was edited, and is not saved yet."
    return tuple(Leaving)[
        ask(parent, "Label lists", f"Save “{name}”?", explained, "Save", "Discard", _GO_ON, default=0)
    ]


def ask_which(parent: QWidget, name: str) -> Leaving:
    """Ask which of two is to be kept of a list that was changed elsewhere while it was edited here: what is saved is
    what stands here, what is discarded is what was edited."""
    explained = "In the side panel, in another window or on the command line. One of the two can be kept."
    question = f"“{name}” was changed elsewhere while you edited it here."
    answer = ask(parent, "Label lists", question, explained, "Save mine over it", "Take the other", _GO_ON)
    return tuple(Leaving)[answer]


def ask_to_remove(parent: QWidget, name: str) -> bool:
    """Ask before a list is removed, and say what that does not do."""
    stays = "Tags that were accepted or rejected stay. Suggestions of its labels go."
    return not ask(parent, "Remove list", f"Remove the list “{name}”?", stays, "Remove", "Keep")
