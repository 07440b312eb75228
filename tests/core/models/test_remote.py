"""The worker process through its proxy: real processes, real pictures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.errors import ModelDamaged, ModelMissing, WorkerError
from core.models.encoder import EncoderSpec
from core.models.remote import Limits, PhotoDone, PhotoFailed, PhotoJob, RemoteEncoder
from core.types import FileStamp

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def fakes(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    import fake_worker

    return fake_worker


@pytest.fixture
def make(fakes, tmp_path):
    made = []

    def build(toolbox=fakes.toolbox, **limits):
        encoder = RemoteEncoder(EncoderSpec(tmp_path), toolbox=toolbox, limits=Limits(**limits))
        made.append(encoder)
        return encoder

    yield build
    for encoder in made:
        encoder.close()


def jobs_of(paths, **wants):
    jobs = []
    for key, path in enumerate(paths):
        status = path.stat()
        jobs.append(PhotoJob(key, path, FileStamp(status.st_size, status.st_mtime_ns, status.st_ino), **wants))
    return jobs


def outcomes_of(encoder, jobs):
    return {outcome.key: outcome for outcome in encoder.process(jobs) if outcome is not None}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A zombie has ended: only its parent (in a container: nobody) has not asked yet.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


def test_photos_come_back_with_embedding_thumbnail_and_stamp(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / f"{i}.png", i) for i in range(30)]
    jobs = jobs_of(paths)
    found = outcomes_of(make(), jobs)
    assert set(found) == set(range(30))
    for key, done in found.items():
        assert isinstance(done, PhotoDone)
        assert done.embedding.dtype == np.float16 and done.embedding.shape == (fakes.DIM,)
        assert done.thumbnail[:2] == b"\xff\xd8"
        assert (done.metadata.width, done.stamp) == (24, jobs[key].stamp)
        want = fakes.ColourEncoder().encode_images([Image.open(paths[key]).convert("RGB")])[0]
        assert np.allclose(done.embedding, want, atol=1e-3)


def test_metadata_alone_reads_no_pixel(make, fakes, tmp_path):
    path = fakes.draw(tmp_path / "crash.png", 1)
    found = outcomes_of(make(), jobs_of([path], want_embedding=False, want_thumbnail=False))
    assert found[0].embedding is None and found[0].thumbnail is None and found[0].metadata.width == 24


def test_a_thumbnail_alone_needs_no_model(make, fakes, tmp_path):
    path = fakes.draw(tmp_path / "a.png", 1)
    found = outcomes_of(make(), jobs_of([path], want_embedding=False))
    assert found[0].embedding is None and found[0].thumbnail


def test_a_file_that_crashes_its_decoder_costs_itself_alone(make, fakes, tmp_path):
    names = [f"{i}.png" for i in range(20)]
    names[3] = "crash.png"
    names[11] = "segfault.png"
    names[15] = "onetime.png"
    found = outcomes_of(make(), jobs_of([fakes.draw(tmp_path / name, i) for i, name in enumerate(names)]))
    assert set(found) == set(range(20))
    failed = {key: outcome.reason for key, outcome in found.items() if isinstance(outcome, PhotoFailed)}
    assert failed == dict.fromkeys((3, 11), "Reading this file crashed the decoder.")


def test_nothing_but_crashing_files(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / f"crash{i}.png", i) for i in range(4)]
    found = outcomes_of(make(), jobs_of(paths))
    assert [found[i].reason for i in range(4)] == ["Reading this file crashed the decoder."] * 4


def test_a_picture_that_crashes_the_model_is_found_out(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / f"{i}.png", i, side=7 if i == 5 else 24) for i in range(12)]
    found = outcomes_of(make(), jobs_of(paths))
    failed = {key: outcome.reason for key, outcome in found.items() if isinstance(outcome, PhotoFailed)}
    assert failed == {5: "Encoding this picture crashed the model."}


def test_a_file_that_hangs_is_given_up(make, fakes, tmp_path):
    names = ["a.png", "hang.png", "b.png", "c.png"]
    paths = [fakes.draw(tmp_path / name, i) for i, name in enumerate(names)]
    encoder = make(file_s=0.5)
    found = outcomes_of(encoder, jobs_of(paths))
    assert found[1] == PhotoFailed(1, "Reading this file took longer than 0.5 seconds.")
    assert all(isinstance(found[key], PhotoDone) for key in (0, 2, 3))


@pytest.mark.skipif(sys.platform == "win32", reason="another C library")
def test_native_code_that_holds_the_interpreter_is_given_up(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / name, i) for i, name in enumerate(["a.png", "stuck.png", "b.png"])]
    found = outcomes_of(make(file_s=0.5), jobs_of(paths))
    assert isinstance(found[1], PhotoFailed)
    assert isinstance(found[0], PhotoDone) and isinstance(found[2], PhotoDone)


def test_odd_outcomes_have_reasons(make, fakes, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    paths = [tmp_path / "text.png", fakes.draw(tmp_path / "bug.png", 1)]
    paths += [fakes.draw(tmp_path / "nan.png", 2, side=3), fakes.draw(tmp_path / "five.png", 3, side=5)]
    paths += [fakes.draw(tmp_path / "good.png", 4)]
    found = outcomes_of(make(), jobs_of(paths))
    assert found[0].reason == "This is no picture."
    assert "ZeroDivisionError" in found[1].reason
    assert "no usable embedding" in found[2].reason
    assert "could not encode" in found[3].reason
    assert isinstance(found[4], PhotoDone)


def test_a_file_that_changes_while_it_is_read_shows_in_the_stamp(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / "touch.png", 1), fakes.draw(tmp_path / "a.png", 2)]
    jobs = jobs_of(paths)
    found = outcomes_of(make(), jobs)
    assert found[0].stamp.mtime_ns == 1 and found[1].stamp == jobs[1].stamp


def test_sentences_are_answered_while_photos_are_processed(make, fakes, tmp_path):
    encoder = make(fakes.slow_toolbox)
    paths = [fakes.draw(tmp_path / f"{i}.png", i) for i in range(100)]
    outcomes = encoder.process(jobs_of(paths))
    assert any(isinstance(outcome, PhotoDone) for outcome in outcomes)  # in the middle of it
    times = []
    for length in range(1, 6):
        begin = time.perf_counter()
        found = encoder.encode_texts(["x" * length])
        times.append(time.perf_counter() - begin)
        assert found.shape == (1, fakes.DIM) and found.dtype == np.float32
    assert sorted(times)[2] < 0.1
    assert sum(outcome is not None for outcome in outcomes) >= 80  # photos went on


def test_sentences_and_images_from_many_threads(make, fakes):
    encoder = make()
    image = Image.new("RGB", (20, 20), (200, 10, 10))
    results = {}

    def ask(number):
        results[number] = (encoder.encode_texts(["y" * number]), encoder.encode_images([image] * number))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = fakes.ColourEncoder()
    for number, (text, images) in results.items():
        assert np.array_equal(text, alone.encode_texts(["y" * number]))
        assert images.shape == (number, fakes.DIM)


def test_a_request_outlives_a_killed_worker(make, fakes):
    encoder = make()
    first = encoder.encode_texts(["hello"])
    os.kill(encoder.worker_pid, signal.SIGTERM)
    assert np.array_equal(encoder.encode_texts(["hello"]), first)


def test_a_request_that_kills_every_worker_is_refused(make):
    encoder = make()
    with pytest.raises(WorkerError):
        encoder.encode_texts(["poison"])
    assert encoder.encode_texts(["fine"]).shape[0] == 1


def test_a_missing_model_is_told_as_itself(make, fakes, tmp_path):
    encoder = make(fakes.missing_toolbox)
    with pytest.raises(ModelMissing, match="folder is not there"):
        encoder.encode_texts(["x"])
    with pytest.raises(ModelMissing):
        outcomes_of(encoder, jobs_of([fakes.draw(tmp_path / "a.png", 1)]))


def test_a_model_that_does_not_load_is_a_worker_error(make, fakes):
    with pytest.raises(WorkerError, match="not a model"):
        make(fakes.failing_toolbox).encode_texts(["x"])


def test_a_worker_that_cannot_start_is_told_in_a_sentence(make, fakes, tmp_path):
    encoder = make(fakes.dying_toolbox)
    with pytest.raises(WorkerError, match=r"stopped 3 times .* no such instruction"):
        outcomes_of(encoder, jobs_of([fakes.draw(tmp_path / "a.png", 1)]))


def test_closing_in_the_middle_is_quick_and_leaves_no_process(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / f"{i}.png", i) for i in range(60)] + [fakes.draw(tmp_path / "hang.png", 99)]
    encoder = make(fakes.slow_toolbox)
    outcomes = encoder.process(jobs_of(paths))
    next(outcomes)
    pid = encoder.worker_pid
    begin = time.perf_counter()
    encoder.close()
    encoder.close()
    assert time.perf_counter() - begin < 2
    assert not alive(pid)
    with pytest.raises(WorkerError):
        list(outcomes)
    with pytest.raises(WorkerError):
        encoder.encode_texts(["x"])


def test_a_run_that_is_closed_leaves_nothing_to_the_next(make, fakes, tmp_path):
    paths = [fakes.draw(tmp_path / f"{i}.png", i) for i in range(60)]
    encoder = make(fakes.slow_toolbox)
    with closing(encoder.process(jobs_of(paths))) as outcomes:
        next(outcomes)
        with pytest.raises(WorkerError, match="already"):
            next(encoder.process([]))
    found = outcomes_of(encoder, jobs_of(paths[:3]))
    assert set(found) == {0, 1, 2}


def test_jobs_are_taken_as_they_are_needed(make, fakes, tmp_path):
    path = fakes.draw(tmp_path / "slow.png", 1)
    (job,) = jobs_of([path])
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield PhotoJob(taken, path, job.stamp)

    with closing(make(look_ahead=10).process(endless())) as outcomes:
        done = 0
        while done < 20:
            done += next(outcomes) is not None
        assert taken <= 20 + 10


@pytest.mark.parametrize("what", ["gpu", "measured"])
def test_a_gpu_gets_large_batches_and_the_next_is_prepared_meanwhile(make, fakes, tmp_path, what):
    """And so does a processor that was found to be faster so on the way."""
    paths = [fakes.draw(tmp_path / f"{n:03}.png", n) for n in range(384)]
    encoder = make(fakes.gpu_toolbox if what == "gpu" else fakes.measured_toolbox, look_ahead=8)
    taken, most, out = 0, 0, 0

    def jobs():
        nonlocal taken
        for job in jobs_of(paths):
            taken += 1
            yield job

    found = {}
    for outcome in encoder.process(jobs()):
        most = max(most, taken - out)
        if outcome is not None:
            out += 1
            found[outcome.key] = outcome
    assert most > 64, "three batches are under way, whatever is enough without a GPU"
    for key, path in enumerate(paths):
        own = fakes.ColourEncoder().encode_images([Image.open(path).convert("RGB")])[0]
        assert isinstance(found[key], PhotoDone), found[key]
        np.testing.assert_allclose(found[key].embedding.astype(np.float32), own, atol=2e-3)
    assert encoder.remark == "32 at once."


def test_a_gpu_that_ends_the_worker_costs_no_photo(make, fakes, tmp_path):
    # Three workers need 128 photos each until they try, and go on with more while a try ends them.
    paths = [fakes.draw(tmp_path / f"{n:03}.png", n) for n in range(800)]
    encoder = make(fakes.deadly_toolbox)
    found = outcomes_of(encoder, jobs_of(paths))
    assert len(found) == 800 and all(isinstance(outcome, PhotoDone) for outcome in found.values())
    assert encoder.remark == "Each try ended its process." and len(list(tmp_path.glob("try-*"))) == 2


def test_an_empty_list_needs_no_worker(make):
    encoder = make()
    assert list(encoder.process([])) == []
    assert encoder.worker_pid is None


_DRIVER = """
import sys, threading
sys.path.insert(0, {here!r})
import fake_worker
from pathlib import Path
from core.models.encoder import EncoderSpec
from core.models.remote import PhotoJob, RemoteEncoder
from core.types import FileStamp

def main():
    encoder = RemoteEncoder(EncoderSpec(Path({folder!r})), toolbox=fake_worker.slow_toolbox{more})
    jobs = (PhotoJob(i, Path({photo!r}), FileStamp(0, 0, 0)) for i in range({count}))
    done = 0
    for outcome in encoder.process(jobs):
        if outcome is not None:
            done += 1
            if done == 1:
                print(encoder.worker_pid, flush=True)
    print("done", done, flush=True)
    {end}

if __name__ == "__main__":
    main()
"""


def driver(fakes, tmp_path, count, end="encoder.close()", name="a.png", more=""):
    photo = fakes.draw(tmp_path / name, 1)
    return _DRIVER.format(here=str(HERE), folder=str(tmp_path), photo=str(photo), count=count, end=end, more=more)


def start(script, *, by="file", tmp_path=None):
    if by == "file":
        file = tmp_path / "driver.py"
        file.write_text(script)
        call = [sys.executable, str(file)]
    else:
        call = [sys.executable, "-c", script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **({"TMPDIR": str(tmp_path)} if tmp_path else {})}
    return subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
def test_no_process_outlives_its_parent(fakes, tmp_path):
    with start(driver(fakes, tmp_path, 100_000), tmp_path=tmp_path) as parent:
        pid = int(parent.stdout.readline())
        children = {int(line) for line in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()}
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert pid in children
        until(lambda: not any(map(alive, children)), 3)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is no thing of Windows")
def test_a_worker_that_is_stuck_does_not_outlive_its_parent(fakes, tmp_path):
    script = driver(fakes, tmp_path, 1, name="stuck.png", more=", limits=Limits(file_s=2.0)")
    script = script.replace("import PhotoJob,", "import Limits, PhotoJob,")
    script = script.replace("    jobs =", "    encoder.start()\n    print(encoder.worker_pid, flush=True)\n    jobs =")
    with start(script, tmp_path=tmp_path) as parent:
        pid = int(parent.stdout.readline())
        until((tmp_path / "stuck.mark").exists)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert alive(pid)
        until(lambda: not alive(pid), 6)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for children")
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.15])
def test_a_parent_that_is_killed_while_its_worker_starts(fakes, tmp_path, wait):
    script = driver(fakes, tmp_path, 1).replace(
        "    jobs =", "    encoder.start()\n    print('started', flush=True)\n    jobs ="
    )
    with start(script, tmp_path=tmp_path) as parent:
        assert parent.stdout.readline() == "started\n"
        children = {int(line) for line in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()}
        threading.Event().wait(wait)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert children
        until(lambda: not any(map(alive, children)), 5)


@pytest.mark.parametrize("by", ["file", "-c"])
@pytest.mark.parametrize("end", ["encoder.close()", "pass"])
def test_it_works_from_any_start_and_says_nothing(fakes, tmp_path, by, end):
    with start(driver(fakes, tmp_path, 3, end, name="noise.png"), by=by, tmp_path=tmp_path) as parent:
        out, err = parent.communicate(timeout=60)
    assert parent.returncode == 0
    assert out.splitlines()[1:] == ["done 3"]
    assert err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a group of processes")
def test_an_interrupt_in_the_terminal_is_the_parents_alone(fakes, tmp_path):
    """Ctrl-C goes to the whole group: the worker neither dies of it nor prints a traceback."""
    script = driver(fakes, tmp_path, 40).replace(
        "def main():", "import signal; signal.signal(2, signal.SIG_IGN)\ndef main():"
    )
    file = tmp_path / "driver.py"
    file.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        cwd=ROOT, start_new_session=True,
    ) as parent:  # fmt: skip
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)
        assert alive(pid)
        out, err = parent.communicate(timeout=60)
    assert (out, err) == ("done 40\n", "")


def test_a_model_that_was_replaced_meanwhile_is_refused(fakes, tmp_path):
    """A worker that starts again must not file another model's vectors under the name of the first."""
    info = SimpleNamespace(model_id="shapes", dim=fakes.DIM)
    encoder = RemoteEncoder(EncoderSpec(tmp_path), info=info, toolbox=fakes.toolbox)
    try:
        with pytest.raises(ModelDamaged, match="was replaced while Retrouve was running"):
            encoder.encode_texts(["a dog"])
    finally:
        encoder.close()


def test_photos_come_back_whole_from_a_worker_that_turns_gentle_and_back(make, fakes, tmp_path):
    encoder = make()
    encoder.gentle = True
    paths = [fakes.draw(tmp_path / f"{i}.png", i) for i in range(20)]
    found = {}
    for outcome in encoder.process(jobs_of(paths)):
        if outcome is not None:
            found[outcome.key] = outcome
            encoder.gentle = len(found) < 10
    assert set(found) == set(range(20)) and all(isinstance(done, PhotoDone) for done in found.values())
    assert encoder.gentle is False
