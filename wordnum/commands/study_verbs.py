"""Verbs of studies: demo, study, report."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import completing, verb
from wordnum.commands.printing import print_facts, print_found, print_plan, print_summary
from wordnum.errors import InputError, printable


@verb("wordnum demo", "wordnum demo -o demo-report --jobs 2")
def demo(
    output: opt.Output = Path("demo-report"), jobs: opt.Jobs = 1, overwrite: opt.Overwrite = False
) -> None:
    """Run the whole thing on data that comes with the dependencies, and leave a page to open."""
    study("demo", output, jobs=jobs, overwrite=overwrite)


@verb(
    "wordnum study paper-data -o out --dry-run",
    "wordnum study paper-data -o out --root ~/texts --jobs 2",
    "wordnum study signals -o out --corpus my-articles.txt",
    "wordnum study mine.toml -o out --backend dask --address tcp://head:8786",
)
def study(
    name: Annotated[
        str,
        Argument(
            help="A STUDY.toml, or one that is built in.", autocompletion=completing("studies")
        ),
    ],
    output: opt.Output,
    corpus: Annotated[
        list[str] | None,
        Option(
            help="Recipe, text or corpus instead of its own.", autocompletion=completing("recipes")
        ),
    ] = None,
    root: opt.Root = "",
    jobs: opt.Jobs = None,
    backend: opt.BackendName = "loky",
    address: opt.Address = None,
    device: opt.Device = "cpu",
    dry_run: Annotated[bool, Option("--dry-run", help="Print the plan and stop.")] = False,
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Run a study, or go on with one that was interrupted, and write its table and page."""
    from wordnum.parallel import default_jobs, parallel_backend
    from wordnum.studies.toml_files import load_study

    workers = default_jobs(jobs, backend)
    planned = load_study(name, corpora=corpus, root=root)
    if dry_run:
        from wordnum.studies.folder import own_study
        from wordnum.studies.plan import plan_study

        print_plan(plan_study(planned, n_jobs=workers), as_json)
        own_study(output, planned, overwrite=overwrite)  # refuses what the run would refuse
        return
    from wordnum.report.headline import headline
    from wordnum.report.page import write_page
    from wordnum.studies.runner import run_study

    try:
        with parallel_backend(backend, address=address):
            results = run_study(
                planned,
                output,
                n_jobs=workers,
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
    if not as_json:
        print_summary(results)
    failures = dict.fromkeys([*results.errors(), *results.about["failures"]])
    for message in failures:
        typer.echo(f"failed: {printable(message)}", err=True)
    facts = {
        "table": str((output / "table.csv").resolve()),
        "report": str(page.resolve()),
        "runs": len(results.records),
        "failed": len(results.errors()),
    }
    print_facts(facts, as_json)
    if not as_json:
        print_found(headline(results), str(page.resolve()))


@verb("wordnum report out", "wordnum report out --format pdf")
def report(
    folder: Annotated[Path, Argument(help="Folder of a study.")],
    figures: opt.FigureFormat | None = Option(None, "--format", help="Also write figures."),
    as_json: opt.AsJson = False,
) -> None:
    """Write the page, and figures if asked, again from a study's results."""
    from wordnum.report.figures import write_figures
    from wordnum.report.page import write_page

    page = write_page(folder).resolve()
    drawn = write_figures(folder, format=figures) if figures else ()
    print_facts({"page": str(page), "figures": list(map(str, drawn))}, as_json)
