"""Files of counts and context groups that are damaged or made to harm: refused, or harmless."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wordnum.cooccurrence.counting import count
from wordnum.cooccurrence.counts import Counts
from wordnum.cooccurrence.expectations import ExpectedCounts, expected_counts
from wordnum.cooccurrence.groups import context_groups
from wordnum.cooccurrence.word_counts import WordCounts
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.corpus.vocabulary import Vocabulary
from wordnum.errors import FormatError, WordnumError
from wordnum.storage import load_npz, save_npz

FEW = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
KINDS: dict[str, Any] = {
    "counts": Counts,
    "word-counts": WordCounts,
    "expected-counts": ExpectedCounts,
}
VALUES = st.one_of(
    arrays.arrays(
        st.sampled_from([np.dtype(kind) for kind in ("u1", "i8", "f8", "u4", "S3", "?", "c16")]),
        arrays.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5),
    ),
    st.builds(np.full, st.integers(0, 200), st.sampled_from([0, -1, 2**62, np.nan, np.inf])),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("counts")
    corpus = SyntheticCorpus(n_documents=9, length=40, size=30, n_fillers=20).encoded(2)
    made = {
        "counts": count(corpus, window=2),
        "word-counts": count_words(corpus, window=2),
        "expected-counts": expected_counts(corpus, "unigram-replace", window=2),
    }
    return {kind: counts.save(folder / f"{kind}.npz") for kind, counts in made.items()}


def used(kind: str, path: Path) -> None:
    """Read a file and sum everything in it: compiled loops trust what was read."""
    with contextlib.suppress(WordnumError):
        counts = KINDS[kind].load(path)
        matrix = counts.matrix() if kind == "word-counts" else counts.signal().matrix()
        assert np.isfinite(matrix.sum())


@FEW
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=3),
    st.floats(0.1, 1),
)
def test_damaged_bytes_are_refused_or_harmless(
    files: dict[str, Path], tmp_path: Path, kind: str, changes: list[tuple[float, int]], keep: float
):
    data = bytearray(files[kind].read_bytes())
    for place, value in changes:
        data[int(place * len(data))] = value
    (tmp_path / "a.npz").write_bytes(data[: int(max(keep, 0.1) * len(data)) + 1])
    used(kind, tmp_path / "a.npz")


@FEW
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_arrays_of_another_making_are_refused_or_harmless(
    files: dict[str, Path], tmp_path: Path, kind: str, data: st.DataObject
):
    header, held = load_npz(files[kind], kind=kind, version=2)
    name = data.draw(st.sampled_from(sorted(held)))
    value = data.draw(VALUES)
    if data.draw(st.booleans()):  # as long as what was there, and of its type
        value = np.resize(value, held[name].shape) if value.size else held[name]
        with contextlib.suppress(ValueError, TypeError), np.errstate(all="ignore"):
            value = value.astype(held[name].dtype)
    kept = {key: value for key, value in header.items() if key not in ("kind", "version")}
    path = save_npz(tmp_path / "a", kind=kind, version=2, header=kept, arrays={**held, name: value})
    used(kind, path)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("expected-counts", "chances/values", 5.29990144e152),  # their sum was not finite
        ("expected-counts", "chances/values", 1.5),
        ("word-counts", "later/values", 1e308),
    ],
)
def test_more_than_there_can_be_is_refused(
    files: dict[str, Path], tmp_path: Path, kind: str, name: str, value: float
):
    header, held = load_npz(files[kind], kind=kind, version=2)
    kept = {key: value for key, value in header.items() if key not in ("kind", "version")}
    held[name] = np.full(held[name].shape, value)
    path = save_npz(tmp_path / "a", kind=kind, version=2, header=kept, arrays=held)
    with pytest.raises(FormatError, match=f"{name.partition('/')[0]}: values that are not between"):
        KINDS[kind].load(path)


ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.floats() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@FEW
@given(
    st.dictionaries(
        st.text(max_size=5) | st.just("language"),
        ODD | st.fixed_dictionaries({"words": ODD, "patterns": st.lists(st.text(max_size=6))}),
        max_size=3,
    )
)
def test_any_groups_part_the_contexts_or_are_refused(groups: dict[str, Any]):
    vocabulary = Vocabulary.from_words(["km", "the", "may"])
    with contextlib.suppress(WordnumError):
        found = context_groups(vocabulary, groups, language=None)
        ids = np.concatenate(list(found.values()))
        assert sorted(ids.tolist()) == [*range(1000), 1002, 1003, 1004]
