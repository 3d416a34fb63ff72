"""What the documentation tells a reader to type works as it stands, page by page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

import wordnum as wn
from tests.embeddings.model_folders import save_model

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
BLOCK = re.compile(r"^```(python|shell)\n(.*?)^```", re.M | re.S)
COMMAND = re.compile(r"(?:^|`)(?:[A-Z_]+=[A-Z]+ )?(?:wordnum|python benchmarks|make)[ /]", re.M)
# Commands that nothing here can run; `sh` blocks are for those of other machines.
CANNOT_RUN = {
    "--tokenizer spacy": "takes minutes",
    "--tokenizer tokenizer.json": "the reader's own file",
}


def runnable(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text("utf-8"))


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the texts and vectors that the pages speak of."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "articles").mkdir()
    texts = wn.SyntheticCorpus(n_documents=100, size=400, residue_words={10: 0.5})
    for i, text in enumerate(texts):
        (folder / f"articles/{i:03}.txt").write_text(f"{text} about 40 km and 50 kg")
    wn.encode(folder / "articles", folder / "articles.corpus")
    vectors = np.random.default_rng(0).standard_normal((1000, 20))
    np.save(folder / "vectors.npy", vectors)
    rows = [" ".join([str(n), *(f"{x:.4f}" for x in row)]) for n, row in enumerate(vectors)]
    (folder / "vectors.vec").write_text("\n".join(["1000 20", *rows]))
    for name in ("model", "run/step-100", "run/step-200"):
        rows = np.vstack([vectors, vectors[:2]]).astype(np.float32)
        tensors = {"model.embed_tokens.weight": rows, "lm_head.weight": -rows}
        save_model(folder / name, tensors, config={"model_type": "llama"})
        words = [*map(str, range(1000)), "the", "of"]
        (folder / name / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return folder


@pytest.mark.long
@pytest.mark.parametrize("page", [p for p in PAGES if runnable(p)], ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(
    page: Path, material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for source in material.iterdir():
        if page.stem != "tutorial":  # which makes its own
            (tmp_path / source.name).symlink_to(source)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for language, code in runnable(page):
        if language == "python":
            exec(compile(code, str(page), "exec"), names)
            plt.close("all")
            continue
        for line in code.splitlines():
            if any(part in line for part in CANNOT_RUN):
                continue
            command = [sys.executable, "-m", *shlex.split(line, comments=True)]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ.copy())
            assert done.returncode == 0, f"{line}: {done.stderr or done.stdout}"


def test_what_cannot_run_is_still_on_a_page():
    text = "".join(page.read_text("utf-8") for page in PAGES)
    assert all(part in text for part in CANNOT_RUN)


def test_every_public_object_has_its_page():
    listed = (DOCS.parent / "tests" / "public_names.txt").read_text("utf-8").splitlines()
    for line in listed[1:]:  # the first is wordnum itself, which has what its packages have
        package, _, names = line.partition(": ")
        page = DOCS / "api" / f"{package.removeprefix('wordnum.')}.md"
        missing = set(names.split()) - set(re.findall(r"^   (\w+)$", page.read_text("utf-8"), re.M))
        assert not missing, f"add to {page.name}: {sorted(missing)}"


def test_every_result_says_which_command_makes_it():
    for page in (DOCS / "results").glob("*.md"):
        text = page.read_text("utf-8")
        if page.stem != "README" and "|---" in text:
            assert COMMAND.search(text), page
