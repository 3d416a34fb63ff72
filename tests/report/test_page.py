"""The page: what it holds, that it is whole, and that it escapes what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.report.fake_study import grid, make_study, mixed
from wordnum.errors import InputError
from wordnum.report.page import write_page


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_study(tmp_path_factory.mktemp("study") / "out", grid())
    return write_page(folder).read_text(encoding="utf-8")


def test_the_page_is_one_file_without_network(page: str):
    assert len(page.encode()) < 6_000_000
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert "@import" not in page
    assert "fetch(" not in page


def test_a_corpus_word_that_is_markup_is_shown_as_text(tmp_path: Path):
    hostile = "<script>alert(1)</script>"
    page = write_page(make_study(tmp_path / "out", mixed(hostile=hostile))).read_text("utf-8")
    assert hostile not in page
    assert "alert(1)" in page


def test_a_folder_without_a_study_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="no such study folder"):
        write_page(tmp_path / "none")
    with pytest.raises(InputError, match="holds no table"):
        write_page(tmp_path)
