"""From a corpus or its counts to number vectors in one call: a preset, or a choice of one's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.models import parameter_names
from wordnum.embeddings.presets import DEFAULT_PRESET, Preset, get_preset
from wordnum.errors import UsageError

__all__ = ["choose", "embed"]

_WINDOW = ("size", "side", "positional")


def choose(
    preset: str | None = None,
    *,
    model: str | None = None,
    signal: str | None = None,
    window: int | None = None,
    side: str | None = None,
    positional: bool | None = None,
    **parameters: Any,
) -> Preset:
    """Return a preset with changes; without a name and a model, the default one.

    Parameters
    ----------
    preset : str, optional
        Name in `wordnum.embeddings.presets.PRESETS`.
    model : str, optional
        Another model than the preset's, with that model's own defaults.
    signal, window, side, positional
        Which contexts are read.
    **parameters
        Of the model; None means the preset's, or the model's default.

    Raises
    ------
    UsageError
        An unknown preset or model, or a parameter that the model does not have.

    Examples
    --------
    >>> choose("hellinger-1", dim=50).dim
    50
    >>> choose("hellinger-1", window=5).window.size
    5
    """
    base = get_preset(preset or DEFAULT_PRESET)
    if model is not None and (preset is None or model != base.model):
        base = replace(base, name=model, description=f"{model} with its defaults", model=model,
                       parameters=())  # fmt: skip
    sides = dict(zip(_WINDOW, (window, side, positional)))
    changed: dict[str, Any] = {name: value for name, value in sides.items() if value is not None}
    given = {name: value for name, value in parameters.items() if value is not None}
    known = parameter_names(base.model)
    for name in given:
        if name not in known:
            raise UsageError(
                f"the model {base.model!r} has no parameter {name!r}",
                remedy=f"leave it out; it has: {', '.join(known)}",
            )
    return replace(
        base,
        window=replace(base.window, **changed),
        signal=signal or base.signal,
        parameters=tuple({**dict(base.parameters), **given}.items()),
    )


def embed(
    source: EncodedCorpus | Counts | WordCounts,
    preset: Preset | str | None = None,
    *,
    random_state: int = 0,
    device: str = "cpu",
    n_jobs: int = 1,
) -> Embedding:
    """Make number vectors the way of a preset.

    Parameters
    ----------
    source : EncodedCorpus, Counts or WordCounts
        A corpus is counted first, unless the model trains on the text itself. Counts of all rows
        have the window that they were counted with, whatever the preset's.
    preset : Preset or str, optional
        From `choose` or by name; the default is the best that we know.
    random_state : int
        Of models that draw at random.
    device : {"cpu", "cuda"}
        Where models that can compute.
    n_jobs : int
        Workers for counting.

    Raises
    ------
    UsageError
        The preset wants other numerals than the source was encoded with, or text where the
        source is counts.
    """
    chosen = preset if isinstance(preset, Preset) else choose(preset)
    _check_numerals(source, chosen)
    offered = {
        "random_state": random_state,
        "device": device,
        "window": chosen.window.size,
        "signal": chosen.signal,
    }
    if isinstance(source, WordCounts):
        offered["rows"] = "all"
    known = parameter_names(chosen.model)
    model = chosen.make(**{name: value for name, value in offered.items() if name in known})
    if "window" in known:
        if not isinstance(source, EncodedCorpus):
            raise UsageError(
                f"the model {chosen.model!r} trains on text, not on counts",
                expected="an encoded corpus",
                remedy="pass the corpus that the counts were made of",
            )
        return model.fit_transform(source)
    if isinstance(source, EncodedCorpus):
        from wordnum.cooccurrence.counting import count

        source = count(source, window=chosen.window.size, n_jobs=n_jobs)
    if isinstance(source, WordCounts):
        return model.fit_transform(source)
    return model.fit_transform(source.signal(chosen.signal, window=chosen.window))


def _check_numerals(source: EncodedCorpus | Counts | WordCounts, preset: Preset) -> None:
    """Presets of the league that keeps ordinals are not to be mixed with the other."""
    found = source.vocabulary.numerals
    if preset.ordinals == "keep" and found.ordinals != "keep":
        raise UsageError(
            f"the preset {preset.name!r} keeps ordinals; this corpus was encoded without them",
            remedy="encode the text again with --ordinals keep, or choose another preset",
        )
