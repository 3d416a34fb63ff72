"""The verb of words: which of them carry n mod T."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer import Argument, Option

import wordnum.commands.options as opt
from wordnum.commands.options import new_figure_file, read_moduli, verb
from wordnum.commands.printing import print_keywords, print_sufficiency
from wordnum.errors import printable


@verb(
    "wordnum words counts.npz --moduli 10 --window 1 --side left",
    "wordnum words articles.corpus --moduli 5,10 --order odds --plot words.pdf",
    "wordnum words counts.npz --sufficiency --json > words.json",
)
def words(
    source: Annotated[Path, Argument(help="Counts (.npz) or an encoded corpus.")],
    moduli: str = Option("10", "--moduli", "--modulus", help="T, or several, as 2-10 or 2,5,10."),
    top: int = Option(30, min=1, help="Words to show, for every T."),
    order: Literal["confirmed", "share", "f", "odds"] = Option(
        "confirmed",
        help="Confirmed words first, by share; or all by share of the corrected Phi, by F, or by "
        "the end of the odds ratio's interval that is nearer to 1.",
    ),
    side: opt.Side | None = Option(None, help="Words left of the number, right of it, or both."),
    window: int | None = Option(None, min=1, help="Tokens on each side; that of the counts."),
    signal: opt.SignalName = Option("text", help="Words, numbers as contexts, or both."),
    min_count: int = Option(100, min=1, help="Least pairs of a word that is tested."),
    sufficiency: Annotated[
        bool,
        Option("--sufficiency", help="Also measure how many words suffice: half a minute per T."),
    ] = False,
    plot: Path | None = Option(None, help="Also draw the first T to this .pdf, .svg or .png."),
    seed: opt.Seed = 0,
    overwrite: opt.Overwrite = False,
    as_json: opt.AsJson = False,
) -> None:
    """Find the words near numbers that carry n mod T, how strongly, and for which residues."""
    from wordnum.analyzers.keyword_finding import keywords

    if plot:
        new_figure_file(plot, overwrite=overwrite)
    found = keywords(
        source,
        moduli=read_moduli(moduli),
        window=window,
        side=side,
        signal=signal,
        min_count=min_count,
        random_state=seed,
    )
    if plot:
        from matplotlib.figure import Figure

        from wordnum.analyzers.plotting import save_figure

        first = next(iter(found.values()))
        shown = min(top, len(first.words))
        figure = Figure((7.2, 1.7 + 0.2 * shown), layout="constrained")
        about = printable(source.name).replace("$", r"\$")
        title = f"{about}\n{first.title()}"
        save_figure(first.plot(figure, top=top, order=order, title=title), plot)
    enough: dict[int, Any] = {}
    if sufficiency:
        from wordnum.analyzers.sufficient_words import sufficiency as measure

        around: dict[str, Any] = {
            "window": window,
            "side": side,
            "signal": signal,
            "min_count": min_count,
        }
        enough = {T: measure(source, modulus=T, **around, random_state=seed) for T in found}
    if as_json:
        told = found.to_dict(top=top, order=order)
        for T in found:
            told[str(T)]["sufficiency"] = enough[T].rows() if enough else None
        typer.echo(json.dumps(told))
    else:
        print_keywords(found, about=source.name, top=top, order=order)
        for measured in enough.values():
            print_sufficiency(measured)
