"""Parallel maps through joblib: on this machine, on dask or on ray, with the same code."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

from wordnum._compat import require
from wordnum.config import one_of
from wordnum.errors import InputError, UsageError
from wordnum.progress import bar, is_quiet, set_quiet

BACKENDS = ("loky", "dask", "ray")


@contextmanager
def parallel_backend(backend: str = "loky", *, address: str | None = None) -> Iterator[None]:
    """Send the joblib work inside the block to a backend.

    Parameters
    ----------
    backend : {"loky", "dask", "ray"}
        This machine (processes, or threads where a map prefers them), a dask.distributed
        cluster, or a ray cluster.
    address : str, optional
        Of the cluster's scheduler (``tcp://host:8786``) or head node (``ray://host:10001``);
        without it dask and ray start workers on this machine.

    Raises
    ------
    UsageError
        The backend is unknown, or an address came with loky.
    MissingExtraError
        The backend's package is not installed.
    """
    import joblib

    one_of(backend, BACKENDS, what="backend")
    if backend == "loky":
        if address:
            raise UsageError("loky has no address", got=address, remedy="drop --address")
        # joblib's own default, and one that leaves the choice of threads to each map.
        yield
    elif backend == "dask":
        distributed = require("distributed", purpose="the dask backend")
        with (
            distributed.Client(address, set_as_default=False) as client,
            joblib.parallel_config("dask", client=client),
        ):
            yield
    else:
        ray = require("ray", purpose="the ray backend")
        require("ray.util.joblib", purpose="the ray backend").register_ray()
        started = not ray.is_initialized()
        if started:
            ray.init(address=address, include_dashboard=False, log_to_driver=False)
        try:
            with joblib.parallel_config("ray"):
                yield
        finally:
            if started:
                ray.shutdown()


def default_jobs(n_jobs: int | None, backend: str) -> int:
    """Workers where none are named: one on this machine, all of a cluster.

    Examples
    --------
    >>> default_jobs(None, "loky"), default_jobs(None, "dask"), default_jobs(3, "dask")
    (1, -1, 3)
    """
    if n_jobs is not None:
        return n_jobs
    return 1 if backend == "loky" else -1


def map_tasks(
    function: Callable[..., Any],
    tasks: Iterable[tuple[Any, ...]],
    *,
    n_jobs: int | None = 1,
    description: str,
    weights: Iterable[float] | None = None,
    done: float = 0,
) -> list[Any]:
    """Call ``function(*task)`` for every task; results in the order of the tasks.

    Parameters
    ----------
    function : callable
        Importable by name, since workers may be other processes.
    tasks : iterable of tuple
        Arguments; paths rather than arrays, since they travel.
    n_jobs : int or None
        Workers; -1 means all cores, None leaves it to the backend.
    description : str
        For the progress bar.
    weights : iterable of float, optional
        Work in each task, for the time left; equal by default.
    done : float
        Work that an earlier run has done already.

    Examples
    --------
    >>> map_tasks(divmod, [(7, 2), (9, 4)], description="dividing")
    [(3, 1), (2, 1)]
    """
    tasks = list(tasks)
    shares = list(weights) if weights is not None else [1.0] * len(tasks)
    results: list[Any] = []
    with bar(description, total=done + sum(shares), unit="", done=done) as advance:
        for result, share in zip(stream_tasks(function, tasks, n_jobs=n_jobs), shares, strict=True):
            results.append(result)
            advance(share)
    return results


def stream_tasks(
    function: Callable[..., Any],
    tasks: Iterable[tuple[Any, ...]],
    *,
    n_jobs: int | None = 1,
    threads: bool = False,
) -> Iterator[Any]:
    """Yield ``function(*task)`` for every task, in their order, as they are done.

    Tasks are made when a worker is free for them. A backend that cannot hand out results one by
    one (ray) gives them all at the end.

    Parameters
    ----------
    function, tasks, jobs
        As in `map_tasks`.
    threads : bool
        Workers of this machine are threads rather than processes: for functions that spend their
        time in compiled loops, whose results then need not travel.

    Raises
    ------
    UsageError
        `n_jobs` is 0.
    InputError
        A worker died.
    """
    if n_jobs == 0:
        raise UsageError("0 workers cannot work", expected="1 or more, or -1 for all cores")
    if n_jobs == 1:
        return (function(*task) for task in tasks)
    from joblib import Parallel, delayed
    from joblib.parallel import get_active_backend

    backend, _ = get_active_backend(prefer="threads" if threads else None)
    parallel = Parallel(
        n_jobs=n_jobs,
        prefer="threads" if threads else None,
        return_as="generator" if backend.supports_return_generator else "list",
        pre_dispatch="2*n_jobs",
        batch_size=1,
    )
    work = partial(_work, os.getpid(), function)
    begin = partial(parallel, (delayed(work)(*task) for task in tasks))
    return _surviving(_deaf(begin) if backend.supports_return_generator else begin)


def _work(parent: int, function: Callable[..., Any], *task: Any) -> Any:
    """Call a function; a process that works for another shows nothing and ends with it."""
    if os.getpid() != parent and not is_quiet():
        set_quiet()
        if os.getppid() == parent:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return function(*task)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _deaf(begin: Callable[[], Iterable[Any]]) -> Callable[[], Iterable[Any]]:
    """Start workers that never hear of Ctrl-C, from their first moment: the parent tells of it."""

    def begun() -> Iterable[Any]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return begin()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    return begun


def _surviving(start: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """Yield results; a worker that dies is an error with its likely cause."""
    try:
        yield from start()
    except BrokenExecutor as error:
        raise InputError(
            "a worker died",
            got=str(error).splitlines()[0],
            remedy="memory ran out, most likely: use fewer jobs, or a machine with more",
        ) from error
