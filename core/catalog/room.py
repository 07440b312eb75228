"""What gives way when the disk that a library lies on gets full: what can be made again goes before what cannot.

Compiled models are the largest part of a library's cache (about 160 MB of the bundled one), and cost a fraction of a
second to make again. Where less than `NEARLY_FULL` is left, they make room for the catalogue; and they are only kept
where `AMPLE` is left beside them, so that they are not made and deleted in turns.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

NEARLY_FULL = 64_000_000
"""Bytes. More than the largest transaction of an index run takes, with its WAL."""
AMPLE = 4 * NEARLY_FULL
"""Bytes that are left free beside a cache."""

_LOG = logging.getLogger(__name__)


def compiled_models(library: Path) -> Path:
    """The folder of a library's cache that holds compiled models: each a folder in it, which may be deleted at any
    time."""
    return library / "cache" / "openvino"


def has_room(folder: Path, size: int) -> bool:
    """Whether so many bytes are free on the disk that ``folder``, or the nearest folder above it, lies on; true where
    the disk does not say."""
    try:
        there = next(place for place in (folder, *folder.parents) if place.exists())
        return shutil.disk_usage(there).free >= size
    except (OSError, StopIteration) as error:
        _LOG.debug("the disk of %s does not say what is free: %s", folder, error)
        return True


def make_room(library: Path, size: int = NEARLY_FULL) -> None:
    """Delete a library's compiled models where less than ``size`` bytes are free. What cannot be deleted stays."""
    if not has_room(library, size):
        give_way(library)


def give_way(library: Path) -> None:
    """Delete a library's compiled models: their room is needed. What is measured of them, a few bytes, stays."""
    try:
        found = [path for path in compiled_models(library).iterdir() if path.is_dir()]
    except OSError:  # nothing was compiled yet
        return
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    if found:
        _LOG.info("the disk is nearly full: compiled models were deleted in %s", compiled_models(library))
