"""Fixtures that all tests share."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

from tests.make_believe_cupy import MakeBelieveCuPy, install
from wordnum.progress import set_quiet

REPOSITORY = Path(__file__).resolve().parents[1]
# Compiled code is loaded in the first example, and the machine may be busy.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: test workers that share the cores else wait for each other."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the processes that tests start
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a test, or the command line in it, did to the levels of our loggers."""
    loggers = [logging.getLogger(name) for name in ("wordnum", "wordnum.progress")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    set_quiet(False)


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    """Folder of the real texts: $WORDNUM_CORPORA, or ../shared/corpora beside the repository."""
    folder = Path(os.environ.get("WORDNUM_CORPORA") or REPOSITORY.parent / "shared" / "corpora")
    if not folder.is_dir():
        pytest.skip(f"real texts not found: {folder} (set WORDNUM_CORPORA to their folder)")
    return folder


@pytest.fixture
def make_believe(monkeypatch: pytest.MonkeyPatch) -> MakeBelieveCuPy:
    """Let ``device="cuda"`` mean a make-believe CuPy, which records what is called."""
    return install(monkeypatch)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the time goes: seconds by folder of tests, doctests by package."""
    spent: dict[str, float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = str(Path(report.location[0]).parent)
                spent[folder] = spent.get(folder, 0.0) + report.duration
    if sum(spent.values()) > 30:
        terminalreporter.section("seconds by folder")
        for folder, seconds in sorted(spent.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{seconds:7.0f}  {folder}")
