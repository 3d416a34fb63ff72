"""spaCy, tokenizer.json and callables behind the interface of the fast tokenizer."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.test_tokenize import spelled, split
from tests.strategies import nasty_texts, schemes
from wordnum.corpus.numerals import KINDS, NumeralScheme
from wordnum.corpus.other_tokenizers import make_tokenizer, tokenizer_name
from wordnum.corpus.tokenizing import tokens
from wordnum.errors import InputError, UsageError

OTHER, UNKNOWN = "<other number>", "<unknown>"


def read(tokenizer, texts: list[str], scheme: NumeralScheme | None = None) -> list[list[int | str]]:
    scheme = scheme or NumeralScheme()
    made = make_tokenizer(tokenizer, scheme, separator="record")
    made.read_documents(texts)
    piece = made.take()
    return split(spelled(piece, scheme), piece.starts)


def test_spacy_tokens_by_hand():
    found = read("spacy", ["Mr. O'Neil's 21st  page,\n7 of 350g: 3.14?", " ", "$5 or 1,234"])
    assert found == [
        ["mr.", "o'neil", "'s", OTHER, "page", ",", 7, "of", OTHER, ":", OTHER, "?"],
        ["$", 5, "or", OTHER],
    ]


def test_spacy_splits_letters_off_when_ordinals_are_kept():
    assert read("spacy", ["350g on the 21st"], NumeralScheme(ordinals="keep")) == [
        [350, "g", "on", "the", 21, "st"]
    ]


def test_spacy_words_are_those_of_spacy():
    import spacy

    text = "Don't read N.Y. times (today)... or e-mail me@x.org — “now” 😀!"
    expected = [token.lower_ for token in spacy.blank("en")(text)]
    assert read("spacy", [text]) == [expected]


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tokenizer as Llama-3's: digits in threes from the left, byte-level pieces."""
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    digits = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"\d{1,3}"), "isolated")
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [digits, tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    numbers = [f"{n:0{width}d}" for width in (1, 2, 3) for n in range(10**width)]
    text = ["the page of in été st"] * 50
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=2500,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*text, *(f"{number} " for number in numbers * 3)], trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer.enable_truncation(4)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


def test_number_tokens_of_a_tokenizer_json_go_to_the_number_slots(byte_level: Path):
    keep = NumeralScheme("l2r3", ordinals="keep")
    found = read(str(byte_level), ["the page 2014 of 007, 7s", "12345"], keep)
    assert found == [
        ["the", "Ġpage", "Ġ", 201, 4, "Ġof", "Ġ", "007", ",", "Ġ", 7, "s"],
        [123, 45],
    ]


def test_every_number_token_of_a_tokenizer_json_is_its_number(byte_level: Path):
    """Against the tokenizer itself: a token of plain digits is the number that it spells."""
    tokenizers = pytest.importorskip("tokenizers")
    own = tokenizers.Tokenizer.from_file(str(byte_level))
    own.no_truncation()
    text = " ".join(str(n) for n in range(0, 12_000, 7))
    expected = [
        int(token) if token.isdigit() and str(int(token)) == token else token
        for token in own.encode(text, add_special_tokens=False).tokens
    ]
    assert read(str(byte_level), [text], NumeralScheme("l2r3")) == [expected]
    assert len({token for token in expected if isinstance(token, int)}) == 1000


def test_digits_that_touch_a_letter_are_other_numbers_in_a_tokenizer_json_too(byte_level: Path):
    found = read(str(byte_level), ["21st 350g a7 7."], NumeralScheme("l2r3"))
    assert [token for token in found[0] if token == OTHER or isinstance(token, int)] == [
        *(OTHER, OTHER, OTHER, 7),
    ]


def test_word_pieces_and_space_marks(tmp_path: Path):
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"[UNK]": 0, "page": 1, "20": 2, "##14": 3, "7": 4, "a7": 5}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "pieces.json"))
    assert read(tmp_path / "pieces.json", ["page 2014 7 a7 none"]) == [
        ["page", OTHER, 7, OTHER, "[UNK]"]
    ]
    metaspace = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({"▁7": 0, "▁of": 1, "[UNK]": 2}, unk_token="[UNK]")
    )
    metaspace.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    metaspace.save(str(tmp_path / "marks.json"))
    assert read(tmp_path / "marks.json", ["7 of 7"]) == [[7, "▁of", 7]]


def test_a_callable_gets_documents_and_its_digits_are_read_by_the_scheme():
    assert read(str.split, ["page 7 of 21st,", "(350) 007"]) == [
        ["page", 7, "of", OTHER, ","],
        ["(", 350, ")", OTHER],
    ]


def test_the_whole_numeral_decides_however_a_tokenizer_cuts_it():
    pieces = partial(re.findall, r"\w+|[^\w\s]")
    assert read(pieces, ["3.14 1,234 .5", "5. 6, 7 a.8 9..10"]) == [
        [OTHER, OTHER, ".", OTHER],
        [5, ".", 6, ",", 7, "a", ".", 8, 9, ".", ".", 10],
    ]
    assert read(pieces, ["3.14"], NumeralScheme("l2r3")) == [[3, ".", 14]]
    assert read(list, ["a 21, 2024"]) == [["a", 21, ",", OTHER]]


def test_digits_that_a_normalizer_makes_are_no_numbers(tmp_path: Path):
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {"1": 0, "[UNK]": 1, "2": 2, "x": 3, "<0x0A>": 4}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.NFKC(), tokenizers.normalizers.Replace("x", "2")]
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence(
        [
            tokenizers.pre_tokenizers.WhitespaceSplit(),
            tokenizers.pre_tokenizers.Split("点", "isolated"),
        ]
    )
    tokenizer.save(str(tmp_path / "nfkc.json"))
    assert read(tmp_path / "nfkc.json", ["㍙ １ x 1"]) == [[OTHER, "[UNK]", OTHER, OTHER, 1]]


@settings(max_examples=200, deadline=None)
@given(nasty_texts(), st.sampled_from(["out", "keep"]), st.sampled_from(KINDS))
def test_a_callable_that_splits_at_spaces_gives_the_policys_tokens(
    text: str, ordinals: str, kind: str
):
    """Each word that holds a digit becomes what the scheme makes of it."""
    scheme = NumeralScheme(kind, ordinals=ordinals)
    words = re.findall(r"[a-z0-9.,$%-]{1,200}", text)
    found = read(str.split, [" ".join(words)], scheme)
    expected = [token for word in words for token in alone(word, scheme)]
    assert found == ([expected] if expected else [])


def alone(word: str, scheme: NumeralScheme) -> list[int | str]:
    """Tokens of one word: kept whole without a digit."""
    return tokens(word, scheme) if any(c.isdigit() for c in word) else [word]


def test_a_lower_casing_callable_is_found_in_the_text():
    def lower(text: str) -> list[str]:
        return re.findall(r"[a-z]+|[0-9]+", text.lower())

    assert read(lower, ["The 21ST of THE 7"]) == [["the", OTHER, "of", "the", 7]]


def test_a_callable_that_changes_its_tokens_is_taken_at_its_word():
    assert read(lambda text: ["num", "7", "x"], ["something else"]) == [["num", 7, "x"]]


def test_words_beyond_1024_bytes_are_unknown():
    assert read(str.split, ["é" * 512 + " " + "é" * 513]) == [["é" * 512, UNKNOWN]]


@settings(max_examples=60, deadline=None)
@given(st.lists(nasty_texts(), max_size=4), schemes())
def test_documents_without_tokens_are_dropped(texts: list[str], scheme: NumeralScheme):
    assert len(read(str.split, texts, scheme)) == sum(bool(text.split()) for text in texts)


@pytest.mark.parametrize(
    ("tokenizer", "error", "message"),
    [
        ("fasst", UsageError, "unknown tokenizer 'fasst'\n  expected: 'fast', 'spacy', the path"),
        ("none.json", InputError, "no such tokenizer: none.json"),
        (7, UsageError, "unknown tokenizer 7"),
        (lambda text: text, InputError, "did not return a list of str\n  expected: a callable"),
        (lambda text: [1], InputError, "got: list: [1]"),
        (lambda text: iter(["a"]), InputError, "did not return a list of str"),
        (lambda text: None, InputError, "got: NoneType: None"),
    ],
)
def test_what_is_no_tokenizer_is_refused(tokenizer, error: type[Exception], message: str):
    with pytest.raises(error) as caught:
        read(tokenizer, ["a 7"])
    assert message in str(caught.value)


def test_a_json_that_is_no_tokenizer_is_refused(tmp_path: Path):
    pytest.importorskip("tokenizers")
    (tmp_path / "t.json").write_text("{}")
    with pytest.raises(InputError, match="the tokenizer cannot be read\n.*a tokenizer.json"):
        read(tmp_path / "t.json", ["a 7"])


def test_names_say_what_a_tokenizer_is():
    assert tokenizer_name("fast") == "fast"
    assert tokenizer_name(Path("a.json")) == "a.json"
    assert tokenizer_name(str.split) == "builtins.str.split"
    assert tokenizer_name(re.split) == "re.split"
    assert tokenizer_name(partial(str.split, sep=",")) == "functools.partial"
