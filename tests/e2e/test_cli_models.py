"""``retrouve models``, played as a person would: import, list, measure, export, remove, and what goes wrong."""

from pathlib import Path

import pytest

from tests.core.models import small_models

pytestmark = pytest.mark.torch


def test_a_model_comes_is_used_and_goes(retrouve, tmp_path, samples):
    source = small_models.immich(tmp_path / "brought")
    first = retrouve("--json", "models", "list")
    assert first.code == 0
    assert [model["name"] for model in first.document["models"] if model["here"]] == ["starter"]

    came = retrouve("--json", "models", "import", source, "--name", "mine")
    assert came.code == 0, came
    assert came.document["model"]["name"] == "mine"
    assert came.document["model"]["runs_on"] == "openvino"
    assert any("hardly apart" in remark for remark in came.document["remarks"])
    folder = Path(came.document["model"]["folder"])
    assert folder.is_dir()

    listed = retrouve("models", "list")
    assert "\nmine\tyes\t" in listed.out
    assert "\nViT-B-32-256-datacomp\t\t605.0 MB\tMIT\t72.8\t39.9\t\ten\n" in listed.out
    assert "\nMobileCLIP2-S0\t\t299.0 MB\tresearch only\t71.5\t\t\ten\n" in listed.out

    some = tmp_path / "photos"
    some.mkdir()
    rows = (samples / "captions.jsonl").read_text().splitlines()[:6]
    (some / "captions.jsonl").write_text("\n".join(rows))
    for number in range(1, 7):
        (some / f"retrouve-{number:03}.jpg").write_bytes((samples / f"retrouve-{number:03}.jpg").read_bytes())
    assert retrouve("--json", "evaluate", some, "--model", "mine").document["photos"] == 6

    wrong = retrouve("models", "import", source, "--name", "mine")
    assert (wrong.code, wrong.out) == (2, "")
    assert "already" in wrong.err

    out = retrouve("models", "export", "mine", tmp_path / "out")
    assert out.code == 0, out
    assert (tmp_path / "out" / "README.md").is_file()
    assert retrouve("models", "export", "mine", tmp_path / "out").code == 2

    assert retrouve("models", "remove", "mine").code == 0
    assert not folder.exists()
    assert retrouve("models", "remove", "mine").code == 3
    assert retrouve("models", "remove", "starter").code == 2
    assert retrouve("--json", "models", "import", tmp_path / "out").document["model"]["name"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["frobnicate"], 2, "does not know"),
        (["import"], 2, "called otherwise"),
        (["list", "--architecture", "ViT-B-32"], 2, "says nothing"),
        (["import", "nowhere"], 3, "not there"),
        (["export", "nobody", "out"], 3, "no model `nobody`"),
    ],
)
def test_wrong_calls(retrouve, tmp_path, arguments, code, said):
    ran = retrouve("models", *arguments, cwd=tmp_path)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_library_moves_to_another_model_and_back(retrouve, photos, tmp_path):
    library = tmp_path / "library"
    assert retrouve("models", "import", small_models.immich(tmp_path / "brought"), "--name", "mine").code == 0
    assert retrouve("--library", library, "index", photos).code == 0
    chosen = retrouve("--library", library, "models", "use", "mine")
    assert chosen.code == 0 and "0 of 12 photos" in chosen.out and "retrouve index" in chosen.out
    before = retrouve("--library", library, "--json", "search", "red").document
    moved = retrouve("--library", library, "--json", "index").document
    assert "mine-" in moved["note"] and "`retrouve models tidy` removes that" in moved["note"]
    status = retrouve("--library", library, "--json", "status").document
    assert status["model"] == "mine"
    back = retrouve("--library", library, "--json", "models", "use", "starter").document
    assert (back["done"], back["total"]) == (12, 12)
    assert retrouve("--library", library, "--json", "index").document["encoded"] == 0
    assert retrouve("--library", library, "--json", "search", "red").document["hits"] == before["hits"]
    removed = retrouve("--library", library, "--json", "models", "tidy").document["removed"]
    assert [entry["embeddings"] for entry in removed] == [12]
    assert retrouve("--library", library, "--json", "models", "tidy").document["removed"] == []
    assert retrouve("--library", library, "models", "use", "nobody").code == 3
    assert retrouve("--library", library, "models", "list", "--at-once").code == 2
