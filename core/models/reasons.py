"""What libraries say when they fail, made fit to stand in a sentence for people."""

from __future__ import annotations

LONGEST = 160
"""Characters of it that a sentence can bear."""


def reason_of(error: BaseException, *, last: bool = False) -> str:
    """The first line of what an error says, or the ``last`` one: printable, not longer than `LONGEST`, without a full
    stop at its end. An error that says nothing is called by its class."""
    lines = [clean for line in str(error).splitlines() if (clean := printable(line))]
    if not lines:
        return type(error).__name__
    chosen = lines[-1 if last else 0]
    if len(chosen) > LONGEST:
        chosen = f"{chosen[:LONGEST].rpartition(' ')[0] or chosen[:LONGEST]} …"
    return chosen.rstrip(".:;, ")


def printable(text: str) -> str:
    """Text without what a terminal would act on, or show as nonsense; one space where that was."""
    kept = "".join(letter if letter.isprintable() and letter != "\ufffd" else " " for letter in text)
    return " ".join(kept.split())
