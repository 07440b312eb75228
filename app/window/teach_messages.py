"""What the page "Teach" says where there is nothing to show: one place for every such sentence."""

from __future__ import annotations

from collections.abc import Callable

from app.window.message_page import Button
from app.window.teach_page import TeachPage
from app.window.teach_reading import Overview
from app.window.words import count_of


class TeachMessages:
    """Puts the right words on the page. The first button is what most people want next, and has the focus."""

    def __init__(self, page: TeachPage, leave: Callable[[], None], take_in: Callable[[], None]) -> None:
        self._page = page
        self._back: Button = ("Back to the photos", leave)
        self._take_in: Button = ("Import captions…", take_in)

    def looking(self) -> None:
        """The library takes a moment."""
        self._page.show_message("Looking for names in captions and tags", buttons=[self._back], busy=True)

    def cannot_look(self, sentence: str, again: Callable[[], None]) -> None:
        """The library cannot be read."""
        self._page.show_message("Names cannot be looked for", sentence, [("Try again", again), self._back])

    def nothing_to_learn(self, overview: Overview) -> None:
        """No caption and no tag has a name in it."""
        buttons = [self._take_in, self._back] if overview.can_change else [self._back]
        found = overview.learnable
        seen = f"There is no name in your {count_of(found.captions, 'caption')} yet. " if found.captions else ""
        self._page.show_message(
            "Teach it your own names",
            f"{seen}To Retrouve “Biscuit” is something to eat. Write the name under three photos or more, and it "
            "learns what you mean: your people, pets, places and things, found also in photos that nobody "
            "wrote a word about.",
            buttons,
            quiet="Give names by tags (T on a photo), by captions in a file, or by captions beside the photos: XMP, "
            "IPTC, .txt and Google Takeout files are read with them. A name is a tag, a caption that says nothing else "
            "(“Biscuit”), or words with capitals in one (“at the beach with Oma Els”).",
        )
