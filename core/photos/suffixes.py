"""Which names may be photos. Light to import: a scan needs no decoder."""

from __future__ import annotations

# fmt: off
RAW_SUFFIXES = frozenset((
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".rwl", ".pef",
    ".dcr", ".kdc", ".erf", ".mrw", ".mos", ".mef", ".3fr", ".fff", ".iiq", ".srw", ".x3f", ".gpr",
))
"""Endings of camera RAW files, in lower case."""

SUFFIXES = RAW_SUFFIXES | frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff", ".bmp", ".dib", ".gif",
    ".heic", ".heif", ".heics", ".heifs", ".hif", ".avif",
))
"""Endings of names that may be photos, in lower case."""
# fmt: on


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2].lower()}"


def is_photo_name(name: str) -> bool:
    """Whether a file's name ends as a photo's does, and is not hidden."""
    return not name.startswith(".") and "." in name and _suffix(name) in SUFFIXES


def is_raw_name(name: str) -> bool:
    """Whether a file's name ends as camera RAW does. Its bytes look like TIFF, so the name has to tell."""
    return _suffix(name) in RAW_SUFFIXES
