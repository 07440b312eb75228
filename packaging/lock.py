"""Writes the lock files anew from pyproject.toml. Needs uv; names no index and no host in what it writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path("packaging") / "lock"
COMPILE = ("pip", "compile", "pyproject.toml", "--universal", "--no-emit-index-url", "--no-header", "--no-annotate")


def main() -> int:
    """Compile both files; the test set keeps the light set's versions."""
    uv = shutil.which("uv")
    if uv is None:
        print("lock: uv is missing: install it with `pip install uv`", file=sys.stderr)
        return 1
    light, test = LOCK / "light.txt", LOCK / "test.txt"
    quiet = ("--quiet", "--upgrade")
    for arguments in (("-o", light), ("--extra", "torch", "--extra", "dev", "-c", light, "-o", test)):
        ended = subprocess.run([uv, *COMPILE, *quiet, *arguments], cwd=ROOT, check=False)
        if ended.returncode:
            return ended.returncode
    for file in (light, test):
        text = (ROOT / file).read_text("utf-8")
        if "://" in text:
            print(f"lock: {file} names a host; a dependency in pyproject.toml is given by its address", file=sys.stderr)
            return 1
        print(f"lock: {file}, {len(text.splitlines())} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
