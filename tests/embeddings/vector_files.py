"""Vector files as other programs write them, for the tests that read them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

Write = Callable[[Path, Sequence[str], np.ndarray], dict[str, Any]]


def text(path: Path, words: Sequence[str], matrix: np.ndarray, *, header: bool, end: str) -> dict:
    """word2vec (header), GloVe (none) or fastText .vec (header, a blank at the end of lines)."""
    lines = [f"{len(words)} {matrix.shape[1]}"] if header else []
    lines += [
        word + " " + " ".join(map(repr, row)) + end for word, row in zip(words, matrix.tolist())
    ]
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    return {}


def word2vec_binary(path: Path, words: Sequence[str], matrix: np.ndarray, *, end: bytes) -> dict:
    """As the C program writes it, with line ends, or as gensim does, without."""
    with open(path, "wb") as file:
        file.write(f"{len(words)} {matrix.shape[1]}\n".encode())
        for word, row in zip(words, matrix):
            file.write(word.encode() + b" " + row.astype("<f4").tobytes() + end)
    return {}


def fasttext_binary(
    path: Path,
    words: Sequence[str],
    matrix: np.ndarray,
    *,
    maxn: int = 0,
    bucket: int = 0,
    version: int = 12,
    rows: int | None = None,
    quantized: bool = False,
) -> dict:
    """The layout of fastText's saveModel: arguments, dictionary, input matrix."""
    with open(path, "wb") as file:
        file.write(struct.pack("<ii", 793712314, version))
        # dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate
        file.write(struct.pack("<12i", matrix.shape[1], 5, 5, 1, 5, 1, 1, 2, bucket, 3, maxn, 100))
        file.write(struct.pack("<d", 1e-4))
        file.write(struct.pack("<iiiqq", len(words), len(words), 0, 10 * len(words), -1))
        for word in words:
            file.write(word.encode() + b"\0" + struct.pack("<qb", 10, 0))
        file.write(struct.pack("<?", quantized))
        file.write(struct.pack("<qq", len(matrix) if rows is None else rows, matrix.shape[1]))
        file.write(matrix.astype("<f4").tobytes())
        if rows is None:
            file.write(struct.pack("<?qq", False, 1, matrix.shape[1]) + b"\0" * 4 * matrix.shape[1])
    return {}


def safetensors(path: Path, words: Sequence[str], matrix: np.ndarray) -> dict:
    save_file({"bias": np.zeros(3, np.float32), "wte.weight": matrix.astype(np.float32)}, path)
    return {"vocab": vocab_txt(path, words)}


def npy(path: Path, words: Sequence[str], matrix: np.ndarray) -> dict:
    with open(path, "wb") as file:
        np.save(file, matrix)
    return {"vocab": vocab_txt(path, words)}


def vocab_txt(path: Path, words: Sequence[str]) -> Path:
    vocabulary = path.with_name("vocab.txt")
    vocabulary.write_text("".join(word + "\n" for word in words), encoding="utf-8")
    return vocabulary


def tokenizer_json(path: Path, kind: str, words: Sequence[str], added: Sequence[str] = ()) -> Path:
    """Write a tokenizer.json of the tokenizers library: BPE, WordPiece or Unigram."""
    ids = {word: row for row, word in enumerate(words)}
    vocabulary: Any = [[word, -1.0] for word in words] if kind == "Unigram" else ids
    more = [{"id": len(words) + i, "content": token} for i, token in enumerate(added)]
    content = {"version": "1.0", "added_tokens": more, "model": {"type": kind, "vocab": vocabulary}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Format:
    """A format of vector files.

    Parameters
    ----------
    name : str
        For the ids of tests.
    suffix : str
        Of the file.
    write : callable
        Writes words and matrix, and returns what `load_embedding` needs beside the path.
    blanks : bool
        A word may hold a blank.
    says_size : bool
        A file that is cut off anywhere can be told from a whole one.
    """

    name: str
    suffix: str
    write: Write
    blanks: bool = True
    says_size: bool = True

    def __str__(self) -> str:
        return self.name


FORMATS = [
    Format("word2vec-text", ".txt", lambda *a: text(*a, header=True, end=""), says_size=False),
    Format("glove", ".txt", lambda *a: text(*a, header=False, end=""), says_size=False),
    Format("fasttext-vec", ".vec", lambda *a: text(*a, header=True, end=" "), says_size=False),
    Format("word2vec-binary", ".bin", lambda *a: word2vec_binary(*a, end=b"\n"), blanks=False),
    Format("gensim-binary", ".bin", lambda *a: word2vec_binary(*a, end=b""), blanks=False),
    Format("fasttext-bin", ".bin", fasttext_binary),
    Format("safetensors", ".safetensors", safetensors),
    Format("npy", ".npy", npy),
]
