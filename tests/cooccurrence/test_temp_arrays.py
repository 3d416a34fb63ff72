"""Arrays on disk that are gone with the process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.temp_arrays import Spool, forget
from wordnum.errors import InputError


def kept(arrays: list[np.ndarray], memory: int = 0) -> list[np.ndarray]:
    with Spool(memory=memory) as spool:
        for array in arrays:
            spool.keep(array)
        return spool.kept()


def test_arrays_come_back_and_outlive_the_spool():
    arrays = [np.arange(5000), np.zeros(7, np.uint8), np.zeros(0), np.array([2.5]), np.arange(3)]
    for array, again in zip(arrays, kept(arrays), strict=True):
        assert np.array_equal(array, again)
        assert array.dtype == again.dtype
        assert not (again.size and again.flags.writeable)


def test_nothing_has_a_name_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Spool() as spool:
        spool.keep(np.arange(10**5))
        assert not list(tmp_path.iterdir())
        assert spool.kept()[0].sum() == 10**5 * (10**5 - 1) // 2


def test_what_was_appended_is_one_array():
    with Spool() as spool:
        assert spool.mapped(np.uint8).size == 0
        spool.append(np.arange(3))
        spool.append(np.arange(3, 10_000))
        assert np.array_equal(spool.mapped(np.int64), np.arange(10_000))


def test_what_no_longer_fits_into_memory_is_one_array_with_what_did():
    with Spool(memory=100) as spool:
        for part in np.split(np.arange(250, dtype=np.uint8), range(10, 70, 10)):
            spool.append(part)
        assert np.array_equal(spool.mapped(np.uint8), np.arange(250))


def test_the_first_arrays_may_stay_in_memory():
    small, large = np.arange(10), np.arange(1000)
    first, second, third = kept([small, large, small], memory=100)
    assert first is small
    assert second is not large
    assert not third.flags.writeable


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are told by /proc")
def test_many_arrays_hold_one_descriptor():
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = descriptors()
    with Spool() as spool:
        for _ in range(100):
            spool.append(np.arange(1000))
        little = spool.mapped(np.int64)
    assert descriptors() == before
    assert little.sum() == 100 * 499_500
    assert not little.flags.writeable
    arrays = kept([np.arange(1000)] * 100 + [np.zeros(2**20)])
    assert descriptors() == before + 1
    assert sum(int(array[-1]) for array in arrays) == 99_900


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "no" / "such"))
    with pytest.raises(InputError, match="cannot write counted events to .*no/such"):
        kept([np.arange(3)])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc")
def test_what_is_forgotten_is_out_of_memory_and_still_there():
    def mapped() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("RssFile:")[2].split()[0]) * 1024

    numbers = np.arange(4_000_000)
    (again,) = kept([numbers])
    assert again.sum() == numbers.sum()
    before = mapped()
    forget(again[7:])
    assert before - mapped() > 0.9 * numbers.nbytes
    assert np.array_equal(again, numbers)


def test_arrays_in_memory_are_not_forgotten():
    for array in (np.arange(5), np.arange(5)[1:], np.frombuffer(b"12345678", dtype=np.int64)):
        before = array.copy()
        forget(array)
        assert np.array_equal(array, before)
