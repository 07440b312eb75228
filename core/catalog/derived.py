"""Columns of ``photo`` that repeat what others say, in the form in which a filter can look it up.

``photo_by_date``, the index that nearly every filter reads, holds them all, in the order in which photos are shown: a
filter is one walk along it, and touches no row. Which column comes from where:

==========================  ===========================================================================================
``folded_name``             ``name``, folded (`core.catalog.folding`)
``camera_id, lens_id``      ``camera``, ``lens``: their rows in ``gear``, 0 for none
``month_day, weekday``      ``taken``: 704 for 4 July, and 1 (Monday) to 7; 0 without a date
``dated``                   ``taken_source``: whether the photo has a date of its own, not that of its file alone
``pixels, longer_side``     ``width, height``: their product, and the longer one
``aspect``                  ``width, height``: a thousand times their quotient; 0 where they are not known
``x, y, z``                 ``latitude, longitude``: the place on a sphere of radius 1, so that nearness is a sum of
                            products, at the poles and across the antimeridian too; NULL without a place
``captioned, tagged``       tables ``caption`` and ``tag``: whether there is a caption, an accepted tag
``copied``                  ``content_id``: whether another photo has the same bytes
==========================  ===========================================================================================

The functions of `core.catalog.photos` write all but the last two lines with what they come from. Triggers of the
catalogue's own keep those, whoever writes what they come from.
"""

from __future__ import annotations

import math
import sqlite3
from datetime import date

from core.catalog import gear
from core.catalog.naming import readable
from core.types import PhotoMetadata, TakenSource

COLUMNS = "camera_id, lens_id, month_day, weekday, dated, pixels, aspect, longer_side, x, y, z"
"""What `values` gives, in that order."""

Place = tuple[float, float, float]


def values(db: sqlite3.Connection, metadata: PhotoMetadata) -> list[int | float | None]:
    """The values of `COLUMNS` for a photo that says this of itself. Adds a camera or lens that is new."""
    camera = None if metadata.camera is None else readable(metadata.camera)
    lens = None if metadata.lens is None else readable(metadata.lens)
    return [
        gear.ensure(db, "camera", camera),
        gear.ensure(db, "lens", lens),
        month_day(metadata.taken),
        weekday(metadata.taken),
        int(is_dated(metadata.taken, metadata.taken_source)),
        metadata.width * metadata.height,
        aspect(metadata.width, metadata.height),
        max(metadata.width, metadata.height),
        *(place(metadata.latitude, metadata.longitude) or (None, None, None)),
    ]


def month_day(taken: str | None) -> int:
    """Month and day of a date as one number, 101 to 1231; 0 for none."""
    day = _day(taken)
    return 0 if day is None else day.month * 100 + day.day


def weekday(taken: str | None) -> int:
    """1 for a Monday to 7 for a Sunday; 0 without a date."""
    day = _day(taken)
    return 0 if day is None else day.isoweekday()


def is_dated(taken: str | None, source: str | None) -> bool:
    """Whether a photo has a date of its own. The time of its file says when it was copied, as a rule."""
    return taken is not None and source != TakenSource.FILE


def aspect(width: int, height: int) -> int:
    """A thousand times how wide a photo is for its height, rounded down, 1 at least; 0 where its size is not known."""
    return max(1, width * 1000 // height) if width > 0 and height > 0 else 0


def place(latitude: float | None, longitude: float | None) -> Place | None:
    """Degrees as a point on a sphere of radius 1. None without both."""
    if latitude is None or longitude is None:
        return None
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def _day(taken: str | None) -> date | None:
    if taken is None:
        return None
    try:
        return date.fromisoformat(taken[:10])
    except ValueError:
        return None
