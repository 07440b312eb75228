"""One file from the hub: in pieces that go on where they were, compared with its hash before it gets its name.

What stops is asked for again from where it ended (HTTP ranges, RFC 9110, section 14), a few times in one call and again
in the next: what is there of a file stays as ``NAME.part``. The reading is done in a thread of its own, so that whoever
waits can be told how far it is, and can end it, while the line is dead.
"""

from __future__ import annotations

import errno
import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import DiskFull, HubError
from core.models.hub import RemoteFile, endpoint, told

PART = ".part"
STALLED = 30.0
"""Seconds without a byte after which a connection counts as dead."""
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each new try, in a row of tries that brought nothing."""
MOST_ASKED = 120.0
"""Seconds that a hub may ask to be left alone for, at the most, before the call gives up."""
_CHUNK = 1 << 18
_TICK = 0.2
_FULL_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_AGAIN = {408, 425, 429, 500, 502, 503, 504}

Heard = Callable[[int], None]
"""Hears how many bytes of the file are there; what it raises ends the download."""


def download(repository: str, commit: str, file: RemoteFile, target: Path, heard: Heard) -> None:
    """Write a file of a repository to ``target``, which is there and right when this returns.

    Raises HubError when the hub cannot be read or gives something else twice, DiskFull, or what ``heard`` raises: what
    was fetched stays beside ``target`` for the next call, unless it is wrong.
    """
    if target.is_file() and target.stat().st_size == file.size:
        heard(file.size)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PART)
    for _ in range(2):
        _complete(repository, commit, file, part, heard)
        if _is_right(part, file):
            part.replace(target)
            return
        part.unlink()
    raise HubError(f"{file.path} of {repository} came otherwise than the hub says, twice: its hash differs.")


class _Broken(Exception):
    """One request that brought no end, and may be made again: after ``wait`` seconds, if the hub asks for that."""

    def __init__(self, error: Exception, wait: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.wait = wait


def _complete(repository: str, commit: str, file: RemoteFile, part: Path, heard: Heard) -> None:
    """Fetch what is missing of a file, in as many tries as bring something, and some more."""
    idle = 0
    while not part.exists() or _size(part) < file.size:
        there, wait, last = _size(part), 0.0, None
        heard(there)
        try:
            _try(repository, commit, file, part, heard)
        except _Broken as broken:
            last, wait = broken.error, broken.wait
        if part.exists() and _size(part) >= file.size:
            return
        idle = 0 if _size(part) > there else idle + 1
        if idle > len(WAITS) or wait > MOST_ASKED:
            with told(repository, endpoint()):
                raise last or HubError(
                    f"{file.path} of {repository} cannot be fetched: what the hub sends is not all of it."
                )
        _pause(max(wait, WAITS[idle - 1] if idle else 0.0), lambda: heard(_size(part)))


def _try(repository: str, commit: str, file: RemoteFile, part: Path, heard: Heard) -> None:
    """One request for what is missing. Raises _Broken where another may bring more."""
    import httpx2
    from huggingface_hub import errors, hf_hub_url
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        get_session,
        hf_raise_for_status,
    )

    there = _size(part)
    headers = build_hf_headers(library_name="retrouve") | {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    place = endpoint()
    url = hf_hub_url(repository, file.path, revision=commit, endpoint=place)
    try:
        with told(repository, place, broken_lines=True), _stream(get_session(), url, headers) as answer:
            if answer.status_code == 416:  # more is there than the hub has: begin anew
                part.unlink(missing_ok=True)
                return
            if answer.status_code >= 400:
                answer.read()
            try:
                hf_raise_for_status(answer)
            except errors.HfHubHTTPError as error:
                if answer.status_code in _AGAIN:
                    raise _Broken(error, _asked(answer)) from error
                raise
            _check_it_is_the_file(answer, repository, file, place)
            goes_on = answer.status_code == 206 and _begins_at(answer, there)
            _copy(answer, file, part, heard, there if goes_on else 0)
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise _Broken(error) from error


def _stream(session: Any, url: str, headers: dict[str, str]) -> Any:
    return session.stream("GET", url, headers=headers, timeout=STALLED)


def _check_it_is_the_file(answer: Any, repository: str, file: RemoteFile, place: str) -> None:
    """Raises HubError where a whole answer says itself that it has another length than the file."""
    said = answer.headers.get("Content-Length", "")
    if answer.status_code == 200 and said.isdigit() and int(said) != file.size:
        raise HubError(
            f"What answers at {place} gives {int(said):,} bytes of something else for {file.path} of {repository}, "
            f"which has {file.size:,}: the page of a proxy, perhaps, or of a network that one has to log in to."
        )


def _copy(answer: Any, file: RemoteFile, part: Path, heard: Heard, count: int) -> None:
    """Write what comes behind the first ``count`` bytes; no more than the hub said that there is."""
    with _opened(part, append=count > 0) as out, closing(_pieces(answer, lambda: heard(_size(part)))) as pieces:
        for piece in pieces:
            kept = piece[: file.size - count]
            _write(out, kept, part)
            count += len(kept)
            heard(count)
            if len(kept) < len(piece):
                return


def _pieces(answer: Any, tick: Callable[[], None]) -> Generator[bytes]:
    """The answer's bytes as they come, read in another thread. ``tick`` is called while nothing does."""
    box: queue.Queue[bytes | BaseException | None] = queue.Queue(maxsize=8)
    stop = threading.Event()

    def read() -> None:
        end: BaseException | None = None
        try:
            for piece in answer.iter_raw():  # as it comes: of a fixed size, the last piece before a cut would be lost
                while not stop.is_set():
                    try:
                        box.put(piece, timeout=_TICK)
                        break
                    except queue.Full:
                        continue
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            end = error
        while not stop.is_set():
            try:
                box.put(end, timeout=_TICK)
                return
            except queue.Full:
                continue

    thread = threading.Thread(target=read, name="download", daemon=True)
    thread.start()
    try:
        while True:
            try:
                piece = box.get(timeout=_TICK)
            except queue.Empty:
                tick()
                continue
            if piece is None:
                return
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        stop.set()
        _hang_up(answer)
        thread.join(timeout=2.0)


def _hang_up(answer: Any) -> None:
    """Close the socket under a reader that may be waiting on it."""
    import socket

    with suppress(Exception):
        stream = answer.extensions.get("network_stream")
        raw = stream.get_extra_info("socket") if stream is not None else None
        if raw is not None:
            raw.shutdown(socket.SHUT_RDWR)


def _asked(answer: Any) -> float:
    """Seconds that ``Retry-After`` asks for; the date form, and nonsense, count as none."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else 0.0


def _begins_at(answer: Any, place: int) -> bool:
    return str(answer.headers.get("Content-Range", f"bytes {place}-")).startswith(f"bytes {place}-")


def _opened(part: Path, *, append: bool) -> BinaryIO:
    try:
        return part.open("ab" if append else "wb")
    except OSError as error:
        raise _of_disk(error, part) from error


def _write(out: BinaryIO, piece: bytes, part: Path) -> None:
    try:
        out.write(piece)
        out.flush()
    except OSError as error:
        raise _of_disk(error, part) from error


def _of_disk(error: OSError, part: Path) -> Exception:
    if error.errno in _FULL_DISK:
        return DiskFull(
            f"The disk is full: {part.parent}. What was fetched is kept; make room and fetch again, and it goes on."
        )
    return HubError(f"{part} cannot be written: {error.strerror or error}.")


def _is_right(part: Path, file: RemoteFile) -> bool:
    """Whether the content has the size and the hash that the hub gives."""
    if _size(part) != file.size:
        return False
    with part.open("rb") as content:
        if file.sha256 is not None:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
        git = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        while piece := content.read(_CHUNK):
            git.update(piece)
    return git.hexdigest() == file.blob


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - asked for each piece
    except FileNotFoundError:
        return 0


def _pause(seconds: float, tick: Callable[[], None]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        tick()
        time.sleep(min(_TICK, left))
