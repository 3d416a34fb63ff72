"""Options that several verbs of the command line share, and the names that can be given to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from wordnum.errors import UsageError

Numerals = Literal["whole", "l2r3", "r2l3", "digit"]
Ordinals = Literal["out", "keep"]
Side = Literal["both", "left", "right"]
Rows = Literal["numbers", "all"]
Weights = Literal["flat", "harmonic", "linear"]
SignalName = Literal["text", "number", "both"]
Classifier = Literal["lda", "ridge", "logistic", "mlp"]
Spelling = Literal["blank", "plain"]
Several = Literal["leave", "mean"]
FigureFormat = Literal["pdf", "svg", "png"]


def _workers(jobs: int | None) -> int | None:
    if jobs is not None and (jobs == 0 or jobs < -1):
        raise typer.BadParameter("1 or more, or -1 for all cores")
    return jobs


Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        callback=_workers,
        help="Workers; -1 for all cores. 1, or all of a cluster, if not given.",
    ),
]
BackendName = Annotated[
    Literal["loky", "dask", "ray"], typer.Option("--backend", help="Where parallel work goes.")
]
Address = Annotated[str | None, typer.Option(help="Scheduler or head node of the cluster.")]
Device = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where it is computed.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Root = Annotated[
    str, typer.Option(help="Folder of the recipes' texts, instead of $WORDNUM_CORPORA.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="File or folder to make.")]

# A large study asks for fewer; more would fill the memory before anything is measured.
_MOST_MODULI = 1000


class Examples(TyperCommand):
    """A verb whose help ends with examples and with the names that its options take."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Add the names, which are looked up only when help is asked for."""
        listed = [
            f"{kind}: {', '.join(names_of(kind))}" for kind in _NAMED.get(self.name or "", ())
        ]
        if self.name == "embed":
            from wordnum.embeddings.presets import DEFAULT_PRESET, PRESETS

            listed.append(f"default: {DEFAULT_PRESET}: {PRESETS[DEFAULT_PRESET].description}")
        self.epilog = "\n\n".join([self.epilog or "", *listed])
        super().format_help(ctx, formatter)


_NAMED = {
    "encode": ("recipes",),
    "count": ("perturbations",),
    "embed": ("presets", "models", "weightings"),
    "study": ("studies",),
}


app = typer.Typer(
    name="wordnum",
    help="Which co-occurrence signals in text give numbers their structure?",
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def verb(*examples: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a verb of the command line, with examples below its help."""
    return app.command(cls=Examples, epilog="\n\n".join(["Examples:", *examples]))


def names_of(kind: str) -> list[str]:
    """Names of all presets, models, weightings, perturbations, studies or recipes.

    Examples
    --------
    >>> "demo" in names_of("studies")
    True
    """
    if kind == "presets":
        from wordnum.embeddings.presets import PRESETS

        return sorted(PRESETS)
    if kind == "models":
        from wordnum.embeddings.registry import model_names

        return sorted(model_names())
    if kind == "weightings":
        from wordnum.embeddings.weightings import WEIGHTINGS

        return sorted(WEIGHTINGS)
    if kind == "perturbations":
        from wordnum.corpus.perturbations import perturbation_forms

        return [forms.partition(",")[0] for forms in perturbation_forms().values()]
    if kind == "studies":
        from wordnum.studies.toml_files import builtin_studies

        return builtin_studies()
    from wordnum.corpus.recipes import recipe_names

    return recipe_names()


def completing(kind: str) -> Callable[[str], list[str]]:
    """Completion in the shell by the names of a kind."""
    return lambda incomplete: [name for name in names_of(kind) if name.startswith(incomplete)]


def new_file(path: Path, *, overwrite: bool) -> Path:
    """Return the path of a file to make; what is there is kept unless asked otherwise.

    Raises
    ------
    UsageError
        It exists, and `overwrite` is not set.
    """
    if path.is_dir() or (path.exists() and not overwrite):
        raise UsageError(
            f"{path} exists already",
            expected="a new file",
            remedy="choose another path" + ("" if path.is_dir() else ", or add --overwrite"),
        )
    return path


def new_figure_file(path: Path, *, overwrite: bool) -> Path:
    """`new_file` of a figure, whose suffix says the format.

    Raises
    ------
    UsageError
        Another suffix, or it exists, and `overwrite` is not set.
    """
    if path.suffix not in (".pdf", ".svg", ".png"):
        raise UsageError("figures are pdf, svg or png", got=str(path))
    return new_file(path, overwrite=overwrite)


def read_moduli(text: str) -> tuple[int, ...]:
    """Read "2-10" or "2,5,10".

    Raises
    ------
    UsageError
        It is neither, or holds too many.

    Examples
    --------
    >>> read_moduli("2-4,10")
    (2, 3, 4, 10)
    """
    found: list[int] = []
    try:
        for part in text.split(","):
            first, dash, last = part.partition("-")
            some = range(int(first), int(last if dash else first) + 1)
            if some and some[0] < 2:
                raise UsageError("a modulus is at least 2", expected="2-10 or 2,5,10", got=text)
            if len(found) + len(some) > _MOST_MODULI:
                raise UsageError("too many moduli", expected=f"at most {_MOST_MODULI}", got=text)
            found += some
    except (ValueError, OverflowError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError("moduli cannot be read", expected="2-10 or 2,5,10", got=text) from error
    if not found:
        raise UsageError("no moduli", expected="2-10 or 2,5,10", got=text)
    return tuple(found)
