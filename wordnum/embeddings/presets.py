"""Presets: named choices of numerals, window, signal, weighting, model and dimension."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from wordnum.cooccurrence.windows import Window
from wordnum.embeddings.models import make_model
from wordnum.errors import UsageError

__all__ = ["DEFAULT_PRESET", "PRESETS", "Preset", "get_preset"]


@dataclass(frozen=True)
class Preset:
    """One named way from text to number vectors.

    Parameters
    ----------
    name : str
        What it is asked for by.
    description : str
        One sentence.
    numerals : {"whole", "l2r3", "r2l3", "digit"}
        How numbers are read.
    ordinals : {"out", "keep"}
        Whether "21st" counts as 21. The suffix spells the last digit, so what keeps ordinals is
        flagged and never compared with what does not.
    window : Window
        Contexts.
    signal : {"both", "text", "number"}
        Which of them.
    model : str
        Name in `wordnum.embeddings.models`.
    parameters : mapping
        Of the model.

    Examples
    --------
    >>> get_preset("hellinger-1").make().dim
    100
    """

    name: str
    description: str
    numerals: str = "whole"
    ordinals: str = "out"
    window: Window = field(default_factory=lambda: Window(size=2))
    signal: str = "both"
    model: str = "svd"
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def weighting(self) -> str | None:
        """Weighting of an SVD, None for other models."""
        return dict(self.parameters).get("weighting")

    @property
    def dim(self) -> int | None:
        """Dimensions, None where the preset leaves them to the model."""
        return dict(self.parameters).get("dim")

    @property
    def min_count(self) -> int:
        """Occurrences from which on a number is present."""
        return dict(self.parameters).get("min_count", 1)

    def make(self, **changes: Any) -> Any:
        """Model of the preset, with other parameters where given."""
        return make_model(self.model, **{**dict(self.parameters), **changes})


def get_preset(name: str) -> Preset:
    """Preset by name.

    Raises
    ------
    UsageError
        No preset has this name; the message has the nearest one.
    """
    try:
        return PRESETS[name]
    except (KeyError, TypeError):
        near = get_close_matches(str(name), PRESETS, n=1)
        raise UsageError(
            f"unknown preset: {name!r}",
            expected=", ".join(PRESETS),
            remedy=f"did you mean {near[0]!r}?" if near else None,
        ) from None


def _svd(weighting: str, dim: int = 100, p: float = 1.0) -> tuple[tuple[str, Any], ...]:
    return (("weighting", weighting), ("dim", dim), ("p", p))


# The best of those tried with ordinals out: benchmarks/presets.md.
DEFAULT_PRESET = "hellinger-mass-3"

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="hellinger-mass-3",
            description="Square roots of context shares over the 0.15th power of the context's own "
            "share, three tokens each side, SVD to 100.",
            window=Window(size=3),
            parameters=_svd("hellinger:mass=0.15"),
        ),
        Preset(
            name="hellinger-2",
            description="Square roots of context shares, two tokens each side, SVD to 100.",
            parameters=_svd("hellinger"),
        ),
        Preset(
            name="hellinger-1",
            description="Square roots of context shares, one token each side, SVD to 100.",
            window=Window(size=1),
            parameters=_svd("hellinger"),
        ),
        Preset(
            name="hellinger-1-ordinals",
            description="Hellinger of one token each side with ordinals kept, where the suffixes "
            "spell the last digit; the best of those tried in that league.",
            ordinals="keep",
            window=Window(size=1),
            parameters=_svd("hellinger"),
        ),
        Preset(
            name="ppmi-2",
            description="Positive pointwise mutual information, two tokens each side, SVD to 100.",
            parameters=_svd("ppmi"),
        ),
        Preset(
            name="paper-ppmi",
            description="PPMI with ordinals kept, five tokens each side, SVD to 300; the nearest "
            "we have to the published row.",
            ordinals="keep",
            window=Window(size=5),
            parameters=_svd("ppmi", dim=300),
        ),
        Preset(
            name="paper-word2vec",
            description="Skip-gram with negative sampling, ordinals kept, five tokens each side; "
            "the nearest we have to the published row.",
            ordinals="keep",
            window=Window(size=5, weighting="linear"),
            model="word2vec",
            parameters=(("dim", 300),),
        ),
        Preset(
            name="glove-5",
            description="GloVe of dimension 100 on harmonic counts, five tokens each side.",
            window=Window(size=5, weighting="harmonic"),
            model="glove",
            parameters=(("dim", 100),),
        ),
        Preset(
            name="qwem-5",
            description="The quadratic target of word2vec in closed form, five tokens each side.",
            window=Window(size=5, weighting="linear"),
            parameters=_svd("qwem", p=0.5),
        ),
    )
}
