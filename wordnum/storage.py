"""Files that are whole or absent: atomic writes, npz with a checked header, no pickle."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wordnum.errors import FormatError, InputError

__all__ = [
    "atomic_folder",
    "atomic_path",
    "file_hash",
    "load_npz",
    "npz_kind",
    "save_npz",
    "sweep",
    "write_json",
    "write_text",
]

_HEADER = "wordnum_header"


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    The temporary file is flushed to disk before the rename and removed on any error, so that a
    reader sees the old file, the new file, or none, and never a half-written one.

    Raises
    ------
    InputError
        The folder cannot be written, or the disk is full.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name}.", suffix=f".part{path.suffix}", dir=path.parent
        )
        os.close(descriptor)
        temporary = Path(name)
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"cannot write {path}",
            got=error.strerror or str(error),
            remedy="free disk space or choose another output path; nothing was left behind",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place when the block ends well.

    Raises
    ------
    InputError
        `path` exists already.
    """
    path = Path(path)
    if path.exists():
        raise InputError(
            f"{path} exists already",
            expected="a new folder",
            remedy="choose another path, or remove the folder first",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield temporary
        os.chmod(temporary, 0o777 & ~_umask())
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove half-written files and folders that killed processes left anywhere in `folder`.

    For the one process that writes there: what others are writing at the moment goes too.
    """
    for path in sorted(Path(folder).rglob(".*")):
        if re.fullmatch(r"\..*\.part(\.\w+)?", path.name):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def file_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def save_npz(
    path: str | os.PathLike[str],
    *,
    kind: str,
    version: int,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    compress: bool = True,
) -> Path:
    """Write arrays and a JSON header as one npz file, atomically.

    Parameters
    ----------
    path : path-like
        The file; the suffix .npz is added when it is missing.
    kind : str
        What the file holds, such as "counts"; `load_npz` asks for the same.
    version : int
        Version of the layout of `header` and `arrays`.
    header : mapping
        Anything JSON holds.
    arrays : mapping of str to ndarray
        No object arrays. What has ``__array__`` is made when it is written.

    Returns
    -------
    Path
        The path written.
    """
    path = Path(path)
    if path.suffix != ".npz":
        path = path.with_name(path.name + ".npz")
    text = json.dumps({"kind": kind, "version": version, **header}, sort_keys=True)
    content = {_HEADER: np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
    write = np.savez_compressed if compress else np.savez
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        write(file, **content)  # type: ignore[arg-type]
    return path


def npz_kind(path: str | os.PathLike[str]) -> str | None:
    """Kind of a file of `save_npz`; None where it is absent or is no such file."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return str(json.loads(archive[_HEADER].tobytes()).get("kind"))
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile):
        return None


def load_npz(
    path: str | os.PathLike[str], *, kind: str, version: int, mapped: bool = False
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file of `save_npz`: the header and the arrays.

    With `mapped`, arrays stored without compression are checked and left on disk as memory maps.

    Raises
    ------
    InputError
        There is no such file.
    FormatError
        The file is damaged, is not ours, is of another kind, or of a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no such file: {path}", remedy="check the path")
    try:
        if mapped:
            arrays = _map_npz(path)
        else:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        header = json.loads(arrays.pop(_HEADER).tobytes())
    except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise FormatError(
            f"{path} cannot be read as {kind}",
            expected=f"an .npz of {kind} written by wordnum",
            got=f"{type(error).__name__}: {error}",
            remedy="make the file again",
        ) from error
    if header.get("kind") != kind:
        raise FormatError(
            f"{path} does not hold {kind}", expected=kind, got=str(header.get("kind"))
        )
    if header.get("version") != version:
        raise FormatError(
            f"{path} has format version {header.get('version')}",
            expected=f"version {version}",
            remedy="make the file again with this version of wordnum, or upgrade wordnum",
        )
    return header, arrays


def _map_npz(path: Path) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        damaged = archive.testzip()
        if damaged:
            raise ValueError(f"checksum of {damaged} does not hold")
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if info.compress_type != zipfile.ZIP_STORED:
                with archive.open(info) as member:
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
                continue
            # A stored member follows its local header: 30 bytes, its name and its extra field.
            file.seek(info.header_offset + 26)
            file.seek(sum(np.frombuffer(file.read(4), dtype="<u2").tolist()), os.SEEK_CUR)
            major, minor = np.lib.format.read_magic(file)
            read = (
                np.lib.format.read_array_header_1_0
                if (major, minor) == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, fortran, dtype = read(file)
            if dtype.hasobject:
                raise ValueError(f"{name} holds Python objects")
            order: Any = "F" if fortran else "C"
            if 0 in shape:
                arrays[name] = np.zeros(shape, dtype)
            else:
                arrays[name] = np.memmap(file, dtype, "r", file.tell(), shape, order)
    return arrays
