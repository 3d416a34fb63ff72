"""One JSON file per run: what was measured at each of its checkpoints, or why it failed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wordnum.analyzers.circles import circle
from wordnum.analyzers.spectra import SPIKE_PERIODS
from wordnum.errors import FormatError, WordnumError
from wordnum.provenance import jsonable
from wordnum.storage import DAMAGE, write_text

if TYPE_CHECKING:
    import pandas as pd

    from wordnum.analyzers.analysis import Analysis
    from wordnum.embeddings.embedding import Embedding

_BY_FREQUENCY = ("frequency", "magnitude", "power")
_BY_PERIOD = ("residues", "confusion", "recall_by_digit", "replicate_kappas")


def make_record(embedding: Embedding, analysis: Analysis) -> dict[str, Any]:
    """Everything the table and the page show of one embedding, as JSON holds it."""
    probe, spectrum, verdict = analysis.probe, analysis.spectrum, analysis.verdict
    assert probe is not None
    assert spectrum is not None
    assert verdict is not None
    by_period = {
        name: {T: getattr(found, name) for T, found in probe.by_period.items()}
        for name in _BY_PERIOD
    }
    rows = analysis.rows()
    record: dict[str, Any] = _finite(
        {
            "n_pairs": embedding.provenance.get("n_pairs"),
            "n_numbers": len(embedding.numbers),
            "coverage": len(embedding.numbers) / embedding.size,
            "missing": embedding.missing,
            "n_documents": embedding.n_documents,
            "loss": embedding.provenance.get("loss"),
            "task_accuracy": embedding.provenance.get("accuracy"),
            "measures": {T: rows[T] for T in probe.by_period},
            "paper_label": verdict.paper_label,
            "digits": analysis.digits.reading if analysis.digits else None,
            "reasons": [reason._asdict() for reason in verdict.reasons],
            "flags": analysis.flags,
            "spectrum": {name: getattr(spectrum, name) for name in _BY_FREQUENCY},
            **by_period,
            "circle": {T: vars(circle(embedding, period=T)) for T in SPIKE_PERIODS if T > 2},
        }
    )
    return record


_CHECKSUM = ', "checksum": "'


def record_path(folder: Path, key: str) -> Path:
    """Where the record of a run is, or will be."""
    return folder / "runs" / f"{key}.json"


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write one JSON object, its checksum as the last of its keys, atomically."""
    text = json.dumps(jsonable(record), sort_keys=True)
    write_text(path, f'{text[:-1]}{_CHECKSUM}{_hash(text)}"}}\n')


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_record(path: Path) -> dict[str, Any]:
    """Read what `write_record` wrote.

    Raises
    ------
    FormatError
        The file is missing, damaged, or was changed by hand.
    """
    try:
        # Of the text, not of what is made of it: a page reads every record of a study.
        text, _, checksum = path.read_bytes().decode().rpartition(_CHECKSUM)
        if checksum != f'{_hash(text + "}")}"}}\n':
            raise ValueError("its checksum does not hold")
        record: dict[str, Any] = json.loads(text + "}")
    except (FileNotFoundError, *DAMAGE) as error:
        raise FormatError(
            f"{path} cannot be read",
            expected="a file as wordnum study wrote it",
            got=f"{type(error).__name__}: {error}",
            remedy="run the study again, with --overwrite if this is study.json: the rest is kept",
        ) from error
    return record


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write a table as `write_record` writes an object."""
    known = frame.astype(object).where(frame.notna(), None)
    write_record(path, {"columns": known.to_dict("list")})


def read_frame(path: Path) -> pd.DataFrame:
    """Read what `write_frame` wrote; what is missing is NaN.

    Raises
    ------
    FormatError
        The file is damaged, or was changed by hand.
    """
    import pandas as pd

    with refusing_forgery(path):
        frame = pd.DataFrame(read_record(path)["columns"])
        return frame.astype({name: float for name in frame if frame[name].isna().all()})


@contextmanager
def refusing_forgery(path: Path) -> Iterator[None]:
    """Make one error of whatever values that no study writes, under a checksum, do to a reader.

    Raises
    ------
    FormatError
        The block ended with an error that is neither ours nor the system's.
    """
    try:
        yield
    except (WordnumError, OSError, MemoryError):
        raise
    except Exception as error:
        raise FormatError(
            f"{path} cannot be read as what a study writes",
            expected="files as wordnum study wrote them",
            got=f"{type(error).__name__}: {error}"[:200],
            remedy="run the study again with --overwrite; if nobody changed the files, report this",
        ) from error


def _finite(value: Any) -> Any:
    """Round floats to what a reader can use and turn NaN into null, which JSON knows."""
    value = jsonable(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value
