"""How what was typed is understood."""

import re
import shlex
from pathlib import Path

import pytest

from app.cli import calls
from app.cli.calls import Call, Command, HelpWanted, Verb
from app.cli.commands import COMMANDS
from core.errors import CallError


def read(*argv: str) -> Call:
    return calls.read(list(argv), COMMANDS, lambda: "1.2.3")


def named(call: Call) -> str | None:
    return call.command.name if call.command else None


@pytest.mark.parametrize(
    "argv",
    [
        ("--library", "/lib", "--json", "--quiet", "search", "--top", "7", "a", "dog"),
        ("search", "a", "dog", "--library", "/lib", "--json", "--top", "7", "-q"),
        ("search", "--library=/lib", "a", "--top=7", "--json", "dog", "--quiet"),
        ("--json", "search", "a", "--quiet", "--top", "7", "dog", "--library", "/lib"),
    ],
)
def test_options_stand_anywhere(argv: tuple[str, ...]) -> None:
    call = read(*argv)
    assert named(call) == "search"
    assert call.operands == ("a", "dog")
    assert call.library == Path("/lib").absolute()
    given = {name: value for name, value in call.options.items() if value not in (None, False)}
    assert given == {"top": 7, "json": True, "quiet": True}


def test_words_with_a_dash_go_in_quotes_or_after_two() -> None:
    assert read("search", "dog -cat").operands == ("dog -cat",)
    assert read("search", "-cat dog").operands == ("-cat dog",)
    assert read("search", "--top", "3", "--", "-cat", "--json").operands == ("-cat", "--json")
    assert read("search", "dog", "--", "-cat").operands == ("dog", "-cat")
    with pytest.raises(CallError, match="begin with -"):
        read("search", "dog", "-cat")


def test_without_a_command_the_window_is_meant() -> None:
    assert read().command is None
    assert read("--library", "/lib").library == Path("/lib").absolute()
    assert read("--library", "index").command is None, "the value of --library is no command"


def test_the_library_comes_from_the_call_then_the_environment_then_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_home: Path
) -> None:
    assert own_home in read("status").library.parents
    monkeypatch.setenv("RETROUVE_LIBRARY", str(tmp_path / "other" / ".." / "mine"))
    assert read("status").library == tmp_path / "mine"
    assert read("status", "--library", "~/here").library == own_home / "here"
    monkeypatch.setenv("RETROUVE_LIBRARY", "")
    assert own_home in read("status").library.parents


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (("frobnicate",), "no command `frobnicate`"),
        (("serach", "x"), "Did you mean `retrouve search`"),
        (("search", "x", "--top", "many"), "`many` is not a number"),
        (("search", "x", "--top", "0"), "`0` is not a number"),
        (("search", "x", "--top"), "expected one argument"),
        (("search", "x", "--colour"), "--colour"),
        (("similar",), "needs PHOTO"),
        (("similar", "a.jpg", "b.jpg"), "`b.jpg`"),
        (("status", "now"), "`now`"),
        (("forget",), "needs FOLDER"),
        (("--json",), "needs a command"),
        (("--frob",), "--frob"),
        (("--library",), "expected one argument"),
        (("--library", "", "status"), "empty"),
        (("--", "search"), "before --"),
        (("search", "a\0b"), "NUL"),
        (("status", "--lib", "x"), "--lib"),
    ],
)
def test_a_wrong_call_is_one_sentence(argv: tuple[str, ...], part: str) -> None:
    with pytest.raises(CallError) as caught:
        read(*argv)
    sentence = str(caught.value)
    assert part in sentence
    assert "\n" not in sentence and sentence.endswith((".", "?"))


@pytest.mark.parametrize("argv", [("--version",), ("search", "--version"), ("--version", "status")])
def test_version(argv: tuple[str, ...]) -> None:
    with pytest.raises(HelpWanted, match=r"^retrouve 1\.2\.3$"):
        read(*argv)


def test_help_names_every_command_and_every_command_has_help() -> None:
    with pytest.raises(HelpWanted) as overview:
        read("--help")
    for command in COMMANDS:
        assert command.name in str(overview.value) and command.summary in str(overview.value)
        with pytest.raises(HelpWanted) as page:
            read(command.name, "-h")
        assert f"retrouve {command.name}" in str(page.value) and "--library" in str(page.value)


PAGES = [(command, verb) for command in COMMANDS for verb in command.verbs or (command,)]


@pytest.mark.parametrize(("command", "page"), PAGES, ids=[f"{one.name} {page.name}" for one, page in PAGES])
def test_every_verb_has_a_help_of_its_own_with_its_arguments_options_and_an_example(
    command: Command, page: Command | Verb
) -> None:
    words = [command.name] if page is command else [command.name, page.name]
    with pytest.raises(HelpWanted) as caught:
        read(*words, "--help")
    text = str(caught.value)
    assert text.startswith(f"usage: {' '.join(['retrouve', *words, page.operands]).rstrip()} [options]\n")
    assert page.summary in text
    for operand in re.findall("[A-Z]+", page.operands):
        assert re.search(rf"^  {operand} +\w", text, re.MULTILINE), f"{operand} is told of"
    assert not any(other.summary in text for other in command.verbs if other is not page)
    assert page.examples
    for example in page.examples:
        assert example in text
        assert (named(read(*shlex.split(example)[1:])) or "?") in example, "what is shown can be typed"


def test_the_help_of_a_verb_has_its_options_and_that_of_the_command_says_whose_each_is() -> None:
    with pytest.raises(HelpWanted) as verb:
        read("tags", "export", "--help")
    assert "--xmp" in str(verb.value) and "--state" not in str(verb.value) and "with export:" not in str(verb.value)
    with pytest.raises(HelpWanted) as whole:
        read("labels", "--help")
    assert re.search(r"--format F +with import and export: toml", str(whole.value))


def test_every_verb_that_a_command_knows_has_help_and_options_that_it_knows() -> None:
    for command in COMMANDS:
        if not command.verbs:
            continue
        known = set(re.findall(r"[a-z]+", command.operands.split("]")[0]))
        assert {verb.name for verb in command.verbs} == known
        options = set(read(command.name).options)
        for verb in command.verbs:
            assert set(verb.options) <= options, verb.name


def test_json_is_seen_even_in_a_call_that_makes_no_sense() -> None:
    assert calls.wants_json(["--frob", "--json"])
    assert not calls.wants_json(["search", "--", "--json"])
