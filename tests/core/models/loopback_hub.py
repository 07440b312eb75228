"""A Hugging Face hub on this machine's loopback: its layout and its API, as far as fetching a model asks for them.

Small files come from ``/ORG/NAME/resolve/COMMIT/PATH`` at once, large ones (LFS) by way of a redirect to another path,
as the real hub does it with its store. Faults are put in by path: each is taken by one request, in the order given.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 10_000


@dataclass(frozen=True)
class Cut:
    """The connection breaks after so many bytes of the body."""

    after: int


@dataclass(frozen=True)
class Wrong:
    """One bit of the body is not as it should be."""


@dataclass(frozen=True)
class Refused:
    """Another status, with a ``Retry-After`` perhaps."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True)
class Drip:
    """The body comes in pieces of so many bytes, with so many seconds between."""

    piece: int
    seconds: float


@dataclass(frozen=True)
class Whole:
    """The range that was asked for is not heeded: all comes."""


@dataclass(frozen=True)
class Stall:
    """So many bytes come, and then nothing, until the hub is closed."""

    after: int


@dataclass(frozen=True)
class Page:
    """A page for people comes in place of the file, as in a network that one has to log in to."""


@dataclass(frozen=True)
class Redirected:
    """The file is said to lie at the very address that was asked."""


@dataclass
class Hub:
    """What is served, what was asked, and what goes wrong next."""

    folder: Path
    """Repositories: ``ORG/NAME/...``."""
    url: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    """Method, path and Range of each request."""
    faults: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    closing: threading.Event = field(default_factory=threading.Event)
    licence: str = "mit"
    answer: dict[str, Any] | bytes = field(default_factory=dict)
    """What is said otherwise of each model; bytes are said in place of all."""
    hashless: str = ""
    """Files of this name are listed without a hash."""

    def asked(self, ending: str) -> list[str | None]:
        """The ranges with which a file's content was asked for."""
        return [ranges for method, path, ranges in self.requests if method == "GET" and path.endswith(ending)]


@contextmanager
def serve(folder: Path) -> Iterator[Hub]:
    """A hub that serves the repositories in ``folder`` while entered."""
    hub = Hub(folder)

    class Handler(_Handler):
        served = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: Hub

    def log_message(self, *_rest: Any) -> None:
        """Silence."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.served, unquote(urlsplit(self.path).path)
        hub.requests.append((self.command, path, self.headers.get("Range")))
        name = path.rpartition("/")[2]
        fault = hub.faults[name].pop(0) if hub.faults.get(name) else None
        if isinstance(fault, Refused):
            more = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return self._say(fault.status, b'{"error": "no"}', more)
        if isinstance(fault, Redirected):
            return self._say(302, b"", {"Location": self.path})
        parts = path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            return self._describe("/".join(parts[2:4]))
        if len(parts) > 4 and parts[2] == "resolve":
            return self._file(hub.folder.joinpath(*parts[:2]), "/".join(parts[4:]), fault)
        if parts[0] == "store":
            return self._content(hub.folder / "/".join(parts[1:]), fault)
        return self._say(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def _describe(self, repository: str) -> None:
        folder = self.served.folder / repository
        if not folder.is_dir():
            return self._say(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        siblings = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            entry: dict[str, Any] = {
                "rfilename": file.relative_to(folder).as_posix(),
                "size": len(content),
                "blobId": hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest(),
            }
            if len(content) >= LARGE:
                entry["blobId"] = hashlib.sha1(b"a pointer to " + content[:100]).hexdigest()
                sha256 = hashlib.sha256(content).hexdigest()
                entry["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
            if file.name == self.served.hashless:
                entry = {key: value for key, value in entry.items() if key in ("rfilename", "size")}
            siblings.append(entry)
        changed = self.served.answer
        said = {
            "_id": "1",
            "id": repository,
            "modelId": repository,
            "sha": COMMIT,
            "siblings": siblings,
            "cardData": {"license": self.served.licence},
            "tags": [],
            "downloads": 0,
            "private": False,
        }
        body = changed if isinstance(changed, bytes) else json.dumps(said | changed).encode()
        return self._say(200, body, {"Content-Type": "application/json"})

    def _file(self, folder: Path, path: str, fault: Any) -> None:
        file = folder / path
        if not file.is_file():
            return self._say(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        if file.stat().st_size >= LARGE:
            if fault is not None:  # it is the store's to go wrong
                self.served.faults[file.name].insert(0, fault)
            place = f"/store/{file.relative_to(self.served.folder).as_posix()}"
            return self._say(302, b"", {"Location": place, "X-Repo-Commit": COMMIT})
        return self._content(file, fault)

    def _content(self, file: Path, fault: Any) -> None:
        content = file.read_bytes()
        if isinstance(fault, Page):
            return self._say(200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
        if isinstance(fault, Wrong):
            content = content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]
        start, asked = 0, self.headers.get("Range")
        if asked and not isinstance(fault, Whole):
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(content):
                return self._say(416, b"", {"Content-Range": f"bytes */{len(content)}"})
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Repo-Commit", COMMIT)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "HEAD":
            return None
        try:
            self._send(body, fault)
        except OSError:  # who asked has hung up
            self.close_connection = True
        return None

    def _send(self, body: bytes, fault: Any) -> None:
        if isinstance(fault, Cut | Stall):
            self.wfile.write(body[: fault.after])
            self.wfile.flush()
            if isinstance(fault, Stall):
                self.served.closing.wait(60)
            self.close_connection = True
        elif isinstance(fault, Drip):
            for place in range(0, len(body), fault.piece):
                self.wfile.write(body[place : place + fault.piece])
                self.wfile.flush()
                time.sleep(fault.seconds)
        else:
            self.wfile.write(body)

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
