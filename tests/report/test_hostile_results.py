"""Records and tables of a study with values that no study writes: a page, or an error."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.fake_study import make_study, mixed
from wordnum.errors import WordnumError
from wordnum.report.page import write_page
from wordnum.studies.records import read_record, write_record

FUZZ = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    return make_study(tmp_path_factory.mktemp("study") / "out", mixed()[:3])


def places_in(value: object, at: tuple = ()) -> list[tuple]:
    """Ways to the values within JSON, of long lists to the first of them."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value[:2]) if isinstance(value, list) else items
    return [at, *(way for key, inner in items for way in places_in(inner, (*at, key)))]


@pytest.mark.filterwarnings("ignore")  # pandas and NumPy say what they make of it
@FUZZ
@given(st.data())
def test_any_value_in_a_file_of_a_study_is_shown_or_refused(study: Path, data):
    path = data.draw(st.sampled_from(sorted(study.rglob("*.json"))))
    whole = path.read_bytes()
    content = read_record(path)
    ways = places_in(content)[1:]
    for _ in range(data.draw(st.integers(1, 2))):
        inner = content
        with contextlib.suppress(LookupError, TypeError):
            *way, last = data.draw(st.sampled_from(ways))
            for key in way:
                inner = inner[key]
            if data.draw(st.booleans()):
                inner[last] = data.draw(VALUES)
            else:
                del inner[last]
    write_record(path, json.loads(json.dumps(content)))
    try:
        with contextlib.suppress(WordnumError):
            write_page(study)
    finally:
        path.write_bytes(whole)
