"""A vocabulary as a real library's, for what is offered and completed."""

from __future__ import annotations

from core.catalog.folding import fold
from core.catalog.vocabulary import Known, KnownFolder, Vocabulary, steps

PATHS = {
    "Photos": 3,
    "Photos/2019/Italy": 40,
    "Photos/2019/Italy/Rome": 60,
    "Photos/2020/Italy 2020": 5,
    "Photos/2019/New York": 20,
    "Photos/Zürich": 7,
    "Photos/Littleitaly": 2,
    "Photos/2021/Summer camp": 4,
    "Photos/2021/Rock_am-Ring": 6,
}
FOLDERS = tuple(KnownFolder(path, fold(path), count) for path, count in PATHS.items())
VOCABULARY = Vocabulary(
    photos=1200,
    folders=FOLDERS,
    steps=steps(FOLDERS),
    tags=(Known("cat", 300), Known("Birthday party", 20), Known("Café", 9), Known("cake", 4), Known("rome", 2)),
    cameras=(
        Known("Canon EOS 5D Mark III", 500),
        Known("Canon EOS R5", 30),
        Known("Canon EOS R", 20),
        Known("NIKON D90", 1),
    ),
    lenses=(Known("SIGMA 30mm F1.4 DC DN", 11), Known("EF24-70mm f/2.8L II USM", 300)),
    formats=(Known("JPEG", 900), Known("HEIF", 200), Known("RAW", 100)),
    months=(Known("2018-07", 10), Known("2019-07", 100), Known("2019-12", 5), Known("2020-05", 7)),
)
