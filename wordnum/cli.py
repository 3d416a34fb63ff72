"""The command line: the same words as the Python API, one verb per stage."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from wordnum.commands import (  # noqa: F401  they register
    analyze_verb,
    lm_verbs,
    study_verbs,
    text_verbs,
    vector_verbs,
    word_verbs,
)
from wordnum.commands.options import AsJson, app, verb
from wordnum.commands.printing import print_facts
from wordnum.errors import InputError, WordnumError, printable
from wordnum.progress import set_quiet


def _print_version(asked: bool) -> None:
    if asked:
        from wordnum import __version__

        typer.echo(f"wordnum {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print nothing but errors and --json.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what is done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="And stop.")
    ] = False,
) -> None:
    set_quiet(quiet)
    level = logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING
    form = "%(name)s: %(message)s" if verbose or debug else "%(message)s"
    logging.basicConfig(level=level, format=form, stream=sys.stderr)
    logging.getLogger("wordnum").setLevel(logging.ERROR if quiet else level)
    if not quiet:
        logging.getLogger("wordnum.progress").setLevel(min(level, logging.INFO))
    # joblib replaces a worker that has grown, and says so as if something were amiss.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)


@verb("wordnum verify out", "wordnum verify articles.corpus counts.npz")
def verify(
    paths: Annotated[list[Path], typer.Argument(help="What wordnum wrote.")],
    as_json: AsJson = False,
) -> None:
    """Check files, corpora and studies against their checksums."""
    from wordnum.verification import verify as check

    found = {place: problem for path in paths for place, problem in check(path).items()}
    damaged = {place: problem for place, problem in found.items() if problem}
    print_facts({"checked": len(found), "damaged": len(damaged), **damaged}, as_json)
    if damaged:
        raise InputError(
            f"{len(damaged)} of {len(found)} are damaged",
            where=", ".join(damaged),
            remedy="make them again",
        )


@verb("wordnum info", "wordnum info --json")
def info(as_json: AsJson = False) -> None:
    """Show versions, linear algebra, GPU, and what is missing and how to get it."""
    from wordnum.information import gather

    print_facts(gather(), as_json)


_ORDER = (
    "demo",
    "encode",
    "count",
    "embed",
    "words",
    "analyze",
    "study",
    "report",
    "verify",
    "info",
)
app.registered_commands.sort(key=lambda verb: _ORDER.index(getattr(verb.callback, "__name__", "")))


def main() -> None:
    """Run the command line; a user's error is one message, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a λ on a screen that has none
    try:
        app()
    except WordnumError as error:
        _fail(error, error)
    except BrokenPipeError:
        # The reader of our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except MemoryError as error:
        remedy = "fewer --jobs, a smaller --window, or a machine with more"
        _fail(InputError("out of memory", remedy=remedy), error)
    except OSError as error:
        remedy = "check the path, its permissions and the free disk space"
        _fail(InputError(str(error), remedy=remedy), error)


def _fail(told: WordnumError, error: BaseException) -> None:
    if "--debug" in sys.argv:
        raise error
    typer.echo(f"wordnum: {printable(told)}", err=True)
    raise SystemExit(told.exit_code)
