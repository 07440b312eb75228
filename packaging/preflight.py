#!/usr/bin/env python3
"""Names what this machine lacks, one sentence each, with the command that installs it. Standard library only.

usage: preflight.py [demo|test|window]   exits 1 when something is missing that the job cannot do without
       preflight.py --packages           prints the system packages that are missing, for a script to install

It must run under any python3, the old ones that it turns down included: keep the syntax of Python 3.6 here.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OLDEST = (3, 11)
ROOM = {"demo": 1.5e9, "test": 8e9, "window": 0.0}
"""Bytes of free disk that a job's set-up needs, with what pip keeps in passing."""

MANAGERS = ("apt-get", "dnf", "pacman", "zypper")
INSTALL = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --needed",
    "zypper": "zypper install -y",
}

PYTHON = (
    "python3.11 python3.11-venv python3.11-dev",
    "python3.11 python3.11-devel",
    "python",
    "python311 python311-devel",
)
VENV = ("python{}.{}-venv", "python3", "python", "python3")
HEADERS = ("python{}.{}-dev", "python3-devel", "python", "python3-devel")
COMPILER = ("g++", "gcc-c++", "gcc", "gcc-c++")

# What Qt 6's own libraries ask of the system (`objdump -p` over PySide6/Qt/lib and plugins/platforms): the library,
# and the package that has it under each of MANAGERS.
QT_ALWAYS = (
    ("libEGL.so.1", ("libegl1", "libglvnd-egl", "libglvnd", "libEGL1")),
    ("libGL.so.1", ("libgl1", "libglvnd-glx", "libglvnd", "libGL1")),
    ("libxkbcommon.so.0", ("libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0")),
    ("libfontconfig.so.1", ("libfontconfig1", "fontconfig", "fontconfig", "fontconfig")),
    ("libfreetype.so.6", ("libfreetype6", "freetype", "freetype2", "libfreetype6")),
    ("libdbus-1.so.3", ("libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3")),
    ("libglib-2.0.so.0", ("libglib2.0-0", "glib2", "glib2", "libglib-2_0-0")),
    ("libgthread-2.0.so.0", ("libglib2.0-0", "glib2", "glib2", "libgthread-2_0-0")),
    ("libX11.so.6", ("libx11-6", "libX11", "libx11", "libX11-6")),
    ("libzstd.so.1", ("libzstd1", "libzstd", "zstd", "libzstd1")),
)
QT_X11 = (
    ("libX11-xcb.so.1", ("libx11-xcb1", "libX11-xcb", "libx11", "libX11-xcb1")),
    ("libxcb.so.1", ("libxcb1", "libxcb", "libxcb", "libxcb1")),
    ("libxcb-cursor.so.0", ("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor", "libxcb-cursor0")),
    ("libxcb-icccm.so.4", ("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4")),
    ("libxcb-image.so.0", ("libxcb-image0", "xcb-util-image", "xcb-util-image", "libxcb-image0")),
    ("libxcb-keysyms.so.1", ("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms", "libxcb-keysyms1")),
    ("libxcb-randr.so.0", ("libxcb-randr0", "libxcb", "libxcb", "libxcb-randr0")),
    ("libxcb-render.so.0", ("libxcb-render0", "libxcb", "libxcb", "libxcb-render0")),
    (
        "libxcb-render-util.so.0",
        ("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil", "libxcb-render-util0"),
    ),
    ("libxcb-shape.so.0", ("libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0")),
    ("libxcb-shm.so.0", ("libxcb-shm0", "libxcb", "libxcb", "libxcb-shm0")),
    ("libxcb-sync.so.1", ("libxcb-sync1", "libxcb", "libxcb", "libxcb-sync1")),
    ("libxcb-util.so.1", ("libxcb-util1", "xcb-util", "xcb-util", "libxcb-util1")),
    ("libxcb-xfixes.so.0", ("libxcb-xfixes0", "libxcb", "libxcb", "libxcb-xfixes0")),
    ("libxcb-xkb.so.1", ("libxcb-xkb1", "libxcb", "libxcb", "libxcb-xkb1")),
    ("libxkbcommon-x11.so.0", ("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11", "libxkbcommon-x11-0")),
)
QT_WAYLAND = (
    ("libwayland-client.so.0", ("libwayland-client0", "libwayland-client", "wayland", "libwayland-client0")),
    ("libwayland-cursor.so.0", ("libwayland-cursor0", "libwayland-cursor", "wayland", "libwayland-cursor0")),
    ("libwayland-egl.so.1", ("libwayland-egl1", "libwayland-egl", "wayland", "libwayland-egl1")),
)
FONTS = (
    "fontconfig fonts-dejavu-core",
    "fontconfig dejavu-sans-fonts",
    "fontconfig ttf-dejavu",
    "fontconfig dejavu-fonts",
)
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


class Missing:
    """A thing that is not here: the sentence without its command, the packages that bring it, whether work stops."""

    def __init__(
        self, what: str, packages: "tuple[str, ...]" = (), needed: bool = True, remedy: "str | None" = None
    ) -> None:
        self.what = what
        self.packages = tuple(packages)
        self.needed = needed
        self.remedy = remedy


def find_manager() -> "str | None":
    """The system's package manager among those that we know the names of; None elsewhere."""
    return next((name for name in MANAGERS if shutil.which(name)), None)


def packages_of(names: "tuple[str, ...]", manager: "str | None") -> "tuple[str, ...]":
    """Our choice of package names for the manager; ``{}.{}`` in them is this Python's version."""
    return tuple(names[MANAGERS.index(manager)].format(*sys.version_info[:2]).split()) if manager else ()


def command(packages: "Iterable[str]", manager: "str | None") -> "str | None":
    """What installs the packages, as it is typed."""
    packages = list(packages)
    if manager is None or not packages:
        return None
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    ahead = "" if root else "sudo "
    return "{}{} {}".format(ahead, INSTALL[manager], " ".join(packages))


def check_python(manager: "str | None") -> "list[Missing]":
    """The interpreter's version, and the parts of its standard library that some systems pack apart."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST:
        what = "This is Python {} ({}), and Retrouve needs {}.{} or later".format(version, sys.executable, *OLDEST)
        packages = packages_of(PYTHON, manager)
        ahead = f"{command(packages, manager)}, or where your system has none, " if packages else ""
        return [Missing(what, packages, remedy=ahead + "install it from https://www.python.org/downloads/")]
    found = []
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        found.append(Missing("Python's venv module is missing", packages_of(VENV, manager)))
    if importlib.util.find_spec("sqlite3") is None or importlib.util.find_spec("_sqlite3") is None:
        what = f"This Python ({sys.executable}) was built without SQLite"
        found.append(Missing(what, remedy="install libsqlite3-dev (sqlite-devel) and build it again, or use another"))
    header = Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.is_file():
        what = f"Python's headers are missing ({header})"
        found.append(Missing(what, packages_of(HEADERS, manager)))
    return found


def check_compiler(manager: "str | None") -> "list[Missing]":
    """A C++ compiler: hnswlib is published as source alone."""
    what = "A C++ compiler is missing (hnswlib is built from its source)"
    if sys.platform == "win32":
        programs = os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")
        installer = Path(programs) / "Microsoft Visual Studio/Installer"
        if shutil.which("cl") or (installer / "vswhere.exe").is_file():
            return []
        tools = "Microsoft.VisualStudio.Workload.VCTools"
        remedy = f'winget install Microsoft.VisualStudio.2022.BuildTools --override "--passive --add {tools}"'
        return [Missing(what, remedy=remedy)]
    names = [name for name in (os.environ.get("CXX", "").split(" ")[0], "c++", "g++", "clang++") if name]
    if not any(shutil.which(name) for name in names):
        remedy = "xcode-select --install" if sys.platform == "darwin" else None
        return [Missing(what, packages_of(COMPILER, manager), remedy=remedy)]
    if (
        sys.platform == "darwin"
        and subprocess.call(["xcode-select", "-p"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) != 0
    ):
        return [Missing(what, remedy="xcode-select --install")]
    return []


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def check_libraries(job: str, manager: "str | None", loads: "Callable[[str], bool]" = loads) -> "list[Missing]":
    """The system's libraries that Qt's own ask for. Those of a display stop the work where there is one."""
    if not sys.platform.startswith("linux"):
        return []
    wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    x11 = bool(os.environ.get("DISPLAY"))
    shown = wayland or x11
    headless = bool(os.environ.get("QT_QPA_PLATFORM"))
    groups = (
        (QT_ALWAYS, job != "demo" or shown),
        (QT_X11, x11 and not wayland and not headless),
        (QT_WAYLAND, wayland and not headless),
    )
    found = []
    for group, needed in groups:
        for library, names in group:
            if not loads(library):
                what = f"The library {library} is missing, which the window needs"
                found.append(Missing(what, packages_of(names, manager), needed))
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    if not any(next(folder.rglob("*.[tot]t[fc]"), None) for folder in folders if folder.is_dir()):
        found.append(
            Missing("No font is installed, and the window has text", packages_of(FONTS, manager), needed=shown)
        )
    return found


def check_room(job: str, folder: Path) -> "list[Missing]":
    """Free space on the disk that the environment will lie on; nothing once it is set up."""
    free = shutil.disk_usage(str(folder)).free
    if free >= ROOM[job] or (folder / ".venv").is_dir():
        return []
    what = f"The disk has {free / 1e9:.1f} GB left, and setting up takes {ROOM[job] / 1e9:.1f} GB"
    return [Missing(what, remedy=f"make room on the disk of {folder}")]


def look(job: str, folder: Path) -> "list[Missing]":
    """Everything that is missing for the job; an interpreter that is too old makes the rest idle."""
    manager = find_manager()
    found = check_python(manager)
    if sys.version_info < OLDEST:
        return found
    return found + check_compiler(manager) + check_libraries(job, manager) + check_room(job, folder)


def sentence(missing: Missing, manager: "str | None") -> str:
    """What a person reads, with the command that helps."""
    remedy = missing.remedy or command(missing.packages, manager)
    tail = f": {remedy}" if remedy else ": install it with your system's package manager"
    return missing.what + tail


def report(found: "list[Missing]", manager: "str | None") -> int:
    """Print the sentences, then one command for all. Returns the exit code."""
    needed = [missing for missing in found if missing.needed]
    for missing in needed:
        say(sentence(missing, manager))
    wanted = unique(package for missing in found for package in missing.packages)
    if len(needed) > 1 and wanted and manager:
        say("All at once: " + str(command(wanted, manager)))
    if needed and wanted and manager == "apt-get":
        say("If apt does not know a package, run `apt-get update` first.")
    if found and not needed:
        names = ", ".join(missing.what.split(" is missing")[0].replace("The library ", "") for missing in found)
        later = command(wanted, manager) or "your system's package manager has them"
        say(f"Not needed here, but before a window opens on this machine ({names}): {later}")
    return 1 if needed else 0


def say(text: str) -> None:
    """One line on stderr."""
    print("preflight: " + text, file=sys.stderr)


def unique(items: "Iterable[str]") -> "list[str]":
    """The items in their order, each once."""
    return list(dict.fromkeys(items))


def main(arguments: "list[str]") -> int:
    """Look, print, and say by the exit code whether the work can go on."""
    folder = Path(__file__).resolve().parent.parent
    if arguments == ["--packages"]:
        print(" ".join(unique(package for missing in look("test", folder) for package in missing.packages)))
        return 0
    job = arguments[0] if arguments else "window"
    if job not in ROOM or len(arguments) > 1:
        print(str(__doc__).strip(), file=sys.stderr)
        return 2
    found = look(job, folder)
    code = report(found, find_manager())
    if not found and not arguments:
        print("Nothing is missing.")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
