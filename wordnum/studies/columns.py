"""Columns of a study's tables: the one place where their names are written down."""

from __future__ import annotations

# Of study.json, of the records and of the tables; counted up when a name or a meaning changes.
SCHEMA = 4

# What a run is. An axis that its model does not have is empty.
IDENTITY = (
    "corpus", "numerals", "ordinals", "condition", "perturbation", "control_for", "window", "side",
    "positional", "window_weighting", "signal", "model", "weighting", "dim", "seed",
)  # fmt: skip

# As `wordnum.analyzers.probe_results.control_column` makes them, which takes long to import.
_CONTROLS = (
    "excluding_multiples_of_5", "excluding_multiples_of_10", "within_parity", "groups",
    "without_frequency", "without_frequency_within_runs_of_ten", "without_roundness",
)  # fmt: skip
_OF_CONTROLS = ("", "_low", "_high", "_p", "_random_mean")

# The corrected Phi_T and its contrasts, as `wordnum.analyzers.phi.Phi.row` makes them.
_PHI = tuple(
    f"phi_{name}{end}"
    for name in (
        "corrected", "round_or_not", "0_or_5", "parity", "parity_of_the_others", "the_rest",
    )
    for end in ("", "_low", "_high")
)  # fmt: skip

# What was measured at one T: kappa x 100 with its interval, nulls and controls, what the verdict
# says of T, Phi_T and its parts, the spike (p after Holm over its embedding, q over the study),
# lambda_max beside its noise level, and the bounds of Theorem 1.
MEASURES = (
    "kappa", "low", "high", "interval_reason", "repeat_sd", "kappa_minus_ceiling",
    "alternative_kappa", *(f"kappa_{name}{value}" for name in _CONTROLS for value in _OF_CONTROLS),
    "null_mean", "null_p95", "null_p", "null_unrestricted_mean", "null_unrestricted_p95",
    "null_unrestricted_p", "accuracy", "spectral", "verdict", "phi", *_PHI, "magnitude", "power",
    "spike_p", "spike_p_raw",
    "spike_rank_p", "spike_q", "spike_family", "lambda_max", "lambda_max_noise", "cond", "lower",
    "upper",
)  # fmt: skip

# `key` names a record, `run` the fit that it belongs to; `step` and `tokens` say which checkpoint
# of the fit it is: no step where there is but one. Of a task, `task_accuracy` is the share of
# held-out problems that are right.
TABLE = (
    "key", "run", "system", *IDENTITY, "step", "tokens", "loss", "task_accuracy", "T", *MEASURES,
    "n_numbers", "coverage", "n_pairs", "paper_label", "digits", "flags", "reasons", "seconds",
    "status", "error",
)  # fmt: skip

# What two records have in common that can be compared.
SAME = (
    "corpus", "numerals", "ordinals", "window", "side", "positional", "window_weighting", "signal",
    "model", "seed", "step",
)  # fmt: skip
COMPARISON = (
    *SAME, "key", "condition", "against", "against_condition", "T", "difference", "low", "high",
    "p_value", "smallest_difference", "reason",
)  # fmt: skip

# A word of one corpus, window and T; residue_0 to residue_(T-1), its residuals, come last.
WORDS = (
    "corpus", "numerals", "ordinals", "window", "label", "T", "word", "side", "count", "share", "f",
    "p_value", "q_value", "confirmed", "odds_ratio", "low", "high", "in_class", "class", "tested",
    "sentence", "told",
)  # fmt: skip

# Integers, which may be missing.
WHOLE = ("T", "window", "dim", "seed", "step", "tokens", "n_numbers", "n_pairs")
