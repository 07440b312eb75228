"""A file's stamp as the columns of a row."""

from __future__ import annotations

from core.types import FileStamp

COLUMNS = "size, mtime_ns, inode, sidecar_ns"

StampRow = tuple[int, int, int | bytes, int]

_LARGEST = (1 << 63) - 1


def to_row(stamp: FileStamp) -> StampRow:
    """The values of `COLUMNS`. SQLite's integers have 63 bits, file ids on Windows up to 128: as bytes."""
    inode = stamp.inode if 0 <= stamp.inode <= _LARGEST else stamp.inode.to_bytes(16, "big")
    return stamp.size, stamp.mtime_ns, inode, stamp.sidecar_ns


def from_row(size: int, mtime_ns: int, inode: int | bytes, sidecar_ns: int) -> FileStamp:
    """The stamp that `to_row` took apart."""
    return FileStamp(size, mtime_ns, int.from_bytes(inode, "big") if isinstance(inode, bytes) else inode, sidecar_ns)
