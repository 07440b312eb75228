"""What was typed: the options, which stand before or after the command, and the operands between them."""

from __future__ import annotations

import argparse
import difflib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from core.errors import CallError

ENVIRONMENT = "RETROUVE_LIBRARY"

MOST = 10_000
"""What one search gives at the most, as `core.search.searcher` has it; that module is heavy to import for a number."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One of the things that a command does, for its help alone: the command's own code reads it."""

    name: str
    summary: str
    operands: str = ""
    """How what follows it is called in the usage line; empty for nothing."""
    arguments: tuple[tuple[str, str], ...] = ()
    """Each operand and what it is; a line without one goes on with the one above."""
    options: tuple[str, ...] = ()
    """The options of the command that are for it, by their names in `Call.options`."""
    examples: tuple[str, ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as the parser sees it. ``entry`` is ``module:function``, imported when the command runs."""

    name: str
    summary: str
    entry: str
    operands: str = ""
    """How the operands are called in the usage line; empty for none."""
    at_least: int = 0
    at_most: int | None = 0
    add_options: Callable[[argparse.ArgumentParser], None] | None = None
    details: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    """As a verb's; of a command with verbs, theirs say it."""
    examples: tuple[str, ...] = ()
    verbs: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the command (None opens the window), its operands and options."""

    command: Command | None
    library: Path
    operands: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)


def usage_of(usage: str, command: str, verb: str) -> str:
    """How one verb of a command is called, out of the sentence that has all of them."""
    forms = [form.removeprefix(f"retrouve {command} ") for form in usage.split("`")[1::2]]
    return f"retrouve {command} {next(form for form in forms if form.split()[0] == verb)}"


class HelpWanted(Exception):
    """Help or the version was asked for. ``str(error)`` is the text."""


class _Parser(argparse.ArgumentParser):
    """An argparse that raises one sentence in place of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        sentence = message[0].upper() + message[1:]
        if message.startswith("unrecognized arguments: -") and self.prog.endswith(("search", "saved")):
            sentence += " (words that begin with - go inside quotes with the others, or after --)"
        raise CallError(f"{sentence}. `{self.prog} --help` shows how it is called.")

    def say_whose(self, verbs: Sequence[Verb]) -> None:
        """Put before the help of each option the verbs that it is for; in groups of options the heading says it."""
        for action in self._optionals._group_actions:
            whose = [verb.name for verb in verbs if action.dest in verb.options]
            if whose:
                action.help = f"with {' and '.join(whose)}: {action.help}"

    def take_options(self, other: _Parser, names: Sequence[str]) -> None:
        """Take over those of another parser's options that have these names, in their order there."""
        for action in other._actions:
            if action.dest in names:
                self._optionals._add_action(action)


def probability(text: str) -> float:
    """An option's value over 0 and up to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"takes a number over 0 and up to 1, such as 0.95, not `{text}`")
    return number


def default_library() -> Path:
    """The library that is used when none is named: the environment's, else the platform's data folder."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return absolute(named)
    from core.library import default_folder

    return default_folder()


def absolute(text: str) -> Path:
    """The path that was typed, absolute and without ``..``; symbolic links stay as the user wrote them."""
    if not text:
        raise CallError("A path is empty: perhaps a variable of your shell that was never set.")
    if "\0" in text:
        raise CallError("A path cannot hold a NUL character.")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:  # ~nobody
        raise CallError(f"{text}: {error}") from error
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps "..", resolve() follows links


def wants_json(argv: Sequence[str]) -> bool:
    """Whether the answer must be JSON, told before the call is understood: its errors must be JSON too."""
    before = argv[: argv.index("--")] if "--" in argv else argv
    return "--json" in before


def read(argv: Sequence[str], commands: Sequence[Command], version: Callable[[], str]) -> Call:
    """Understand a call. Raises CallError for a wrong one, HelpWanted when text was asked for.

    ``version`` is asked only when the version was: looking it up costs ten milliseconds.
    """
    for argument in argv:
        if "\0" in argument:
            raise CallError("An argument cannot hold a NUL character.")
    cut = list(argv).index("--") if "--" in argv else len(argv)
    before, after = list(argv[:cut]), list(argv[cut + 1 :])
    place = _command_at(before)
    if place is None:
        return _without_command(before, after, commands, version)
    name = before.pop(place)
    command = next((command for command in commands if command.name == name), None)
    if command is None:
        near = difflib.get_close_matches(name, [command.name for command in commands], 1)
        hint = f"Did you mean `retrouve {near[0]}`?" if near else "`retrouve --help` lists them."
        raise CallError(f"There is no command `{name}`. {hint}")
    return _with_command(command, before, after, version)


def _command_at(arguments: Sequence[str]) -> int | None:
    """The index of the first word that is neither an option nor the value of --library."""
    skip = False
    for index, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument == "--library":
            skip = True
        elif not argument.startswith("-"):
            return index
    return None


def _without_command(
    before: list[str], after: list[str], commands: Sequence[Command], version: Callable[[], str]
) -> Call:
    parser = _Parser(prog="retrouve", add_help=False, allow_abbrev=False)
    _add_shared(parser)
    options = parser.parse_args(before)
    if options.version:
        raise HelpWanted(f"retrouve {version()}")
    if options.help:
        raise HelpWanted(_overview(commands))
    if after:
        raise CallError("A command goes before --. `retrouve --help` lists them.")
    if options.json:
        raise CallError("--json needs a command. `retrouve --help` lists them.")
    return Call(None, options.library or default_library(), options={"quiet": options.quiet})


def _with_command(command: Command, before: list[str], after: list[str], version: Callable[[], str]) -> Call:
    parser = _parser(command.name, command)
    parser.add_argument("operands", nargs="*", help=argparse.SUPPRESS)
    if command.add_options is not None:
        command.add_options(parser)
    _add_shared(parser)
    options = vars(parser.parse_intermixed_args(before))
    if options.pop("version"):
        raise HelpWanted(f"retrouve {version()}")
    operands = (*options.pop("operands"), *after)
    if options.pop("help"):
        raise HelpWanted(_help(command, parser, operands[:1]))
    if len(operands) < command.at_least:
        raise CallError(f"`retrouve {command.name}` needs {command.operands}: {parser.format_usage().strip()}.")
    if command.at_most is not None and len(operands) > command.at_most:
        extra = operands[command.at_most]
        raise CallError(f"`retrouve {command.name}` does not know what to do with `{extra}`.")
    return Call(command, options.pop("library") or default_library(), operands, options)


def _parser(name: str, about: Command | Verb) -> _Parser:
    summary, epilog = about.summary, about.details
    if about.arguments:
        width = max(len(word) for word, _ in about.arguments)
        summary += "\n\narguments:" + "".join(f"\n  {word:<{width}}  {what}" for word, what in about.arguments)
    if about.examples:
        lines = "\n".join(f"  {example}" for example in about.examples)
        epilog = f"for example:\n{lines}\n\n{epilog}".rstrip()
    return _Parser(
        prog=f"retrouve {name}",
        usage=f"retrouve {name} {about.operands}".rstrip() + " [options]",
        description=summary,
        epilog=epilog or None,
        add_help=False,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _help(command: Command, parser: _Parser, words: Sequence[str]) -> str:
    """The help of a command, or of the verb that was named with it."""
    verb = next((verb for verb in command.verbs if [verb.name] == list(words)), None)
    if verb is None:
        parser.say_whose(command.verbs)
        return parser.format_help()
    own = _parser(f"{command.name} {verb.name}", verb)
    own.take_options(parser, verb.options)
    _add_shared(own)
    return f"{own.format_help()}\n`retrouve {command.name} --help` tells of the others."


def _add_shared(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options of every command")
    group.add_argument(
        "--library", type=_library, metavar="DIR", help=f"the library to use (also {ENVIRONMENT}; else your own)"
    )
    group.add_argument("--json", action="store_true", help="print one JSON document, and nothing else")
    group.add_argument("-q", "--quiet", action="store_true", help="print results and errors only")
    group.add_argument("--version", action="store_true", help="print the version")
    group.add_argument("-h", "--help", action="store_true", help="print this help")


def _library(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("the folder's name is empty")
    return absolute(text)


def whole_number(text: str) -> int:
    """An option's value that counts photos: 1 or more."""
    number = int(text) if re.fullmatch("[0-9]{1,9}", text) else 0
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 1 to {MOST:,}")
    return number


def _overview(commands: Sequence[Command]) -> str:
    lines = [
        "Retrouve finds your photos by what they show, on your own machine.",
        "",
        "usage: retrouve                     opens the window",
        "       retrouve COMMAND [options]   works in the terminal",
        "",
        "commands:",
    ]
    calls = [f"{command.name} {command.operands}".rstrip() for command in commands]
    width = max(len(call) for call in calls)
    lines += [f"  {call:<{width}}  {command.summary}" for call, command in zip(calls, commands, strict=True)]
    lines += [
        "",
        "options, before or after the command:",
        f"  --library DIR   the library to use (also {ENVIRONMENT}; default: {default_library()})",
        "  --json          print one JSON document on stdout, and nothing else there",
        "  -q, --quiet     print results and errors only",
        "  --version       print the version",
        "  -h, --help      after a command: how it is called",
        "",
        "exit codes: 0 done, 1 nothing to show or `doctor` found a fault, 2 a wrong call, 3 a fault of the world",
        "(disk, permissions, model, a photo or folder that is not there), 70 a fault of Retrouve's own (it names the",
        "log that has it), 130 interrupted",
    ]
    return "\n".join(lines)
