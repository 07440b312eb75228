"""What the window says when there are no photos to show: one place for every such sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.window.message_page import Button, MessagePage
from app.window.searching import Asked
from app.window.typed import misread
from app.window.words import count_of
from core.search.grammar import Word, parse

_PROMISE = "Nothing leaves this computer, and your photos are never changed."


class Messages:
    """Puts the right words on the page; whoever calls brings the page to the front."""

    def __init__(self, page: MessagePage, add_folder: Callable[[], None], clear: Callable[[], None]) -> None:
        self._page, self._add_folder, self._clear = page, add_folder, clear

    def opening(self) -> None:
        """The library takes a moment: a new version may be rewriting its catalogue."""
        self._page.say("Opening your library", mark="retrouve", busy=True)

    def cannot_open(self, sentence: str, again: Callable[[], None]) -> None:
        """The library cannot be used."""
        self._page.say("Your library cannot be opened", sentence, mark="warning", buttons=[("Try again", again)])

    def welcome(self) -> None:
        """No folder yet."""
        self._page.say(
            "Find your photos by what they show",
            "Choose a folder, and Retrouve looks at every photo in it. "
            "Then say what you are looking for: a dog on the beach, grandma at the piano.",
            mark="retrouve",
            buttons=[("Choose a folder of photos…", self._add_folder)],
            quiet=f"Or drop a folder onto this window.  {_PROMISE}",
        )

    def no_photos(self, busy: bool, failures: int, show_failures: Callable[[], None]) -> None:
        """There are folders, but no photos."""
        if busy:
            self._page.say("Looking for your photos", "They appear here one after another.", busy=True)
            return
        buttons: list[Button] = [("Add another folder…", self._add_folder)]
        words = "There are no photos in your folders."
        if failures:
            words = f"{count_of(failures, 'file')} in your folders could not be read, and there are no other photos."
            buttons.append(("See why", show_failures))
        self._page.say("No photos yet", words, buttons=buttons)

    def getting_ready(self) -> None:
        """The first query may be quicker than the model."""
        self._page.say(
            "Getting ready", "The model is being loaded. Your photos appear in a moment.", mark="search", busy=True
        )

    def nothing_found(self, asked: Asked, photos: int, busy: bool) -> None:
        """A query without an answer."""
        if not photos and not busy:
            self._page.say(
                "No photos to search yet",
                "Choose a folder of photos first.",
                mark="search",
                buttons=[("Choose a folder of photos…", self._add_folder)],
            )
            return
        words = "Try other words, or fewer of them. "
        if any(not isinstance(term, Word) for term in parse(asked.text).terms):
            words = "Perhaps this is too narrow: take out one of the parts under the search field. "
        if aside := misread(asked.text):
            words += f"{aside}. "
        if busy:
            words += "Indexing is still going on, so the photo may not have been looked at yet."
        quoted = asked.text if len(asked.text) <= 60 else asked.text[:59] + "…"
        heading = f"Nothing found for “{quoted}”" if quoted else "Nothing found"
        self._page.say(heading, words.strip(), mark="search", buttons=[("Show all photos", self._clear)])

    def nothing_clear(self, sentence: str, aside: str, offers: Sequence[Button], *, by_words: bool, busy: bool) -> None:
        """There are photos, but none above the line; ``offers`` show them all the same. ``by_words`` says that words
        were compared, not photos alone."""
        said = "Some photos come near, but they may show something else."
        if by_words:
            said += " Other words may find it, or fewer of them."
        if aside:
            said = f"{aside}. {said}"
        if busy:
            said += " Indexing is still going on, so the photo may not have been looked at yet."
        self._page.say(sentence, said, mark="search", buttons=[*offers, ("Show all photos", self._clear)])

    def cannot_ask(self, sentence: str) -> None:
        """The query itself cannot be answered."""
        self._page.say(
            "This cannot be searched for", sentence, mark="search", buttons=[("Show all photos", self._clear)]
        )
