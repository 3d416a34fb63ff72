"""Replicates: fits of the same model that say how far its result would move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wordnum.errors import InputError

if TYPE_CHECKING:
    from wordnum.embeddings.embedding import Embedding


@dataclass(frozen=True, eq=False)
class Replicates:
    """Replicates of one embedding, each under an id; comparisons match them by id.

    Parameters
    ----------
    kind : {"half-samples", "seeds"}
        The model fitted on complementary halves of the documents, in pairs, or on the whole text
        under other seeds.
    ids : sequence of int, optional
        Which half-sample or seed each is; 0, 1, ... when left out. One that could not be fitted
        is missing.
    embeddings : sequence of (Embedding, Embedding), or of Embedding
        Pairs of half-samples, or one embedding for a seed.

    Raises
    ------
    InputError
        Ids that do not fit the embeddings, or half-samples that do not come in pairs.

    Examples
    --------
    >>> from wordnum.embeddings.embedding import Embedding
    >>> first, second = Embedding([[1.0], [2.0]]), Embedding([[1.1], [2.3]])
    >>> replicates = Replicates("half-samples", [4], [(first, second)])
    >>> len(replicates), replicates.ids
    (1, (4,))
    """

    kind: Literal["half-samples", "seeds"] = "half-samples"
    ids: tuple[int, ...] = None  # type: ignore[assignment]
    embeddings: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        paired = self.kind == "half-samples"
        embeddings = tuple(tuple(e) if paired else e for e in self.embeddings)
        given = range(len(embeddings)) if self.ids is None else self.ids
        ids = tuple(int(i) for i in given)
        if paired and any(len(pair) != 2 for pair in embeddings):
            raise InputError(
                "half-samples must come in pairs",
                expected="(Embedding, Embedding) for each id",
                got=", ".join(f"{len(pair)} embeddings" for pair in embeddings),
            )
        if len(ids) != len(embeddings) or len(set(ids)) != len(ids):
            raise InputError(
                "ids do not fit the replicates",
                expected=f"{len(embeddings)} different ids",
                got=", ".join(map(str, ids)) or "none",
            )
        object.__setattr__(self, "ids", ids)
        object.__setattr__(self, "embeddings", embeddings)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def pairs(self) -> tuple[tuple[Embedding, Embedding], ...]:
        """Pairs of half-samples; none where the replicates are seeds."""
        return self.embeddings if self.kind == "half-samples" else ()

    def __iter__(self) -> Iterator[tuple[int, Sequence[Embedding]]]:
        """Yield each id with its embeddings, two or one."""
        paired = self.kind == "half-samples"
        yield from ((i, e if paired else (e,)) for i, e in zip(self.ids, self.embeddings))

    def map(self, function: Callable[[Embedding], Embedding | None]) -> Replicates:
        """Apply a function to every embedding; where it gives None, the replicate is left out."""
        kept = {i: tuple(map(function, each)) for i, each in self}
        kept = {i: each for i, each in kept.items() if None not in each}
        made = kept.values() if self.kind == "half-samples" else [e for (e,) in kept.values()]
        return Replicates(self.kind, tuple(kept), tuple(made))
