"""What the review page says where there are no photos to show: one place for every such sentence."""

from __future__ import annotations

from collections.abc import Callable

from app.window.message_page import Button
from app.window.review_page import ReviewPage
from app.window.words import count_of, isolated
from core.tagging.types import Queue


class ReviewMessages:
    """Puts the right words on the page. The first button is what most people want next, and has the focus."""

    def __init__(self, page: ReviewPage, leave: Callable[[], None], suggest: Callable[[], None]) -> None:
        self._page = page
        self._back: Button = ("Back to the photos", leave)
        self._suggest: Button = ("Suggest tags…", suggest)

    def looking(self) -> None:
        """The library takes a moment, or a run has only begun."""
        self._page.show_message(
            "Looking for suggestions", "They appear here as they are found.", [self._back], busy=True
        )

    def nothing_waits(self, decided: int, *, can_suggest: bool) -> None:
        """No suggestion is left. ``decided``: how many there were, as far as this page has seen them."""
        suggest = [self._suggest] if can_suggest else []
        if decided:
            what = f"{count_of(decided, 'suggestion')} {'is' if decided == 1 else 'are'}"
            words = f"{what} decided, and none waits. Your tags can be searched for now."
            self._page.show_message("Everything is decided", words, [self._back, *suggest], mark="check")
        else:
            self._page.show_message(
                "Nothing to review",
                "Choose a label list, and Retrouve looks for photos that its labels fit. They wait here until you "
                "accept or reject them.",
                [*suggest, self._back],
            )

    def label_done(
        self,
        queue: Queue,
        following: Queue,
        accepted: int,
        rejected: int,
        go: Callable[[], None],
        undo: Callable[[], None],
    ) -> None:
        """Nothing waits of one label, but something does of another."""
        buttons: list[Button] = [(f"Next: {isolated(following.label)} ({following.waiting:,})", go)]
        words = "Nothing of it waits."
        if accepted or rejected:
            words = f"{accepted:,} accepted, {rejected:,} rejected."
            buttons.append(("Undo the last step", undo))
        self._page.show_message(f"“{isolated(queue.label)}” is done", words, [*buttons, self._back], mark="check")
