"""The library as the window, the command line and the tests see it. It owns nothing but the parts below."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import membership
from core.catalog import by_order, captions, contents, failures, favourites, photos, preferences, roots, tags
from core.catalog.connection import FILE_NAME, Catalog
from core.catalog.faults import read_only
from core.catalog.lock import IndexLock
from core.catalog.nesting import absolute
from core.catalog.thumbnails import ThumbnailCache
from core.engines import Engines
from core.errors import CallError, CatalogReadOnly, ModelError, PhotoError, WorkerError
from core.history import History
from core.saved import SavedSearches
from core.types import (
    ContentHash,
    Failure,
    FoundCaption,
    IndexProgress,
    Marks,
    Order,
    Photo,
    Root,
    RootStatus,
    SearchResult,
)

if TYPE_CHECKING:
    from core.captioning.captions import Captions
    from core.catalog.vocabulary import Vocabularies, Vocabulary
    from core.exporting import Exporter
    from core.health import Check, LibraryStatus
    from core.indexing.indexer import Indexer
    from core.models.registry import ModelInfo
    from core.runs import Runs
    from core.search.completing import Completion
    from core.search.copies import Copies
    from core.search.grouping import Grouping
    from core.search.offering import Offer
    from core.search.searcher import Searcher
    from core.tagging import Tagging

_MIN_SIDE = 384
"""Pixels: what a thumbnail is made from when none was kept."""


def default_folder() -> Path:
    """Where a library lies when none is named: in the platform's folder for an application's data."""
    import platformdirs

    return platformdirs.user_data_path("retrouve", appauthor=False)


class Library(Engines):
    """One catalogue, its caches and its model. Its methods may be called from any thread.

    What is slow to load (the model, the decoders, the index) is loaded by the first call that needs it: opening a
    library takes milliseconds. Errors are those of `core.errors`. Made by `Library.open`.
    """

    def __init__(self, folder: Path, catalog: Catalog, model: Path | None) -> None:
        super().__init__(folder, catalog, model)
        self.thumbnails = ThumbnailCache(folder / "cache")
        self.read_only = catalog.read_only
        """Whether the library can be searched, but not changed."""

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

    @property
    def gentle(self) -> bool:
        """Whether indexing leaves about half of the machine to others. Kept in the library."""
        with self.catalog.read() as db:
            return preferences.is_on(db, preferences.GENTLE)

    def set_gentle(self, on: bool) -> None:
        """Index gently from now on, also a run of this process that is under way, or as fast as can be. Raises
        `CatalogReadOnly`."""
        self.catalog.write(lambda db: preferences.set(db, preferences.GENTLE, on))
        self._encoders.set_gentle(on)

    def index(
        self,
        folders: Sequence[Path] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        gently: bool | None = None,
    ) -> Generator[IndexProgress, None, None]:
        """Bring the catalogue up to date with the roots, or with those of their folders that are named, and apply the
        rules for folders to what came in.

        ``gently`` says for this run alone how hard to work; None: as ``gentle`` has it.
        May be closed at any point, and goes on where it was the next time. Raises `CallError` for a folder in no root,
        `LibraryBusy` while another run goes on, `CatalogReadOnly`, `DiskFull`, `ModelError`, `WorkerError`.
        """
        from core.moving import Mover

        if self.read_only:
            raise read_only(self.folder)
        chosen = None if folders is None else [membership.locate(self.catalog, folder).path for folder in folders]
        gentle = self.gentle if gently is None else gently
        self._encoders.set_gentle(gentle)
        with IndexLock(self.folder):
            mover = Mover(self.catalog, self.kept, self.info, self._find, self._indexer_of, self._get_ready)
            yield from self.tagging.rules.after(mover.run(chosen, cancelled), cancelled)
        self._look_again()
        self._let_go(self.answering)
        if not cancelled():
            # What the next search would have to do first: it may be in another process, and in a hurry.
            self.store.build_graph(cancelled, threads=1 if gentle else None, hold=self._stays)

    def _indexer_of(self, model: ModelInfo) -> Indexer:
        from core.indexing.indexer import Indexer

        return Indexer(self.catalog, self.thumbnails, self._worker_for(model), model)

    def _get_ready(self) -> None:
        """The wanted model is about to answer: its vectors are put where a search maps them."""
        self._store_of(self.info).exact()

    # Searching

    def search(
        self,
        text: str,
        top: int = 50,
        like: Path | None = None,
        *,
        worker: bool = False,
        order: Order = Order.MATCH,
        marks: Marks = Marks(),  # noqa: B008 - frozen and empty
    ) -> SearchResult:
        """The photos that fit a query best; the grammar is that of `core.search.grammar`.

        With ``worker`` sentences are encoded in the worker process, else in this one. ``order`` sorts the ``top`` best,
        ``marks`` are answers that were right or wrong.
        """
        sample = None if like is None else absolute(like)
        return self._ask(lambda searcher: searcher.search(text, top=top, like=sample, order=order, marks=marks), worker)

    def search_as(self, text: str, adapter: str | None, top: int = 50, *, worker: bool = False) -> SearchResult:
        """As `search`, as if this adapter were on, or with None as if none were. Raises `CallError` for one that is not
        there, or that was learned for another model than the one that answers."""
        from core.adapters.names import NameBook

        book = NameBook()
        if adapter is not None:
            found = self.adapters.find(adapter)
            if found.model != self.answering.model_id:
                raise CallError(f"{adapter} was learned for the model {found.model}, which does not answer now.")
            book = NameBook(self.adapters.names(found), found.name)
        return self._ask(lambda searcher: searcher.knowing(book).search(text, top=top), worker)

    def similar(self, path: Path, top: int = 50, *, worker: bool = False) -> SearchResult:
        """The photos that look most like one photo, which need not be in the library."""
        return self._ask(lambda searcher: searcher.similar(absolute(path), top), worker)

    def _ask(self, ask: Callable[[Searcher], SearchResult], worker: bool) -> SearchResult:
        """Ask the model that answers, and once more where another one does so by then: the old one's embeddings may
        have gone meanwhile, and an answer is always one model's alone."""
        while True:
            model = self.answering
            try:
                result = ask(self._searcher(model, worker))
            except (ModelError, WorkerError):
                self._found.pop(model.model_id, None)
                if self.answering.model_id == model.model_id:
                    raise
                continue
            if self.answering.model_id == model.model_id:
                return result

    def browse(self, text_filter: str = "", order: Order = Order.MATCH) -> NDArray[np.int64]:
        """The ids of all photos, or of those that a query's filters keep (its words count for nothing), newest
        first or in another ``order``: int64[n]."""
        from core.search import filters, grammar

        where, params = filters.compile(grammar.parse(text_filter))
        with self.catalog.read() as db:
            return by_order.every(db, order, where, params)

    @cached_property
    def copies(self) -> Copies:
        """What finds photos that are there more than once, byte for byte or nearly."""
        from core.search.copies import Copies

        return Copies(self)

    @cached_property
    def grouping(self) -> Grouping:
        """What photos that are shown are grouped by: dates, folders, bursts."""
        from core.search.grouping import Grouping

        return Grouping(self.catalog, lambda: self.store)

    @cached_property
    def saved(self) -> SavedSearches:
        """The searches that were kept under a name."""
        return SavedSearches(self.catalog)

    @cached_property
    def history(self) -> History:
        """What was asked before."""
        return History(self.catalog)

    @cached_property
    def exporter(self) -> Exporter:
        """What takes hits out of the library: lists, and copies."""
        from core.exporting import Exporter

        return Exporter(self.catalog)

    @cached_property
    def tagging(self) -> Tagging:
        """Label lists, suggestions, decisions, rules, and tags that travel."""
        from core.tagging import Tagging

        return Tagging(self)

    @cached_property
    def captioning(self) -> Captions:
        """Captions that come from files and go to files."""
        from core.captioning.captions import Captions

        return Captions(self.catalog)

    @cached_property
    def runs(self) -> Runs:
        """The folders of what was trained."""
        from core.runs import Runs

        return Runs(self.folder)

    # What may be typed

    @cached_property
    def _vocabularies(self) -> Vocabularies:
        from core.catalog.vocabulary import Vocabularies

        return Vocabularies(self.catalog)

    def vocabulary(self) -> Vocabulary:
        """What the library knows by name: folders, tags, cameras, lenses, formats, months. Kept until it changes."""
        return self._vocabularies.get()

    def complete(self, text: str, cursor: int) -> tuple[Completion, ...]:
        """What may be typed next at ``cursor`` (characters from the start)."""
        from core.search.completing import complete

        return complete(text, cursor, self.vocabulary())

    def offers(self, text: str) -> tuple[Offer, ...]:
        """The filters that plain words of a query may mean."""
        from core.search import grammar
        from core.search.offering import offers

        words = [term.text for term in grammar.parse(text).terms if isinstance(term, grammar.Word)]
        return offers(words, self.vocabulary()) if words else ()

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

    def set_favourite(self, photo_ids: Sequence[int], on: bool) -> None:
        """Make photos favourites, or take that from them. Raises `CatalogReadOnly`, `LibraryBusy`, `DiskFull`."""
        self.catalog.write(lambda db: favourites.set(db, photo_ids, on))

    def captions(self, id: int) -> list[FoundCaption]:
        """What is said about a photo."""
        with self.catalog.read() as db:
            return captions.of(db, id)

    def tags(self, id: int) -> list[str]:
        """The labels that are accepted on a photo."""
        with self.catalog.read() as db:
            return tags.of(db, id)

    def unread_sidecars(self) -> int:
        """How many sidecars could not be read; `failures` has them, too. Their photos are well."""
        with self.catalog.read() as db:
            return failures.sidecars(db)

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

    def doctor(self, *, mend: bool = False) -> list[Check]:
        """Everything that can be wrong, looked at one by one. Takes seconds: it reads the catalogue and the model.
        With ``mend`` a word index that is not in step is made anew."""
        from core.health import examine

        return examine(self, mend)

    def close(self) -> None:
        """End the worker and close all files. Whoever waits for the worker gets a `WorkerError`."""
        self._end()
        self.thumbnails.close()
        self.catalog.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
