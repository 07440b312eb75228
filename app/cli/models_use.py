"""``retrouve models use`` and ``tidy``: which model a library is searched with, and what earlier ones left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.calls import Call
from app.cli.opening import open_library
from app.cli.wording import counted, size

if TYPE_CHECKING:
    from app.cli.console import Console
    from core.library import Library


def use(call: Call, operands: list[str], console: Console) -> int:
    """Choose the model of the library; what is known of the move there."""
    at_once = bool(call.options["at_once"])
    with open_library(call.library, create=True) as library:
        model = library.use_model(operands[0], at_once=at_once)
        move, answering = library.move(), library.answering
        done, total = library.known() if move is None else (move.done, move.total)
        console.document({"model": model.model_id, "answering": answering.model_id, "done": done, "total": total})
        if move is not None:
            console.say(f"{move.sentence} {_goes_on(library)}")
        elif done < total:
            console.say(
                f"{model.model_id} answers now, over the {done:,} of {counted(total, 'photo')} that it has encoded; "
                "`retrouve index` encodes the rest."
            )
        else:
            console.say(f"{model.model_id} answers in this library.")
    return 0


def _goes_on(library: Library) -> str:
    """What goes on with a move: a run that is under way, unless it was begun to move elsewhere."""
    if not library.is_being_indexed:
        return "`retrouve index` goes on with it."
    return (
        "An index run is under way: it goes on with it if this model was chosen already when it began. Otherwise "
        "`retrouve index`, once that run is done, does."
    )


def tidy(call: Call, operands: list[str], console: Console) -> int:
    """Remove what models that are used no more left in the library, or one that is named."""
    from core.models.shelf import Shelf

    Shelf().clear_drafts()
    with open_library(call.library) as library:
        gone = library.remove_left_models(*operands)
        kept = library.left_models()
    console.document(
        {
            "removed": [{"model_id": one.model_id, "embeddings": one.embeddings, "bytes": one.bytes} for one in gone],
            "kept": [{"model_id": one.model_id, "embeddings": one.embeddings, "bytes": one.bytes} for one in kept],
        }
    )
    for one in gone:
        console.say(f"Removed {counted(one.embeddings, 'embedding')} of {one.model_id}, {size(one.bytes)} in all.")
    for one in kept if not operands else ():
        console.say(
            f"Kept {counted(one.embeddings, 'embedding')} of {one.model_id}: the model that answers has not encoded "
            f"{one.needed:,} of those photos yet. `retrouve index` does it; `retrouve models tidy "
            f"{one.model_id}` removes them all the same."
        )
    if not gone and not kept:
        console.say("Nothing is left of any other model.")
    return 0
