"""Arrays on disk that are gone with the process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wordnum.cooccurrence.temp_arrays import Spool, forget
from wordnum.errors import InputError


def test_arrays_come_back_and_outlive_the_spool(tmp_path: Path):
    arrays = [np.arange(5000), np.zeros((3, 7), np.uint8), np.zeros(0), np.array([2.5])]
    with Spool(tmp_path) as spool:
        kept = [spool.keep(array) for array in arrays]
    for array, again in zip(arrays, kept, strict=True):
        assert np.array_equal(array, again)
        assert (array.dtype, array.shape) == (again.dtype, again.shape)


def test_nothing_has_a_name_on_disk(tmp_path: Path):
    with Spool(tmp_path) as spool:
        kept = spool.keep(np.arange(10**5))
        assert not list(tmp_path.iterdir())
    assert not kept.flags.writeable
    assert kept.sum() == 10**5 * (10**5 - 1) // 2


def test_what_was_appended_is_one_array():
    with Spool() as spool:
        spool.append(np.arange(3))
        spool.append(np.arange(3, 10_000))
        first = spool.mapped(np.int64)
        spool.append(np.array([7], dtype=np.uint8))
        second = spool.mapped(np.uint8)
        nothing = spool.mapped(np.uint8)
    assert np.array_equal(first, np.arange(10_000))
    assert second.tolist() == [7]
    assert nothing.size == 0


def test_the_first_arrays_may_stay_in_memory():
    small, large = np.arange(10), np.arange(1000)
    with Spool(memory=100) as spool:
        assert spool.keep(small) is small
        assert spool.keep(large) is not large
        assert not spool.keep(small).flags.writeable


def test_a_folder_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match="cannot keep counted events on disk(.|\n)*no/such"):
        Spool(tmp_path / "no" / "such")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc")
def test_what_is_forgotten_is_out_of_memory_and_still_there(tmp_path: Path):
    def mapped() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("RssFile:")[2].split()[0]) * 1024

    numbers = np.arange(4_000_000)
    with Spool(tmp_path) as spool:
        kept = spool.keep(numbers)
    assert kept.sum() == numbers.sum()
    before = mapped()
    forget(kept[7:])
    assert before - mapped() > 0.9 * numbers.nbytes
    assert np.array_equal(kept, numbers)


def test_arrays_in_memory_are_not_forgotten():
    for array in (np.arange(5), np.arange(5)[1:], np.frombuffer(b"12345678", dtype=np.int64)):
        before = array.copy()
        forget(array)
        assert np.array_equal(array, before)
