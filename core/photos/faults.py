"""Turns every way in which a photo can fail into one PhotoError with a reason in plain words."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import PhotoError

EMPTY = "The file is empty."
CUT_SHORT = "The file is cut short: perhaps it was copied only in part."
DAMAGED = "The file is damaged: its picture cannot be decoded."
UNSUPPORTED = "The picture is stored in a way that Retrouve cannot read."
HEIF = "This HEIF picture is damaged, or stored in a way that Retrouve cannot read."
UNKNOWN = "This is not a picture that Retrouve can read."
GONE = "The file is no longer there."
NO_PERMISSION = "You have no permission to read this file."
NO_MEMORY = "There is not enough memory to open this picture."
NOT_A_FILE = "This is not an ordinary file."
A_FOLDER = "This is a folder, not a picture."

_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"%!PS", "a PostScript drawing"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"SIMPLE  =", "an astronomical FITS image"),
    (b"\x89HDF", "an HDF5 data file"),
    (b"DDS ", "a texture (DDS)"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x01\x00", "an icon"),
)
_VIDEO_BRANDS = (b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"3gp4", b"3gp5", b"avc1")
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"BM")


def too_large(width: int, height: int) -> str:
    """The reason for a picture whose pixels would fill the memory."""
    return f"The picture is too large: {width:,} x {height:,} pixels."


def refuse_what_is_no_file(path: Path) -> os.stat_result:
    """The file's stat. Raises PhotoError for a folder, a pipe, a device (which would block), or an empty file."""
    info = path.stat()
    if stat.S_ISDIR(info.st_mode):
        raise PhotoError(path, A_FOLDER)
    if not stat.S_ISREG(info.st_mode):
        raise PhotoError(path, NOT_A_FILE)
    if info.st_size == 0:
        raise PhotoError(path, EMPTY)
    return info


def why_unknown(path: Path) -> str:
    """Names what the file is instead of a picture, where its first bytes say so."""
    with path.open("rb") as stream:
        start = stream.read(32)
    for magic, kind in _OTHER_KINDS:
        if start.lstrip().lower().startswith(magic.lower()) or start.startswith(magic):
            return f"This is {kind}, which Retrouve does not read."
    if start[:4] == b"RIFF" and start[8:12] != b"WEBP":
        return "This is a video or a sound, which Retrouve does not read."
    if start[4:8] == b"ftyp":
        if start[8:12] in _VIDEO_BRANDS:
            return "This is a video, which Retrouve does not read."
        return HEIF
    if start.startswith(_PICTURE_STARTS):
        return DAMAGED
    if not start.strip(b"\x00"):
        return "The file holds nothing but zeros: perhaps the disk lost it."
    return UNKNOWN


def _reason(path: Path, error: Exception) -> str:
    """A sentence for what went wrong while the file was read or decoded."""
    from PIL import UnidentifiedImageError

    said = str(error).lower()
    if isinstance(error, FileNotFoundError):
        return GONE
    if isinstance(error, PermissionError):
        return NO_PERMISSION
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if isinstance(error, UnidentifiedImageError):
        try:
            return why_unknown(path)
        except OSError:
            return UNKNOWN
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return f"The disk could not read this file ({error.strerror})."
    if isinstance(error, EOFError) or "truncated" in said or "end of file" in said or "end-of-file" in said:
        return CUT_SHORT
    return UNSUPPORTED if "unsupported" in said or "not supported" in said or "not configured" in said else DAMAGED


@contextmanager
def as_photo_error(path: Path) -> Iterator[None]:
    """Within it, whatever is raised leaves as a PhotoError of this path; the first cause stays attached.

    Decoders raise nearly every class there is over a broken file (ValueError, SyntaxError, struct.error, KeyError,
    RuntimeError, ZeroDivisionError ...), so that a list of them would never be whole.
    """
    try:
        yield
    except PhotoError:
        raise
    except Exception as error:
        raise PhotoError(path, _reason(path, error)) from error
