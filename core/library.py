"""The library as the window, the command line and the tests see it. It owns nothing but the parts below."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import membership
from core.catalog import captions, contents, failures, photos, roots, tags
from core.catalog.connection import FILE_NAME, Catalog
from core.catalog.faults import read_only
from core.catalog.nesting import absolute
from core.catalog.thumbnails import ThumbnailCache
from core.errors import CatalogReadOnly, PhotoError
from core.types import ContentHash, Failure, FoundCaption, IndexProgress, Photo, Root, RootStatus, SearchResult

if TYPE_CHECKING:
    from core.health import Check, LibraryStatus
    from core.models.encoder import Encoder, EncoderSpec
    from core.models.registry import ModelInfo
    from core.models.remote import RemoteEncoder
    from core.search.searcher import Searcher
    from core.search.store import VectorStore

_MIN_SIDE = 384
"""Pixels: what a thumbnail is made from when none was kept."""


def default_folder() -> Path:
    """Where a library lies when none is named: in the platform's folder for an application's data."""
    import platformdirs

    return platformdirs.user_data_path("retrouve", appauthor=False)


class Library:
    """One catalogue, its caches and its model. Its methods may be called from any thread.

    What is slow to load (the model, the decoders, the index) is loaded by the first call that needs it: opening a
    library takes milliseconds. Errors are those of `core.errors`. Made by `Library.open`.
    """

    def __init__(self, folder: Path, catalog: Catalog, model: Path | None) -> None:
        self.folder = folder
        """The library's folder."""
        self.catalog = catalog
        self.thumbnails = ThumbnailCache(folder / "cache")
        self.read_only = catalog.read_only
        """Whether the library can be searched, but not changed."""
        self._model = model
        self._guard = threading.RLock()
        self._encoder: RemoteEncoder | None = None
        self._local: Encoder | None = None
        self._store: VectorStore | None = None
        self._searchers: dict[bool, tuple[Encoder | None, Searcher]] = {}

    @classmethod
    def open(cls, folder: Path, *, model: Path | None = None, create: bool = True) -> Library:
        """Open the library in ``folder``, or make one there; where nothing can be written, open it for reading alone.

        ``model`` is a model's folder; None stands for the bundled one. Raises what `Catalog.open` raises.
        """
        folder = absolute(folder)
        try:
            catalog = Catalog.open(folder, create=create)
        except CatalogReadOnly:
            if not (folder / FILE_NAME).exists():
                raise
            catalog = Catalog.open(folder, read_only=True)
        return cls(folder, catalog, model)

    # The model

    @cached_property
    def info(self) -> ModelInfo:
        """The model that this library is searched with. Raises ModelMissing or ModelDamaged."""
        from core.models.registry import load_info, starter_folder

        return load_info(self._model if self._model is not None else starter_folder())

    @property
    def spec(self) -> EncoderSpec:
        """What builds the encoder, here or in the worker."""
        from core.models.registry import spec_for

        return spec_for(self.info.folder, None if self.read_only else self.folder / "cache" / "openvino")

    @property
    def encoder(self) -> RemoteEncoder:
        """The encoder in the worker process, which starts with the first call to it."""
        from core.models.remote import RemoteEncoder

        with self._guard:
            if self._encoder is None:
                self._encoder = RemoteEncoder(self.spec, info=self.info)
            return self._encoder

    def local_encoder(self) -> Encoder:
        """The encoder in this process: a second sooner than the worker, for a command that asks once."""
        from core.models.registry import build_encoder

        with self._guard:
            if self._local is None:
                self._local = build_encoder(self.spec)
            return self._local

    @property
    def store(self) -> VectorStore:
        """The vectors that search reads, in step with the catalogue."""
        from core.search.store import VectorStore

        with self._guard:
            if self._store is None:
                self._store = VectorStore(self.catalog, self.folder, self.info)
            return self._store

    # Roots

    def add_root(self, path: Path) -> Root:
        """Add a folder, and give back the root that it belongs to now; see `core.membership.add`."""
        return membership.add(self.catalog, path)

    def ignore(self, path: Path, patterns: Sequence[str]) -> None:
        """Leave out what matches a pattern (of a name, or of a path below the root) under the root that ``path``
        belongs to, from the next index run on. Raises `CallError` for a folder in no root."""
        root = membership.locate(self.catalog, path).root
        self.catalog.write(lambda db: roots.ignore(db, root.id, patterns))

    def roots(self) -> list[RootStatus]:
        """Every root, whether it can be read now, and what is known under it. Looks at the disks."""
        return membership.statuses(self.catalog)

    def forget(self, path: Path) -> int:
        """Take a root out of the library, with its photos, and the embeddings and thumbnails that no other photo has;
        how many photos that were. No file of the user's is touched.

        Raises `CallError` for a folder that is no root, `LibraryBusy` while an index run goes on.
        """
        count, gone = membership.forget(self.catalog, path)
        self.thumbnails.remove(gone)
        return count

    # Indexing

    def index(
        self, folders: Sequence[Path] | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> Generator[IndexProgress, None, None]:
        """Bring the catalogue up to date with the roots, or with those of their folders that are named.

        May be closed at any point, and goes on where it was the next time. Raises `CallError` for a folder in no root,
        `LibraryBusy` while another run goes on, `CatalogReadOnly`, `DiskFull`, `ModelError`, `WorkerError`.
        """
        from core.indexing.indexer import Indexer

        if self.read_only:
            raise read_only(self.folder)
        chosen = None if folders is None else [membership.locate(self.catalog, folder).path for folder in folders]
        indexer = Indexer(self.catalog, self.thumbnails, self.encoder, self.info)
        yield from indexer.run(folders=chosen, cancelled=cancelled)
        if not cancelled():
            # What the next search would have to do first: it may be in another process, and in a hurry.
            self.store.build_graph(cancelled)

    # Searching

    def search(
        self, text: str, top: int = 50, like: Path | None = None, encoder: Encoder | None = None
    ) -> SearchResult:
        """The photos that fit a query best; the grammar is that of `core.search.grammar`.

        ``encoder`` is the one to ask; None stands for `local_encoder`, built if a sentence needs it.
        """
        return self._searcher(encoder).search(text, top=top, like=None if like is None else absolute(like))

    def similar(self, path: Path, top: int = 50, encoder: Encoder | None = None) -> SearchResult:
        """The photos that look most like one photo, which need not be in the library."""
        return self._searcher(encoder).similar(absolute(path), top)

    def _searcher(self, encoder: Encoder | None) -> Searcher:
        """One for each encoder: it remembers the sentences that it was asked."""
        from core.search.searcher import Searcher

        with self._guard:
            known = self._searchers.get(encoder is None)
            if known is not None and known[0] is encoder:
                return known[1]
            searcher = Searcher(self.catalog, self.store, encoder or self.local_encoder, self.info)
            self._searchers[encoder is None] = (encoder, searcher)
            return searcher

    def browse(self, text_filter: str = "") -> NDArray[np.int64]:
        """The ids of all photos, or of those that a query's filters keep (its words count for nothing), newest
        first: int64[n]."""
        from core.search import filters, grammar

        where, params = filters.compile(grammar.parse(text_filter))
        with self.catalog.read() as db:
            return photos.ids_by_date(db, where, params)

    # Photos

    def photos(self, ids: Sequence[int]) -> list[Photo]:
        """The photos with these ids, in that order; those that are gone are left out."""
        with self.catalog.read() as db:
            return photos.by_ids(db, ids)

    def photo(self, id: int) -> Photo | None:
        """One photo, with its captions and keywords."""
        with self.catalog.read() as db:
            for photo in photos.by_ids(db, [id]):
                said, words = tuple(captions.of(db, id)), tuple(tags.of(db, id))
                return replace(photo, metadata=replace(photo.metadata, captions=said, keywords=words))
        return None

    def captions(self, id: int) -> list[FoundCaption]:
        """What is said about a photo."""
        with self.catalog.read() as db:
            return captions.of(db, id)

    def tags(self, id: int) -> list[str]:
        """The labels that are accepted on a photo."""
        with self.catalog.read() as db:
            return tags.of(db, id)

    def failures(self) -> list[Failure]:
        """The files that could not be read, and why."""
        with self.catalog.read() as db:
            return failures.all(db)

    def thumbnail(self, hash: ContentHash) -> bytes | None:
        """A JPEG of a content, its longest side 384 pixels: the one that was kept, or one made now from any of its
        files. None when there is no such file that can be read."""
        kept = self.thumbnails.get(hash)
        if kept is not None:
            return kept
        from core.photos.decode import decode

        for path in self._unchanged_files(hash):
            try:
                made = decode(path, min_side=_MIN_SIDE).thumbnail
            except PhotoError:
                continue  # another copy may do; what cannot be read is listed by the next index run
            if not self.read_only:
                self.thumbnails.put_many([(hash, made)])
            return made
        return None

    def _unchanged_files(self, hash: ContentHash) -> Iterator[Path]:
        """The files that still hold a content, as far as a stat can tell: others would give a wrong picture."""
        with self.catalog.read() as db:
            content_id = contents.id_of(db, hash)
            copies = [] if content_id is None else photos.by_content(db, [content_id]).get(content_id, [])
            stamped = [(photo.path, photos.stamp_of(db, photo.id)) for photo in copies]
        for path, stamp in stamped:
            try:
                status = path.stat()
            except OSError:
                continue
            if stamp is not None and (status.st_size, status.st_mtime_ns) == (stamp.size, stamp.mtime_ns):
                yield path

    # Health

    def status(self) -> LibraryStatus:
        """What the library holds, in numbers."""
        from core.health import status

        return status(self)

    def doctor(self) -> list[Check]:
        """Everything that can be wrong, looked at one by one. Takes seconds: it reads the catalogue and the model."""
        from core.health import examine

        return examine(self)

    def close(self) -> None:
        """End the worker and close all files. Whoever waits for the worker gets a `WorkerError`."""
        with self._guard:
            encoder, self._encoder = self._encoder, None
            store, self._store = self._store, None
            self._local = None
            self._searchers.clear()
        if encoder is not None:
            encoder.close()
        if store is not None:
            store.close()
        self.thumbnails.close()
        self.catalog.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
