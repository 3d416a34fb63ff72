"""What a path holds: which format of vectors, or what else, and which command takes that."""

from __future__ import annotations

import zipfile
from pathlib import Path

from wordnum.corpus.encoded_corpus import MANIFEST
from wordnum.embeddings.binary_vectors import FASTTEXT_MAGIC
from wordnum.embeddings.checkpoints import checkpoints
from wordnum.embeddings.gguf_file import MAGIC
from wordnum.embeddings.model_folders import weights_of
from wordnum.embeddings.text_vectors import looks_like_csv, looks_like_text, text_header
from wordnum.errors import FormatError, InputError
from wordnum.storage import DAMAGE, npz_kind

_STARTS = {
    b"PK": "npz",
    b"\x93NUMPY": "npy",
    MAGIC: "gguf",
    FASTTEXT_MAGIC: "fasttext",
    **dict.fromkeys((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "pickle"),
}
_CSV = "a table of numbers (CSV)"
_OTHERS = {
    "a folder of checkpoints": "wordnum analyze (load_trajectory)",
    "counts": "wordnum embed",
    "word-counts": "wordnum embed",
    "expected-counts": "wordnum embed",
    "an encoded corpus": "wordnum embed",
    "the folder of a study": "wordnum report",
    "a text": "wordnum encode",
}


def kind_of(path: Path) -> str:
    """Say what a file is by its content, or by its name where the content cannot tell.

    Raises
    ------
    InputError
        A pickle.
    """
    if not path.is_file():
        known = {MANIFEST: "an encoded corpus", "study.json": "the folder of a study"}
        for name, text in known.items():
            if (path / name).is_file():
                return text
        if weights_of(path):
            return "a model folder"
        if path.is_dir() and checkpoints(path):
            return "a folder of checkpoints"
        return "a folder" if path.is_dir() else "neither a file nor a folder"
    with open(path, "rb") as file:
        start = file.read(1 << 16)
    first, _, rest = start.partition(b"\n")
    # Before pickles, whose first bytes may also be the length of a header.
    if path.suffix == ".safetensors" or (start[8:9] == b"{" and b'"data_offsets"' in start):
        return "safetensors"
    kind = next((kind for head, kind in _STARTS.items() if start.startswith(head)), None)
    if kind == "npz":
        kind = npz_kind(path) or _kind_of_zip(path)
    if kind == "pickle":
        raise pickled(path)
    if kind is not None:
        return kind
    second = rest.partition(b"\n")[0]
    if text_header(first) and not looks_like_text(second):
        return "word2vec"
    if looks_like_csv(second or first):
        return _CSV
    if looks_like_text(first) or looks_like_text(second):
        return "text"
    other = "of no known format" if b"\0" in start else "a text"
    return other if start else "empty"


def _kind_of_zip(path: Path) -> str:
    """Say what a zip archive holds by the names of its members; of a damaged one by its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, *DAMAGE):
        names = []
    if any(name.endswith(".pkl") for name in names):
        return "pickle"
    arrays = path.suffix == ".npz" or any(name.endswith(".npy") for name in names)
    return "npz" if arrays else "a zip archive"


def no_vectors(path: Path, what: str) -> InputError:
    """Error for what holds something else; it names the command that takes it."""
    verb = _OTHERS.get(what)
    others = {
        "a zip archive": "unpack it first",
        _CSV: "in Python, wordnum.analyze(pandas.read_csv(PATH, index_col=0)), the index being the "
        "numbers; or write it as text, a line a number with blanks between, or as .npy, row n "
        "being number n",
    }
    other = others.get(what, "check the path")
    return FormatError(
        f"{path} holds no vectors: it is {what}",
        expected=".npz, .npy, .safetensors, .gguf, a model folder, or vectors of word2vec, GloVe "
        "or fastText",
        got=f"{path.stat().st_size} bytes" if path.is_file() else what,
        remedy=f"{verb} takes it" if verb else other,
    )


def pickled(path: Path) -> InputError:
    """Error for what may run code; it says how to convert it."""
    return InputError(
        f"{path} is a pickle, which can run any code when it is read",
        expected="a format without code",
        got="a file of gensim's save() or of torch.save()",
        remedy="convert it where you trust it: for gensim, "
        "KeyedVectors.load(PATH).save_word2vec_format('vectors.bin', binary=True), or "
        "Embedding(model.wv); for torch, safetensors.torch.save_file",
    )
