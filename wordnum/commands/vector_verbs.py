"""From counts to vectors: embed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import completing, new_file, verb
from wordnum.commands.printing import print_facts


@verb(
    "wordnum embed articles.corpus -o best.npz",
    "wordnum embed counts.npz -o ppmi.npz --model svd --weighting ppmi --signal text",
)
def embed(
    source: Annotated[Path, Argument(help="Counts (.npz) or an encoded corpus.")],
    output: opt.Output,
    preset: str | None = Option(None, help="All below.", autocompletion=completing("presets")),
    model: str | None = Option(
        None, help="With its defaults.", autocompletion=completing("models")
    ),
    signal: opt.SignalName | None = Option(None, help="Which columns."),
    window: int | None = Option(None, min=1, help="Tokens on each side; that of the counts."),
    side: opt.Side | None = Option(None, help="Which side counts."),
    positional: bool = Option(False, "--positional", help="A column per word and offset."),
    contexts: str | None = Option(None, help="A context group, or a TOML file of your own."),
    weighting: str | None = Option(None, help="For svd.", autocompletion=completing("weightings")),
    dim: int | None = Option(None, min=1, help="Dimensions."),
    min_count: int | None = Option(None, min=1, help="Least occurrences of a number."),
    seed: opt.Seed = 0,
    jobs: opt.Jobs = 1,
    device: opt.Device = "cpu",
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Make number embeddings from counts or from an encoded corpus.

    Without options the default preset is used, the best that we know: it is named below.
    """
    from wordnum.embeddings.presets import embed as make
    from wordnum.embeddings.presets import made_by

    path = new_file(output, overwrite=overwrite)
    embedding = make(
        source,
        preset=preset,
        model=model,
        signal=signal,
        window=window,
        side=side,
        positional=positional or None,
        contexts=contexts,
        weighting=weighting,
        dim=dim,
        min_count=min_count,
        random_state=seed,
        device=device,
        n_jobs=jobs or 1,
    )
    facts = {
        "embedding": str(embedding.save(path)),
        "made_by": made_by(embedding),
        "numbers": len(embedding.numbers),
        "missing": len(embedding.missing),
        "dim": embedding.dim,
        "flags": list(embedding.flags),
    }
    print_facts(facts, as_json)
