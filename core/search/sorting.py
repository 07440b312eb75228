"""Puts hits into the order that a person chose, the strong ones before the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.catalog.by_order import folder_key
from core.search.judging import Found
from core.types import Hit, Order, Photo

_Key = Callable[[Photo], tuple[bool, str | int]]


def _folder(photo: Photo) -> tuple[bool, str | int]:
    # The folder before the name, so that a folder's photos stay together, and its own folders follow them.
    return False, "\0".join((*folder_key(photo.path.parent), "", photo.path.name.casefold()))


def _date(photo: Photo) -> tuple[bool, str | int]:
    return photo.metadata.taken is not None, photo.metadata.taken or ""


def _oldest(photo: Photo) -> tuple[bool, str | int]:
    return photo.metadata.taken is None, photo.metadata.taken or ""


def _size(photo: Photo) -> tuple[bool, str | int]:
    return False, photo.size


_KEYS: dict[Order, tuple[_Key, bool]] = {
    Order.DATE: (_date, True),
    Order.OLDEST: (_oldest, False),
    Order.FOLDER: (_folder, False),
    Order.SIZE: (_size, True),
}
"""By what, and whether the greatest comes first."""


def sort(found: Sequence[Found], hits: Sequence[Hit], order: Order) -> list[Hit]:
    """The hits, which belong to ``found`` one by one and come the best first, in another order. What is equal stays in
    the order of its match."""
    places = list(range(len(hits)))
    if order in _KEYS:
        key, reverse = _KEYS[order]
        places.sort(key=lambda place: key(found[place].photos[0]), reverse=reverse)
    places.sort(key=lambda place: not hits[place].strong)
    return [hits[place] for place in places]
