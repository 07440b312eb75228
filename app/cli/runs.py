"""``retrouve runs`` and ``retrouve adapters``: what was trained, and what of it is on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.cli import data_report, scratch
from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.training import FIGURES, share, show
from app.cli.wording import counted
from core.errors import CallError
from core.runs import PICTURE, is_going_on

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.catalog.adapters import StoredAdapter
    from core.library import Library
    from core.runs import Run

Act = Callable[["Library", Sequence[str], "Console"], int]
RUNS_USAGE = "`retrouve runs list`, `show RUN`, `compare RUN RUN...` or `remove RUN`"
ADAPTERS_USAGE = "`retrouve adapters list`, `on ADAPTER`, `off ADAPTER` or `remove ADAPTER`"


def runs(call: Call, console: Console) -> int:
    """List, show, compare or remove runs; without a word, list."""
    return _do(call, console, "runs", _RUNS, RUNS_USAGE)


def adapters(call: Call, console: Console) -> int:
    """List, switch or remove adapters; without a word, list."""
    return _do(call, console, "adapters", _ADAPTERS, ADAPTERS_USAGE)


def _do(call: Call, console: Console, command: str, verbs: dict[str, tuple[int, int | None, Act]], usage: str) -> int:
    verb, *operands = call.operands or ("list",)
    if verb not in verbs:
        raise CallError(f"`retrouve {command}` does not know `{verb}`: it is {usage}.")
    least, most, act = verbs[verb]
    if len(operands) < least or (most is not None and len(operands) > most):
        raise CallError(f"`retrouve {command} {verb}` is called otherwise: {usage}.")
    with open_library(call.library) as library:
        return act(library, operands, console)


def _list_runs(library: Library, _operands: Sequence[str], console: Console) -> int:
    found, open_ones, stopped = library.runs.all(), library.runs.unfinished("scratch"), library.runs.stopped()
    unfinished = [folder.name for folder in open_ones]
    kinds = [kind for kind, _ in stopped]
    console.document({"runs": [_run(library, run) for run in found], "unfinished": unfinished, "stopped": kinds})
    for folder in open_ones:
        goes_on = f"is not finished: `retrouve train scratch {folder.name} --resume` goes on with it."
        console.say(f"{folder.name} {'is going on.' if is_going_on(folder) else goes_on}")
    for kind, busy in stopped:
        goes_on = (
            f"was stopped: `retrouve train {kind} --resume` goes on with it, `retrouve runs remove {kind}` gives it up."
        )
        console.say(f"A run of `train {kind}` {'is going on.' if busy else goes_on}")
    if not found:
        console.say("Nothing was trained yet. `retrouve train` learns the names in captions and tags.")
        return 1
    rows = [
        (
            run.name,
            _state(library, run),
            share(run.after.get("names_recall_at_10", run.after.get("sentences_recall_at_10"))),
        )
        for run in found
    ]
    console.table(rows, right=(2,), head=("run", "", "held out, in the first ten"))
    return 0


def _show_run(library: Library, operands: Sequence[str], console: Console) -> int:
    run, details = library.runs.find(operands[0]), library.runs.details(operands[0])
    console.document(_run(library, run) | details)
    if console.as_json:
        return 0
    console.line(f"{run.name}: {run.kind} for {run.model}, {run.made}, in {run.folder}")
    for sentence in data_report.sentences(details["data"]) if details.get("data") else ():
        console.line(sentence)
    (scratch.show if run.kind == "scratch" else show)(details["result"], console)
    if (run.folder / PICTURE).is_file():
        console.line(f"Its curves are drawn in {run.folder / PICTURE}.")
    told = False
    for title in ("better", "worse"):
        rows = details.get("examples", {}).get(title, ())
        if rows and not told:
            console.say(
                "Names and general sentences are looked for among photos that came with the program too: places may be "
                "beyond the number of your own."
            )
            told = True
        if rows:
            console.line(f"Found {'earlier' if title == 'better' else 'later'} than before (place before, after):")
        places = [(row["query"], str(row["before"]), str(row["after"])) for row in rows]
        console.table(places, right=(1, 2), head=("query", "before", "after"))
    return 0


def _compare(library: Library, operands: Sequence[str], console: Console) -> int:
    """Their figures side by side. Each run holds out photos of its own captions, so that they may differ in those."""
    found = [library.runs.find(name) for name in operands]
    console.document({"runs": [_run(library, run) for run in found]})
    rows = [
        (f"{word}, {when}", *(share(getattr(run, when).get(key)) for run in found))
        for key, word in FIGURES.items()
        for when in ("before", "after")
    ]
    console.table(
        [row for row in rows if any(row[1:])],
        right=tuple(range(1, len(found) + 1)),
        head=("held out", *(run.name for run in found)),
    )
    return 0


def _remove_run(library: Library, operands: Sequence[str], console: Console) -> int:
    name = operands[0]
    library.runs.remove(name)
    stays = any(adapter.name == name for adapter in library.adapters.all())
    console.document({"removed": name, "adapter_stays": stays})
    console.say(f"The run {name} is removed.")
    if stays:
        console.say(f"What it learned stays: `retrouve adapters remove {name}` takes that away too.")
    return 0


def _state(library: Library, run: Run) -> str:
    """What became of what a run learned: names may be switched off, and taken away."""
    if not run.installed or run.kind != "adapter":
        return "installed" if run.installed else "not installed"
    adapter = next((one for one in library.adapters.all() if one.name == run.name), None)
    return "removed" if adapter is None else "on" if adapter.active else "off"


def _run(library: Library, run: Run) -> dict[str, object]:
    state = _state(library, run)
    return {
        "run": run.name,
        "kind": run.kind,
        "model": run.model,
        "made": run.made,
        "folder": run.folder,
        "installed": run.installed and state != "removed",
        "state": state,
        "why": run.why,
        "before": dict(run.before),
        "after": dict(run.after),
    }


def _list_adapters(library: Library, _operands: Sequence[str], console: Console) -> int:
    found = library.adapters.all()
    answers = library.answering.model_id
    console.document({"adapters": [_adapter(one, library) for one in found], "model": answers})
    if not found:
        console.say("Nothing was learned yet. `retrouve train` learns the names in captions and tags.")
        return 1
    rows = []
    for one in found:
        state = "off" if not one.active else "on" if one.model == answers else f"on, for the model {one.model}"
        names = ", ".join(learned.name for learned in library.adapters.names(one)[:6])
        rows.append((one.name, state, str(one.names), names + (", ..." if one.names > 6 else "")))
    console.table(rows, right=(2,), head=("adapter", "", "names", ""))
    return 0


def _switch(on: bool) -> Act:
    def act(library: Library, operands: Sequence[str], console: Console) -> int:
        adapter = library.adapters.switch(operands[0], on)
        console.document({"adapter": _adapter(adapter, library)})
        known = f"searches know {counted(adapter.names, 'name')}" if on else "its names mean what their words mean"
        console.say(f"{adapter.name} is {'on' if on else 'off'}: {known} from now on.")
        return 0

    return act


def _remove_adapter(library: Library, operands: Sequence[str], console: Console) -> int:
    document = _adapter(library.adapters.find(operands[0]), library)
    adapter = library.adapters.remove(operands[0])
    console.document({"removed": document})
    console.say(f"{adapter.name} is removed. Captions and photos stay as they are: `retrouve train` learns anew.")
    return 0


def _adapter(adapter: StoredAdapter, library: Library) -> dict[str, object]:
    names = [
        {"name": one.name, "photos": one.photos, "strength": one.strength} for one in library.adapters.names(adapter)
    ]
    return {
        "name": adapter.name,
        "model": adapter.model,
        "added": adapter.added,
        "on": adapter.active,
        "names": names,
    }


_RUNS: dict[str, tuple[int, int | None, Act]] = {
    "list": (0, 0, _list_runs),
    "show": (1, 1, _show_run),
    "compare": (2, None, _compare),
    "remove": (1, 1, _remove_run),
}
_ADAPTERS: dict[str, tuple[int, int | None, Act]] = {
    "list": (0, 0, _list_adapters),
    "on": (1, 1, _switch(True)),
    "off": (1, 1, _switch(False)),
    "remove": (1, 1, _remove_adapter),
}
