"""Google Takeout: which JSON beside a photo speaks of it, and what it says.

Takeout writes ``photo.jpg.json`` or, since 2024, ``photo.jpg.supplemental-metadata.json``. It cuts the name before
``.json`` to 46 characters, and numbers equal names at another place than it does for the photo:
``photo(1).jpg`` belongs to ``photo.jpg(1).json``. An edited copy (``photo-edited.jpg``) has no JSON of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.photos import dates, facts
from core.photos.facts import NOTHING, Facts

LONGEST_STEM = 46
"""Characters that Takeout leaves of a JSON's name before ``.json``."""
_SHORTEST_CUT = 40
_SUFFIX = ".supplemental-metadata"
_LARGEST = 1 << 20
_NUMBER = re.compile(r"^(?P<stem>.*)(?P<number>\([0-9]+\))(?P<suffix>\.[^.]*)$", re.S)
_EDITED = re.compile(
    r"-(edited|bearbeitet|modifié|modificato|editado|bewerkt|edytowane|muokattu|redigerad|redigeret|editada"
    r"|upravené|изменено|編集済み|已修改)(?=(\([0-9]+\))?\.[^.]*$)",
    re.I,
)


def _names(name: str) -> Iterator[str]:
    """The names, best first, that Takeout may have given the JSON of a photo."""
    number = ""
    if found := _NUMBER.match(name):
        number = found["number"]
        plain = found["stem"] + found["suffix"]
    else:
        plain = name
    whole = plain + _SUFFIX
    yield f"{plain}{number}.json"
    yield f"{name}.json"
    for length in range(len(whole), min(len(plain), _SHORTEST_CUT) - 1, -1):
        if length > len(plain) or length <= LONGEST_STEM:
            yield f"{whole[:length]}{number}.json"
    if not number:
        yield f"{name.rpartition('.')[0]}.json"


def json_beside(name: str, beside: Mapping[str, Path]) -> Path | None:
    """The JSON of a photo named ``name``, among the folder's files by their casefolded names."""
    for asked in (name, _EDITED.sub("", name)):
        for candidate in _names(asked):
            if found := beside.get(candidate.casefold()):
                return found
    return None


def _moment(data: Mapping[str, Any]) -> str | None:
    taken = data.get("photoTakenTime")
    if not isinstance(taken, Mapping):
        return None
    seconds = facts.number(taken.get("timestamp"), -1e11, 1e11)
    return dates.from_timestamp(seconds) if seconds else None


def _place(data: Mapping[str, Any]) -> tuple[float, float] | None:
    for key in ("geoDataExif", "geoData"):
        geo = data.get(key)
        if isinstance(geo, Mapping):
            found = facts.place(
                facts.number(geo.get("latitude"), -91, 91), facts.number(geo.get("longitude"), -181, 181)
            )
            if found:
                return found
    return None


def title(raw: bytes) -> str | None:
    """The name of the photo that a Takeout JSON is about; None where it is none, or about an album.

    Raises ValueError where it is not JSON.
    """
    try:
        data = json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(data, Mapping) or not isinstance(data.get("photoTakenTime"), Mapping):
        return None
    said = data.get("title")
    return said if isinstance(said, str) and said.strip() and "\0" not in said else None


def parse(raw: bytes) -> Facts:
    """What a Takeout JSON says: date (UTC, told in this machine's zone), place, description, people's names.

    Another program's JSON, or a broken one, says nothing.
    """
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return NOTHING
    if not isinstance(data, Mapping):
        return NOTHING
    description, people = data.get("description"), data.get("people")
    captions = [description] if isinstance(description, str) else []
    names = [person.get("name") for person in people if isinstance(person, Mapping)] if isinstance(people, list) else []
    latitude, longitude = _place(data) or (None, None)
    return Facts(
        taken=_moment(data),
        latitude=latitude,
        longitude=longitude,
        captions=facts.captions(captions),
        keywords=facts.keywords(name for name in names if isinstance(name, str)),
    )


def read(path: Path) -> Facts:
    """What the Takeout JSON at ``path`` says. Raises OSError when it cannot be read."""
    with path.open("rb") as stream:
        return parse(stream.read(_LARGEST))
