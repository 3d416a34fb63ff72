"""The same arrays from one process, from many, and from clusters that are really started."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from wordnum.cooccurrence.counting import count_conditions
from wordnum.cooccurrence.expectations import expected_counts
from wordnum.cooccurrence.tasks import chunks
from wordnum.cooccurrence.word_pairs import count_words
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.encoding import encode
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.errors import InputError
from wordnum.parallel import map_tasks, parallel_backend, stream_tasks

pytestmark = pytest.mark.long

CONDITIONS = ("original", "isolate:2", "thin:0.7+swap-numbers", "unigram-replace")


def work(index: int) -> tuple[int, int]:
    """Which task this is, and who did it; long enough for all workers to get some."""
    time.sleep(0.03)
    return index, os.getpid()


def fail(index: int) -> int:
    if index == 3:
        raise InputError("task 3 cannot be done", remedy="leave it out")
    return index


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> EncodedCorpus:
    """A corpus on disk, so that blocks travel by reference."""
    folder = tmp_path_factory.mktemp("parallel")
    text = folder / "text.txt"
    text.write_text("\n\n".join(SyntheticCorpus(n_documents=200, length=80, density=0.1)))
    return encode(str(text), folder / "corpus")


def results(corpus: EncodedCorpus, jobs: int) -> dict[str, str]:
    """Fingerprints of everything that counting can make."""
    numbers = count_conditions(corpus, window=4, perturbations=CONDITIONS, n_jobs=jobs)
    every = {
        name: count_words(corpus, window=4, perturbation=name, n_jobs=jobs)
        for name in CONDITIONS[:2]
    }
    mean = expected_counts(corpus, "swap-numbers", window=4, n_jobs=jobs)
    return {
        **{name: counts.fingerprint for name, counts in numbers.items()},
        **{f"all {name}": counts.fingerprint for name, counts in every.items()},
        "expected": mean.fingerprint,
    }


@pytest.fixture(scope="module")
def alone(corpus: EncodedCorpus) -> dict[str, str]:
    return results(corpus, jobs=1)


@pytest.fixture(scope="module")
def dask_address() -> Iterator[str]:
    """Scheduler of a real cluster of two worker processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def ray() -> Iterator[Any]:
    """A ray instance of two workers."""
    module = pytest.importorskip("ray")
    try:
        module.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    except Exception as error:
        pytest.skip(f"ray cannot start here: {error}")
    yield module
    module.shutdown()


def test_two_threads_count_what_one_does(corpus: EncodedCorpus, alone: dict[str, str]):
    assert results(corpus, jobs=2) == alone


def test_two_processes_count_what_one_does(corpus: EncodedCorpus, alone: dict[str, str]):
    with joblib.parallel_config("loky"):
        assert results(corpus, jobs=2) == alone


def test_threads_stay_in_this_process_unless_a_backend_is_chosen():
    tasks = [(i,) for i in range(6)]
    here = {process for _, process in stream_tasks(work, tasks, n_jobs=2, threads=True)}
    assert here == {os.getpid()}
    with joblib.parallel_config("loky"):
        there = {process for _, process in stream_tasks(work, tasks, n_jobs=2, threads=True)}
    assert os.getpid() not in there


def test_a_dask_cluster_counts_what_one_process_does(
    corpus: EncodedCorpus, alone: dict[str, str], dask_address: str
):
    with parallel_backend("dask", address=dask_address):
        done = map_tasks(work, [(i,) for i in range(20)], n_jobs=-1, description="")
        assert [index for index, _ in done] == list(range(20))
        workers = {process for _, process in done}
        assert os.getpid() not in workers
        assert len(workers) == 2
        assert results(corpus, jobs=-1) == alone
        with pytest.raises(InputError, match="task 3 cannot be done\n  to do: leave it out"):
            map_tasks(fail, [(i,) for i in range(6)], n_jobs=-1, description="")


def test_the_command_line_counts_on_a_dask_cluster(
    corpus: EncodedCorpus, alone: dict[str, str], dask_address: str, tmp_path: Path
):
    command = [sys.executable, "-m", "wordnum", "count", str(corpus.path), "--json"]
    command += ["-o", str(tmp_path / "counts.npz"), "--window", "4", "--perturb", "isolate:2"]
    command += ["--backend", "dask", "--address", dask_address]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    from wordnum.cooccurrence.counts import Counts

    counts = Counts.load(json.loads(done.stdout)["counts"])
    assert counts.fingerprint == alone["isolate:2"]


def test_ray_counts_what_one_process_does(corpus: EncodedCorpus, alone: dict[str, str], ray: Any):
    with parallel_backend("ray"):
        done = map_tasks(work, [(i,) for i in range(20)], n_jobs=2, description="")
        assert [index for index, _ in done] == list(range(20))
        assert os.getpid() not in {process for _, process in done}
        found = count_conditions(corpus, window=4, perturbations=CONDITIONS, n_jobs=2)
        assert {name: found[name].fingerprint for name in CONDITIONS} == {
            name: alone[name] for name in CONDITIONS
        }
    assert ray.is_initialized(), "what was running before stays"


def test_blocks_on_disk_travel_as_the_way_to_them(corpus: EncodedCorpus):
    for chunk in chunks(corpus, most=10**6):
        sent = pickle.dumps(chunk)
        again = pickle.loads(sent)
        assert np.array_equal(again.ids, chunk.ids)
        assert len(sent) < chunk.starts.nbytes + 2000
        twice = pickle.loads(pickle.dumps(again))
        assert np.array_equal(twice.ids, chunk.ids)


def test_a_part_of_a_block_travels_too(corpus: EncodedCorpus):
    parts = list(chunks(corpus, most=300))
    assert len(parts) > corpus.n_blocks
    for chunk in parts:
        assert np.array_equal(pickle.loads(pickle.dumps(chunk)).ids, chunk.ids)


def test_a_worker_that_does_not_see_the_corpus_says_so(tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text("\n\n".join(SyntheticCorpus(n_documents=20, length=20)))
    corpus = encode(str(text), tmp_path / "corpus")
    sent = [pickle.dumps(chunk) for chunk in chunks(corpus, most=10**6)]
    (tmp_path / "corpus").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="a worker cannot read the corpus(.|\n)*all workers see"):
        pickle.loads(sent[0])


def test_tasks_are_made_when_a_worker_is_free():
    """A corpus is not held in memory as tasks: they are drawn little by little."""
    made: list[int] = []

    def tasks() -> Iterator[tuple[int]]:
        for index in range(100):
            made.append(index)
            yield (index,)

    stream = stream_tasks(work, tasks(), n_jobs=2)
    assert next(stream)[0] == 0
    assert len(made) < 20
    assert [index for index, _ in stream] == list(range(1, 100))
