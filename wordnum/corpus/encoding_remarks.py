"""What somebody who encodes a text should know of it."""

from __future__ import annotations

import logging
from typing import Any

# Fewer documents than this give kappa no interval; with so many tokens that is worth a word.
_FEW_DOCUMENTS, _MANY_TOKENS = 40, 100_000
_MANY_DUPLICATES = 0.01  # of the tokens: more are worth a word
LEFT_OUT = "left out of the markup: "
logger = logging.getLogger(__name__)


def without_repeats(skips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was skipped, each remark on whole files once.

    Examples
    --------
    >>> remark = {"reason": "read as JSON lines", "count": 0, "first": []}
    >>> [entry["file"] for entry in without_repeats([{"file": n, **remark} for n in "abc"])]
    ['a and 2 more']
    """
    remarks: dict[str, list[dict[str, Any]]] = {}
    for skip in skips:
        if not skip["count"]:
            remarks.setdefault(skip["reason"], []).append(skip)
    once = [{**same[0], "file": _files(same)} for same in remarks.values()]
    return [*once, *(skip for skip in skips if skip["count"])]


def _files(skips: list[dict[str, Any]]) -> str:
    """Name of the first file, and how many others there are."""
    first, *others = dict.fromkeys(skip["file"] for skip in skips)
    return f"{first} and {len(others)} more" if others else str(first)


def tell(manifest: dict[str, Any], n_documents: int, n_tokens: int) -> None:
    """Say what was skipped, what had to be forgotten, and what will be missing.

    Parameters
    ----------
    manifest : dict
        Of what was encoded just now.
    n_documents, n_tokens : int
        Of the whole corpus.
    """
    by_reason: dict[str, list[dict[str, Any]]] = {}
    markup: dict[str, dict[str, int]] = {}
    for skip in manifest["skips"]:
        by_reason.setdefault(skip["reason"], []).append(skip)
    for reason, skips in by_reason.items():
        count = sum(skip["count"] for skip in skips)
        _, in_markup, name = reason.partition(LEFT_OUT)
        if in_markup:  # a dump has many kinds of it
            markup.setdefault(_files(skips), {})[name] = count
            continue
        first = ", ".join(position for position in skips[0]["first"] if position)
        logger.warning(
            "%s: %s%s%s",
            *(_files(skips), reason),
            ", once" if count == 1 else f", {count:,} times" if count else "",
            f" (first: {first})" if first else "",
        )
    for files, counts in markup.items():
        told = (f"{name} ({counts[name]:,})" for name in sorted(counts, key=lambda n: -counts[n]))
        logger.warning("%s: %s%s", files, LEFT_OUT, ", ".join(told))
    again = manifest["duplicates"]
    if again["tokens"] > _MANY_DUPLICATES * n_tokens:
        logger.warning(
            "%s documents with %s tokens have the same tokens as one before%s",
            *(f"{again['documents']:,}", f"{again['tokens']:,}"),
            ", and were left out"
            if again["dropped"]
            else "; --drop-duplicates (drop_duplicates=True) leaves them out",
        )
    pruned = manifest.get("pruned", {"words": 0})
    if pruned["words"]:
        logger.warning(
            "%s rare words were forgotten while counting; none of them came more than %s times "
            "before that, in each of %s rounds",
            *(f"{pruned['words']:,}", f"{pruned['largest']:,}", pruned["rounds"]),
        )
    if n_documents < _FEW_DOCUMENTS and n_tokens > _MANY_TOKENS:
        logger.warning(
            "%s tokens in %s documents only: kappa will have no interval. A document of "
            "plain text ends at a blank line; where each line is one, say --separator line "
            "(separator='line')",
            *(f"{n_tokens:,}", n_documents),
        )
