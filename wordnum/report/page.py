"""The report page: one HTML file that holds its own data, drawing and style."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib import resources
from pathlib import Path

from wordnum.report.page_data import page_data, script_json
from wordnum.storage import write_text
from wordnum.studies.records import refusing_forgery
from wordnum.studies.results import StudyResults

_SCRIPTS = (
    "tools.js", "draw.js", "model.js", "figure.js", "filters.js", "detail.js", "sections.js",
    "tree.js", "training.js", "words.js", "main.js",
)  # fmt: skip


def write_page(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the report of a study as one self-contained HTML file.

    Parameters
    ----------
    folder : path-like
        A folder written by `wordnum study`.
    out : path-like, optional
        The file to write; `folder`/report.html by default.

    Returns
    -------
    Path
        The file. It needs no network and forbids itself any: its content security policy
        admits nothing but its own script and style, named by their hashes.

    Raises
    ------
    InputError
        The folder holds no study, or none that was run to its end.
    FormatError
        A file is damaged, was written by another version of wordnum, or holds what none writes.

    Examples
    --------
    >>> write_page("no such folder")
    Traceback (most recent call last):
        ...
    wordnum.errors.InputError: no such folder holds no study
      expected: a folder written by wordnum study
      to do: run: wordnum study NAME -o DIR
    """
    path = Path(out) if out is not None else Path(folder) / "report.html"
    with refusing_forgery(Path(folder)):
        page = render_page(StudyResults.open(folder))
    write_text(path, page)
    return path


def render_page(results: StudyResults) -> str:
    """Return the page of a study as HTML."""
    overview, details = page_data(results)
    script = "(() => {\n'use strict';\n" + "\n".join(map(_asset, _SCRIPTS)) + "\n})();\n"
    style = _asset("page.css")
    parts = {
        "title": html.escape(f"{overview['title']} · wordnum report"),
        "policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "script": script,
        "overview": script_json(overview),
        "details": script_json(details),
    }
    # One pass: text from the data that looks like a mark is never filled in.
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], _asset("page.html"))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _asset(name: str) -> str:
    return (resources.files("wordnum.report") / "assets" / name).read_text(encoding="utf-8")
