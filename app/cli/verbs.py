"""The verbs of commands that have several, an entry each: what `retrouve COMMAND VERB --help` tells."""

from __future__ import annotations

from app.cli.calls import Verb

_PHOTOS = ("PHOTO", "a photo of the library")
_LABEL = ("LABEL", "a label's name, or its place in a list's tree, such as “Animals > Dog”")
_TUNED = (
    "tolerance",
    "epochs",
    "batch",
    "parts",
    "rate",
    "loss",
    "locked",
    "precision",
    "seed",
    "checkpointing",
    "hard_negatives",
    "swapped",
    "dry_run",
)
"""Options of `train lora` and `train full`, which go on with --resume too."""

LABELS = (
    Verb("list", "your lists, and those that come with the program", examples=("retrouve labels list",)),
    Verb(
        "import",
        "keeps a list, named after its file; one of the same name is replaced",
        operands="FILE...",
        arguments=(
            ("FILE", "a text (a label a line, those below it indented), a table (CSV), TOML, Lightroom's keywords"),
            ("", "or digiKam's paths; docs/labels.md shows all that a list can say"),
        ),
        options=("name", "format"),
        examples=(
            "retrouve labels import pets.txt",
            "retrouve labels import keywords.txt --name mine --format digikam",
        ),
    ),
    Verb(
        "show",
        "shows the labels of a list as a tree, with their prompts, synonyms and groups",
        operands="LIST",
        arguments=(("LIST", "the name of a list of yours, or of one that comes with the program"),),
        examples=("retrouve labels show pets",),
        details="In a pipe a label is a line, with tabs between what is told of it; the first line says what that is.",
    ),
    Verb(
        "export",
        "writes a list to a file, or to stdout",
        operands="LIST",
        arguments=(("LIST", "the name of a list"),),
        options=("format", "to", "overwrite"),
        examples=("retrouve labels export pets --to pets.toml", "retrouve labels export pets --format lightroom"),
        details="TOML and CSV hold everything; of what another format has no place for, you are told.",
    ),
    Verb(
        "remove",
        "removes lists; what you accepted and rejected stays, what was only suggested goes",
        operands="LIST...",
        arguments=(("LIST", "the name of a list of yours"),),
        examples=("retrouve labels remove pets",),
    ),
)

TAGS = (
    Verb(
        "list",
        "lists what is on photos: the photo, the label, its state, who set it, and how likely it was",
        operands="[FOLDER]",
        arguments=(("FOLDER", "any folder in the library; without one, all photos"),),
        options=("state", "label"),
        examples=("retrouve tags list --state suggested", "retrouve tags list ~/Photos/Italy --label dog"),
    ),
    Verb(
        "accept",
        "says that photos show something",
        operands="PHOTO... LABEL",
        arguments=(_PHOTOS, (_LABEL[0], f"{_LABEL[1]}; made if it is new")),
        examples=("retrouve tags accept a.jpg b.jpg dog",),
        details="A decision holds for every copy of a photo, and is kept when the photo is moved.",
    ),
    Verb(
        "reject",
        "says that photos do not show something: no run suggests it for them again",
        operands="PHOTO... LABEL",
        arguments=(_PHOTOS, _LABEL),
        examples=("retrouve tags reject a.jpg dog",),
    ),
    Verb(
        "clear",
        "makes it as if you had never decided",
        operands="PHOTO... LABEL",
        arguments=(_PHOTOS, _LABEL),
        examples=("retrouve tags clear a.jpg dog",),
        details="A suggestion waits again, and a keyword of the file's own is what it was.",
    ),
    Verb(
        "undo",
        "takes back the last steps",
        operands="[N]",
        arguments=(("N", "how many steps (default: 1)"),),
        examples=("retrouve tags undo", "retrouve tags undo 3"),
    ),
    Verb(
        "redo",
        "does again what was undone last",
        operands="[N]",
        arguments=(("N", "how many steps (default: 1)"),),
        examples=("retrouve tags redo",),
    ),
    Verb("steps", "lists the last steps, undone ones among them", examples=("retrouve tags steps",)),
    Verb("stats", "counts the tags of each label, by state", examples=("retrouve tags stats",)),
    Verb("labels", "lists the labels on photos, and those that are in no list", examples=("retrouve tags labels",)),
    Verb(
        "rename",
        "renames a label on photos and in every list; where there is one of the new name, both become one",
        operands="OLD NEW",
        arguments=(("OLD", "what the label is called"), ("NEW", "what it is called from now on")),
        examples=("retrouve tags rename kat cat",),
    ),
    Verb(
        "forget",
        "takes a label that is in no list off all photos",
        operands="LABEL",
        arguments=(("LABEL", "a label's name"),),
        examples=("retrouve tags forget kat",),
        details="`retrouve tags undo` brings it back.",
    ),
    Verb(
        "export",
        "writes accepted tags and your own captions into XMP sidecars, which other programs read",
        operands="--xmp",
        options=("xmp", "dry_run", "undo"),
        examples=("retrouve tags export --xmp --dry-run", "retrouve tags export --xmp --undo"),
        details="Photos are never written. What others wrote in a sidecar stays, a description of theirs too: your\n"
        "caption is then left out, and you are told.",
    ),
)

RULES = (
    Verb("list", "lists the rules of all folders", examples=("retrouve rules list",)),
    Verb(
        "add",
        "suggests labels of a list for photos that come into a folder from now on",
        operands="FOLDER",
        arguments=(("FOLDER", "any folder in the library; those below it count too"),),
        options=("labels", "accept_above"),
        examples=("retrouve rules add ~/Photos/Inbox --labels everyday --accept-above 0.95",),
    ),
    Verb(
        "remove",
        "removes the rules of a folder; tags that they gave stay",
        operands="FOLDER",
        arguments=(("FOLDER", "the folder of the rules"),),
        options=("labels",),
        examples=("retrouve rules remove ~/Photos/Inbox",),
    ),
)

CAPTIONS = (
    Verb(
        "list",
        "lists what is said about photos, and where that comes from",
        operands="[PHOTO...]",
        arguments=(("PHOTO", "photos of the library; without one, all that have a caption"),),
        examples=("retrouve captions list",),
    ),
    Verb(
        "import",
        "reads captions from a file, a webdataset tar or a folder of Google Takeout",
        operands="FILE",
        arguments=(
            (
                "FILE",
                "one JSON object a line (file, captions), a table (.csv, .tsv), COCO's .json, a webdataset .tar, or a "
                "folder of Google Takeout",
            ),
        ),
        examples=("retrouve captions import mine.jsonl", "retrouve captions import ~/Downloads/Takeout"),
        details="A photo is named by its path (from the file's folder or a folder of the library), by its bytes where\n"
        "FILE has them, or by its name where one photo alone has it. Of photos whose Takeout JSON lies beside them\n"
        "`retrouve index` reads it by itself.",
    ),
    Verb(
        "export",
        "writes all captions to a file",
        operands="FILE",
        arguments=(("FILE", "the file to write: .jsonl, .json, .csv or .tsv"),),
        options=("overwrite",),
        examples=("retrouve captions export all.jsonl",),
    ),
)

SAVED = (
    Verb("list", "lists the searches that are kept", examples=("retrouve saved list",)),
    Verb(
        "add",
        "keeps a search under a name; one of the same name is replaced",
        operands="NAME QUERY",
        arguments=(("NAME", "what the search is called"), ("QUERY", "as `retrouve search` takes it, in quotes")),
        examples=('retrouve saved add Dogs "dog -people"', "retrouve search --saved Dogs"),
    ),
    Verb(
        "rename",
        "gives a kept search another name",
        operands="NAME NEW",
        arguments=(("NAME", "what it is called"), ("NEW", "what it is called from now on")),
        examples=('retrouve saved rename Dogs "Our dogs"',),
    ),
    Verb(
        "remove",
        "removes a kept search; the photos stay as they are",
        operands="NAME",
        arguments=(("NAME", "what it is called"),),
        examples=("retrouve saved remove Dogs",),
    ),
)

HISTORY = (
    Verb("list", "lists what was searched for, the newest first", examples=("retrouve history list",)),
    Verb("clear", "forgets all searches that were noted", examples=("retrouve history clear",)),
    Verb("on", "notes searches from now on, in this library alone", examples=("retrouve history on",)),
    Verb(
        "off",
        "notes and shows none from now on; what was noted before is kept until it is cleared",
        examples=("retrouve history off",),
    ),
)

MODELS = (
    Verb(
        "list",
        "lists what is here, and what is worth fetching: licence, accuracy, speed",
        options=("probe",),
        examples=("retrouve models list",),
    ),
    Verb(
        "fetch",
        "fetches a model from the Hugging Face hub; interrupted, it goes on the next time",
        operands="NAME",
        arguments=(("NAME", "a name that `retrouve models list` shows, or hf-hub: and a repository"),),
        options=("name", "accept_licence", "graphs"),
        examples=(
            "retrouve models fetch ViT-B-32-256-datacomp",
            "retrouve models fetch hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K --name b32",
        ),
        details="HF_ENDPOINT, HF_TOKEN, HTTPS_PROXY and HF_HUB_OFFLINE hold. OpenCLIP checkpoints need PyTorch once.",
    ),
    Verb(
        "import",
        "puts a model from a folder or a file on the shelf",
        operands="PATH",
        arguments=(("PATH", "a folder (OpenCLIP's, an ONNX export, or one that `export` wrote), or a checkpoint"),),
        options=("name", "architecture", "tag"),
        examples=(
            "retrouve models import ./ViT-B-32",
            "retrouve models import b32.safetensors --architecture ViT-B-32-quickgelu",
        ),
        details="OpenCLIP checkpoints need PyTorch once. Pickles are read as data alone: one that would run code is\n"
        "refused.",
    ),
    Verb(
        "export",
        "writes a model's ONNX graphs, tokenizer, weights and card into a folder",
        operands="NAME FOLDER",
        arguments=(("NAME", "a model that is here"), ("FOLDER", "the folder to write")),
        examples=("retrouve models export starter ./starter",),
    ),
    Verb(
        "remove",
        "takes a model off the shelf; libraries that use it keep their own copies",
        operands="NAME",
        arguments=(("NAME", "a model that is here"),),
        examples=("retrouve models remove b32",),
    ),
    Verb(
        "use",
        "moves this library to a model: `retrouve index` encodes, and the old one answers until then",
        operands="NAME",
        arguments=(("NAME", "a model that is here"),),
        options=("at_once",),
        examples=("retrouve models use b32", "retrouve models use starter"),
    ),
    Verb(
        "tidy",
        "removes what models that are used no more left in this library",
        operands="[NAME]",
        arguments=(("NAME", "the one to remove, though photos that are not encoded anew yet are found by it alone"),),
        examples=("retrouve models tidy",),
    ),
)

_RUN = ("RUN", "the name of a run, as `retrouve runs list` shows it")
RUNS = (
    Verb("list", "lists what was trained", examples=("retrouve runs list",)),
    Verb(
        "show",
        "what a run learned from, measured, and which searches got better and worse",
        operands="RUN",
        arguments=(_RUN,),
        examples=("retrouve runs show adapter-1",),
    ),
    Verb(
        "compare",
        "shows runs side by side",
        operands="RUN RUN...",
        arguments=(_RUN,),
        examples=("retrouve runs compare adapter-1 adapter-2",),
    ),
    Verb(
        "remove",
        "removes a run's folder, and gives up one that was stopped; what was installed stays",
        operands="RUN",
        arguments=(
            ("RUN", "the name of a run, as `retrouve runs list` shows it, or the kind of one that was stopped"),
        ),
        examples=("retrouve runs remove adapter-1", "retrouve runs remove lora"),
    ),
)

_ADAPTER = ("ADAPTER", "the name of an adapter, as `retrouve adapters list` shows it")
ADAPTERS = (
    Verb("list", "lists what was learned, and whether it is on", examples=("retrouve adapters list",)),
    Verb(
        "on",
        "switches an adapter on; of one model one is on: another goes off",
        operands="ADAPTER",
        arguments=(_ADAPTER,),
        examples=("retrouve adapters on adapter-1",),
    ),
    Verb(
        "off",
        "switches an adapter off, from the next search on, also in an open window",
        operands="ADAPTER",
        arguments=(_ADAPTER,),
        examples=("retrouve adapters off adapter-1",),
    ),
    Verb(
        "remove",
        "removes an adapter; captions and photos stay as they are",
        operands="ADAPTER",
        arguments=(_ADAPTER,),
        examples=("retrouve adapters remove adapter-1",),
    ),
)

TRAIN = (
    Verb(
        "adapter",
        "learns the names in captions and tags (“Biscuit”, “Oma Els”), in seconds",
        options=("name", "tolerance", "dry_run"),
        examples=(
            "retrouve train adapter",
            "retrouve train adapter --dry-run",
            "retrouve train adapter --name Biscuit",
        ),
    ),
    Verb(
        "lora",
        "trains small changes to the model on captioned photos, in minutes; needs [torch], Ctrl-C saves",
        options=("rank", "resume", *_TUNED),
        examples=("retrouve train lora", "retrouve train lora --resume"),
    ),
    Verb(
        "full",
        "trains all weights but batch norm and word vectors, for thousands of captions; needs [torch]",
        options=("resume", *_TUNED),
        examples=("retrouve train full --epochs 2",),
    ),
    Verb(
        "scratch",
        "trains a whole new model from captioned photos: hours on a GPU; needs [torch]",
        operands="SOURCE...",
        arguments=(("SOURCE", "folders and files with captioned photos, or with --resume a run"),),
        options=(
            *("architecture", "precision", "batch", "epochs", "steps", "rate", "warm_up", "hold_out", "parts"),
            *("workers", "save_every", "measure_every", "seed", "checkpointing", "resume", "dry_run"),
        ),
        examples=("retrouve train scratch ~/Photos", "retrouve train scratch --resume"),
    ),
)
