"""``make demo`` once all is installed: on a machine without a display it searches in the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo(tmp_path: Path):
    """Runs the demo of a checkout that has the project's code, and a .cache of its own."""
    checkout = tmp_path / "check out"
    (checkout / "packaging").mkdir(parents=True)
    (checkout / "packaging" / "demo.py").write_bytes((PROJECT / "packaging" / "demo.py").read_bytes())
    (checkout / "resources").symlink_to(PROJECT / "resources")

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        bare = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        return subprocess.run(
            [sys.executable, checkout / "packaging" / "demo.py", *arguments],
            env={**bare, "PYTHONPATH": str(PROJECT), **variables},
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )

    return run


def test_three_searches_run_where_there_is_no_display(demo, starter: Path, samples: Path) -> None:
    ended = demo("")
    assert ended.returncode == 0, ended.stderr
    searches = ended.stdout.split("\n$ retrouve search ")[1:]
    assert len(searches) == 3
    for search in searches:
        hits = [line for line in search.splitlines() if "\t" in line]
        assert len(hits) == 3 and all(Path(hit.split("\t")[1]).is_file() for hit in hits)
    again = demo("")
    assert again.returncode == 0 and " 0 encoded" in again.stdout, "the second run costs nothing"


def test_on_photos_of_ones_own(demo, starter: Path, photos: Path, own_home: Path) -> None:
    photos.rename(own_home / "Pictures")
    ended = demo("~/Pictures")
    assert ended.returncode == 0, ended.stderr
    assert "12 encoded" in ended.stdout and str(own_home / "Pictures") in ended.stdout


def test_a_folder_that_is_not_there(demo, tmp_path: Path) -> None:
    ended = demo(str(tmp_path / "nowhere"))
    assert ended.returncode == 3
    assert "is not there" in ended.stderr and "Traceback" not in ended.stderr
