"""Which device is wanted, and what is remembered of it. Nothing of it needs a GPU, or torch."""

import pytest

from core.models import devices
from core.models.devices import Verdict


@pytest.fixture
def gpu(monkeypatch):
    """A machine with a GPU, or without."""

    def set(there, torch=True):
        monkeypatch.setattr(devices, "seems_to_have_gpu", lambda: there)
        monkeypatch.setattr(devices, "has_torch", lambda: torch)

    monkeypatch.delenv(devices.ENVIRONMENT, raising=False)
    return set


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("", "auto"), ("cpu", "cpu"), (" CUDA:1 ", "cuda:1"), ("mps", "mps"), ("auto", "auto"), ("gpu please", "auto")],
)
def test_a_person_says_it_with_a_variable(monkeypatch, said, wanted):
    monkeypatch.setenv(devices.ENVIRONMENT, said)
    assert devices.wanted() == wanted


def test_a_gpu_is_tried_where_one_may_be_and_is_wanted(gpu):
    gpu(True)
    assert devices.is_worth_trying("auto") and devices.is_worth_trying("cuda")
    assert not devices.is_worth_trying("cpu") and not devices.is_worth_trying(None)
    gpu(False)
    assert not devices.is_worth_trying("auto"), "PyTorch is not even loaded to look for one"
    assert devices.is_worth_trying("cuda"), "who names one knows better"
    gpu(True, torch=False)
    assert not devices.is_worth_trying("auto") and not devices.is_worth_trying("cuda")


def test_what_doctor_says(gpu, tmp_path, monkeypatch):
    gpu(False)
    assert devices.standing(tmp_path, "m-1") == ""
    gpu(True, torch=False)
    assert '".[torch]"' in devices.standing(tmp_path, "m-1")
    gpu(True)
    assert "next" in devices.standing(tmp_path, "m-1")
    devices.keep(tmp_path, "m-1", Verdict(True, "On the GPU.", "cuda", "bf16", 64, "H"))
    assert devices.standing(tmp_path, "m-1") == "On the GPU."
    assert "next" in devices.standing(tmp_path, "m-2") and "next" in devices.standing(None, "m-1")
    monkeypatch.setenv(devices.ENVIRONMENT, "cpu")
    assert devices.standing(tmp_path, "m-1") == "No GPU is used: RETROUVE_DEVICE is cpu."
    gpu(False)
    assert devices.standing(tmp_path, "m-1") == ""


def test_a_verdict_is_kept_and_a_damaged_one_is_none(tmp_path):
    verdict = Verdict(True, "It does.", "cuda:1", "fp16", 32, "A GPU", False)
    assert devices.kept(tmp_path / "cache", "m-1") is None
    devices.keep(tmp_path / "cache", "m-1", verdict)
    assert devices.kept(tmp_path / "cache", "m-1") == verdict
    [file] = (tmp_path / "cache").iterdir()
    for harmed in ("", "{}", "[]", '{"used": true, "sentence": "", "batch": 0}', '{"used": true, "more": 1}'):
        file.write_text(harmed)
        assert devices.kept(tmp_path / "cache", "m-1") is None
    (tmp_path / "file").write_text("no folder")
    devices.keep(tmp_path / "file", "m-1", verdict)
    assert devices.kept(tmp_path / "file", "m-1") is None


def test_the_system_is_looked_at_and_nothing_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setattr(devices.sys, "platform", "linux")
    monkeypatch.setattr(devices, "_SIGNS", (str(tmp_path / "nvidiactl"),))
    assert not devices.seems_to_have_gpu()
    (tmp_path / "nvidiactl").touch()
    assert devices.seems_to_have_gpu()
    monkeypatch.setattr(devices.sys, "platform", "win32")
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    assert not devices.seems_to_have_gpu()
    monkeypatch.setattr(devices.sys, "platform", "darwin")
    monkeypatch.setattr(devices.platform, "machine", lambda: "arm64")
    assert devices.seems_to_have_gpu()
