"""Whether there is a display that a window can open on, told without Qt: Qt ends the process where there is none."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from pathlib import Path

from core.errors import RetrouveError

HEADLESS = ("offscreen", "minimal", "vnc", "linuxfb")
"""Qt platforms (``QT_QPA_PLATFORM``) on which nobody sees a window. eglfs draws on a real screen."""


class NoWindow(RetrouveError):
    """The window cannot open here: no display, or a library of the system that Qt needs is missing."""


def is_reachable() -> bool:
    """Whether a person would see the window. On Windows and macOS always, short of QT_QPA_PLATFORM saying otherwise."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform:
        return platform not in HEADLESS
    if sys.platform in ("win32", "darwin"):
        return True
    return _wayland_answers() or _x11_answers()


def can_open_window() -> bool:
    """Whether Qt will start: as `is_reachable`, or QT_QPA_PLATFORM names a platform that needs no display."""
    return bool(os.environ.get("QT_QPA_PLATFORM")) or is_reachable()


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    path = Path(os.environ.get("XDG_RUNTIME_DIR", "/run/user")) / name
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(2)
        try:
            connection.connect(str(path))
        except OSError:
            return False
    return True


def _x11_answers() -> bool:
    """Ask the X server as Qt will: DISPLAY may be left over from a session that is gone."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # nothing to ask with: Qt's own message will name the library
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    refused = xcb.xcb_connection_has_error(connection) != 0
    xcb.xcb_disconnect(connection)
    return not refused
