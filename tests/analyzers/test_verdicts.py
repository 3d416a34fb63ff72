import numpy as np
import pytest

from wordnum.analyzers import analyze, probe, spectrum, verdict
from wordnum.analyzers.verdicts import kappa_rule
from wordnum.embeddings.embedding import Embedding
from wordnum.theory import planted_embedding

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
def test_kappa_rule_gives_the_cladogram_of_the_paper(system):
    two, five, ten, expected = PAPER[system]
    assert kappa_rule({2: two, 5: five, 10: ten}) == expected


def test_three_digit_addition_without_a_spike_is_neither():
    assert kappa_rule({2: 6.0, 5: -5.0, 10: 2.0}, spectral=False) == "neither"


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
def test_kappa_rule_keeps_its_borders(kappas, p_values, expected):
    assert kappa_rule(kappas, p_values=p_values) == expected


def test_geometry_without_a_spike_at_five_or_ten_is_neither():
    n = np.arange(1000)
    x = np.random.default_rng(1).standard_normal((1000, 20))
    x[:, 0] += 6 * (n % 2)
    found = analyze(x, controls=False)
    assert found.probe[2].kappa > 90
    assert found.spectrum.spikes[2].p_value < 0.05
    assert found.verdict.name == "neither"
    assert found.verdict.geometric[0] == 2


def test_reasons_and_flags_are_told():
    made = planted_embedding(phi=300, kappa=90)
    told = Embedding(
        made.vectors[:-3],
        size=1000,
        flags=["ordinals-kept", "subwords", "of-my-own"],
        n_documents=12,
    )
    found = analyze(told, moduli=[2, 10], controls=False, intervals=False).verdict
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


def test_without_shuffles_kappa_alone_decides_and_the_reason_says_so():
    made = planted_embedding(phi=300, kappa=90)
    found = verdict(spectrum(made), probe(made, moduli=[2, 10], nulls=0, controls=False))
    assert found.name == "both"
    assert any("no permutations" in reason.text for reason in found.reasons)


def test_shuffles_too_few_to_be_significant_are_not_called_absence_in_silence():
    made = planted_embedding(phi=300, kappa=90)
    few, enough = (
        verdict(spectrum(made), probe(made, moduli=[2, 10], nulls=nulls, controls=False))
        for nulls in (99, 100)
    )
    assert (few.name, enough.name) == ("spectral", "both")
    assert "too few permutations at T = 2 for a p below 0.01: 99" in map(str, few.reasons)
    assert "few-permutations" not in [reason.code for reason in enough.reasons]


def test_a_constant_embedding_is_neither_and_flagged():
    found = analyze(np.full((1000, 4), 0.7))
    assert found.verdict.name == "neither"
    assert "constant" in found.verdict.flags
    assert all(p.kappa == 0 for p in found.probe.by_period.values())
