"""How `training.lora` and `training.full` are called, and what stays of a run that is stopped."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from core import runs
from core.errors import PhotoError, TrainingError
from core.library import Library
from training import progress, tuning
from training.tuning import Options

_CHOICES = {"loss": ("clip", "sigmoid"), "locked": ("", "image", "text"), "precision": ("fp32", "bf16")}


@contextlib.contextmanager
def kept_if_stopped(draft: runs.Draft) -> Iterator[None]:
    """Take a run's folder away when something goes wrong, unless there is a saved step to go on from. Where a step
    cannot be taken, or what was saved cannot be read (`TrainingError`), there is none. Raises `TrainingError` for a
    photo that is gone meanwhile."""
    saved = draft.folder / runs.CHECKPOINT
    try:
        yield
    except TrainingError:
        draft.drop()
        raise
    except PhotoError as error:
        if not saved.is_file():
            draft.drop()
            raise
        raise TrainingError(
            f"{error.path} could be read when the run began, and cannot now: {error.reason}. What was learned so far "
            "is kept: bring the photo back and go on with --resume, or start anew without."
        ) from error
    except BaseException:
        if not saved.is_file():
            draft.drop()
        raise
    finally:
        draft.release()


def run(kind: str, defaults: Options, train: Callable[..., dict[str, Any]], argv: Sequence[str] | None) -> int:
    """Read what is asked, train, and write progress and the result as JSON lines; the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m training.{kind}", description="Learn from captioned photos.")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--resume", action="store_true", help="go on with the run that was stopped")
    parser.add_argument("--dry-run", action="store_true", help="report on the data alone")
    for one in fields(Options):
        name, value = f"--{one.name.replace('_', '-')}", getattr(defaults, one.name)
        if isinstance(value, bool):
            parser.add_argument(name, action="store_true", default=value)
        else:
            parser.add_argument(name, type=type(value), default=value, choices=_CHOICES.get(one.name))
    asked = vars(parser.parse_args(argv))
    library, resume, dry = asked.pop("library"), asked.pop("resume"), asked.pop("dry_run")
    options = replace(defaults, **asked)
    began = time.perf_counter()

    def work(lines: progress.Lines) -> dict[str, Any]:
        with Library.open(library, create=False) as opened:
            if dry:
                found = tuning.look(opened, options, lines.tell)
                return progress.looked(kind, found.report, f"{tuning.TOO_LITTLE}: {found.why}." if found.why else "")
            result = train(opened, options, lines.tell, resume=resume)
        return result | {"seconds": round(time.perf_counter() - began, 1)}

    return progress.run(work)
