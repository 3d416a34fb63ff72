"""The report page: one HTML file that holds its own data, drawing and style."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib import resources
from pathlib import Path
from typing import Any

from wordnum.provenance import jsonable
from wordnum.report.data import StudyData, load_study
from wordnum.report.payload import build_payload, script_json
from wordnum.storage import write_text

__all__ = ["render_page", "write_page"]

_SCRIPTS = (
    "tools.js", "draw.js", "model.js", "figure.js", "filters.js", "detail.js", "sections.js",
    "main.js",
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
    InputError, FormatError
        The folder is missing, holds no table, or holds a damaged file.

    Examples
    --------
    >>> write_page("no such folder")
    Traceback (most recent call last):
        ...
    wordnum.errors.InputError: no such study folder: no such folder
      expected: a folder written by `wordnum study`
      to do: check the path, or run `wordnum study NAME -o DIR` first
    """
    data = load_study(folder)
    path = Path(out) if out is not None else Path(folder) / "report.html"
    write_text(path, render_page(data))
    return path


def render_page(data: StudyData) -> str:
    """Return the page of a study that is already read, as HTML."""
    overview, details = build_payload(data)
    script = "(() => {\n'use strict';\n" + "\n".join(map(_asset, _SCRIPTS)) + "\n})();\n"
    style = _asset("page.css")
    parts = {
        "title": html.escape(f"{data.title} · wordnum report"),
        "policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "img-src data: blob:; base-uri 'none'; form-action 'none'"
        ),
        "style": style,
        "script": script,
        "overview": _safe(overview),
        "details": _safe(details),
    }
    # One pass: text from the data that looks like a mark is never filled in.
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], _asset("page.html"))


def _safe(value: Any) -> str:
    return script_json(jsonable(value))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _asset(name: str) -> str:
    return (resources.files("wordnum.report") / "assets" / name).read_text(encoding="utf-8")
