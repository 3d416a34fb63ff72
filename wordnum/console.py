"""What the command line prints for people, and the same as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from wordnum.studies.plan import Plan
    from wordnum.studies.results import StudyResults

__all__ = ["print_analysis", "print_facts", "print_plan", "print_summary"]

# Systems that a summary shows: more are for the page.
_SYSTEMS = 60


def print_facts(facts: dict[str, Any], as_json: bool) -> None:
    """Print a line per fact, or one JSON object."""
    if as_json:
        typer.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        if isinstance(value, (list, tuple)):
            value = ", ".join(map(str, value)) or "none"
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        typer.echo(f"{name.replace('_', ' '):<{width}}  {shown}")


def print_analysis(found: dict[str, Any]) -> None:
    """Print a table of the measures by T, and the verdict with its reasons."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    title = f"{len(found['numbers'])} numbers, {found['dim']} dimensions"
    table = Table(title=title, box=SIMPLE_HEAD)
    heads = [
        "T",
        "kappa",
        "interval",
        "null 95 %",
        "p",
        "spike",
        "spike p",
        "Phi",
        "λ",
        "λ noise",
    ]
    for head in heads:
        table.add_column(head, justify="right")
    probe, spectrum = found.get("probe") or {}, found.get("spectrum") or {}
    fisher = found.get("separability") or {}
    for T in sorted({*probe, *spectrum, *fisher}, key=int):
        row, spike, ratio = probe.get(T, {}), spectrum.get(T, {}), fisher.get(T, {})
        null = row.get("null") or {}
        low, high = row.get("low"), row.get("high")
        table.add_row(
            T,
            _number(row.get("kappa")),
            f"{low:.1f} … {high:.1f}" if low is not None and high is not None else "",
            _number(null.get("p95")),
            _number(null.get("p_value"), 3),
            _number(spike.get("magnitude"), 2),
            _number(spike.get("p_value"), 3),
            _number(ratio.get("phi"), 2),
            _number(ratio.get("lambda_max"), 2),
            _number(ratio.get("lambda_max_noise"), 2),
        )
    console = Console()
    console.print(table)
    if found.get("verdict"):
        console.print(f"verdict: [bold]{found['verdict']}[/bold]")
    for line in [*found.get("reasons", []), *(f"flag: {flag}" for flag in found.get("flags", []))]:
        console.print(f"  {line}", markup=False, highlight=False)


def _number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def print_plan(plan: Plan, as_json: bool) -> None:
    """Print what a study will do, and about what it will cost."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if as_json:
        stages = [dict(zip(("stage", "times", "seconds"), stage)) for stage in plan.stages]
        facts = {"study": plan.study.name, "runs": plan.n_runs, "controls": plan.n_controls}
        costs = {name: round(getattr(plan, name)) for name in ("seconds", "memory", "disk")}
        print_facts({**facts, "stages": stages, **costs, "notes": plan.notes}, as_json)
        return
    table = Table(title=f"{plan.study.name}: {plan.n_runs} runs", box=SIMPLE_HEAD)
    for head in ("stage", "times", "on one core"):
        table.add_column(head, justify="left" if head == "stage" else "right")
    for stage, times, seconds in plan.stages:
        table.add_row(stage, f"{times:,}", _duration(seconds))
    console = Console()
    console.print(table)
    console.print(
        f"about {_duration(plan.seconds)} in all, {plan.memory / 1e9:.1f} GB of memory, "
        f"{plan.disk / 1e9:.1f} GB of disk"
    )
    for note in plan.notes:
        console.print(f"note: {note}", markup=False, highlight=False)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def print_summary(results: StudyResults) -> None:
    """Print kappa by system at T = 2, 5 and 10, with the verdicts; of many systems, the first."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=str(results.about["title"] or results.about["name"]), box=SIMPLE_HEAD)
    for head in ("system", "T = 2", "T = 5", "T = 10", "verdict"):
        table.add_column(head, justify="right" if head.startswith("T") else "left")
    corpora = results.table["corpus"].nunique()
    last = None
    systems = list(results.table.groupby(["key", "corpus", "system"], sort=False))
    for (_, corpus, system), rows in systems[:_SYSTEMS]:
        if corpora > 1 and corpus != last:
            table.add_row(Text(str(corpus), style="bold"))
        last = corpus
        kappas = dict(zip(rows["T"], rows["kappa"]))
        shown = [_number(kappas.get(T)) for T in (2, 5, 10)]
        table.add_row(Text(str(system)), *shown, rows["verdict"].iloc[0] or "failed")
    console = Console()
    console.print(table)
    if len(systems) > _SYSTEMS:
        console.print(f"and {len(systems) - _SYSTEMS} more")
