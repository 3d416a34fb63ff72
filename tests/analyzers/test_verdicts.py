from dataclasses import replace

import numpy as np
import pytest

from wordnum.analyzers import analyze, probe, spectrum, verdict
from wordnum.analyzers.permutations import Null
from wordnum.analyzers.verdicts import paper_label
from wordnum.embeddings.embedding import Embedding
from wordnum.theory import planted_embedding
from wordnum.theory.planted_kinds import planted_kind

CONTROL = "excluding multiples of 5"

# Kappa x 100 at T = 2, 5, 10 of the paper's figures, and its cladogram.
PAPER = {
    "Transformer, Muon": (96.1, 63.5, 85.4, "both"),
    "Gated DeltaNet, Muon": (95.1, 55.2, 77.8, "both"),
    "Mamba-2, Muon": (93.8, 50.7, 76.7, "both"),
    "Transformer, AdamW": (89.1, 47.7, 72.1, "both"),
    "Gated DeltaNet, AdamW": (91.1, 46.4, 69.7, "both"),
    "Mamba-2, AdamW": (95.0, 55.3, 80.1, "both"),
    "9-digit addition": (99.7, 99.7, 99.7, "both"),
    "PPMI": (54.4, 20.8, 27.1, "partial"),
    "word2vec": (40.7, 25.0, 29.3, "partial"),
    "LSTM, AdamW": (9.0, 2.7, 2.0, "spectral"),
    "token distribution": (4.0, 4.0, 3.0, "spectral"),
}


@pytest.mark.parametrize("system", PAPER)
def test_paper_label_gives_the_cladogram_of_the_paper(system):
    two, five, ten, expected = PAPER[system]
    assert paper_label({2: two, 5: five, 10: ten}) == expected


def test_three_digit_addition_without_a_spike_is_neither():
    assert paper_label({2: 6.0, 5: -5.0, 10: 2.0}, spectral=False) == "neither"


@pytest.mark.parametrize(
    ("kappas", "p_values", "expected"),
    [
        ({2: 50, 5: 0, 10: 50}, None, "both"),
        ({2: 49.9, 5: 0, 10: 50}, None, "partial"),
        ({2: 50, 10: 50}, {2: 0.02, 10: 0.001}, "partial"),
        ({2: 15, 5: 0, 10: 0}, {2: 0.009}, "partial"),
        ({2: 15, 5: 0, 10: 0}, {2: 0.01}, "spectral"),
        ({2: 14.9, 5: 14.9, 10: 14.9}, None, "spectral"),
        ({3: 99, 7: 99}, None, "spectral"),
        ({}, None, "spectral"),
    ],
)
def test_paper_label_keeps_its_borders(kappas, p_values, expected):
    assert paper_label(kappas, p_values=p_values) == expected


def judged(kind, seed=0, **options):
    made = planted_kind(kind, random_state=seed, **options)
    return verdict(spectrum(made), probe(made, moduli=[2, 5, 10], controls=[CONTROL]))


@pytest.mark.parametrize("kind", ["noise", "smooth", "random walk", "gaps, noise"])
def test_what_holds_no_period_is_neither(kind):
    assert str(judged(kind)) == "neither"


def test_roundness_is_not_called_geometry():
    found = judged("roundness of 5")
    assert [found[T].geometry for T in (2, 5, 10)] == ["neither", "by roundness", "by roundness"]
    assert found[5].spectral
    assert "spectral at T = 5; by roundness at T = 5, 10" in str(found)
    assert found.paper_label == "partial"


@pytest.mark.parametrize(
    ("kind", "T"),
    [("parity alone", 2), ("digit code", 10), ("strong circle", 10), ("Theorem 1, B = 0.03", 10)],
)
def test_geometry_is_seen_with_and_without_multiples_of_5(kind, T):
    assert judged(kind)[T].geometry == "geometric"
    assert str(judged(kind)[T]) == "spectral, geometric"


def test_theorem_1_with_a_large_step_has_no_geometry():
    assert {one.geometry for one in judged("Theorem 1, B = 31").values()} == {"neither"}


def probed(kappa, control, *, low=None, high=None, p=0.001):
    """Probe of n mod 10 with these figures, and the verdict on it."""
    noise = np.random.default_rng(0).standard_normal((200, 4))
    result = probe(noise, moduli=[10, 3], nulls=199, controls=[CONTROL])
    null = Null(np.full(1000 if p < 0.01 else 10, -5.0), kappa)
    own = replace(
        result[10].controls[CONTROL], kappa=control, p_value=p, null_mean=0.0, null_p95=2.0,
        low=low, high=high,
    )  # fmt: skip
    ten = replace(
        result[10], kappa=kappa, null=null, null_unrestricted=null, controls={CONTROL: own},
        low=None if low is None else kappa - 1, high=None if low is None else kappa + 1,
    )  # fmt: skip
    found = verdict(spectrum(noise), replace(result, by_period={10: ten, 3: result[3]}))
    return found[10].geometry, found[10].reasons


@pytest.mark.parametrize(
    ("kappa", "control", "interval", "p", "expected"),
    [
        (30, 20, (10, 30), 0.001, "geometric"),
        (30, 5, (0.1, 10), 0.001, "geometric"),
        (30, 4.9, (0.1, 10), 0.001, "undecided"),
        (30, 6, (-1, 13), 0.001, "undecided"),
        (30, 20, (10, 30), 0.02, "neither"),
        (30, 0, (-4, 4.9), 0.001, "by roundness"),
        (30, 0, (-5, 5), 0.001, "undecided"),
        (4.9, 4.9, (4, 4.99), 0.001, "neither"),
        # Without an interval the upper bound is 2.4 above: the spread of the null.
        (30, 2.5, (None, None), 0.001, "by roundness"),
        (30, 2.7, (None, None), 0.001, "undecided"),
        (30, 20, (None, None), 0.001, "geometric"),
    ],
)
def test_the_rule_keeps_its_borders(kappa, control, interval, p, expected):
    low, high = interval
    geometry, reasons = probed(kappa, control, low=low, high=high, p=p)
    assert geometry == expected
    assert ("no-interval" in [reason.code for reason in reasons]) == (low is None)


@pytest.mark.parametrize(
    ("kappa", "p", "code", "told"),
    [
        (4.9, 0.001, "under-the-floor", "kappa 4.9, p = 0.001, where 5 or more counts"),
        (0.9, 0.001, "interval-holds-0", "kappa 0.9, p = 0.001, and its interval holds 0"),
        (9.0, 0.09, "not-beyond-chance", "kappa 9.0, p = 0.091, where under 0.01 counts"),
    ],
)
def test_what_is_not_read_says_why(kappa, p, code, told):
    found = probed(kappa, kappa, low=kappa - 1, high=kappa + 1, p=p)
    assert found[0] == "neither"
    assert code in [reason.code for reason in found[1]]
    assert f"not read at T = 10: {told}" in map(str, found[1])


def test_what_was_not_tested_is_undecided():
    noise = np.random.default_rng(0).standard_normal((60, 3))
    noise[:, 0] += np.arange(60) % 7 == 3
    found = verdict(spectrum(noise), probe(noise, moduli=[2, 7], nulls=0))
    for one in found.values():
        assert one.geometry in ("undecided", "neither")
    assert "neither an interval nor permutations" in "".join(map(str, found.reasons))


def test_without_the_control_nothing_is_called_geometric():
    made = planted_kind("strong circle")
    found = verdict(spectrum(made), probe(made, moduli=[10], controls=False))
    assert found[10].geometry == "undecided"
    assert "not probed without multiples of 5" in "".join(map(str, found[10].reasons))


def test_a_modulus_apart_from_ten_needs_no_control():
    n = np.arange(1000)
    x = np.random.default_rng(0).standard_normal((1000, 20))
    x[:, 0] += 5 * (n % 7 == 3)
    found = verdict(spectrum(x), probe(x, moduli=[7], controls=False))
    assert found[7].geometry == "geometric"
    assert not found[7].spectral
    assert found[10].geometry == "neither"
    assert "T = 10 was not probed" in map(str, found[10].reasons)


def test_reasons_and_flags_are_told():
    made = planted_embedding(phi=300, kappa=90)
    told = Embedding(
        made.vectors[:-3],
        size=1000,
        flags=["ordinals-kept", "subwords", "of-my-own"],
        n_documents=12,
    )
    found = analyze(told, moduli=[2, 10], intervals=False, only="spectrum,probe").verdict
    assert found.flags == (
        "ordinals-kept", "subwords", "of-my-own", "few-documents", "missing-numbers"
    )  # fmt: skip
    text = "\n".join(map(str, found.reasons))
    for part in (
        "a spike at T = 10",
        "geometric at T = 2: kappa",
        "T = 5 was not probed",
        "suffix of 21st",
        "fewer than 40 documents",
        "reads the spelling",
    ):
        assert part in text


def test_permutations_too_few_to_be_significant_are_not_called_absence_in_silence():
    made = planted_embedding(phi=300, kappa=90)
    few, enough = (
        verdict(spectrum(made), probe(made, moduli=[2], nulls=nulls, controls=False))
        for nulls in (99, 100)
    )
    assert (few[2].geometry, enough[2].geometry) == ("neither", "undecided")
    assert "too few permutations at T = 2 for a p below 0.01: 99" in map(str, few.reasons)
    assert "few-permutations" not in [reason.code for reason in enough.reasons]


def test_a_constant_embedding_is_neither_and_flagged():
    found = analyze(np.full((1000, 4), 0.7))
    assert str(found.verdict) == found.verdict.paper_label == "neither"
    assert "constant" in found.verdict.flags
    assert all(p.kappa == 0 for p in found.probe.by_period.values())


@pytest.mark.parametrize("kind", ["roundness of 10", "circle"])
def test_a_small_text_is_not_judged_by_permuted_labels_alone(kind):
    made = planted_kind(kind, random_state=0)
    probed = probe(made, moduli=[10], controls=[CONTROL])
    assert verdict(spectrum(made), probed)[10].geometry in ("by roundness", "geometric")
    small = {10: replace(probed[10], interval_reason="few-documents")}
    said = verdict(spectrum(made), replace(probed, by_period=small))[10]
    assert said.geometry == "undecided"
    assert [reason.code for reason in said.reasons][1] == "small-text"
