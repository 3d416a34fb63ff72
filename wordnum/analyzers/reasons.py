"""Why there is no interval, what a verdict rests on, what a reader must know: codes with a text.

Tables and records hold codes, which programs compare; people are shown the text.
"""

from __future__ import annotations

from typing import NamedTuple

MIN_BLOCKS, MIN_DOCUMENTS = 8, 40

REASONS = {
    # Why there is no interval.
    "few-documents": f"fewer than {MIN_DOCUMENTS} documents",
    "few-blocks": f"fewer than {MIN_BLOCKS} blocks of documents, so no half-samples",
    "no-replicates": "no half-samples of documents come with this embedding",
    "few-replicates": "the half-samples are too few, or hold too few numbers",
    "not-asked": "intervals were not asked for",
    "run-failed": "one of the two failed",
    "unpaired": "the two were not fitted on the same half-samples",
    # What was done.
    "not-converged": "{classifier} did not converge at T = {periods}",
    "few-runs": "too few numbers for an analysis of variance beside runs",
    "few-hundreds": "too few numbers to tell digits from residues",
    "no-verdict": "a verdict needs the spectrum and the probe",
    "no-data": "{n} numbers have no vector of their own: {numbers}",
    "classifiers-disagree": "two classifiers differ by more than 20 points of kappa",
    "more-dimensions": "as many dimensions as training numbers: alpha decides what is read",
    "no-permutations": "no labels were permuted",
    "projected": "separability at T = {periods}: directions without variance were left out of S_W",
    "shrunk": "separability at T = {periods}: S_W is singular, a shrinkage of 1 % stands in",
    # Steps of the verdict.
    "spike": "a spike at T = {T}: magnitude {magnitude:.2f}, p = {p:.3g}",
    "no-spike": "no spike at T = {T}: magnitude {magnitude:.2f}, p = {p:.3g}",
    "untested-spike": "no test of a spike at T = {T}: too few frequencies around it",
    "geometric": "geometric at T = {T}: kappa {kappa:.1f}, {p}",
    "geometric-beyond-roundness": "geometric at T = {T}: kappa {kappa:.1f}, {control:.1f} without "
    "multiples of 5",
    "by-roundness": "by roundness at T = {T}: kappa {kappa:.1f}, without multiples of 5 "
    "{control:.1f}, at most {upper:.1f}",
    "undecided": "undecided at T = {T}: kappa {kappa:.1f}, without multiples of 5 {control:.1f}, "
    "which may be up to {upper:.1f}",
    "small-text": "undecided at T = {T}: kappa {kappa:.1f}, {p}; the text is too small to tell "
    "roundness from geometry",
    "untested": "undecided at T = {T}: kappa {kappa:.1f} has neither an interval nor permutations",
    "no-control": "undecided at T = {T}: kappa {kappa:.1f} was not probed without multiples of 5",
    "not-beyond-chance": "not read at T = {T}: kappa {kappa:.1f}, {p}, where under 0.01 counts",
    "interval-holds-0": "not read at T = {T}: kappa {kappa:.1f}, {p}, and its interval holds 0",
    "under-the-floor": "not read at T = {T}: kappa {kappa:.1f}, {p}, where 5 or more counts",
    "no-interval": "no interval at T = {T}: p below 0.01 against both nulls stands in for it",
    "few-permutations": "too few permutations at T = {T} for a p below {least:g}: {permutations}",
    "not-probed": "T = {T} was not probed",
    # Flags of an embedding.
    "ordinals-kept": "ordinals were kept: the suffix of 21st spells the last digit",
    "subwords": "the model reads the spelling of a number, so its last digit is given to it",
    "numbers-without-contexts": "numbers without any context have no vector",
    "fewer-dimensions": "the counts have a rank below the dimensions of the default",
    "missing-numbers": "numbers are missing: trends leak into magnitudes, tests allow for them",
    "equal-rows": "zeros, or one vector for several numbers, are no data and count as missing",
    "mixed-spellings": "some numbers are read as they follow a blank, others as they do not",
    "several-tokens": "some numbers are the mean of the vectors of tokens that spell them",
    "quantized": "the vectors were quantized to fewer than 16 bits a value",
    "constant": "all vectors are alike",
}


class Reason(NamedTuple):
    """A code of `REASONS` with the figures of its case.

    Attributes
    ----------
    code : str
    T : int or None
    text : str
    """

    code: str
    T: int | None
    text: str

    @classmethod
    def of(cls, code: str, *, T: int | None = None, **figures: object) -> Reason:
        """Reason with its text filled in.

        Examples
        --------
        >>> Reason.of("not-probed", T=5).text
        'T = 5 was not probed'
        """
        return cls(code, T, REASONS[code].format(T=T, **figures))

    def __str__(self) -> str:
        return self.text


def reason_text(code: str) -> str:
    """Text of a code that has no figures; another word is its own text.

    Examples
    --------
    >>> reason_text("few-documents")
    'fewer than 40 documents'
    """
    return REASONS.get(code, code)
