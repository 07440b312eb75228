"""What every test stands on. For writers of tests, the fixtures here:

``shared_data``      the folder of photo collections beside the project (``../shared/data``); the test is skipped,
                     with a reason, where it is not there. Read only: copy what you change.
``samples``          ``resources/samples``: the photos that ship with the program. Read only.
``starter``          the bundled model's folder.
``indexed_samples``  made once a session with the bundled model: a folder with ``photos`` (a copy of the samples) and
                     ``library`` (in which they are indexed). Read only.
``sample_library``   a copy of that library for the test alone. Its photos are those of ``indexed_samples``.
``photos``           a folder of twelve small pictures drawn by Pillow: needs no data and no model.
``retrouve``         runs the command line as a process of its own and returns what it printed (see `Ran`).

Each test has a home of its own: HOME, the XDG folders and RETROUVE_LIBRARY point into a temporary folder, so that
nothing here can touch the library of whoever runs it. Qt draws off screen, and the network is off for model hubs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

import pytest
from hypothesis import HealthCheck, settings

if "CI" not in os.environ:  # where hypothesis does the same by itself, and draws the same examples each time
    settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("busy machine")

PROJECT = Path(__file__).resolve().parent.parent
SHARED = PROJECT.parent / "shared" / "data"
SAMPLES = PROJECT / "resources" / "samples"
STARTER = PROJECT / "resources" / "models" / "starter"


@dataclass(frozen=True)
class Ran:
    """A call of the command line that ended: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; the test fails if there is anything else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is thrown away, so that no test reads or writes the user's own data."""
    home = tmp_path_factory.mktemp("home", numbered=True)
    for variable, folder in isolation(home).items():
        monkeypatch.setenv(variable, folder)
    monkeypatch.delenv("RETROUVE_LIBRARY", raising=False)
    monkeypatch.delenv("RETROUVE_MODELS", raising=False)
    return home


def isolation(home: Path) -> dict[str, str]:
    """The variables that tell each system where a home and its data are."""
    places = {
        "HOME": home,
        "USERPROFILE": home,
        "LOCALAPPDATA": home / "AppData" / "Local",
        "APPDATA": home / "AppData" / "Roaming",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_STATE_HOME": home / ".local" / "state",
    }
    return {variable: str(place) for variable, place in places.items()}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The photo collections beside the project. Never written."""
    if not SHARED.is_dir():
        pytest.skip("the photo collections in ../shared/data are not here")
    return SHARED


@pytest.fixture(scope="session")
def samples() -> Path:
    """The photos that ship with the program. Never written."""
    if not SAMPLES.is_dir():
        pytest.fail("resources/samples is not here, and it belongs to the program")
    return SAMPLES


@pytest.fixture(scope="session")
def starter() -> Path:
    """The bundled model's folder."""
    if not (STARTER / "model.json").is_file():
        pytest.fail("the bundled model is not here, and it belongs to the program: `make starter` builds it")
    return STARTER


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve different small pictures in two folders."""
    return draw_photos(tmp_path / "photos")


def draw_photos(folder: Path, count: int = 12, seed: int = 1) -> Path:
    """Draw ``count`` different JPEGs into two folders below ``folder``; equal arguments give equal bytes."""
    import random

    from PIL import Image, ImageDraw

    chance = random.Random(seed)
    for number in range(count):
        image = Image.new("RGB", (320, 240), tuple(chance.randrange(256) for _ in range(3)))
        pen = ImageDraw.Draw(image)
        for _ in range(6):
            corners = sorted(chance.randrange(320) for _ in range(2)) + sorted(chance.randrange(240) for _ in range(2))
            box = (corners[0], corners[2], corners[1], corners[3])
            pen.ellipse(box, fill=tuple(chance.randrange(256) for _ in range(3)))
        place = folder / ("first" if number % 2 == 0 else "second")
        place.mkdir(parents=True, exist_ok=True)
        image.save(place / f"picture {number:03}.jpg", quality=90)
    return folder


def call_retrouve(
    *arguments: str | Path, environment: Mapping[str, str] | None = None, timeout: float = 240, **more: Any
) -> Ran:
    """Run ``python -m app`` with the arguments in a process of its own; stdin is empty, streams are pipes."""
    ended = subprocess.run(
        [sys.executable, "-m", "app", *map(os.fspath, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})},
        check=False,
        **more,
    )
    return Ran(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def retrouve() -> Callable[..., Ran]:
    """The command line as a process: ``retrouve("--library", folder, "--json", "index", photos).document``."""
    return call_retrouve


@pytest.fixture(scope="session")
def indexed_samples(tmp_path_factory: pytest.TempPathFactory, samples: Path, starter: Path) -> Path:
    """Made once: ``photos`` (a copy of the samples) and ``library`` (in which they are indexed). Never written."""
    place = tmp_path_factory.mktemp("samples")
    shutil.copytree(samples, place / "photos")
    ran = call_retrouve(
        "--library",
        place / "library",
        "--json",
        "index",
        place / "photos",
        environment=isolation(tmp_path_factory.mktemp("indexing-home")),
    )
    assert ran.code == 0, ran
    return place


@pytest.fixture
def sample_library(indexed_samples: Path, tmp_path: Path) -> Path:
    """A library of the test's own with the samples indexed. Its photos are shared: read them, do not change them."""
    library = tmp_path / "sample library"
    # Without the copy of the model that it keeps: 67 MB, which the next index run makes again.
    shutil.copytree(indexed_samples / "library", library, ignore=shutil.ignore_patterns("models"))
    return library
