"""IPTC: captions, keywords and date of the older kind (IIM version 4), as newspapers' photos carry them."""

from __future__ import annotations

from collections.abc import Iterator

from core.photos import dates, facts
from core.photos.facts import NOTHING, Facts

_UTF8 = b"\x1b%G"
_CHARSET, _HEADLINE, _KEYWORD, _DATE, _TIME, _TITLE, _CAPTION = (
    (1, 90),
    (2, 105),
    (2, 25),
    (2, 55),
    (2, 60),
    (2, 5),
    (2, 120),
)
_MOST_RECORDS = 2000


def _records(raw: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """(record, data set) and value, until the bytes end or stop being IIM."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 5 > len(raw) or raw[at] != 0x1C:
            return
        name = (raw[at + 1], raw[at + 2])
        size = int.from_bytes(raw[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:  # the extended form: the size is written in that many bytes
            wide = size & 0x7FFF
            if wide > 4 or at + wide > len(raw):
                return
            size = int.from_bytes(raw[at : at + wide], "big")
            at += wide
        if at + size > len(raw):
            return
        yield name, raw[at : at + size]
        at += size


def parse(raw: bytes) -> Facts:
    """What an IIM block says. Broken bytes say what comes before the break."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for name, value in _records(raw):
        found.setdefault(name, []).append(value)
    if not found:
        return NOTHING
    declared = found.get(_CHARSET, [b""])[0] == _UTF8

    def texts(name: tuple[int, int]) -> list[str]:
        return [v.decode("utf-8", "replace") if declared else facts.decode_text(v) for v in found.get(name, ())]

    date, time = (found.get(name, [b""])[0].decode("ascii", "replace") for name in (_DATE, _TIME))
    captions = [*texts(_CAPTION), *texts(_HEADLINE), *texts(_TITLE)]
    return Facts(
        taken=dates.parse(f"{date}T{time[:6]}") or dates.parse(date),
        captions=facts.captions(captions),
        keywords=facts.keywords(texts(_KEYWORD)),
    )
