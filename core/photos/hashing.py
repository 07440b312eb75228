"""The content hash: the name of a file's bytes, which copies share."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.photos.faults import as_photo_error, refuse_what_is_no_file
from core.types import ContentHash

HASH_BYTES = 16
"""128 bits: two different photos of a library of a billion meet with a chance of about 1e-21."""


def content_hash(path: Path) -> ContentHash:
    """The first 16 bytes of the SHA-256 of the file's bytes.

    Raises PhotoError when the file cannot be read.
    """
    with as_photo_error(path):
        refuse_what_is_no_file(path)
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()[:HASH_BYTES]
