"""Models come from a hub on loopback, whole and right, through cut lines, wrong bytes, refusals and full disks."""

import collections
import importlib.util
import json
import shutil
import threading
from pathlib import Path

import pytest

from core.errors import CallError, DiskFull, HubError, ModelDamaged, ModelError, ModelMissing, TorchMissing
from core.models import curated, downloading, fetching, hub
from core.models.downloading import download
from core.models.fetching import FetchRequest, fetch, folder_of, plan
from core.models.hub import Kind, RemoteFile, look, repository_of
from core.models.importing import Step
from core.models.shelf import Shelf
from tests.core.models import small_models
from tests.core.models.loopback_hub import COMMIT, Cut, Drip, Page, Redirected, Refused, Stall, Whole, Wrong, serve

pytestmark = pytest.mark.torch
ONNX, OPENCLIP = "hf-hub:tests/small-onnx", "hf-hub:tests/small-openclip"
GRAPH, WEIGHTS = "visual/model.onnx", "open_clip_model.safetensors"


@pytest.fixture(scope="module")
def stock(tmp_path_factory) -> Path:
    """Two repositories, one of each kind that is fetched, with files beside them that no model needs."""
    folder = tmp_path_factory.mktemp("hub")
    small_models.immich(folder / "tests" / "small-onnx")
    (folder / "tests/small-onnx/visual/model.armnn").write_bytes(b"another form" * 2000)
    small_models.local_dir(folder / "tests" / "small-openclip")
    (folder / "tests/small-openclip/open_clip_pytorch_model.bin").write_bytes(b"the same as a pickle" * 2000)
    (folder / "tests/small-openclip/README.md").write_text("# A card")
    (folder / "tests/nothing").mkdir()
    (folder / "tests/nothing/README.md").write_text("nothing")
    return folder


@pytest.fixture
def served(stock, monkeypatch):
    """The hub, asked instead of the real one, at once and not after a pause."""
    from huggingface_hub import constants

    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(downloading, "WAITS", (0.0, 0.0, 0.0))
    with serve(stock) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


@pytest.fixture
def quick_import(monkeypatch):
    """Fetching alone: what is fetched is looked at, and not imported."""
    seen = {}

    def look_at(_shelf, request, _tell):
        seen.update(
            {p.relative_to(request.path).as_posix(): p.read_bytes() for p in request.path.rglob("*") if p.is_file()}
        )
        return request

    monkeypatch.setattr(fetching, "import_model", look_at)
    return seen


def graph_of(stock: Path) -> bytes:
    return (stock / "tests/small-onnx" / GRAPH).read_bytes()


def test_an_onnx_model_comes_to_the_shelf(served, shelf):
    chosen = plan(shelf, FetchRequest(ONNX, name="mine"))
    assert chosen.listing.kind is Kind.ONNX
    assert chosen.listing.licence == "mit"
    assert chosen.listing.bytes == sum(file.size for file in chosen.listing.files)
    heard = []
    report = fetch(shelf, chosen, lambda *step: heard.append(step))
    info = report.info
    assert info == shelf.find("mine")
    assert info.raw["licence"] == "mit"
    assert (info.raw["source"], info.raw["commit"]) == (ONNX, COMMIT)
    fetched = [done for step, done, total in heard if step is Step.FETCH]
    assert fetched == sorted(fetched)
    assert (fetched[0], fetched[-1]) == (0, chosen.listing.bytes)
    assert heard[-1] == (Step.MEASURE, 48, 48)
    assert [path.name for path in shelf.folder.iterdir()] == ["mine"]
    assert not any("armnn" in path or "README" in path for _, path, _ in served.requests)
    with pytest.raises(CallError, match="already"):
        plan(shelf, FetchRequest(ONNX, name="mine"))


def test_a_commit_that_is_none_is_refused(served, shelf, monkeypatch):
    monkeypatch.setattr("tests.core.models.loopback_hub.COMMIT", "../../../../elsewhere")
    with pytest.raises(ModelDamaged, match="names no commit"):
        plan(shelf, FetchRequest(ONNX))


def test_an_openclip_checkpoint_comes_without_its_pickle(served, shelf, quick_import):
    chosen = plan(shelf, FetchRequest(OPENCLIP))
    assert (chosen.name, chosen.listing.kind) == ("small-openclip", Kind.OPENCLIP)
    assert [file.path for file in chosen.listing.files] == ["open_clip_config.json", WEIGHTS]
    fetch(shelf, chosen)
    assert {"open_clip_config.json", WEIGHTS} <= set(quick_import)
    assert not any(path.endswith((".bin", ".md")) for _, path, _ in served.requests)


def test_a_line_that_is_cut_goes_on_where_it_was(served, shelf, stock, quick_import):
    graph = graph_of(stock)
    served.faults["model.onnx"] = [Cut(5000), Cut(1), Cut(0), Cut(7000), Refused(503)]
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph
    asked = served.asked("store/tests/small-onnx/textual/model.onnx") + served.asked(f"store/tests/small-onnx/{GRAPH}")
    assert {"bytes=5000-", "bytes=5001-", "bytes=12001-"} <= set(asked)


def test_a_hub_that_does_not_heed_ranges_is_asked_anew(served, shelf, stock, quick_import):
    served.faults["model.onnx"] = [Cut(5000), Whole()]
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph_of(stock)


def test_a_fetch_that_was_ended_goes_on_in_the_next(served, shelf, stock, quick_import):
    chosen = plan(shelf, FetchRequest(ONNX))
    folder = folder_of(shelf, chosen.listing)

    def stop(_step, done, _total):
        if done > 7_500_000:
            raise KeyboardInterrupt

    served.faults["tokenizer.json"] = [Drip(100_000, 0.001)]
    with pytest.raises(KeyboardInterrupt):
        fetch(shelf, chosen, stop)
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert there > 7_500_000
    assert not quick_import
    served.requests.clear()
    heard = []
    fetch(shelf, plan(shelf, FetchRequest(ONNX)), lambda *step: heard.append(step))
    first = next(done for step, done, _ in heard if done)
    assert 0 < first < 1000  # the small files in front are there
    [ranges] = {ranges for ranges in served.asked("tokenizer.json") if ranges}  # of the hub, and of its store
    assert int(ranges.removeprefix("bytes=").removesuffix("-")) > 900_000
    assert quick_import["textual/tokenizer.json"] == (stock / "tests/small-onnx/textual/tokenizer.json").read_bytes()
    assert not folder.exists()


@pytest.mark.parametrize("fault", [Stall(5000), Stall(0), Drip(100, 0.05)])
def test_a_slow_or_dead_line_can_be_ended_at_once(served, shelf, fault):
    """While nothing comes the caller is heard all the same: it ends the fetch, and the hub's thread with it."""
    served.faults["tokenizer.json"] = [fault]
    chosen = plan(shelf, FetchRequest(ONNX))
    calls = []

    def stop(_step, _done, _total):
        calls.append(None)
        if len(calls) > 12:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        fetch(shelf, chosen, stop)
    assert not [thread for thread in threading.enumerate() if thread.name == "download"]
    assert threading.active_count() <= before + 2  # the hub's own


def test_a_slow_drip_comes_to_its_end(served, shelf, stock, quick_import):
    served.faults["model.onnx"] = [Drip(60_000, 0.005), Drip(60_000, 0.005)]
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph_of(stock)


def test_a_line_that_stays_dead_is_tried_again_and_then_given_up(served, shelf, monkeypatch):
    monkeypatch.setattr(downloading, "STALLED", 0.2)
    served.faults["tokenizer.json"] = [Stall(3000), *[Stall(0)] * 9]
    with pytest.raises(HubError, match="does not answer"):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert len(served.asked("store/tests/small-onnx/textual/tokenizer.json")) == 5


def test_wrong_bytes_are_fetched_anew_and_twice_wrong_refused(served, shelf, stock, quick_import):
    served.faults["model.onnx"] = [Wrong(), Wrong()]
    fault = "came otherwise"
    with pytest.raises(HubError, match=fault):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert not list(shelf.folder.rglob("model.onnx*"))
    served.faults["model.onnx"] = [Wrong()]
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph_of(stock)


def test_a_small_file_is_compared_with_gits_own_hash(served, shelf, quick_import):
    served.faults["preprocess_cfg.json"] = [Wrong(), Wrong()]
    with pytest.raises(HubError, match=r"preprocess_cfg\.json of tests/small-onnx came otherwise"):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))


def test_too_many_requests_are_waited_out(served, shelf, stock, quick_import):
    served.faults["model.onnx"] = [Refused(429, 1), Refused(429), Refused(503)]
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph_of(stock)


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([Refused(429)] * 9, "too many requests"),
        ([Refused(429, 900)], "too many requests"),
        ([Refused(500)] * 9, "fault of its own"),
        ([Refused(404)], "lost a file"),
        ([Refused(403)], "HTTP 403"),
        ([Cut(0)] * 9, "cannot be reached"),
    ],
)
def test_a_file_that_cannot_be_had(served, shelf, faults, said):
    served.faults["model.onnx"] = list(faults)
    with pytest.raises(HubError, match=said):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Refused(429), HubError, "too many requests"),
        (Refused(503), HubError, "fault of its own"),
        (Refused(418), HubError, "HTTP 418"),
    ],
)
def test_a_hub_that_refuses_to_list(served, shelf, fault, error, said):
    served.faults["small-onnx"] = [fault]
    with pytest.raises(error, match=said):
        plan(shelf, FetchRequest(ONNX))


def test_what_the_hub_has_not(served, shelf):
    with pytest.raises(ModelMissing, match="no model tests/nobody"):
        plan(shelf, FetchRequest("hf-hub:tests/nobody"))
    with pytest.raises(ModelMissing, match="no model that Retrouve can read"):
        plan(shelf, FetchRequest("hf-hub:tests/nothing"))


def test_no_hub_at_all(served, shelf, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match="cannot be reached"):
        plan(shelf, FetchRequest(ONNX))
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        plan(shelf, FetchRequest(ONNX))


def test_something_else_that_answers(tmp_path, monkeypatch, served, shelf):
    """A page of a hotel's network, with status 200 and no JSON."""
    monkeypatch.setattr(hub, "endpoint", lambda: f"{served.url}/tests/small-onnx/resolve/main/README.md?")
    with pytest.raises(HubError, match="is no hub"):
        look("tests/small-onnx")


def test_a_page_in_place_of_a_file_is_said_at_once(served, shelf):
    served.faults["model.onnx"] = [Page(), Page()]
    with pytest.raises(HubError, match="something else for textual/model"):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert len(served.faults["model.onnx"]) == 1, "it was asked for once"


def test_redirects_without_an_end(served, shelf):
    served.faults["model.onnx"] = [Redirected()] * 100
    with pytest.raises(HubError, match="from address to address"):
        fetch(shelf, plan(shelf, FetchRequest(ONNX)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cardData": "x"}, None),
        ({"cardData": {"license": [["mit"]]}}, None),
        ({"siblings": 3}, "no hub|makes no sense"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_an_answer_that_makes_little_sense(served, shelf, change, said):
    served.answer = change
    if said is None:
        assert plan(shelf, FetchRequest(ONNX)).listing.licence is None
    else:
        with pytest.raises((HubError, ModelDamaged), match=said):
            plan(shelf, FetchRequest(ONNX))


def test_a_file_that_no_model_needs_may_lack_its_hash(served, shelf):
    served.hashless = "model.armnn"
    assert plan(shelf, FetchRequest(ONNX)).listing.kind is Kind.ONNX
    served.hashless = "model.onnx"
    with pytest.raises(ModelDamaged, match="no hash"):
        plan(shelf, FetchRequest(ONNX))


@pytest.mark.parametrize("address", ["http://[::1", "http://127.0.0.1:99999", "ftp://hub", "hub"])
def test_an_endpoint_that_is_no_address(shelf, monkeypatch, address):
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(HubError, match="HF_ENDPOINT is no address"):
        plan(shelf, FetchRequest(ONNX))


def test_an_endpoint_that_is_empty_is_not_set(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "")
    assert hub.endpoint() == "https://huggingface.co"


def test_a_proxy_that_is_none(served, shelf, monkeypatch):
    from huggingface_hub.utils import close_session

    close_session()
    monkeypatch.setenv("HTTP_PROXY", "nonsense://here")
    monkeypatch.setenv("ALL_PROXY", "nonsense://here")
    with pytest.raises(HubError, match="proxy that is set"):
        plan(shelf, FetchRequest(ONNX))
    close_session()


def test_nobody_is_told_what_runs_this(served, shelf, retrouve, own_home):
    """In a process of its own: the library that is asked asks once a process."""
    online = {"HF_ENDPOINT": served.url, "HF_HUB_OFFLINE": "0", "HF_HOME": str(own_home / "hf")}
    served.faults["small-onnx"] = [Refused(418)]
    assert retrouve("models", "fetch", ONNX, environment=online).code == 3
    assert [path for _, path, _ in served.requests] == ["/api/models/tests/small-onnx"]
    assert not (own_home / "hf").exists()
    wrong = retrouve("--json", "models", "fetch", ONNX, environment=online | {"HF_ENDPOINT": "http://[::1"})
    assert wrong.code == 3 and "no address" in wrong.document["error"]


@pytest.mark.parametrize(
    "text",
    [
        "hf-hub:",
        "hf-hub:one",
        "hf-hub:a/b/c",
        "hf-hub:../x",
        "hf-hub:a/..",
        "hf-hub:a b/c",
        "https://huggingface.co/a/b",
    ],
)
def test_names_that_are_none(text):
    with pytest.raises(CallError, match="hf-hub:organisation/name"):
        repository_of(text)


def test_names_with_a_revision():
    assert repository_of("hf-hub:timm/vit_base.openai") == ("timm/vit_base.openai", None)
    assert repository_of("hf-hub:a/b@refs/pr/1") == ("a/b", "refs/pr/1")


def test_files_that_would_lie_elsewhere_are_left_out():
    for path in ("../x", "/x", "a/../../x", "a\\..\\x", "C:x", ""):
        assert not hub._is_safe(path)
    assert hub._is_safe("visual/model.onnx")


def test_a_disk_without_room_is_noticed_before(served, shelf, monkeypatch):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _place: collections.namedtuple("Usage", "total used free")(10**9, 10**9, 10**6)
    )
    served.requests.clear()
    with pytest.raises(DiskFull, match=r"tests/small-onnx needs \d+ MB .* has 1 MB left"):
        plan(shelf, FetchRequest(ONNX))
    assert not [path for _, path, _ in served.requests if "resolve" in path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is /dev/full, which is Linux's")
def test_a_disk_that_fills_up_is_a_sentence(served, shelf, stock, quick_import):
    chosen = plan(shelf, FetchRequest(ONNX))
    folder = folder_of(shelf, chosen.listing)
    (folder / "visual").mkdir(parents=True)
    (folder / "visual/model.onnx.part").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="disk is full"):
        fetch(shelf, chosen)
    (folder / "visual/model.onnx.part").unlink()
    assert (folder / "config.json").is_file()  # what was fetched is kept
    fetch(shelf, plan(shelf, FetchRequest(ONNX)))
    assert quick_import[GRAPH] == graph_of(stock)


def test_a_hostile_pickle_from_the_hub_is_refused_and_thrown_away(served, shelf, tmp_path):
    from tests.core.models.test_importing import Bomb

    torch = pytest.importorskip("torch")
    folder = served.folder / "tests" / "hostile"
    folder.mkdir()
    try:
        shutil.copy(served.folder / "tests/small-openclip/open_clip_config.json", folder)
        torch.save({"bomb": Bomb(tmp_path / "went off")}, folder / "open_clip_pytorch_model.bin")
        with pytest.raises(ModelDamaged, match="more than weights"):
            fetch(shelf, plan(shelf, FetchRequest("hf-hub:tests/hostile")))
    finally:
        shutil.rmtree(folder)
    assert not (tmp_path / "went off").exists()
    assert list(shelf.folder.iterdir()) == []


def test_only_one_process_fetches_a_model(served, shelf):
    chosen = plan(shelf, FetchRequest(ONNX))
    with fetching._alone(folder_of(shelf, chosen.listing)), pytest.raises(ModelError, match="Another process"):
        fetch(shelf, chosen)


# Curated models


@pytest.fixture
def lists_small(monkeypatch):
    """The list, with one entry of each kind that this hub has."""
    first, *_ = curated.curated()
    entries = {
        "both": {"source": "tests/small-openclip", "onnx": "tests/small-onnx", "licence": "MIT"},
        "torch-only": {"source": "tests/small-openclip", "onnx": None, "licence": "MIT"},
        "research": {
            "source": "tests/small-openclip",
            "onnx": None,
            "licence": "Somebody's own",
            "research_only": True,
        },
    }
    from dataclasses import replace

    models = tuple(replace(first, name=name, **values) for name, values in entries.items())
    monkeypatch.setattr(curated, "curated", lambda path=None: models)
    return models


def test_a_curated_model_says_its_licence_before_anything_is_asked(served, shelf, lists_small):
    served.requests.clear()
    with pytest.raises(CallError, match=r"research only: Somebody's own.*--accept-licence"):
        plan(shelf, FetchRequest("research"))
    assert served.requests == []
    chosen = plan(shelf, FetchRequest("research", accepted=True))
    assert chosen.warning is not None and "research only" in chosen.warning
    assert chosen.about["research_only"] is True


def test_a_curated_model_comes_as_what_this_install_runs(served, shelf, lists_small, monkeypatch):
    assert plan(shelf, FetchRequest("both")).listing.kind is Kind.OPENCLIP
    assert plan(shelf, FetchRequest("both", graphs=True)).listing.kind is Kind.ONNX
    with pytest.raises(ModelMissing, match="leave --graphs out"):
        plan(shelf, FetchRequest("torch-only", graphs=True))
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in ("torch", "open_clip") else real(name, *rest)
    )
    assert plan(shelf, FetchRequest("both")).listing.kind is Kind.ONNX
    with pytest.raises(TorchMissing, match="pip install"):
        plan(shelf, FetchRequest("torch-only"))
    with pytest.raises(TorchMissing, match="pip install"):
        plan(shelf, FetchRequest(OPENCLIP))


def test_a_file_that_is_there_is_not_fetched_again(served, tmp_path):
    (tmp_path / "config.json").write_bytes(b"12345")
    heard = []
    download(
        "tests/small-onnx", COMMIT, RemoteFile("config.json", 5, None, "x"), tmp_path / "config.json", heard.append
    )
    assert heard == [5]
    assert served.requests == []


def test_the_command_fetches(served, retrouve):
    offline = {"HF_ENDPOINT": served.url, "HF_HUB_OFFLINE": "1"}
    refused = retrouve("models", "fetch", ONNX, environment=offline)
    assert (refused.code, "HF_HUB_OFFLINE" in refused.err) == (3, True)
    online = {"HF_ENDPOINT": served.url, "HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "0"}
    served.faults["tokenizer.json"] = [Cut(400_000)]
    came = retrouve("--json", "models", "fetch", ONNX, "--name", "mine", environment=online)
    assert came.code == 0, came
    assert came.document["model"]["licence"] == "mit"
    names = [model["name"] for model in retrouve("--json", "models", "list").document["models"] if model["here"]]
    assert names == ["starter", "mine"]
    wrong = retrouve("models", "fetch", "MobileCLIP2-S0", environment=online)
    assert wrong.code == 2
    assert "research only" in wrong.err and "--accept-licence" in wrong.err
    assert json.loads((Path(came.document["model"]["folder"]) / "model.json").read_text())["commit"] == COMMIT
