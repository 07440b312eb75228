"""Work in a process of its own: what it tells, returns and raises comes back, and it never outlives who asked."""

import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from core.errors import ModelDamaged, WorkerError
from core.models import apart
from core.models.apart import Stopped, run_apart


def count(most, tell):
    for number in range(most):
        tell(number, most)
    return os.getpid()


def refuse(tell):
    raise ModelDamaged("The file is damaged.")


def break_down(tell):
    return 1 / 0


def go_away(tell):
    os._exit(3)


def until_stopped(marker, tell):
    try:
        while True:
            tell("at work")
            time.sleep(0.005)
    finally:
        Path(marker).touch()


def deaf(marker, tell):
    tell("begun")
    time.sleep(60)
    Path(marker).touch()


def test_it_tells_and_returns_from_another_process():
    heard = []
    assert run_apart(partial(count, 3), lambda *said: heard.append(said), threading.Event()) != os.getpid()
    assert heard == [(0, 3), (1, 3), (2, 3)]


def test_what_a_person_can_act_on_is_raised_as_it_was():
    with pytest.raises(ModelDamaged, match=r"The file is damaged\."):
        run_apart(refuse, print, threading.Event())


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_apart(break_down, print, threading.Event())


def test_a_process_that_goes_away_is_a_sentence():
    with pytest.raises(WorkerError, match="went away"):
        run_apart(go_away, print, threading.Event())


def test_it_stops_in_good_order(tmp_path):
    stop = threading.Event()
    with pytest.raises(Stopped):
        run_apart(partial(until_stopped, tmp_path / "cleared"), lambda _said: stop.set(), stop)
    assert (tmp_path / "cleared").exists()


def test_one_that_does_not_listen_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "GRACE", 0.2)
    stop = threading.Event()
    with pytest.raises(Stopped):
        run_apart(partial(deaf, tmp_path / "cleared"), lambda _said: stop.set(), stop)
    assert not (tmp_path / "cleared").exists()
