"""Verbs of language models: lm train."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import Examples, app, completing
from wordnum.commands.printing import print_facts
from wordnum.errors import InputError

Architecture = Literal["transformer", "mamba2", "gated-deltanet", "lstm"]
Size = Literal["nano", "tiny", "small", "30m", "100m", "300m"]
Optimizer = Literal["adamw", "muon", "sgd"]
Schedule = Literal["cosine", "linear", "constant"]
Precision = Literal["float32", "bf16"]

lm = typer.Typer(help="Language models (extra lm).", no_args_is_help=True)
app.add_typer(lm, name="lm")

_EXAMPLES = (
    "wordnum lm train articles.corpus -o model --architecture lstm --max-steps 5000",
    "wordnum lm train addition:base=100,tokens=2,order=least -o added --optimizer muon",
    "wordnum lm train articles.corpus -o big --size 300m --device cuda --dry-run",
    "accelerate launch --multi_gpu -m wordnum lm train articles.corpus -o big --device cuda",
)


@lm.command(cls=Examples, epilog="\n\n".join(["Examples:", *_EXAMPLES]))
def train(
    source: Annotated[str, Argument(help="An encoded corpus, or addition:base=B,tokens=K.")],
    output: opt.Output,
    architecture: Architecture = Option("transformer", help="What is trained."),
    size: Size = Option("tiny", help="How large."),
    optimizer: Optimizer = Option("adamw", help="How it is trained."),
    max_steps: int = Option(1000, min=1, help="Steps of the optimiser."),
    batch_tokens: int = Option(4096, min=2, help="Tokens of a batch, at most."),
    accumulate: int = Option(1, min=1, help="Batches for each step."),
    context: int = Option(128, min=2, help="Most tokens of a row."),
    words: int = Option(8000, min=0, help="Vocabulary, numbers not counted."),
    learning_rate: float | None = Option(None, help="At its highest; 0.002, for sgd 0.1."),
    weight_decay: float = Option(0.1, min=0, help="Of matrices and embeddings."),
    schedule: Schedule = Option("cosine", help="How the learning rate falls."),
    initializer_range: float | None = Option(None, help="Spread of weights at the start."),
    precision: Precision = Option("float32", help="Of the products."),
    perturb: str = Option(
        "original", help="Applied to a corpus.", autocompletion=completing("perturbations")
    ),
    save_every: int | None = Option(None, min=1, help="Steps from checkpoint to checkpoint."),
    seeds: int = Option(1, min=1, help="Trainings, each under a seed of its own."),
    seed: opt.Seed = 0,
    device: opt.Device = "cpu",
    dry_run: bool = Option(False, "--dry-run", help="Say what it costs, and do nothing."),
    as_json: opt.AsJson = False,
) -> None:
    """Train a language model and keep the embeddings of the numbers along the way.

    The same command goes on where a training was interrupted. `wordnum analyze OUTPUT` measures
    all snapshots.
    """
    from wordnum.corpus.encoded_corpus import as_corpus
    from wordnum.lm.addition import parse_task
    from wordnum.lm.language_model import LanguageModel

    task = source.partition(":")[0] == "addition" and not Path(source).exists()
    read: Any = parse_task(source) if task else as_corpus(source)
    model = LanguageModel(
        architecture=architecture,
        size=size,
        optimizer=optimizer,
        max_steps=max_steps,
        batch_tokens=batch_tokens,
        accumulate=accumulate,
        context=context,
        words=words,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        schedule=schedule,
        initializer_range=initializer_range,
        precision=precision,
        save_every=save_every,
        seeds=seeds,
        random_state=seed,
        device=device,
        folder=output,
    )
    model.check(read, perturb)
    if dry_run:
        from wordnum.lm.estimates import estimate

        print_facts(_readable(estimate(model, read, perturbation=perturb), as_json), as_json)
        return
    try:
        model.fit(read, perturbation=perturb)
    except KeyboardInterrupt as error:
        raise InputError(
            "interrupted",
            where=str(output),
            remedy="checkpoints are kept: the same command goes on from the last one",
        ) from error
    if os.environ.get("RANK", "0") != "0":  # one of several that share the work
        return
    last = model.history_[-1]
    facts: dict[str, Any] = {
        "model": str(output),
        "snapshots": len(model.trajectory_),
        "numbers": len(model.embedding_),
    }
    facts |= {name: last[name] for name in ("step", "tokens", "loss", "accuracy") if name in last}
    print_facts(facts, as_json)


def _readable(facts: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Facts with fewer digits, for people."""
    if as_json:
        return facts
    shown: dict[str, Any] = {}
    for name, value in facts.items():
        if value is not None:
            what = name.removesuffix("_bytes")
            size = f"{value / 2**20:,.1f} MB" if what != name else value
            shown[what] = f"{size:.3g}" if isinstance(size, float) else size
    return shown
