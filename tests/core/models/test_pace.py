"""A worker that works gently: one thread at a time, and a rest after each batch."""

from __future__ import annotations

import threading
import time

from core.models.pace import Pace


def inside(pace: Pace, kind: str, seen: list[int], busy: list[int], gate: threading.Event) -> None:
    with getattr(pace, kind)():
        busy.append(1)
        seen.append(len(busy))
        gate.wait(5)
        busy.pop()


def most_at_once(pace: Pace) -> int:
    seen: list[int] = []
    busy: list[int] = []
    gate = threading.Event()
    threads = [
        threading.Thread(target=inside, args=(pace, kind, seen, busy, gate))
        for kind in ("decoding", "decoding", "encoding")
    ]
    for thread in threads:
        thread.start()
    if not pace.gentle:
        deadline = time.monotonic() + 5
        while len(seen) < 3 and time.monotonic() < deadline:
            threading.Event().wait(0.005)
    gate.set()
    for thread in threads:
        thread.join()
    return max(seen)


def test_in_haste_all_threads_work_at_once() -> None:
    assert most_at_once(Pace()) == 3


def test_gently_one_thread_works_at_a_time() -> None:
    pace = Pace()
    pace.gentle = True
    assert most_at_once(pace) == 1


def test_after_a_batch_a_gentle_worker_rests_for_as_long_as_it_took() -> None:
    pace = Pace()
    pace.gentle = True
    start = time.monotonic()
    with pace.encoding():
        threading.Event().wait(0.1)
        worked = time.monotonic() - start
    assert time.monotonic() - start >= 2 * worked * 0.95


def test_a_rest_ends_when_haste_is_asked_for() -> None:
    pace = Pace()
    pace.gentle = True
    rested = threading.Event()

    def work() -> None:
        with pace.encoding():
            threading.Event().wait(0.3)
            begun.set()
        rested.set()

    begun = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(5)
    start = time.monotonic()
    pace.gentle = False
    assert rested.wait(5)
    assert time.monotonic() - start < 0.25
    thread.join()
