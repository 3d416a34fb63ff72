"""Verbs from text to counts: encode, count."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import wordnum.commands.options as opt
from wordnum.commands.options import completing, new_file, verb
from wordnum.commands.printing import print_facts
from wordnum.errors import UsageError

if TYPE_CHECKING:
    from wordnum.corpus.recipes import Recipe

__all__ = ["count", "encode"]


@verb(
    "wordnum encode articles/*.txt.gz -o articles.corpus --jobs 4",
    "wordnum encode posts.jsonl.zst -o posts.corpus --field body --ordinals keep",
    "wordnum encode wikipedia2014 -o wikipedia.corpus --root ~/texts",
)
def encode(
    text: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, globs, '-', or the name of a corpus recipe.",
            autocompletion=completing("recipes"),
        ),
    ],
    output: opt.Output,
    numerals: Annotated[opt.Numerals | None, typer.Option(help="Numeral scheme; whole.")] = None,
    ordinals: Annotated[
        opt.Ordinals | None, typer.Option(help="Whether 21st is 21 and st; out.")
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
    words: Annotated[
        int, typer.Option(min=1, help="Vocabulary size, numbers not counted.")
    ] = 50_000,
    errors: Annotated[
        str, typer.Option(help="Bytes that are not UTF-8: strict, or replace them by U+FFFD.")
    ] = "strict",
    strict: Annotated[bool, typer.Option("--strict", help="A damaged record is an error.")] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to OUTPUT, keeping its vocabulary.")
    ] = False,
    root: opt.Root = "",
    jobs: opt.Jobs = None,
    backend: opt.BackendName = "loky",
    address: opt.Address = None,
    as_json: opt.AsJson = False,
) -> None:
    """Turn text into token ids.

    What is not said is as the corpus recipe has it, or the default.
    """
    from wordnum.corpus.encoding import encode as encode_text
    from wordnum.corpus.from_recipe import encode_recipe
    from wordnum.corpus.numerals import NumeralScheme
    from wordnum.parallel import default_jobs, parallel_backend

    given: dict[str, Any] = {
        "numerals": numerals,
        "ordinals": ordinals,
        "spelled_out": spelled_out or None,
        "tokenizer": tokenizer,
        "reader": reader,
        "separator": separator,
        "field": field,
    }
    given = {name: value for name, value in given.items() if value is not None}
    recipe = _recipe(text, root)
    how: dict[str, Any] = {
        "vocabulary_size": words,
        "errors": errors,
        "strict": strict,
        "append": append,
        "n_jobs": default_jobs(jobs, backend),
    }
    with parallel_backend(backend, address=address):
        if recipe:
            corpus = encode_recipe(recipe.changed(**given), output, **how)
        else:
            given["numerals"] = NumeralScheme(
                kind=given.get("numerals", "whole"),
                ordinals=given.pop("ordinals", "out"),
                spelled_out=given.pop("spelled_out", False),
            )
            corpus = encode_text(text, output, **given, **how)
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


@verb(
    "wordnum count articles.corpus -o counts.npz --window 10 --jobs 4",
    "wordnum count articles.corpus -o counts.npz --perturb original --perturb swap-numbers",
)
def count(
    corpus: Annotated[Path, typer.Argument(help="A folder made by wordnum encode.")],
    output: opt.Output,
    window: Annotated[int, typer.Option(min=1, help="Tokens on each side, at most.")] = 5,
    rows: Annotated[
        opt.Rows, typer.Option(help="Around the numbers, or around all words.")
    ] = "numbers",
    side: Annotated[
        opt.Side | None, typer.Option(help="Which side counts. With --rows all only: see embed.")
    ] = None,
    weights: Annotated[
        opt.Weights | None,
        typer.Option(
            help="Of a distance d in a window of L: 1, 1/d or (L + 1 - d)/L. With --rows all only."
        ),
    ] = None,
    perturb: Annotated[
        list[str] | None,
        typer.Option(
            help="What is done to the text first; joined by +. Several give a file each.",
            autocompletion=completing("perturbations"),
        ),
    ] = None,
    seed: opt.Seed = 0,
    jobs: opt.Jobs = None,
    backend: opt.BackendName = "loky",
    address: opt.Address = None,
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Count what stands near the numbers, or near all words."""
    from wordnum.cooccurrence.counting import count as count_numbers
    from wordnum.cooccurrence.windows import Window
    from wordnum.cooccurrence.word_counts import WordCounts
    from wordnum.cooccurrence.word_pairs import count_words
    from wordnum.corpus.encoded_corpus import EncodedCorpus
    from wordnum.parallel import default_jobs, parallel_backend

    around = Window(window, side=side or "both", weighting=weights or "flat")
    conditions = list(dict.fromkeys(perturb or ["original"]))
    files = [new_file(path, overwrite=overwrite) for path in _files(output, conditions)]
    opened = EncodedCorpus.open(corpus)
    run = count_words if rows == "all" else count_numbers
    pairs = []
    with parallel_backend(backend, address=address):
        for path, condition in zip(files, conditions, strict=True):
            counts = run(
                opened,
                window=around,
                perturbation=condition,
                random_state=seed,
                n_jobs=default_jobs(jobs, backend),
            )
            counts.save(path)
            pairs.append(counts.sums.nnz if isinstance(counts, WordCounts) else counts.n_events)
    facts: dict[str, Any] = {"counts": list(map(str, files)), "pairs": pairs}
    if len(files) == 1:
        facts = {name: values[0] for name, values in facts.items()}
    print_facts({**facts, "perturbation": " ".join(conditions), "window": around.label}, as_json)


def _files(output: Path, conditions: list[str]) -> list[Path]:
    """Return a file for each condition: the one that is named, or that with their names in it."""
    output = output if output.suffix == ".npz" else output.with_name(output.name + ".npz")
    if len(conditions) == 1:
        return [output]
    names = (condition.replace(":", "-") for condition in conditions)
    return [output.with_name(f"{output.stem}.{name}.npz") for name in names]
