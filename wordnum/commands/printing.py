"""What the command line prints for people, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from wordnum.errors import printable
from wordnum.progress import is_quiet

if TYPE_CHECKING:
    from wordnum.analyzers.keyword_results import Keywords
    from wordnum.analyzers.sufficiency_results import Sufficiency
    from wordnum.report.headline import Finding
    from wordnum.studies.plan import Plan
    from wordnum.studies.results import StudyResults

# Heads of columns of words; the others hold figures.
_WORDS = ("stage", "system", "verdict", "paper's label", "word", "side", "embedding", "reader")
# Systems that a summary shows: more are for the page.
_SYSTEMS = 60


def print_facts(facts: dict[str, Any], as_json: bool) -> None:
    """Print a line per fact, or one JSON object."""
    if as_json:
        print_json(facts)
    if as_json or is_quiet():
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        if isinstance(value, (list, tuple)):
            value = ", ".join(map(str, value)) or "none"
        shown = f"{value:,}" if isinstance(value, int) else printable(value)
        typer.echo(f"{name.replace('_', ' '):<{width}}  {shown}")


def print_json(value: Any) -> None:
    """Print JSON on one line."""
    typer.echo(json.dumps(value))


def _print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, words to the left and figures to the right; no figure is ever cut."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [[printable(cell) for cell in row] for row in rows]
    table = Table(title=Text(printable(title)), box=SIMPLE_HEAD)
    for at, head in enumerate(heads):
        word = head in _WORDS
        longest = max(len(head), *(len(row[at]) for row in shown))
        least = None if word and head not in ("embedding", "paper's label") else longest
        table.add_column(Text(head), justify="left" if word else "right", min_width=least)
    for row in shown:
        table.add_row(*map(Text, row))
    console = Console()
    # Wider than the screen, lines go on below: a figure that is cut off is another figure.
    console.width = max(console.width, Console(width=10_000).measure(table).minimum)
    console.print(table)


def print_analysis(found: dict[str, Any], explained: str) -> None:
    """Print a table of the measures by T, and what they mean."""
    if is_quiet():
        return
    rows = []
    for T in sorted({*found["probe"], *found["spectrum"], *found["separability"]}, key=int):
        parts = ("probe", "spectrum", "separability", "phi", "verdict")
        row, spike, ratio, phi, verdict = (found[part].get(T, {}) for part in parts)
        low, high = row.get("low"), row.get("high")
        rows.append(
            [
                T,
                _number(row.get("kappa")),
                f"{low:.1f} to {high:.1f}" if low is not None and high is not None else "",
                _number(row.get("null_p95")),
                _number(row.get("p_value"), 3),
                _number(spike.get("magnitude"), 2),
                _probability(spike.get("p_value")),
                _number(phi.get("value"), 2),
                _number(phi.get("corrected"), 2),
                _number(ratio.get("lambda_max"), 2),
                _number(ratio.get("lambda_max_noise"), 2),
                "".join(mark for key, mark in _MARKS.items() if verdict.get(key)),
            ]
        )
    _print_table(
        f"{len(found['numbers'])} numbers, {found['dim']} dimensions",
        ["T", "kappa", "interval", "null 95 %", "p", "spike", "spike p", "Phi", "corrected", "λ",
         "λ noise", "verdict"],
        rows,
    )  # fmt: skip
    typer.echo(_KEY)
    if found["verdict"]:
        typer.echo(f"verdict: {_MEANING}")
    flags = [f"flag: {flag}" for flag in found["flags"]]
    for line in [*found.get("notes", []), *explained.splitlines()[1:], *flags]:
        typer.echo(f"  {printable(line)}")


def print_keywords(found: Keywords, *, about: str, top: int, order: str) -> None:
    """Print the words of every T, and one of them in plain words."""
    from wordnum.analyzers.keyword_tables import HEADS, title_of, word_cells

    if is_quiet():
        return
    for one in found.values():
        cells = word_cells(one, top=top, order=order)
        _print_table(f"{about}: {title_of(one, top)}", HEADS, cells)
        typer.echo(
            f"class: {one.class_name}; it has {100 * one.base:.0f} % of all pairs of a number and "
            f"a word within the window ({one.window})"
        )
        typer.echo(one.told())


def print_comparison(found: Sequence[dict[str, Any]], names: Sequence[str], folder: str) -> None:
    """Print one table of several embeddings of a folder, a row each, and what was read of each."""
    if is_quiet():
        return
    periods = sorted({T for each in found for T in (*each["probe"], *each["spectrum"])}, key=int)
    rows = []
    for name, each in zip(names, found):
        cells = [_measured(each, T) for T in periods]
        shape = str(len(each["numbers"])), str(each["dim"])
        rows.append([name, *shape, *cells, each["paper_label"] or ""])
    heads = ["embedding", "numbers", "dim", *(f"T = {T}" for T in periods), "paper's label"]
    title = f"{folder}: " * bool(folder) + "kappa x 100 / magnitude of the spectrum"
    _print_table(title, heads, rows)
    typer.echo(_MEANING)
    texts = [each["corpus_fingerprint"] for each in found if each.get("corpus_fingerprint")]
    if len(set(texts)) > 1:
        typer.echo(f"These are of {len(set(texts))} different texts, and differ by the text too.")
    for name, each in zip(names, found):
        flags = [f"flag: {flag}" for flag in each.get("flags", [])]
        for line in [*each.get("notes", []), *flags]:
            typer.echo(f"  {printable(name)}: {printable(line)}")


_MARKS = {"spectral": "S", "geometric": "G", "roundness": "R", "undecided": "?"}
_KEY = (
    "null 95 %: kappa with permuted labels, 95th percentile; spike: magnitude over the median; "
    "λ: how far the classes can be told apart (λ_max), λ noise: the same of random vectors"
)
_MEANING = "S spectral, G geometric, R by roundness, ? undecided"


def _measured(found: dict[str, Any], T: str) -> str:
    """Kappa and magnitude at T, and what the verdict says of both."""
    kappa = _number(found["probe"].get(T, {}).get("kappa"))
    spike = _number(found["spectrum"].get(T, {}).get("magnitude"))
    verdict = found["verdict"].get(T, {})
    marks = "".join(mark for key, mark in _MARKS.items() if verdict.get(key))
    return " ".join(filter(None, (" / ".join(filter(None, (kappa, spike))), marks)))


def print_sufficiency(found: Sufficiency) -> None:
    """Print kappas by the number of words that are read."""
    if is_quiet():
        return
    rows = [
        [
            row["reader"],
            "" if row["words"] is None else str(row["words"]),
            _number(row["kappa"]),
            f"{row['low']:.1f} to {row['high']:.1f}",
            f"{row['beyond']:.1f} ({row['beyond_low']:.1f} to {row['beyond_high']:.1f})",
        ]
        for row in found.rows()
    ]
    heads = ["reader", "words", "kappa", "interval", "all beyond it"]
    _print_table(f"n mod {found.period} at half the text", heads, rows)
    typer.echo(f"all: {found.all.name}")


def _probability(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def print_plan(plan: Plan, as_json: bool) -> None:
    """Print what a study will do, and about what it will cost."""
    if as_json:
        stages = [dict(zip(("stage", "times", "seconds"), stage)) for stage in plan.stages]
        facts = {"study": plan.study.name, "runs": plan.n_runs, "controls": plan.n_controls}
        costs = {name: round(getattr(plan, name)) for name in ("seconds", "memory", "disk")}
        print_facts({**facts, "stages": stages, **costs, "notes": plan.notes}, as_json)
        return
    _print_table(
        f"{plan.study.name}: {plan.n_runs} runs",
        ["stage", "times", "on one core"],
        [[stage, f"{times:,}", _duration(seconds)] for stage, times, seconds in plan.stages],
    )
    typer.echo(
        f"about {_duration(plan.seconds)} in all, {plan.memory / 1e9:.1f} GB of memory, "
        f"{plan.disk / 1e9:.1f} GB of disk"
    )
    for note in plan.notes:
        typer.echo(f"note: {printable(note)}")


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def print_found(findings: Sequence[Finding], page: str) -> None:
    """Print what a study found, a line per corpus; the last says where the page is, too."""
    if is_quiet():
        return
    lines = [printable(f"{corpus}: {' '.join(sentences)}") for corpus, sentences in findings]
    *others, last = lines or [""]
    typer.echo("\n".join([*others, f"{last} The page: {page}".lstrip()]))


def print_summary(results: StudyResults) -> None:
    """Print kappa by system at T = 2, 5 and 10, with the paper's labels; of many, the first."""
    if is_quiet():
        return
    systems = list(results.final.groupby(["corpus", "key"], sort=False))
    rows: dict[str, list[list[str]]] = {}
    for (corpus, _), found in systems[:_SYSTEMS]:
        kappas = dict(zip(found["T"], found["kappa"]))
        shown = [_number(kappas.get(T)) for T in (2, 5, 10)]
        first = found.iloc[0]
        rows.setdefault(str(corpus), []).append(
            [str(first["system"]), *shown, first["paper_label"] or "failed"]
        )
    for corpus, own in rows.items():
        heads = ["system", "T = 2", "T = 5", "T = 10", "paper's label"]
        _print_table(f"{corpus}: kappa x 100", heads, own)
    for condition, words in results.masks.items():
        typer.echo(printable(f"{condition}: the words of the file are {words}"))
    if len(systems) > _SYSTEMS:
        typer.echo(f"and {len(systems) - _SYSTEMS} more")
