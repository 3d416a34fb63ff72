"""One text, one scheme, the same numbers: the fast tokenizer, the reference, and all others."""

from __future__ import annotations

import itertools
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from docs import numeral_table
from tests.corpus import reference
from tests.corpus.odd_numerals import ODD_NUMERALS
from tests.corpus.test_numerals import written_out
from tests.corpus.test_tokenize import (
    ALL_SCHEMES,
    named,
    paragraphs,
    real_files,
    spelled,
    split,
)  # fmt: skip
from tests.strategies import nasty_texts, schemes
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.other_tokenizers import make_tokenizer
from wordnum.corpus.tokenizing import tokens

OTHER = "<other number>"
Tokens = list[int | str]


def numbers(found: list[Tokens]) -> list[Tokens]:
    """Numbers and other numbers of each document, and what l2r3 leaves of those with zeros."""
    return [
        [t for t in document if isinstance(t, int) or t == OTHER or (t[0] == "0" and t.isdigit())]
        for document in found
    ]


@pytest.fixture(scope="session")
def tokenizers_by_name(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """spaCy, three of Hugging Face that cut digits in their own ways, and callables."""
    library = pytest.importorskip("tokenizers")
    before, models = library.pre_tokenizers, library.models
    folder = tmp_path_factory.mktemp("tokenizers")

    def saved(name: str, model: Any, pre_tokenizer: Any, normalizer: Any = None) -> Path:
        made = library.Tokenizer(model)
        made.pre_tokenizer = pre_tokenizer
        if normalizer is not None:
            made.normalizer = normalizer
        made.save(str(folder / f"{name}.json"))
        return folder / f"{name}.json"

    digits = before.Split(library.Regex(r"\d{1,3}"), "isolated")
    byte_level = before.ByteLevel(add_prefix_space=False)
    alphabet = before.ByteLevel.alphabet()
    merges = [(str(a), str(b)) for a in range(10) for b in range(10)]
    merges += [(f"{a}{b}", str(c)) for a in range(10) for b in range(10) for c in range(10)]
    pieces = [*sorted(alphabet), *(a + b for a, b in merges)]
    bpe = models.BPE({piece: i for i, piece in enumerate(pieces)}, merges)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["[UNK]", "the", "of", "page", "20", "##24", *letters, *(f"##{c}" for c in letters)]
    word_piece = models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]")
    word_level = models.WordLevel({"[UNK]": 0, "▁7": 1, "▁the": 2}, unk_token="[UNK]")
    return {
        "threes": saved("threes", bpe, before.Sequence([digits, byte_level])),
        "word pieces": saved(
            "pieces", word_piece, before.BertPreTokenizer(), library.normalizers.BertNormalizer()
        ),
        "words": saved("words", word_level, before.Metaspace(), library.normalizers.NFKC()),
        "spacy": "spacy",
        "blanks": str.split,
        "characters": list,
        "words and marks": partial(re.findall, r"\w+|[^\w\s]"),
    }


def read(tokenizer: Any, texts: list[str], scheme: NumeralScheme) -> list[Tokens]:
    made = make_tokenizer(tokenizer, scheme, separator="file")
    made.read_documents(texts)
    piece = made.take()
    return split(spelled(piece, scheme), piece.starts)


def check_all_paths(texts: list[str], scheme: NumeralScheme, others: dict[str, Any]) -> None:
    """Compare the numbers of every document; each has a visible token."""
    expected = [reference.tokens(text, scheme) for text in texts]
    assert read("fast", texts, scheme) == expected
    for name, tokenizer in others.items():
        found = numbers(read(tokenizer, texts, scheme))
        wrong = [trio for trio in zip(texts, numbers(expected), found) if trio[1] != trio[2]]
        assert not wrong, (name, wrong[0])
        assert len(found) == len(texts)


def test_the_table_of_the_documentation_is_what_the_code_does():
    assert numeral_table.PAGE.read_text("utf-8") == numeral_table.page()
    shown = {text for texts in numeral_table.SECTIONS.values() for text in texts}
    for text in shown & ODD_NUMERALS.keys():
        assert numeral_table.written_out(text, NumeralScheme()) == ODD_NUMERALS[text]
    assert len(shown & ODD_NUMERALS.keys()) > 50


def test_odd_numerals_are_read_as_worked_by_hand():
    assert len(ODD_NUMERALS) > 150
    found = {text: written_out(tokens(text)) for text in ODD_NUMERALS}
    assert found == ODD_NUMERALS


@pytest.mark.parametrize("scheme", ALL_SCHEMES, ids=named)
def test_odd_numerals_are_the_same_numbers_by_every_tokenizer(
    scheme: NumeralScheme, tokenizers_by_name: dict[str, Any]
):
    texts = [frame.format(text) for text in ODD_NUMERALS for frame in ("{}", "On {}, the page")]
    check_all_paths([*texts, " ; ".join(ODD_NUMERALS)], scheme, tokenizers_by_name)


@settings(max_examples=100, deadline=None)
@given(text=nasty_texts(), scheme=schemes())
def test_any_text_has_the_same_numbers_by_every_tokenizer(
    text: str, scheme: NumeralScheme, tokenizers_by_name: dict[str, Any]
):
    others = {k: t for k, t in tokenizers_by_name.items() if k not in ("spacy", "blanks")}
    check_all_paths([f"the {text} the"], scheme, others)


def samples(folder: Path, size: int) -> list[list[str]]:
    """Documents of about `size` characters of every genre: statutes, speeches, Wikipedia, ..."""
    found = []
    for path in real_files(folder):
        if path.name not in [f"wikipedia2014.{part}of5.txt.xz" for part in (2, 3, 4, 5)]:
            documents = next(paragraphs(path, size))[:size].split("\n\n")
            found.append([document for document in documents if document.strip()])
    return found


def test_real_text_has_the_same_numbers_by_every_tokenizer(
    corpora_folder: Path, tokenizers_by_name: dict[str, Any]
):
    two = {name: tokenizers_by_name[name] for name in ("threes", "spacy")}
    for texts in samples(corpora_folder, 100_000):
        check_all_paths(texts, NumeralScheme(), two)
    for scheme, texts in itertools.product(ALL_SCHEMES, samples(corpora_folder, 2_000)):
        check_all_paths(texts, scheme, tokenizers_by_name)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ALL_SCHEMES, ids=named)
def test_much_real_text_has_the_same_numbers_by_every_tokenizer(
    corpora_folder: Path, scheme: NumeralScheme, tokenizers_by_name: dict[str, Any]
):
    for texts in samples(corpora_folder, 2_000_000):
        check_all_paths(texts, scheme, tokenizers_by_name)


def test_the_case_of_a_tokenizer_of_three_digits(
    tokenizers_by_name: dict[str, Any], tmp_path: Path
):
    (tmp_path / "t.txt").write_text("room 7 of 2024 with 3.14 and 1,234\n")
    for scheme, expected in (("whole", [7]), ("l2r3", [1, 3, 4, 7, 14, 202, 234])):
        corpus = encode(tmp_path / "t.txt", tokenizer=tokenizers_by_name["threes"], numerals=scheme)
        assert corpus.number_counts.nonzero()[0].tolist() == expected


def test_the_case_of_grouped_numerals():
    text = (
        "room 7: about 1\u202f234 or 1\u00a0235 or 1\u2009236 or 1'237 or 12\u00b75 or 5\u00ad0\n"
    )
    corpus = encode_documents([text])
    assert corpus.number_counts.nonzero()[0].tolist() == [7]
    assert int(corpus.vocabulary.counts[corpus.vocabulary.other_number]) == 6
