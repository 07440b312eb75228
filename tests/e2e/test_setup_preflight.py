"""The preflight names what is missing, with the command that installs it; the set-up does nothing twice."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGING = PROJECT / "packaging"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for its libraries")


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A script of packaging/, which is no package of ours."""
    monkeypatch.syspath_prepend(str(PACKAGING))
    spec = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def preflight(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return load("preflight", monkeypatch)


def test_old_pythons_can_read_it_and_are_turned_down(preflight, monkeypatch) -> None:
    ast.parse((PACKAGING / "preflight.py").read_text("utf-8"), feature_version=(3, 6))
    monkeypatch.setattr(preflight.sys, "version_info", (3, 9, 2))
    [missing] = preflight.check_python("apt-get")
    said = preflight.sentence(missing, "apt-get")
    assert "This is Python 3.9.2" in said and "3.11 or later" in said and "apt-get install -y python3.11" in said


@LINUX
def test_every_library_that_is_missing_is_named_with_its_package(preflight, monkeypatch, capsys) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    found = preflight.check_libraries("demo", "apt-get", lambda library: False)
    assert preflight.report(found, "apt-get") == 1
    said = capsys.readouterr().err
    for package in (
        "libegl1",
        "libgl1",
        "libxkbcommon0",
        "libxkbcommon-x11-0",
        "libxcb-cursor0",
        "libxcb-icccm4",
        "libxcb-keysyms1",
        "libxcb-shape0",
        "libdbus-1-3",
        "libfontconfig1",
    ):
        assert re.search(rf"preflight: The library \S+ is missing, .*apt-get install -y {package}\n", said), package
    assert "All at once: " in said
    for line in said.splitlines():
        assert line.count("\n") == 0 and line.startswith("preflight: ")


@LINUX
def test_without_a_display_its_libraries_are_no_hindrance(preflight, monkeypatch, capsys) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    found = preflight.check_libraries("demo", "apt-get", lambda library: False)
    assert preflight.report(found, "apt-get") == 0
    assert capsys.readouterr().err.count("\n") == 1, "one line says what a window will need"
    tests = preflight.check_libraries("test", "apt-get", lambda library: False)
    assert {missing.packages for missing in tests if missing.needed} >= {("libegl1",), ("libdbus-1-3",)}
    assert not any(missing.needed for missing in tests if "libxcb-cursor0" in missing.packages)


@LINUX
def test_every_library_that_qt_is_linked_against_is_looked_for(preflight) -> None:
    """What the linker says of the Qt that is installed is the truth; our list must not fall behind it."""
    if shutil.which("objdump") is None:
        pytest.skip("needs objdump")
    import PySide6

    qt = Path(next(iter(PySide6.__path__))) / "Qt"
    names = ("Core", "Gui", "Widgets", "DBus", "Svg", "XcbQpa", "WaylandClient")
    files = [qt / "lib" / f"libQt6{name}.so.6" for name in names]
    files += [qt / "plugins" / "platforms" / f"libq{name}.so" for name in ("xcb", "wayland", "offscreen")]
    out = subprocess.run(["objdump", "-p", *files], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"NEEDED\s+(\S+)", out))
    system = {name for name in needed if not name.startswith(("libQt6", "libicu")) and not (qt / "lib" / name).exists()}
    libc = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2", "libz.so.1"}
    libc |= {"ld-linux-aarch64.so.1", "libpthread.so.0", "libdl.so.2"}
    looked_for = {
        library for group in (preflight.QT_ALWAYS, preflight.QT_X11, preflight.QT_WAYLAND) for library, _ in group
    }
    assert system - libc <= looked_for


def test_a_missing_compiler_and_missing_headers(preflight, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(preflight.sys, "platform", "linux")
    [compiler] = preflight.check_compiler("apt-get")
    assert preflight.sentence(compiler, "apt-get").endswith("apt-get install -y g++")
    monkeypatch.setattr(preflight.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    headers = preflight.check_python("apt-get")
    version = "{}.{}".format(*sys.version_info[:2])
    assert [missing.packages for missing in headers] == [(f"python{version}-dev",)]


def test_a_missing_venv(preflight, monkeypatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(preflight.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    said = [preflight.sentence(missing, "apt-get") for missing in preflight.check_python("apt-get")]
    version = "{}.{}".format(*sys.version_info[:2])
    assert any("venv" in line and line.endswith(f"python{version}-venv") for line in said)


def test_a_system_without_a_manager_that_we_know(preflight) -> None:
    missing = preflight.Missing("A C++ compiler is missing")
    assert preflight.sentence(missing, None).endswith("install it with your system's package manager")


def test_a_full_disk(preflight, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 2e8}))
    [missing] = preflight.check_room("demo", tmp_path)
    assert "0.2 GB left" in missing.what
    (tmp_path / ".venv").mkdir()
    assert preflight.check_room("demo", tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a script for a POSIX shell")
def test_as_a_script_with_a_bare_path(tmp_path: Path) -> None:
    """A machine that has Python and nothing else: the run ends with 1 and names the compiler."""
    ended = subprocess.run(
        [sys.executable, PACKAGING / "preflight.py", "demo"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "C++ compiler" in ended.stderr and "Traceback" not in ended.stderr
    assert subprocess.run([sys.executable, PACKAGING / "preflight.py", "frob"], capture_output=True).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a script for a POSIX shell")
def test_python_sh_finds_a_python_that_is_new_enough(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    shutil.copy(PACKAGING / "python.sh", folder)
    (folder / "say.py").write_text("import sys; print(sys.version_info >= (3, 11), sys.argv[1:])")
    (folder / "preflight.py").write_text("import sys; print('preflight'); sys.exit(1)")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(str(shutil.which(name)))
    (programs / "python3").write_text('#!/bin/sh\ncase "$*" in *version_info*) exit 1;; *) echo old "$@";; esac\n')
    (programs / "python3.12").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for name in ("python3", "python3.12"):
        (programs / name).chmod(0o755)

    def run() -> subprocess.CompletedProcess[str]:
        line = ["sh", folder / "python.sh", "say.py", "a b"]
        return subprocess.run(line, env={"PATH": str(programs)}, capture_output=True, text=True, check=False)

    assert run().stdout == "True ['a b']\n"
    (programs / "python3.12").unlink()
    assert run().stdout.startswith("old ") and "preflight.py" in run().stdout
    (programs / "python3").unlink()
    assert run().returncode == 1 and "Python 3.11 or later is missing" in run().stderr


def test_the_lock_files_name_no_index_and_agree(preflight) -> None:
    pins = {}
    for name in ("light", "test"):
        text = (PACKAGING / "lock" / f"{name}.txt").read_text("utf-8")
        assert "://" not in text and "--index" not in text and "file:" not in text
        pins[name] = {line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")}
        assert all("==" in pin for pin in pins[name])
    assert pins["light"] <= pins["test"], "the test set keeps the light set's versions"
    assert not any(pin.startswith(("torch==", "timm==", "transformers==")) for pin in pins["light"])


def test_the_lock_files_cover_what_pyproject_asks_for() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {
        "light": project["dependencies"],
        "test": [
            *project["dependencies"],
            *project["optional-dependencies"]["torch"],
            *project["optional-dependencies"]["dev"],
        ],
    }
    for name, requirements in wanted.items():
        text = (PACKAGING / "lock" / f"{name}.txt").read_text("utf-8").lower().replace("_", "-")
        for requirement in requirements:
            distribution = re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")
            assert re.search(rf"^{re.escape(distribution)}==", text, re.MULTILINE), f"{distribution} in {name}.txt"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, preflight: ModuleType, tmp_path: Path) -> ModuleType:
    """The set-up script, working on an empty folder, with pip's calls written down in place of made."""
    module = load("environment", monkeypatch)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(module, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(module.preflight, "main", lambda arguments: 0)
    shutil.copytree(PACKAGING / "lock", tmp_path / "lock")
    calls: list[list[str]] = []

    def run(line, **more):
        calls.append([str(part) for part in line])
        if "venv" in calls[-1]:
            module.python().parent.mkdir(parents=True)
            module.python().write_text("")
        answer = f"{module.VENV}\n{sys.version_info[0]}.{sys.version_info[1]}\n"
        return subprocess.CompletedProcess(line, 0, answer, "")

    monkeypatch.setattr(module.subprocess, "run", run)
    module.calls = calls  # type: ignore[attr-defined]
    return module


def test_a_second_set_up_costs_nothing_and_a_new_lock_is_installed(environment, capsys) -> None:
    assert environment.main(["light"]) == 0
    assert any("light.txt" in call[-1] for call in environment.calls)
    environment.calls.clear()
    assert environment.main(["light"]) == 0
    assert environment.calls == []
    assert environment.main(["test"]) == 0
    installs = [call[-1] for call in environment.calls if "install" in call]
    assert len(installs) == 1 and installs[0].endswith("test.txt"), "what is there is not installed again"
    lock = environment.LOCK / "light.txt"
    lock.write_text(lock.read_text().replace("ftfy==6.3.1", "ftfy==6.3.2"))
    environment.calls.clear()
    assert environment.main(["test"]) == 0
    assert any("light.txt" in call[-1] for call in environment.calls)


def test_a_failed_installation_is_not_taken_for_one(environment, monkeypatch, capsys) -> None:
    works = environment.subprocess.run

    def run(line, **more):
        if "install" in map(str, line):
            raise subprocess.CalledProcessError(1, line)
        return works(line, **more)

    monkeypatch.setattr(environment.subprocess, "run", run)
    assert environment.main(["light"]) == 1
    assert "this failed" in capsys.readouterr().err
    assert not environment.installed("light")


@pytest.mark.skipif(shutil.which("make") is None or sys.platform == "win32", reason="needs make")
def test_make_lists_its_commands_and_refuses_a_model_without_data() -> None:
    clean = {**os.environ, "DATA": ""}
    listed = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True, env=clean).stdout
    targets = set(re.findall(r"^make (\w+)", listed, re.MULTILINE))
    assert targets == {
        *(
            "demo",
            "test",
            "check",
            "bench",
            "screenshots",
            "starter",
            "quality",
            "tagging",
            "ablation",
            "lock",
            "clean",
        ),
    }
    known = set(re.findall(r"^(\w+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert known == targets | {"help"}
    refused = subprocess.run(["make", "starter"], cwd=PROJECT, capture_output=True, text=True, check=False, env=clean)
    assert refused.returncode != 0 and "DATA=" in refused.stderr
