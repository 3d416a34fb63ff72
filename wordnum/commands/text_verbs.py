"""Verbs from text to counts: encode, count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import completing, new_file, verb
from wordnum.commands.printing import print_facts
from wordnum.errors import UsageError

if TYPE_CHECKING:
    from wordnum.corpus.recipes import Recipe


@verb(
    "wordnum encode articles/*.txt.gz -o articles.corpus --jobs 4",
    "wordnum encode posts.jsonl.zst -o posts.corpus --field body --ordinals keep",
    "wordnum encode wikipedia2014 -o wikipedia.corpus --root ~/texts",
)
def encode(
    text: Annotated[list[str], Argument(help="Files, folders, globs, '-', or a corpus recipe.")],
    output: opt.Output,
    numerals: opt.Numerals | None = Option(None, help="Numeral scheme; whole."),
    ordinals: opt.Ordinals | None = Option(None, help="Whether 21st is 21 and st; out."),
    spelled_out: bool = Option(False, "--spelled-out", help="Read twenty-one as 21."),
    tokenizer: str | None = Option(None, help="fast, spacy, or a tokenizer.json; fast."),
    reader: str | None = Option(
        None,
        help="text, gutenberg, jsonl, json, csv, wikiextractor, parquet, arrow or wikipedia; "
        "by the content, then by the names.",
    ),
    separator: str | None = Option(None, help="Ends a document: blank, line or file; blank."),
    field: str | None = Option(
        None,
        help="Field or column that holds the text, doc.text if one lies in another; the one named "
        "text, content or document, or the only one that can.",
    ),
    words: int = Option(50_000, min=1, help="Vocabulary size, numbers not counted."),
    errors: str = Option(
        "strict", help="What is not UTF-8 (or half a pair): strict, or replace by U+FFFD."
    ),
    strict: bool = Option(False, "--strict", help="A damaged record is an error."),
    max_record: int = Option(64, min=1, help="Largest record (line of JSON, row, article), MB."),
    drop_duplicates: bool = Option(
        False, "--drop-duplicates", help="Leave out documents that came before, token for token."
    ),
    append: bool = Option(False, "--append", help="Add to OUTPUT, keeping its vocabulary."),
    overwrite: opt.Overwrite = False,
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
    from wordnum.corpus.numerals import NumeralScheme
    from wordnum.corpus.recipes import encode_recipe
    from wordnum.parallel import default_jobs, parallel_backend

    how: dict[str, Any] = {
        "vocabulary_size": words, "errors": errors, "strict": strict, "append": append,
        "drop_duplicates": drop_duplicates,
        "overwrite": overwrite, "max_record": max_record * 2**20,
        "n_jobs": default_jobs(jobs, backend),
    }  # fmt: skip
    read = _given(reader=reader, separator=separator, field=field, tokenizer=tokenizer)
    scheme = _given(numerals=numerals, ordinals=ordinals, spelled_out=spelled_out or None)
    recipe = _recipe(text, root)
    with parallel_backend(backend, address=address):
        if recipe:
            corpus = encode_recipe(recipe.changed(**read, **scheme), output, **how)
        else:
            kind = NumeralScheme(scheme.pop("numerals", "whole"), **scheme)
            corpus = encode_text(text, output, numerals=kind, **read, **how)
    facts = {
        "corpus": str(output),
        "read_as": _formats(corpus.manifest),
        "tokens": corpus.n_tokens,
        "documents": corpus.n_documents,
        "duplicate_documents": corpus.manifest["duplicates"]["documents"],
        "numbers": int(corpus.number_counts.sum()),
        "distinct_numbers": int((corpus.number_counts > 0).sum()),
        "vocabulary": len(corpus.vocabulary),
        "fingerprint": corpus.fingerprint,
        "flags": list(corpus.flags),
    }
    print_facts(facts, as_json)


def _formats(manifest: dict[str, Any]) -> list[str]:
    """Formats of the files that were read, and of how many."""
    files = {entry["path"]: entry["reader"] for entry in manifest["source"] if entry["reader"]}
    return [f"{kind} ({n} files)" for kind, n in sorted(Counter(files.values()).items())]


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


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
    corpus: Annotated[Path, Argument(help="A folder made by wordnum encode.")],
    output: opt.Output,
    window: int = Option(5, min=1, help="Tokens on each side, at most."),
    rows: opt.Rows = Option("numbers", help="Around the numbers, or around all words."),
    side: opt.Side = Option("both", help="Which side counts. With --rows all only: see embed."),
    weights: opt.Weights = Option("flat", help="Of distances, as GloVe's. With --rows all only."),
    perturb: list[str] = Option(
        ["original"],
        help="What is done to the text first; joined by +. Several give a file each.",
        autocompletion=completing("perturbations"),
    ),
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

    around = Window(window, side=side, weighting=weights)
    conditions = list(dict.fromkeys(perturb))
    files = [new_file(path, overwrite=overwrite) for path in _files(output, conditions)]
    opened = EncodedCorpus.open(corpus)
    run = count_words if rows == "all" else count_numbers
    workers = default_jobs(jobs, backend)
    pairs = []
    with parallel_backend(backend, address=address):
        for path, condition in zip(files, conditions, strict=True):
            counts = run(
                opened, window=around, perturbation=condition, random_state=seed, n_jobs=workers
            )
            counts.save(path)
            pairs.append(counts.later.nnz if isinstance(counts, WordCounts) else counts.n_events)
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
