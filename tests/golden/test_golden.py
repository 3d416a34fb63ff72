"""No result changes: everything measured is what was recorded (see record.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.golden import record, values

Recorded = dict[str, values.Values]


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record.load()


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> values.Corpora:
    return values.Corpora(tmp_path_factory.mktemp("golden"))


def differences(
    found: values.Values, recorded: values.Values, *, relative: float, gram: bool = False
) -> list[str]:
    """Name every value that is not as recorded, with what it was and is."""
    names = [f"{name}: only recorded or only found" for name in found.keys() ^ recorded.keys()]
    for name in found.keys() & recorded.keys():
        before, now = recorded[name], found[name]
        if not isinstance(before, np.ndarray):
            names += [] if before == now else [f"{name}: {before!r:.80} became {now!r:.80}"]
            continue
        if before.shape != now.shape:
            names.append(f"{name}: shape {before.shape} became {now.shape}")
            continue
        size = np.abs(before)
        if gram:  # whose small entries are what is left of large ones, behind three other values
            size = np.maximum(size, size[3:].max())
        allowed = relative * size + (0 if gram else 1e-9)
        same = (np.abs(now - before) <= allowed) | (np.isnan(now) & np.isnan(before))
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            names.append(
                f"{name}: {before[at]!r} became {now[at]!r} at {at}, {(~same).sum()} in all"
            )
    return sorted(names)


def check(found: values.Values, recorded: values.Values, **tolerance: Any) -> None:
    """Fail with the names of all values that are not as recorded."""
    if names := differences(found, recorded, **tolerance):
        pytest.fail("\n".join([f"{len(names)} of {len(recorded)} differ:", *names]), pytrace=False)


def test_one_changed_number_among_many_is_named(recorded: Recorded):
    before = recorded["svds"]
    name, index = "hellinger", 40
    changed = before[name].copy()
    changed[index] += 1e-6 * np.abs(changed[3:]).max()
    found = differences(before | {name: changed}, before, relative=1e-8, gram=True)
    assert len(found) == 1
    assert found[0].startswith("hellinger: ")
    assert found[0].endswith("at 40, 1 in all")


def test_texts_become_the_recorded_tokens(recorded: Recorded, corpora: values.Corpora):
    check(values.tokens(corpora), recorded["tokens"], relative=0)


def test_made_up_text_has_the_recorded_counts(recorded: Recorded, corpora: values.Corpora):
    found = values.counts(corpora.ids)
    check(found, recorded["counts"], relative=1e-12)


def test_real_text_has_the_recorded_counts(
    recorded: Recorded, corpora: values.Corpora, corpora_folder: Path
):
    if not values.real_text(corpora_folder).is_file():
        pytest.skip(f"real text not found: {values.real_text(corpora_folder)}")
    found = values.counts(corpora.real(corpora_folder))
    check(found, recorded["real counts"], relative=1e-12)


@pytest.mark.parametrize("part", ["svds", "models", "presets"])
def test_vectors_have_the_recorded_gram_matrices(
    recorded: Recorded, corpora: values.Corpora, part: str
):
    if part != "svds":
        pytest.importorskip("gensim", reason="gensim is not installed: its models are among them")
    found = getattr(values, part)(corpora)
    check(found, recorded[part], relative=1e-8, gram=True)


def test_embeddings_have_the_recorded_measures(recorded: Recorded, corpora: values.Corpora):
    check(values.measures(corpora), recorded["measures"], relative=1e-6)


def test_contexts_have_the_recorded_shares(recorded: Recorded, corpora: values.Corpora):
    assert differences(values.attribution(corpora), recorded["attribution"], relative=1e-6) == []


def test_cells_of_the_demo_have_the_recorded_measures(recorded: Recorded, tmp_path: Path):
    pytest.importorskip("gensim", reason="gensim is not installed: it holds the demo's text")
    found = values.demo(tmp_path / "demo", everything=False)
    assert len(found["rows"]) == 12 * 9
    check(found, _rows(recorded["demo"], found["rows"]), relative=1e-6)


@pytest.mark.slow
def test_the_whole_demo_has_the_recorded_measures(recorded: Recorded, tmp_path: Path):
    found = values.demo(tmp_path / "demo", everything=True)
    check(found, recorded["demo"], relative=1e-6)


def _rows(table: values.Values, wanted: list[str]) -> values.Values:
    """Choose rows of a table by their identity."""
    place = {row: at for at, row in enumerate(table["rows"])}
    kept = [place[row] for row in wanted if row in place]
    return {
        name: column[kept] if isinstance(column, np.ndarray) else [column[at] for at in kept]
        for name, column in table.items()
    }
