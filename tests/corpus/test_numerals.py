"""The number policy, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wordnum.corpus.numerals import KINDS, NumeralScheme
from wordnum.corpus.tokenizing import tokens
from wordnum.errors import UsageError

# Example: whole | l2r3 | r2l3 | digit; [n] is a number, # is other number.
ORDINALS_OUT = {
    "1,234": ("#", "[1] , [234]", "[1] , [234]", "[1] , [2] [3] [4]"),
    "3.14": ("#", "[3] . [14]", "[3] . [14]", "[3] . [1] [4]"),
    "007": ("#", "007", "007", "[0] [0] [7]"),
    "2024": ("#", "[202] [4]", "[2] 024", "[2] [0] [2] [4]"),
    "50%": ("[50] %", "[50] %", "[50] %", "[5] [0] %"),
    "$5": ("$ [5]", "$ [5]", "$ [5]", "$ [5]"),
    "21st": ("#", "#", "#", "#"),
    "1/2": ("[1] / [2]", "[1] / [2]", "[1] / [2]", "[1] / [2]"),
    "10-20": ("[10] - [20]", "[10] - [20]", "[10] - [20]", "[1] [0] - [2] [0]"),
    "-4": ("- [4]", "- [4]", "- [4]", "- [4]"),
    "twenty-three": ("twenty - three",) * 4,
    "A4": ("#", "#", "#", "#"),
    "350g": ("#", "#", "#", "#"),
    "1e5": ("#", "#", "#", "#"),
}
ORDINALS_KEPT = {
    **ORDINALS_OUT,
    "21st": ("[21] st", "[21] st", "[21] st", "[2] [1] st"),
    "A4": ("a [4]", "a [4]", "a [4]", "a [4]"),
    "350g": ("[350] g", "[350] g", "[350] g", "[3] [5] [0] g"),
    "1e5": ("[1] e [5]", "[1] e [5]", "[1] e [5]", "[1] e [5]"),
}


def written_out(tokens: list[int | str]) -> str:
    marks = (
        f"[{t}]" if isinstance(t, int) else "#" if t == "<other number>" else t for t in tokens
    )
    return " ".join(marks)


@pytest.mark.parametrize(("ordinals", "policy"), [("out", ORDINALS_OUT), ("keep", ORDINALS_KEPT)])
def test_the_number_policy_is_the_one_worked_by_hand(ordinals: str, policy: dict):
    for example, expected in policy.items():
        schemes = [NumeralScheme(kind, ordinals=ordinals) for kind in KINDS]
        assert tuple(written_out(tokens(example, scheme)) for scheme in schemes) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", [0], id="zero"),
        pytest.param("999 1000", [999, "<other number>"], id="the largest number"),
        pytest.param("00", ["<other number>"], id="zero twice"),
        pytest.param("at .5", ["at", ".", "<other number>"], id="point without a digit before"),
        pytest.param("end.5", ["end", ".", 5], id="point behind a word"),
        pytest.param("5. 6", [5, ".", 6], id="point that ends a sentence"),
        pytest.param("5..6", [5, ".", ".", 6], id="two points"),
        pytest.param("1,2,3", ["<other number>"], id="commas without spaces"),
        pytest.param("1, 2", [1, ",", 2], id="commas with spaces"),
        pytest.param("v1.2.3", ["<other number>"], id="version"),
        pytest.param("12½", ["<other number>"], id="fraction character"),
        pytest.param("x²", ["<other number>"], id="superscript"),
        pytest.param("１２", ["<other number>"], id="full-width digits"),
        pytest.param("Ⅳ", ["<other number>"], id="Roman numeral character"),
        pytest.param("№5", ["№", 5], id="numero sign"),
        pytest.param("5's", [5, "'", "s"], id="apostrophe"),
        pytest.param("don’t", ["don", "’", "t"], id="curly quote"),
        pytest.param("e\u0301a", ["e\u0301a"], id="combining mark"),
        pytest.param("ΑΣ ΣΑ", ["ας", "σα"], id="final sigma"),
        pytest.param("İß", ["i̇ß"], id="lower case of two characters"),
        pytest.param("7\u200b8", ["<other number>"], id="zero-width space"),
    ],
)
def test_whole_numbers_by_hand(text: str, expected: list[int | str]):
    assert tokens(text) == expected


def test_other_sizes_move_the_border():
    assert tokens("9 10", NumeralScheme(size=10)) == [9, "<other number>"]
    assert NumeralScheme(size=np.int64(10)) == NumeralScheme(size=10)
    assert tokens("2024 5000", NumeralScheme(size=5000)) == [2024, "<other number>"]


def test_kept_ordinals_are_flagged():
    assert NumeralScheme(ordinals="keep").flags == ("ordinals-kept",)
    assert NumeralScheme().flags == ()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "roman"}, "unknown numeral scheme 'roman'\n  to do: Known: digit"),
        ({"ordinals": "maybe"}, "unknown ordinals 'maybe'"),
        ({"size": 0}, "the size of a scheme cannot be 0"),
        ({"size": True}, "the size of a scheme cannot be True"),
        (
            {"kind": "digit", "size": 9},
            "a scheme cannot be 9\n  expected: an integer of at least 10",
        ),
        ({"kind": "l2r3", "size": 500}, "the scheme l2r3 needs size 1000"),
        ({"kind": "r2l3", "size": 10_000}, "the scheme r2l3 needs size 1000"),
    ],
)
def test_an_impossible_scheme_is_refused(parameters: dict, message: str):
    with pytest.raises(UsageError) as caught:
        NumeralScheme(**parameters)
    assert message in str(caught.value)
