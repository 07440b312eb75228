"""The commands, one entry each: what the overview lists and the parser reads. Their code is imported when one runs."""

from __future__ import annotations

import argparse

from app.cli import training_options, verbs
from app.cli.calls import Command, probability, whole_number

ORDERS = ("match", "date", "oldest", "folder", "size")
"""What `core.types.Order` has, for the same reason as `FORMATS`."""

STATES = ("suggested", "accepted", "rejected")
"""What `core.tagging.types.State` has, for the same reason."""

LABEL_FORMATS = ("toml", "csv", "txt", "lightroom", "digikam")
"""What `core.tagging.formats.Format` has, for the same reason."""

FORMATS = ("paths", "csv", "json", "copies")
"""What an export can be, as `core.exporting.Format` has it; importing that for the help alone would take long."""


def _top(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--top", type=whole_number, default=20, metavar="N", help="how many photos to show (default: 20)"
    )


def _index(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave out files and folders of this name (with * and ?) under the folders named, now and later",
    )
    parser.add_argument("--gentle", action="store_true", help="leave about half of the machine to others, this time")


def _search(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--top",
        type=whole_number,
        metavar="N",
        help="how many photos to show (default: 20), or to export (default: all good matches)",
    )
    parser.add_argument("--like", metavar="PHOTO", help="photos that look like this one, moved by the words")
    parser.add_argument(
        "--sort",
        choices=ORDERS,
        metavar="ORDER",
        help="match, date, oldest, folder or size (default: match, or what a saved search has); good matches first",
    )
    parser.add_argument("--saved", metavar="NAME", help="the saved search of this name, narrowed by the words")
    parser.add_argument(
        "--export",
        choices=FORMATS,
        metavar="FORMAT",
        help="write what is found: paths, csv or json to a file, or copies of the photos to a folder",
    )
    parser.add_argument("--to", metavar="TARGET", help="the file, or the folder for copies (default: stdout)")
    parser.add_argument("--overwrite", action="store_true", help="the file may be there already; never a photo")


def _evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="M", help="the model to measure: its name on the shelf, or its folder")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="only rows of captions.jsonl with this value (a key that a row lacks is false); several of one key add up",
    )
    parser.add_argument("--precision", choices=("fp32", "bf16"), help="what photos are encoded in")


def _tag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels", metavar="LIST", help="the label list to suggest from")
    parser.add_argument(
        "--accept-above",
        type=probability,
        metavar="P",
        help="accept what is at least so likely (up to 1, such as 0.95), as one step that can be undone",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be suggested, and write nothing")


def _labels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="NAME", help="what the list is called (default: as its file)")
    parser.add_argument(
        "--format",
        choices=LABEL_FORMATS,
        metavar="F",
        help="toml, csv, txt, lightroom or digikam (default: told by the file)",
    )
    parser.add_argument("--to", metavar="FILE", help="the file to write (default: stdout)")
    parser.add_argument("--overwrite", action="store_true", help="the file may be there already")


def _tags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        action="append",
        default=[],
        choices=STATES,
        metavar="STATE",
        help="suggested, accepted or rejected; several add up (default: every state)",
    )
    parser.add_argument("--label", metavar="LABEL", help="this label alone")
    parser.add_argument("--xmp", action="store_true", help="write accepted tags into XMP sidecars")
    parser.add_argument("--dry-run", action="store_true", help="show what would be written, write nothing")
    parser.add_argument("--undo", action="store_true", help="put back what the last export changed")


def _rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels", metavar="LIST", help="the label list to suggest from")
    parser.add_argument(
        "--accept-above",
        type=probability,
        metavar="P",
        help="accept what is at least so likely (up to 1, such as 0.95)",
    )


def _classify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--labels", metavar="A,B,C", help="the labels, with commas between, or the name of a list")


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mend", action="store_true", help="make the index of words anew where it is not in step")


def _captions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="the file may be there already")


def _models(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="NAME", help="what the new model is called here (default: as the file is)")
    parser.add_argument("--architecture", metavar="A", help="what a bare checkpoint holds, by OpenCLIP's name for it")
    parser.add_argument("--tag", metavar="TAG", help="the published checkpoint that it is like, where it matters")
    parser.add_argument("--at-once", action="store_true", help="it answers before it has encoded all photos")
    parser.add_argument("--accept-licence", action="store_true", help="I have read a licence for research only")
    parser.add_argument("--graphs", action="store_true", help="the ONNX export, even where PyTorch is installed")
    parser.add_argument("--probe", action="store_true", help="measure what this machine would do in each")


SEARCH_DETAILS = """\
what a query can say (docs/search.md has all of it; quote it for your shell):
  a dog on the beach        what the photo shows, and what is written about it
  dog -people               ... and what it does not show (some are missed); a minus goes before anything
  "golden gate" fog         words that belong together
  dog OR cat, (a OR b) c    one or the other
  beach 2:sunset -0.5:crowd more of one thing, less of another
  like:"photo.jpg"          looks like this photo; [10,20,50,60] behind it: like that part of it, in percent
  folder:Italy  name:IMG_1  in a folder whose name has a word that begins so; part of the file's name
  date:2019-07              also date:2019..2020, date:"last summer", date:july
  camera:canon  lens:50mm   also lens:sigma, aperture:<2.8, iso:>800
  near:48.85,2.35,20km      around a place
  tag:cat  caption:grandma  what is written; rating:>=3 by stars
  type:raw  size:>12mp      kind of file; pixels (mp, px) or bytes (kb, mb, gb)
  has:gps  is:portrait      has:caption|tag|rating|date|camera, is:landscape|square|panorama|favourite|copy

Words that begin with - go inside quotes with the others, or after --.
"""

DUPLICATES_DETAILS = """\
Copies are the same bytes. Near copies look the same to the model: saved again smaller or in another format, or shot
twice; of copies, one stands for all of them there. Nothing is changed or deleted. Every photo is compared with every
other: a large library takes a while. In a pipe a line is a photo: copies or near, the number of its group, its path.
"""

SAVED_DETAILS = """\
  retrouve saved list
  retrouve saved add Dogs "dog -people"     keeps a search; one of the same name is replaced
  retrouve search --saved Dogs              runs it; more words narrow it down
  retrouve saved rename Dogs "Our dogs"
  retrouve saved remove "Our dogs"          the photos stay as they are
"""

LABELS_DETAILS = """\
  retrouve labels list                      your lists, and those that come with the program
  retrouve labels import pets.txt           keeps a list, named after its file; one of the same name is replaced
  retrouve labels show pets
  retrouve labels export pets --to pets.toml
  retrouve labels remove pets               what you accepted and rejected stays; what was only suggested goes

A list is a text (a label a line, those below it indented), a table (CSV) or TOML; keywords exported by Lightroom and
paths as digiKam writes them (Animals/Dog) are read too. docs/labels.md shows all that a list can say.
Then: retrouve tag --labels pets
"""

HISTORY_DETAILS = """\
Searches are noted in the library and nowhere else; those with --json, --saved or --export are not. `off` notes and
shows none from then on, and forgets none that was noted before; `clear` does.
"""

MODELS_DETAILS = """\
  retrouve models list                       what is here, and what is worth fetching: licence, accuracy, speed
  retrouve models fetch ViT-B-32-256-datacomp   from the Hugging Face hub; interrupted, it goes on the next time
  retrouve models fetch hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K
  retrouve models import ./ViT-B-32          a folder: OpenCLIP's, an ONNX export, or one that `export` wrote
  retrouve models import b32.safetensors --architecture ViT-B-32-quickgelu
  retrouve models export NAME ./folder       its ONNX graphs, tokenizer, weights and card
  retrouve models remove NAME                libraries that use it keep their own copies
  retrouve models use NAME                   this library moves to it: `retrouve index` encodes, the old one answers
  retrouve models use starter                ... and back, at once while the old embeddings are there
  retrouve models tidy                       removes what models that are used no more left in this library

OpenCLIP checkpoints need PyTorch once, to be turned into graphs: python -m pip install -e ".[torch]" in Retrouve's
folder. Pickles are read as data alone: one that would run code is refused. RETROUVE_MODELS names the shelf's folder;
HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY and HF_HUB_OFFLINE hold for fetching.

With PyTorch, many photos are encoded on a GPU where there is one that passes its check; RETROUVE_DEVICE=cpu refuses
that, and cuda, cuda:1 or mps names one. `retrouve doctor` says which it is, and why.
"""

EVALUATE_DETAILS = """\
FOLDER holds captions.jsonl (one object a line: file, captions), or one sub-folder of photos a class.
Rates are fractions of 1 with --json; the ranges beside them are 95 % intervals, by drawing the photos anew. Nothing is
written anywhere. What the library has learned for the model counts. Without --precision photos are encoded in bf16
where the processor has it and the model passed its check in it, else in float32; the output names it.
"""

TAG_DETAILS = """\
Nothing is encoded: it reads what `retrouve index` stored. What you accepted or rejected stays. What was suggested
before and is none any more goes, unless another list that has the label suggests it.
"""

TAGS_DETAILS = """\
  retrouve tags list [FOLDER] [--state suggested]  what is on photos; --label LABEL for one label alone
  retrouve tags accept a.jpg b.jpg dog             the label is made if it is new
  retrouve tags reject a.jpg dog                   no run suggests it for that photo again
  retrouve tags clear a.jpg dog                    as if you had never decided
  retrouve tags undo [N]                           takes back the last steps; `redo [N]` does them again
  retrouve tags steps                              what was done last
  retrouve tags stats                              how many tags there are
  retrouve tags labels                             the labels on photos, and those that are in no list
  retrouve tags rename kat cat                     in every list too; where there is “cat” already, both become one
  retrouve tags forget kat                         takes a label that is in no list off all photos
  retrouve tags export --xmp [--dry-run] [--undo]  writes accepted tags into sidecars, or takes that back

A decision holds for every copy of a photo, and is kept when the photo is moved, or forgotten and found again.
"""

RULES_DETAILS = """\
  retrouve rules add ~/Photos/Inbox --labels everyday --accept-above 0.95
  retrouve rules list
  retrouve rules remove ~/Photos/Inbox             all of its rules; --labels LIST for one alone

A rule holds for photos that come into the folder, or below it, from then on: `retrouve index` applies it, and so does
the window. Of two rules with one list the one of the inner folder holds.
"""

CLASSIFY_DETAILS = """\
Scores are probabilities, each label by itself: they need not add up to 100 %. Nothing is written.
"""

CAPTIONS_DETAILS = """\
  retrouve captions import mine.jsonl     one object a line: {"file": "IMG_1.jpg", "captions": ["Biscuit asleep"]}
  retrouve captions import mine.csv       file and caption; .tsv and COCO's .json too
  retrouve captions import shard.tar      webdataset: KEY.jpg with KEY.txt, or caption in KEY.json
  retrouve captions import Takeout        a folder of Google Takeout, whose photos you moved elsewhere
  retrouve captions list [PHOTO...]
  retrouve captions export all.jsonl      also .json, .csv and .tsv

A photo is named by its path (from the file's folder or a folder of the library), by its bytes where FILE has them, or
by its name where one has it. What photos and the files beside them say (XMP, IPTC, .txt, Takeout) is read by
`retrouve index`.
"""

TRAIN_DETAILS = """\
  retrouve train            learns the names in captions and tags ("Biscuit", "Oma Els"), in seconds
  retrouve search Biscuit on the beach
  retrouve adapters off ADAPTER   searches as before; `on` brings it back
  retrouve train lora       trains the model itself on captioned photos, in minutes ([torch]); Ctrl-C saves
  retrouve train full       all of its weights but batch norm and word vectors, for thousands of captions
  retrouve train scratch FOLDER   a whole new model from captioned photos: hours on a GPU, and a great many of them

Before it trains, it says what there is to learn from and what is held out; --dry-run says that alone.
Photos that are held out decide what is installed: what finds them better, and costs general searches no more than
--tolerance. What is not, it says why.
docs/training.md tells how it works and what it can and cannot tell apart.
"""

RUNS_DETAILS = """\
  retrouve runs list
  retrouve runs show RUN          what it learned from, measured, and which searches got better and worse
  retrouve runs compare RUN RUN
  retrouve runs remove RUN        the folder alone; what was installed stays
"""

ADAPTERS_DETAILS = """\
  retrouve adapters list
  retrouve adapters off ADAPTER   takes effect with the next search, also in an open window
  retrouve adapters on ADAPTER    of one model one is on: another goes off
  retrouve adapters remove ADAPTER
"""

COMMANDS: tuple[Command, ...] = (
    Command(
        "index",
        "adds folders and indexes them; without one, updates all folders",
        "app.cli.indexing:index",
        operands="[FOLDER...]",
        at_most=None,
        add_options=_index,
        arguments=(("FOLDER", "a folder with photos; those below it count too"),),
        examples=("retrouve index ~/Photos", "retrouve index", "retrouve index ~/Photos --ignore .trash"),
    ),
    Command(
        "search",
        "finds photos by what they show",
        "app.cli.searching:search",
        operands="QUERY",
        at_most=None,
        add_options=_search,
        details=SEARCH_DETAILS,
        arguments=(("QUERY", "what the photos show, in your own words"),),
        examples=("retrouve search a dog on the beach", "retrouve search --like photo.jpg in the snow --top 50"),
    ),
    Command(
        "similar",
        "finds photos that look like this one",
        "app.cli.searching:similar",
        operands="PHOTO",
        at_least=1,
        at_most=1,
        add_options=_top,
        arguments=(("PHOTO", "any photo; it need not be in the library"),),
        examples=("retrouve similar photo.jpg",),
    ),
    Command(
        "duplicates",
        "lists photos that are there more than once",
        "app.cli.duplicates:duplicates",
        examples=("retrouve duplicates", "retrouve duplicates --json"),
        details=DUPLICATES_DETAILS,
    ),
    Command(
        "failures", "lists what could not be read, and why", "app.cli.state:failures", examples=("retrouve failures",)
    ),
    Command("status", "says what the library holds", "app.cli.state:status", examples=("retrouve status",)),
    Command("roots", "lists the folders of the library", "app.cli.folders:roots", examples=("retrouve roots",)),
    Command(
        "forget",
        "takes a folder out of the library; its files stay as they are",
        "app.cli.folders:forget",
        operands="FOLDER",
        at_least=1,
        at_most=1,
        arguments=(("FOLDER", "a folder that `retrouve roots` lists"),),
        examples=("retrouve forget ~/Photos/Old",),
    ),
    Command(
        "evaluate",
        "measures a model on captioned or sorted photos",
        "app.cli.evaluating:evaluate",
        operands="FOLDER",
        at_least=1,
        at_most=1,
        add_options=_evaluate,
        details=EVALUATE_DETAILS,
        arguments=(("FOLDER", "a folder with captions.jsonl, or with a sub-folder of photos a class"),),
        examples=("retrouve evaluate ./scenes", "retrouve evaluate ./captioned --model starter --where split=test"),
    ),
    Command(
        "captions",
        "reads, lists and writes what is said about photos",
        "app.cli.captions:captions",
        operands="[list|import|export]",
        at_most=None,
        add_options=_captions,
        details=CAPTIONS_DETAILS,
        verbs=verbs.CAPTIONS,
    ),
    Command(
        "train",
        "learns from your own captions and tags",
        "app.cli.training:train",
        operands="[adapter|lora|full|scratch] [SOURCE...]",
        at_most=None,
        add_options=training_options.add,
        details=TRAIN_DETAILS,
        verbs=verbs.TRAIN,
    ),
    Command(
        "runs",
        "lists, shows, compares and removes what was trained",
        "app.cli.runs:runs",
        operands="[list|show|compare|remove]",
        at_most=None,
        details=RUNS_DETAILS,
        verbs=verbs.RUNS,
    ),
    Command(
        "adapters",
        "switches what was learned on and off",
        "app.cli.runs:adapters",
        operands="[list|on|off|remove]",
        at_most=2,
        details=ADAPTERS_DETAILS,
        verbs=verbs.ADAPTERS,
    ),
    Command(
        "saved",
        "keeps searches under a name",
        "app.cli.saved:saved",
        operands="[list|add|rename|remove]",
        at_most=None,
        details=SAVED_DETAILS,
        verbs=verbs.SAVED,
    ),
    Command(
        "history",
        "lists what was searched for, or forgets it",
        "app.cli.history:history",
        operands="[list|clear|on|off]",
        at_most=1,
        details=HISTORY_DETAILS,
        verbs=verbs.HISTORY,
    ),
    Command(
        "labels",
        "keeps lists of labels for your photos",
        "app.cli.labels:labels",
        operands="[list|import|show|export|remove]",
        at_most=None,
        add_options=_labels,
        details=LABELS_DETAILS,
        verbs=verbs.LABELS,
    ),
    Command(
        "tag",
        "suggests labels of a list for photos",
        "app.cli.tagging:tag",
        operands="[FOLDER]",
        at_most=1,
        add_options=_tag,
        details=TAG_DETAILS,
        arguments=(("FOLDER", "any folder in the library; without one, all photos"),),
        examples=("retrouve tag --labels everyday --dry-run", "retrouve tag ~/Photos/Italy --labels everyday"),
    ),
    Command(
        "tags",
        "lists tags; accepts, rejects, undoes, and writes them into sidecars",
        "app.cli.tags:tags",
        operands="[list|accept|reject|clear|undo|redo|steps|stats|labels|rename|forget|export]",
        at_most=None,
        add_options=_tags,
        details=TAGS_DETAILS,
        verbs=verbs.TAGS,
    ),
    Command(
        "rules",
        "suggests labels for what comes into a folder",
        "app.cli.rules:rules",
        operands="[list|add|remove]",
        at_most=None,
        add_options=_rules,
        details=RULES_DETAILS,
        verbs=verbs.RULES,
    ),
    Command(
        "classify",
        "says how likely labels are on photos",
        "app.cli.tagging:classify",
        operands="PHOTO...",
        at_least=1,
        at_most=None,
        add_options=_classify,
        details=CLASSIFY_DETAILS,
        arguments=(("PHOTO", "any photo; it need not be in the library"),),
        examples=("retrouve classify photo.jpg --labels dog,cat,horse", "retrouve classify *.jpg --labels scenes"),
    ),
    Command(
        "models",
        "lists, fetches, imports and exports models, and chooses one",
        "app.cli.models:models",
        operands="[list|fetch|import|export|remove|use|tidy]",
        at_most=None,
        add_options=_models,
        details=MODELS_DETAILS,
        verbs=verbs.MODELS,
    ),
    Command(
        "doctor",
        "says whether everything is well",
        "app.cli.state:doctor",
        add_options=_doctor,
        examples=("retrouve doctor", "retrouve doctor --mend"),
    ),
)
