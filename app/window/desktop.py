"""Hands files to the rest of the desktop: show in the file manager, open with another program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

_FILE_MANAGER = (
    "org.freedesktop.FileManager1",
    "/org/freedesktop/FileManager1",
    "org.freedesktop.FileManager1.ShowItems",
)


def reveal_command(path: Path, system: str = sys.platform) -> list[str]:
    """The command that shows a file, selected, in the system's file manager."""
    if system == "win32":
        return ["explorer", "/select,", str(path)]
    if system == "darwin":
        return ["open", "-R", str(path)]
    service, place, method = _FILE_MANAGER
    uri = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
    return [
        "dbus-send", "--session", "--print-reply", "--reply-timeout=2000", f"--dest={service}", "--type=method_call",
        place, method, f"array:string:{uri.replace(',', '%2C')}", "string:",
    ]  # fmt: skip


def show_in_file_manager(path: Path) -> bool:
    """Show a file, selected where the file manager can; its folder otherwise. Blocks up to two seconds: no GUI thread.

    Returns whether something could be opened.
    """
    target = path if path.exists() else path.parent
    if not target.exists():
        return False
    if target.is_file():
        try:
            ended = subprocess.run(reveal_command(target), check=False, capture_output=True, timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            pass  # no such program here: the folder is opened below
        else:
            # Explorer answers 1 even when all went well.
            if ended.returncode == 0 or sys.platform == "win32":
                return True
    folder = target if target.is_dir() else target.parent
    return open_with_default(folder)


def open_with_default(path: Path) -> bool:
    """Open a file or folder with whatever the system opens it with; whether there was something to open it."""
    return path.exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
