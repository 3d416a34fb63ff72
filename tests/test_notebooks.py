"""The notebooks: they run from top to bottom, and what is committed is what they show."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.long

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
NAMES = (
    "01_first_look", "02_paper_data", "03_signals", "04_pretrained", "05_theorem", "06_scaling",
    "07_systems",
)  # fmt: skip
# What a notebook needs beyond the extra `test`.
EXTRAS = {"07_systems": "transformers"}
# Each takes well under two minutes; this only ends what hangs.
SECONDS = 600
# A home, a temporary or a system folder of the machine that ran it.
MACHINE_PATH = re.compile(r"(?:^|[\s'\"(=])(?:/[\w.-]+){2,}|[A-Z]:\\|site-packages")
MEGABYTES = 3


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Every output as its cell's id and what it is: a stream, or the kinds of its data."""
    return [
        (cell.id, output.get("name") or "+".join(sorted(output.data)))
        for cell in code_cells(notebook)
        for output in cell.outputs
        if output.output_type != "error"
    ]


def texts(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Text of every output that has one, by cell id."""
    found = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            parts = [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
            found.append((cell.id, "\n".join(parts)))
    return found


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def committed(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_all_are_there_and_in_the_readme():
    assert tuple(path.stem for path in NOTEBOOKS) == NAMES
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        title = nbformat.read(path, as_version=4).cells[0].source.partition("\n")[0]
        assert f"[{path.stem}]({path.name})" in readme
        assert title.removeprefix("# ") in readme


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_in_a_fresh_kernel(path: Path, tmp_path: Path):
    if path.stem in EXTRAS:
        pytest.importorskip(
            EXTRAS[path.stem], reason="transformers is not installed (make test LM=1)"
        )
    notebook = nbformat.read(path, as_version=4)
    committed = shown(notebook)
    # One thread for linear algebra: tests share the machine, and threads in each other's way
    # take several times as long.
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "TMPDIR": str(tmp_path),
    }
    environment.pop("MPLBACKEND", None)
    NotebookClient(
        notebook,
        timeout=SECONDS,
        startup_timeout=SECONDS,
        resources={"metadata": {"path": str(tmp_path)}},
        coalesce_streams=True,
    ).execute(env=environment)
    assert shown(notebook) == committed


def test_a_notebook_asks_one_question_in_its_title(committed: nbformat.NotebookNode):
    first = committed.cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# [^\n]+\?\n", first.source)


def test_a_notebook_says_how_to_run_it_at_full_size(committed: nbformat.NotebookNode):
    last = committed.cells[-1]
    assert last.cell_type == "markdown"
    assert "## What this shows" in last.source
    assert re.search(r"## (At full size|.*own (file|embedding))", last.source)
    assert "wordnum " in last.source
    assert "**Try:**" in last.source


def test_a_committed_notebook_was_run_from_top_to_bottom(committed: nbformat.NotebookNode):
    cells = code_cells(committed)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 2


def test_a_committed_notebook_has_figures_and_no_error_or_warning(
    committed: nbformat.NotebookNode,
):
    outputs = [output for cell in code_cells(committed) for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert all(output.output_type != "error" for output in outputs)
    assert all(output.get("name") != "stderr" for output in outputs)


def test_a_committed_notebook_tells_nothing_of_the_machine(committed: nbformat.NotebookNode):
    found = [(cell, MACHINE_PATH.findall(text)) for cell, text in texts(committed)]
    assert [pair for pair in found if pair[1]] == []
    assert all(not cell.metadata for cell in committed.cells)


def test_cells_have_names_of_their_own(committed: nbformat.NotebookNode):
    ids = [cell.id for cell in committed.cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", name) for name in ids)


def test_the_folder_stays_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < MEGABYTES * 1e6
