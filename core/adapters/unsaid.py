"""What stands in captions and tags though nobody meant it of the photo: names of files, addresses, who took it.

"Photo by John Smith" does not show John Smith, and ``DSC00012`` is no name.
"""

from __future__ import annotations

import re

from core.photos import facts

_ADDRESS = r"\b(?:(?:https?|ftp)://|www\.)\S+|[\w.+-]{1,64}@[\w.-]{1,99}\.\w+|\b[\w.-]{1,99}\.(?:com|org|net)\b\S*"
_FILE = r"[\w()-]{1,99}\.(?:jpe?g|png|gif|heic|heif|tiff?|webp|avif|bmp|dng|cr[23]|nef|arw|raf|orf|rw2|mov|mp4)\b"
_NUMBERED = (
    r"(?<!\w)_*(?:img|dsc[nfi]?|pxl|mvi|vid|gopr|dji|pict|cimg|sam|hpim|scan|screenshot|image|photo|picture)[-_ ]*"
    r"\d{3,}[\w-]*|(?<!\w)_*[a-z]{1,8}(?!(?:19|20)\d\d(?!\w))\d{4,}[\w-]*"
)
"""What cameras and telephones call a file. Letters before a year may be a name: ``Expo2000``."""
_TAKEN = (
    r"(?:©|\(c\)|\bcopyright\b|\b(?:photo(?:s|graph(?:s|ed|y)?)?|pictures?|pics?|images?|shot|taken|captured)\s+"
    r"(?:by(?!\s+(?:the|a|an|my|our|his|her|their)\b)|courtesy of)|\bfoto(?:['’]?s)?\s+(?:door|par|di|por)\b"
    r"|\b(?:fotografiert|aufgenommen)\s+von\b|\b(?:photo|image|picture)?\s*credits?\s*:)(?:[^.!?;|]|(?<=\b\w)\.)*"
)
"""Who took a photo, to the end of the sentence; a dot behind an initial does not end it."""
_SIGNED = r"\b(?i:photo|foto|image|picture|bild)\s*:\s*(?:[A-Z][\w.'’-]*[\s/]*){1,4}$"

_SHORT = 60
"""Characters: what a camera writes is no longer, or was left out when the photo was read."""
_HINT = re.compile(
    r"[^\W\d]\d{3}|-\d{3}|[@©:]|\.\w"
    r"|(?i:\(c\)|copyright|\b(?:by|courtesy|door|par|di|por|von)\b|(?:img|dsc|scan|photo|picture|image|shot) \d)"
)
"""Something of the kind, or what only looks so: most captions have nothing, and need no more than this."""
_UNSAID = re.compile(rf"(?i:{_ADDRESS}|{_FILE}|{_NUMBERED})")
_CREDIT = re.compile(rf"(?i:{_TAKEN})|{_SIGNED}")


def meant(text: str, tag: bool = False) -> str:
    """What a caption (or a tag) says of its photo; empty where it says nothing of it.

    A tag names nobody by "Photo by": it is taken as it is.
    """
    if len(text) <= _SHORT and not facts.is_caption(text):
        return ""
    if _HINT.search(text) is None:
        return text
    rest = _UNSAID.sub(" ; ", text)
    if not tag:
        rest = _CREDIT.sub(" ; ", rest)
    return text if rest == text else rest.strip(" ;,-–|/")
