"""The command line: the same words as the Python API, one verb per stage."""

from __future__ import annotations

import json
import logging
import os
import shlex
import sys
import warnings
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wordnum.console import print_analysis, print_facts, print_plan, print_summary
from wordnum.errors import InputError, UsageError, WordnumError
from wordnum.progress import is_quiet, set_quiet

if TYPE_CHECKING:
    from wordnum.cooccurrence.counts import Counts
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.corpus.encoded_corpus import EncodedCorpus
    from wordnum.corpus.recipes import Recipe

__all__ = ["app", "main"]

app = typer.Typer(
    name="wordnum",
    help="Which co-occurrence signals in text give numbers their structure?",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


class Numerals(StrEnum):
    """How digit runs become number tokens."""

    whole = "whole"
    l2r3 = "l2r3"
    r2l3 = "r2l3"
    digit = "digit"


class Ordinals(StrEnum):
    """What becomes of a digit run that touches a letter, as in 21st."""

    out = "out"
    keep = "keep"


class Side(StrEnum):
    """Which side of a number counts as its context."""

    both = "both"
    left = "left"
    right = "right"


class Rows(StrEnum):
    """Around which tokens is counted."""

    numbers = "numbers"
    all = "all"


class Weights(StrEnum):
    """Weight of a distance d in a window of size L: 1, 1/d or (L + 1 - d)/L."""

    flat = "flat"
    harmonic = "harmonic"
    linear = "linear"


class SignalName(StrEnum):
    """Which columns are used."""

    text = "text"
    number = "number"
    both = "both"


class Device(StrEnum):
    """Where factorization and probes run."""

    cpu = "cpu"
    cuda = "cuda"


class Backend(StrEnum):
    """Where parallel work goes."""

    loky = "loky"
    dask = "dask"
    ray = "ray"


class FigureFormat(StrEnum):
    """Format of figure files."""

    pdf = "pdf"
    svg = "svg"
    png = "png"


def _examples(*lines: str) -> str:
    """Examples below the help of a verb, one a line."""
    return "\n\n".join(["Examples:", *lines])


def _studies(incomplete: str) -> list[str]:
    from wordnum.studies.toml_files import builtin_studies

    return [name for name in builtin_studies() if name.startswith(incomplete)]


def _recipes(incomplete: str) -> list[str]:
    from wordnum.corpus.recipes import recipe_names

    return [name for name in recipe_names() if name.startswith(incomplete)]


Jobs = Annotated[int, typer.Option("--jobs", "-j", help="Workers; -1 for all cores.")]
Workers = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", help="Workers; -1 for all cores. 1, or all of a cluster, if not given."
    ),
]
BackendOption = Annotated[Backend, typer.Option(help="Where parallel work goes.")]
Address = Annotated[str | None, typer.Option(help="Scheduler or head node of the cluster.")]
Seed = Annotated[int, typer.Option(help="Seed of everything drawn at random.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Root = Annotated[
    str, typer.Option(help="Folder of the recipes' texts, instead of $WORDNUM_CORPORA.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]


@app.callback()
def _common(
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress bars, no tables.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    set_quiet(quiet)
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("wordnum").setLevel(level)
    # joblib replaces a worker that has grown, and says so as if something were amiss.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)


@app.command(
    epilog=_examples(
        "wordnum demo",
        "wordnum demo -o demo-report --jobs 2",
    )
)
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to make.")] = Path(
        "demo-report"
    ),
    jobs: Jobs = 1,
    overwrite: Overwrite = False,
) -> None:
    """Run the whole thing on data that comes with the dependencies, and leave a page to open."""
    _run_study("demo", output, jobs=jobs, overwrite=overwrite)


@app.command(
    epilog=_examples(
        "wordnum encode articles/*.txt.gz -o articles.corpus --jobs 4",
        "wordnum encode posts.jsonl.zst -o posts.corpus --field body --ordinals keep",
        "wordnum encode wikipedia2014 -o wikipedia.corpus --root ~/texts",
    )
)
def encode(
    text: Annotated[
        list[str],
        typer.Argument(help="Files, folders, globs, '-', or the name of a corpus recipe."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to make.")],
    numerals: Annotated[Numerals | None, typer.Option(help="Numeral scheme; whole.")] = None,
    ordinals: Annotated[
        Ordinals | None, typer.Option(help="Whether 21st is 21 and st; out.")
    ] = None,
    spelled_out: Annotated[
        bool, typer.Option("--spelled-out", help="Read twenty-one as 21.")
    ] = False,
    tokenizer: Annotated[
        str | None, typer.Option(help="fast, spacy, or a tokenizer.json; fast.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="text, jsonl, parquet or wikipedia; guessed from the names.")
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help="What ends a document of plain text: blank, line or file; blank."),
    ] = None,
    field: Annotated[
        str | None, typer.Option(help="Field or column that holds the text; text.")
    ] = None,
    words: Annotated[int, typer.Option(help="Vocabulary size, numbers not counted.")] = 50_000,
    errors: Annotated[
        str, typer.Option(help="Bytes that are not UTF-8: strict, or replace them by U+FFFD.")
    ] = "strict",
    strict: Annotated[bool, typer.Option("--strict", help="A damaged record is an error.")] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to OUTPUT, keeping its vocabulary.")
    ] = False,
    root: Root = "",
    jobs: Workers = None,
    backend: BackendOption = Backend.loky,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Turn text into token ids.

    What is not said is as the corpus recipe has it, or the default.
    """
    from wordnum.corpus.encoding import encode as encode_text
    from wordnum.corpus.from_recipe import encode_recipe
    from wordnum.corpus.numerals import NumeralScheme
    from wordnum.parallel import default_jobs, parallel_backend

    given: dict[str, Any] = {
        "numerals": numerals and numerals.value,
        "ordinals": ordinals and ordinals.value,
        "spelled_out": spelled_out or None,
        "tokenizer": tokenizer,
        "reader": reader,
        "separator": separator,
        "field": field,
    }
    given = {name: value for name, value in given.items() if value is not None}
    recipe = _recipe(text, root)
    with parallel_backend(backend.value, address=address):
        how: dict[str, Any] = {
            "vocabulary_size": words,
            "errors": errors,
            "strict": strict,
            "append": append,
            "n_jobs": default_jobs(jobs, backend.value),
        }
        if recipe:
            corpus = encode_recipe(recipe.changed(**given), output, **how)
        else:
            given["numerals"] = NumeralScheme(
                kind=given.get("numerals", "whole"),
                ordinals=given.pop("ordinals", "out"),
                spelled_out=given.pop("spelled_out", False),
            )
            corpus = encode_text(_sources(text), output, **given, **how)
    about = {
        "corpus": str(output),
        "tokens": corpus.n_tokens,
        "documents": corpus.n_documents,
        "numbers": int(corpus.number_counts.sum()),
        "distinct_numbers": int((corpus.number_counts > 0).sum()),
        "vocabulary": len(corpus.vocabulary),
        "fingerprint": corpus.fingerprint,
        "flags": list(corpus.flags),
    }
    print_facts(about, as_json)


def _recipe(text: list[str], root: str) -> Recipe | None:
    """Recipe that the arguments of `encode` name, if they name one."""
    from wordnum.config import one_of
    from wordnum.corpus.recipes import find_recipe, recipe_names

    names = recipe_names()
    named = [item for item in text if item in names and not Path(item).exists()]
    named += [item for item in text if item.endswith(".toml")]
    if named and len(text) > 1:
        raise UsageError(
            "a corpus recipe is encoded alone",
            got=" ".join(text),
            remedy="encode one, and add the others to it with --append",
        )
    if named:
        return find_recipe(named[0], root=root)
    if len(text) == 1 and text[0].replace("-", "").isalnum() and not Path(text[0]).exists():
        one_of(text[0], names, what="file, folder or corpus recipe")
    if root:
        raise UsageError(
            "--root is for the texts of a corpus recipe",
            got=" ".join(text),
            remedy="name a recipe, or give the whole path of the text",
        )
    return None


def _sources(text: list[str]) -> str | list[str | Path]:
    """Sources as `encode` takes them; what is meant as a path cannot pass for a document."""
    return text[0] if len(text) == 1 else [t if "://" in t else Path(t) for t in text]


@app.command(
    epilog=_examples(
        "wordnum count articles.corpus -o counts.npz --window 10 --jobs 4",
        "wordnum count articles.corpus -o swap.npz --perturb swap-numbers",
    )
)
def count(
    corpus: Annotated[Path, typer.Argument(help="A folder made by wordnum encode.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to make (.npz).")],
    window: Annotated[int, typer.Option(help="Tokens on each side, at most.")] = 5,
    rows: Annotated[
        Rows, typer.Option(help="Around the numbers, or around all words.")
    ] = Rows.numbers,
    side: Annotated[
        Side | None, typer.Option(help="Which side counts. With --rows all only: see embed.")
    ] = None,
    weights: Annotated[
        Weights | None, typer.Option(help="Of the distances. With --rows all only.")
    ] = None,
    perturb: Annotated[
        str,
        typer.Option(
            help="original, context-length:L, isolate:K, swap-numbers, unigram-replace, thin:F, "
            "joined by +."
        ),
    ] = "original",
    seed: Seed = 0,
    jobs: Workers = None,
    backend: BackendOption = Backend.loky,
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Count what stands near the numbers, or near all words."""
    from wordnum.cooccurrence.counting import count as count_numbers
    from wordnum.cooccurrence.windows import Window
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.cooccurrence.word_pairs import count_words
    from wordnum.parallel import default_jobs, parallel_backend

    chosen = {"side": side and side.value, "weighting": weights and weights.value}
    around: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    with parallel_backend(backend.value, address=address):
        run = count_words if rows is Rows.all else count_numbers
        counts = run(
            corpus,
            window=Window(window, **around),
            perturbation=perturb,
            random_state=seed,
            n_jobs=default_jobs(jobs, backend.value),
        )
    pairs = counts.sums.nnz if isinstance(counts, WordCounts) else counts.n_events
    print_facts(
        {
            "counts": str(counts.save(output)),
            "distinct_pairs" if rows is Rows.all else "pairs": pairs,
            "perturbation": perturb,
        },
        as_json,
    )


@app.command(
    epilog=_examples(
        "wordnum embed articles.corpus -o best.npz",
        "wordnum embed counts.npz -o ppmi.npz --model svd --weighting ppmi --signal text",
    )
)
def embed(
    source: Annotated[Path, typer.Argument(help="Counts (.npz) or an encoded corpus.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to make (.npz).")],
    preset: Annotated[str | None, typer.Option(help="A named choice of all below.")] = None,
    model: Annotated[
        str | None, typer.Option(help="svd, glove, word2vec, sgns, fasttext, …")
    ] = None,
    signal: Annotated[SignalName | None, typer.Option(help="Which columns.")] = None,
    window: Annotated[int | None, typer.Option(help="Tokens on each side.")] = None,
    side: Annotated[Side | None, typer.Option(help="Which side counts.")] = None,
    positional: Annotated[
        bool, typer.Option("--positional", help="A column per word and offset.")
    ] = False,
    weighting: Annotated[str | None, typer.Option(help="Of the counts, for svd.")] = None,
    dim: Annotated[int | None, typer.Option(help="Dimensions.")] = None,
    min_count: Annotated[int | None, typer.Option(help="Least occurrences of a number.")] = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    device: Annotated[Device, typer.Option(help="cpu or cuda.")] = Device.cpu,
    as_json: AsJson = False,
) -> None:
    """Make number embeddings from counts or from an encoded corpus.

    Without options the default preset is used, the best that we know.
    """
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.embeddings.make import choose, embed

    opened = _open(source)
    if isinstance(opened, WordCounts) and (signal or window or side or positional):
        raise UsageError(
            "counts of all words were summed over their window",
            expected="none of --signal, --window, --side and --positional",
            got=f"{source}: {opened.window}",
            remedy="count again with another window, or count number rows",
        )
    chosen = choose(
        preset,
        model=model,
        signal=signal and signal.value,
        window=window,
        side=side and side.value,
        positional=positional or None,
        weighting=weighting,
        dim=dim,
        min_count=min_count,
    )
    embedding = embed(opened, chosen, random_state=seed, device=device.value, n_jobs=jobs)
    facts = {
        "embedding": str(embedding.save(output)),
        "made_by": f"{chosen.name}: {chosen.description}",
        "numbers": len(embedding.numbers),
        "missing": len(embedding.missing),
        "dim": embedding.dim,
        "flags": list(embedding.flags),
    }
    print_facts(facts, as_json)


def _open(source: Path) -> EncodedCorpus | Counts | WordCounts:
    """Open an encoded corpus or a file of counts."""
    from wordnum.cooccurrence.counts import Counts
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.corpus.encoded_corpus import EncodedCorpus
    from wordnum.storage import npz_kind

    if source.is_dir():
        return EncodedCorpus.open(source)
    kind = WordCounts if npz_kind(source) == "all-counts" else Counts
    return kind.load(source)


@app.command(
    epilog=_examples(
        "wordnum analyze best.npz",
        "wordnum analyze glove.6B.300d.txt --moduli 2,5,10 --json",
        "wordnum analyze model.safetensors --tensor wte --vocab tokenizer.json",
    )
)
def analyze(
    embedding: Annotated[
        Path, typer.Argument(help=".npz, .npy, .txt, .vec, .bin or .safetensors.")
    ],
    only: Annotated[
        str, typer.Option(help="spectrum, probe, separability, joined by commas.")
    ] = "spectrum,probe,separability",
    moduli: Annotated[str, typer.Option(help="As 2-10 or 2,5,10.")] = "2-10",
    classifier: Annotated[str, typer.Option(help="lda, ridge, logistic or mlp.")] = "lda",
    tensor: Annotated[str | None, typer.Option(help="Name in a .safetensors file.")] = None,
    vocab: Annotated[Path | None, typer.Option(help="vocab.txt or tokenizer.json.")] = None,
    size: Annotated[int, typer.Option(help="N: numbers are 0..N-1.")] = 1000,
    plot: Annotated[Path | None, typer.Option(help="Also draw to this .pdf, .svg or .png.")] = None,
    seed: Seed = 0,
    device: Annotated[Device, typer.Option(help="cpu or cuda.")] = Device.cpu,
    as_json: AsJson = False,
) -> None:
    """Measure what an embedding knows about numbers: spectrum, probes, separability, verdict."""
    from wordnum.analyzers.analysis import analyze as measure
    from wordnum.embeddings.vector_files import load_embedding

    loaded = load_embedding(embedding, tensor=tensor, vocab=vocab, size=size)
    analysis = measure(
        loaded,
        only=tuple(part.strip() for part in only.split(",")),
        moduli=_moduli(moduli),
        classifier=classifier,
        random_state=seed,
        device=device.value,
    )
    if plot:
        from wordnum.analyzers.plotting import save_figure

        save_figure(analysis.plot(), plot)
    if as_json:
        typer.echo(json.dumps(analysis.to_dict()))
    else:
        print_analysis(analysis.to_dict())


@app.command(
    epilog=_examples(
        "wordnum study paper-data -o out --dry-run",
        "wordnum study paper-data -o out --root ~/texts --jobs 2",
        "wordnum study signals -o out --corpus my-articles.txt",
        "wordnum study mine.toml -o out --backend dask --address tcp://head:8786",
    )
)
def study(
    name: Annotated[
        str,
        typer.Argument(
            help="A STUDY.toml, or one of paper-data, paper-classical, attribution, signals, "
            "tokenizer, scaling, genres, ordinals, demo.",
            autocompletion=_studies,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the results.")],
    corpus: Annotated[
        list[str] | None,
        typer.Option(
            help="Recipe, text or encoded corpus instead of the study's own; may be repeated.",
            autocompletion=_recipes,
        ),
    ] = None,
    root: Root = "",
    jobs: Workers = None,
    backend: BackendOption = Backend.loky,
    address: Address = None,
    device: Annotated[Device, typer.Option(help="cpu or cuda.")] = Device.cpu,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Run a study, or go on with one that was interrupted, and write its table and page."""
    from wordnum.parallel import default_jobs

    _run_study(
        name,
        output,
        corpora=corpus,
        root=root,
        jobs=default_jobs(jobs, backend.value),
        backend=backend.value,
        address=address,
        device=device.value,
        dry_run=dry_run,
        overwrite=overwrite,
        as_json=as_json,
    )


@app.command(
    epilog=_examples(
        "wordnum report out",
        "wordnum report out --format pdf",
    )
)
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a study.")],
    figures: Annotated[
        FigureFormat | None, typer.Option("--format", help="Also write figures: pdf, svg, png.")
    ] = None,
) -> None:
    """Write the page, and figures if asked, again from a study's table."""
    from wordnum.report.figures import write_figures
    from wordnum.report.page import write_page

    typer.echo(f"page: {write_page(folder).resolve()}")
    for path in write_figures(folder, format=figures.value) if figures else ():
        typer.echo(f"figure: {path}")


@app.command(epilog=_examples("wordnum info", "wordnum info --json"))
def info(as_json: AsJson = False) -> None:
    """Show versions, linear algebra, GPU, and what is missing and how to get it."""
    from wordnum.information import gather

    print_facts(gather(), as_json)


def _run_study(
    name: str,
    output: Path,
    *,
    corpora: list[str] | None = None,
    root: str = "",
    jobs: int | None = 1,
    backend: str = "loky",
    address: str | None = None,
    device: str = "cpu",
    dry_run: bool = False,
    overwrite: bool = False,
    as_json: bool = False,
) -> None:
    from wordnum.studies.toml_files import load_study

    planned = load_study(name, corpora=corpora, root=root)
    if dry_run:
        from wordnum.studies.plan import plan_study

        print_plan(plan_study(planned, n_jobs=jobs), as_json)
        return
    from wordnum.parallel import parallel_backend
    from wordnum.report.page import write_page
    from wordnum.studies.runner import run_study

    try:
        with parallel_backend(backend, address=address):
            results = run_study(
                planned,
                output,
                n_jobs=jobs,
                device=device,
                overwrite=overwrite,
                command=shlex.join(["wordnum", *sys.argv[1:]]),
            )
    except KeyboardInterrupt as error:
        raise InputError(
            "interrupted",
            where=str(output),
            remedy="what is done is kept: the same command goes on from there",
        ) from error
    page = write_page(output)
    if not as_json and not is_quiet():
        print_summary(results)
    failures = dict.fromkeys([*results.errors(), *results.about["failures"]])
    for message in failures:
        typer.echo(f"failed: {message}", err=True)
    facts = {
        "table": str((output / "table.csv").resolve()),
        "report": str(page.resolve()),
        "runs": len(results.records),
        "failed": len(results.errors()),
    }
    print_facts(facts, as_json)


def _moduli(text: str) -> tuple[int, ...]:
    """Read "2-10" or "2,5,10"."""
    try:
        parts = [part.partition("-") for part in text.split(",")]
        return tuple(T for a, dash, b in parts for T in range(int(a), int(b if dash else a) + 1))
    except ValueError as error:
        raise UsageError("moduli cannot be read", expected="2-10 or 2,5,10", got=text) from error


def main() -> None:
    """Run the command line; a user's error is one message, without a traceback."""
    debug = "--debug" in sys.argv
    try:
        app()
    except WordnumError as error:
        if debug:
            raise
        typer.echo(f"wordnum: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except MemoryError as error:
        _fail(
            "out of memory",
            "fewer --jobs, a smaller --window, or a machine with more",
            error,
            debug,
        )
    except OSError as error:
        _fail(str(error), "check the path, its permissions and the free disk space", error, debug)


def _fail(message: str, remedy: str, error: BaseException, debug: bool) -> None:
    if debug:
        raise error
    typer.echo(f"wordnum: {InputError(message, remedy=remedy)}", err=True)
    raise SystemExit(1)
