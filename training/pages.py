"""Tables in a page: each stands between two marks of its own, and nothing else of the page is ever touched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import FolderError


def marks(name: str) -> tuple[str, str]:
    """The comments that a part of a page stands between."""
    return f"<!-- {name}: written by training -->", f"<!-- end of {name} -->"


def check(page: Path, names: Sequence[str]) -> None:
    """Raises FolderError, with what is missing, unless the page is there and has both marks of every part, in order."""
    if not page.is_file():
        raise FolderError(f"{page} is not there: --page names the page that the tables are written into.")
    text = page.read_text(encoding="utf-8")
    for name in names:
        begin, end = marks(name)
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise FolderError(f"{page} needs the marks {begin} and {end}, in this order and once each.")


def into_page(page: Path, name: str, content: str) -> None:
    """Put ``content`` between the marks of ``name``. Raises FolderError as `check`."""
    check(page, [name])
    begin, end = marks(name)
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
