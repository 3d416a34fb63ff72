"""Study files, records and options that nobody meant: refused, or read, and nothing else."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.studies.test_spec import SMALL, VALUES
from wordnum.commands.options import read_moduli
from wordnum.cooccurrence.windows import Window
from wordnum.corpus.perturbations import parse_perturbation, perturbation_forms
from wordnum.errors import WordnumError
from wordnum.storage import write_text
from wordnum.studies.plan import plan_study
from wordnum.studies.records import read_frame, read_record, write_record
from wordnum.studies.results import StudyResults
from wordnum.studies.toml_files import load_study

FEW = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
LINES = ["seeds=[0, 1]", "thinned_controls=true", 'numerals=["digit"]', *SMALL.splitlines()]
TASKS = """
name = "task"
corpora = ["addition:base=20,tokens=2"]
windows = [1]
seeds = [0]
[[models]]
name = "lm"
model = "language-model"
architecture = "lstm"
optimizer = "muon"
max_steps = 10
batch_tokens = 64
conditions = ["original"]
[[models]]
model = "svd"
dim = 5
[probe]
moduli = [2, 5]
""".splitlines()
OF_TASKS = (
    '["addition:"]', '["addition:base"]', '["addition:base=x"]', '["addition:base=2,tokens=0"]',
    '["addition:base=99999999999999999999"]', '["addition:base=2,base=3"]', '["addition:a=1"]',
    '["addition:base=20,tokens=99999999"]', '["addition:order=least,carries=inner"]', '"lstm"',
    '["addition:base=20", "synthetic"]', '["addition:base=1e3"]', '["addition:base=2:tokens=1"]',
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@FEW
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(LINES) - 1),
            st.sampled_from([*VALUES, *LINES, ""]) | st.text(max_size=20),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_study_file_is_planned_or_refused(tmp_path: Path, changes: list[tuple[int, str, bool]]):
    planned_or_refused(tmp_path, list(LINES), changes)


@FEW
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(TASKS) - 1),
            st.sampled_from([*VALUES, *OF_TASKS, *TASKS, ""]),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
@example([(TASKS.index("max_steps = 10"), '""', True)])
def test_any_study_of_a_task_is_planned_or_refused(
    tmp_path: Path, changes: list[tuple[int, str, bool]]
):
    planned_or_refused(tmp_path, list(TASKS), changes)


def planned_or_refused(tmp_path: Path, lines: list[str], changes) -> None:
    for at, text, keep_key in changes:
        key, equals, _ = lines[at].partition("=")
        lines[at] = key + equals + text if keep_key else text
    (tmp_path / "a.toml").write_bytes("\n".join(lines).encode(errors="surrogatepass"))
    with contextlib.suppress(WordnumError):
        plan_study(load_study(tmp_path / "a.toml"))


@FEW
@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 3000)
@example(b', "checksum": "')
def test_any_bytes_are_a_record_or_refused(tmp_path: Path, data: bytes):
    (tmp_path / "a.json").write_bytes(data)
    for read in (read_record, read_frame):
        with contextlib.suppress(WordnumError):
            read(tmp_path / "a.json")


@FEW
@given(st.dictionaries(st.sampled_from(["schema", "runs", "spec", "name", "versions"]), JSON))
def test_any_study_json_is_opened_or_refused(tmp_path: Path, about: dict[str, Any]):
    write_record(tmp_path / "study.json", about)
    with contextlib.suppress(WordnumError):
        StudyResults.open(tmp_path)


PIECES = st.sampled_from(
    [*perturbation_forms(), ":", "+", "-1", "0", "9" * 30, "1e9", "nan", "other"]
)


@FEW
@given(st.text(max_size=12) | st.lists(PIECES, max_size=5).map("".join))
def test_any_text_is_a_perturbation_or_refused(text: str):
    with contextlib.suppress(WordnumError):
        assert parse_perturbation(text).name


@FEW
@given(st.text("0123456789-,.: e", max_size=12) | st.text(max_size=8))
def test_any_text_is_moduli_or_refused(text: str):
    with contextlib.suppress(WordnumError):
        assert all(isinstance(T, int) for T in read_moduli(text))


@FEW
@given(st.dictionaries(st.sampled_from(["size", "side", "weighting", "positional"]), JSON))
def test_any_values_are_a_window_or_refused(values: dict[str, Any]):
    with contextlib.suppress(WordnumError):
        assert Window(**values).weights.size


@FEW
@given(st.text(max_size=30))
def test_any_text_is_written_as_it_is(tmp_path: Path, text: str):
    with contextlib.suppress(WordnumError):
        write_text(tmp_path / "a.txt", text)
        assert (tmp_path / "a.txt").read_bytes().decode() == text
