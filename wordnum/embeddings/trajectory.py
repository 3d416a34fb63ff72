"""Trajectory: what a training gives, the embedding at every checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from wordnum.embeddings.checkpoints import checkpoints, read_progress
from wordnum.embeddings.embedding import Embedding
from wordnum.embeddings.vector_files import load_embedding
from wordnum.errors import InputError


class Snapshot(NamedTuple):
    """The embedding at one checkpoint.

    Parameters
    ----------
    step : int or None
        Updates made so far; None where only tokens are known.
    tokens : int or None
        Tokens read so far.
    embedding : Embedding
    """

    step: int | None
    tokens: int | None
    embedding: Embedding

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``step-00001000.npz`` into a folder; its provenance holds step and tokens.

        Examples
        --------
        >>> import tempfile
        >>> Snapshot(20, 640, Embedding([[1.0], [2.0]])).save(tempfile.mkdtemp()).name
        'step-00000020.npz'
        """
        name = f"tokens-{self.tokens:015d}" if self.step is None else f"step-{self.step:08d}"
        progress = {"step": self.step, "tokens": self.tokens}
        provenance = {**self.embedding.provenance, **progress}
        return replace(self.embedding, provenance=provenance).save(Path(folder) / f"{name}.npz")


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """Embeddings along one training, in the order of its steps.

    Parameters
    ----------
    snapshots : iterable of (step, tokens, Embedding)
        At least one, each at another step; a count that is not known is None.
    name : str
        What was trained.

    Raises
    ------
    InputError
        No snapshot; two at one step; steps known of some only; other numbers in some.

    Examples
    --------
    >>> first, last = Embedding([[1.0], [2.0]]), Embedding([[3.0], [4.0]])
    >>> trajectory = Trajectory([(200, None, last), (100, None, first)], name="lm")
    >>> trajectory, trajectory.steps, trajectory.final.vectors.tolist()
    (<Trajectory lm: 2 snapshots, step 100 to 200>, (100, 200), [[3.0], [4.0]])
    """

    snapshots: tuple[Snapshot, ...]
    name: str = ""

    def __post_init__(self) -> None:
        snapshots = [Snapshot(*snapshot) for snapshot in self.snapshots]
        object.__setattr__(self, "snapshots", tuple(snapshots))
        if not snapshots or None in (order := [self._at(s) for s in snapshots]):
            raise InputError(
                f"{self.name or 'a trajectory'} has no order",
                expected="snapshots, all of them with a step or all with a count of tokens",
                got=f"{len(snapshots)} snapshots",
            )
        if len(set(order)) < len(order):
            got = ", ".join(str(at) for at in sorted(order) if order.count(at) > 1)
            message = f"two snapshots of {self.name or 'a trajectory'} are at one {self.unit}"
            raise InputError(message, expected="one snapshot each", got=got)
        snapshots.sort(key=self._at)
        sizes = {snapshot.embedding.size for snapshot in snapshots}
        if len(sizes) > 1:
            got = f"sizes {min(sizes)} and {max(sizes)}"
            raise InputError("snapshots do not fit one another", expected="one size", got=got)
        object.__setattr__(self, "snapshots", tuple(snapshots))

    def _at(self, snapshot: Snapshot) -> Any:
        return snapshot.step if self.unit == "step" else snapshot.tokens

    def __repr__(self) -> str:
        first, last = self._at(self.snapshots[0]), self._at(self.snapshots[-1])
        many = f"{len(self)} snapshots, {self.unit} {first} to {last}"
        return f"<Trajectory {self.name or 'unnamed'}: {many}>"

    def __len__(self) -> int:
        return len(self.snapshots)

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(self.snapshots)

    def __getitem__(self, index: int) -> Snapshot:
        return self.snapshots[index]

    @property
    def unit(self) -> str:
        """What the snapshots are ordered by: "step", or "tokens" where steps are not known."""
        return "step" if all(s.step is not None for s in self.snapshots) else "tokens"

    @property
    def steps(self) -> tuple[int, ...]:
        """Step of each snapshot, or its tokens where steps are not known."""
        return tuple(map(self._at, self.snapshots))

    @property
    def final(self) -> Embedding:
        """The last embedding."""
        return self.snapshots[-1].embedding


def load_trajectory(folder: str | os.PathLike[str], **options: Any) -> Trajectory:
    """Load all checkpoints of a training.

    Parameters
    ----------
    folder : path-like
        Holds a file or model folder for each checkpoint, with its step or its tokens in the name:
        ``step-1000``, ``checkpoint-500``, ``step1000-tokens4B``, ``step-00001000.npz``. Where it
        has a folder ``snapshots`` of such, these are read.
    **options
        Of `load_embedding`.

    Returns
    -------
    Trajectory
        In the order of the steps.

    Raises
    ------
    InputError
        No checkpoint in it, or two at one step; what `load_embedding` raises.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> for step in (1000, 200):
    ...     _ = Snapshot(step, 32 * step, Embedding([[1.0], [step]])).save(folder)
    >>> [snapshot[:2] for snapshot in load_trajectory(folder)]
    [(200, 6400), (1000, 32000)]
    """
    folder = Path(folder)
    paths = checkpoints(folder) if folder.is_dir() else []
    if not paths:
        raise InputError(
            f"{folder} holds no checkpoints",
            expected="files or folders named by their step or tokens, such as step-1000, "
            "checkpoint-500 or tokens-2B",
            got="a folder without" if folder.is_dir() else "no folder",
        )
    return Trajectory(tuple(_snapshots(paths, options)), name=folder.resolve().name)


def _snapshots(paths: Iterable[Path], options: dict[str, Any]) -> Iterator[Snapshot]:
    for path in paths:
        embedding = load_embedding(path, **options)
        step, tokens = read_progress(path.name)
        known = embedding.provenance
        yield Snapshot(
            known.get("step") if step is None else step,
            known.get("tokens") if tokens is None else tokens,
            embedding,
        )
