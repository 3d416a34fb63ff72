"""Files that are whole or absent: atomic writes, locks, npz with a checked header, no pickle."""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import json
import os
import re
import secrets
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from wordnum.errors import FormatError, InputError, MachineError

_HEADER = "wordnum_header"


# Unfinished files and folders are ours by this name; while one is written, it is locked. A whole
# folder that waits for the place of another ends in "whole".
_UNFINISHED = re.compile(r"\.(.+)\.wordnum-[a-z0-9_]{8}\.(part(\.\w+)?|whole)")
# A deflated array of ours is never smaller than this part of what it holds.
_LEAST_SHARE = 1 / 400
_SMALL = 64 * 2**20
_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE,
}  # fmt: skip
# What a file that is cut or garbled makes of its readers: NumPy's header is parsed as Python.
DAMAGE = (
    ValueError,
    EOFError,
    KeyError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    SyntaxError,
    TokenError,
    TypeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block ends well.

    The temporary file is flushed to disk before the rename and removed on any error, so that a
    reader sees the old file, the new file, or none, and never a half-written one. What a killed
    process left of the same `path` is removed first.

    Raises
    ------
    InputError
        The folder cannot be written, or the disk is full.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_beside(path)
        descriptor, name = tempfile.mkstemp(
            prefix=f".{path.name}.wordnum-", suffix=f".part{path.suffix}", dir=path.parent
        )
        temporary = Path(name)
        with _held(descriptor):
            yield temporary
            with open(temporary, "rb") as written:
                os.fsync(written.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
    except OSError as error:
        raise write_failure(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path` that takes its place when the block ends well.

    With `overwrite`, the folder that is there goes. After a kill between the two renames that this
    takes, `sweep_beside` does the second.

    Raises
    ------
    InputError
        `path` exists already, and `overwrite` is not set.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already",
            expected="a new folder",
            remedy="choose another path, or add --overwrite (overwrite=True)",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep_beside(path)
    prefix = f".{path.name}.wordnum-"
    temporary = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=path.parent))
    try:
        with _held(os.open(temporary, os.O_RDONLY)):
            yield temporary
            os.chmod(temporary, 0o777 & ~_umask())
            if path.exists():
                whole = temporary.with_suffix(".whole")
                os.replace(temporary, whole)
                remove_folder(path, whole)
            else:
                os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_folder(folder: Path, successor: Path | None = None) -> None:
    """Delete a folder; a kill on the way leaves nothing that could be taken for a whole one."""
    name = folder.name if folder.name.startswith(".") else f".{folder.name}"
    doomed = folder.with_name(f"{name}.wordnum-{secrets.token_hex(4)}.part")
    with suppress(FileNotFoundError):
        os.replace(folder, doomed)
    if successor:
        os.replace(successor, folder)
    shutil.rmtree(doomed, ignore_errors=True)


def sweep_beside(path: Path) -> None:
    """Remove, or put into its place, what killed processes of ours left of `path` itself."""
    name = glob.escape(path.name)
    for work in ("", ".part-*"):  # the folder of its pieces is renamed, too, before it goes
        _remove_unfinished(path.parent.glob(f".{name}{work}.wordnum-*"))


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove what killed processes of ours left unfinished anywhere in `folder`."""
    _remove_unfinished(Path(folder).rglob(".*.wordnum-*"))


def _remove_unfinished(paths: Iterable[Path]) -> None:
    """Remove unfinished files and folders whose writers are dead: those hold no lock."""
    for path in sorted(paths):
        found = _UNFINISHED.fullmatch(path.name)
        place = path.with_name(found[1]) if found else path
        try:
            if not found or path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            with _held(os.open(path, os.O_RDONLY)):
                if found[2] == "whole" and not place.exists():
                    os.replace(path, place)
                    continue
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()
        except OSError:  # somebody writes it, or it has gone
            continue


@contextmanager
def _held(descriptor: int) -> Iterator[None]:
    """Lock an open file while the block runs; the system ends it with the process."""
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            # A network file system without locks.
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: str | os.PathLike[str], *, what: str) -> Iterator[None]:
    """Hold the lock file `path` while the block runs, however the process ends.

    Raises
    ------
    InputError
        Another process holds it; `what` says what that one writes to.
    """
    try:
        with _held(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)):
            yield
    except BlockingIOError as error:
        raise InputError(
            f"another run is writing to {what}",
            remedy="wait until it has ended, or choose another folder",
        ) from error


def read_failure(path: str | os.PathLike[str], error: OSError) -> InputError:
    """Error for a file that is there and cannot be read: the file may be sound."""
    return _failure("read", path, error, "check the path, its permissions and the disk")


def write_failure(
    path: str | os.PathLike[str],
    error: OSError,
    *,
    remedy: str = "free disk space or choose another output path; nothing was left behind",
) -> InputError:
    """Error for what cannot be written; where the machine is to blame, a `MachineError`."""
    if error.errno is None:  # NumPy says only how much it has written
        error = OSError(errno.ENOSPC, str(error))
    return _failure("write", path, error, remedy)


def _failure(verb: str, path: Any, error: OSError, remedy: str) -> InputError:
    got = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        got += " (the disk is full)"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        remedy = "too many files are open: raise the limit (ulimit -n 1024) or use fewer jobs"
    kind = MachineError if is_of_the_machine(error) else InputError
    return kind(f"cannot {verb} {path}", got=got, remedy=remedy)


def is_of_the_machine(error: BaseException) -> bool:
    """Whether a full disk, too many open files or a failing device is to blame."""
    return isinstance(error, MachineError) or (
        isinstance(error, OSError) and error.errno in _OF_THE_MACHINE
    )


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
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    # Names of files need not be Unicode: what is not becomes an escape, as JSON has it.
    write_text(path, text.encode(errors="backslashreplace").decode())


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
    told = {"kind": kind, "version": version, "arrays": sorted(arrays), **header}
    text = json.dumps(told, sort_keys=True)
    content = {_HEADER: np.frombuffer(text.encode(), dtype=np.uint8), **arrays}
    write = np.savez_compressed if compress else np.savez
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        write(file, **content)  # type: ignore[arg-type]
    return path


def npz_kind(path: str | os.PathLike[str]) -> str | None:
    """Kind of a file of `save_npz`; None where it is absent or is no such file."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, Path(path))
            header = json.loads(_member(archive, f"{_HEADER}.npy").tobytes())
            return str(header["kind"])
    except (OSError, *DAMAGE):
        return None


def load_npz(
    path: str | os.PathLike[str],
    *,
    kind: str,
    version: int,
    mapped: bool = False,
    verify: bool = True,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file of `save_npz`: the header and the arrays.

    Checksums are verified. With `mapped`, arrays stored without compression are left on disk, all
    of them behind one memory map; whoever has verified the file before may then leave it out.

    Raises
    ------
    InputError
        There is no such file, or it cannot be read for a reason that is not its own.
    FormatError
        The file is damaged, is not ours, is of another kind, or of another version.
    """
    path = Path(path)
    with _opened(path, kind) as archive:
        arrays = _arrays(archive, path, mapped=mapped, verify=verify)
        header = json.loads(arrays.pop(_HEADER).tobytes())
        if not isinstance(header, dict):
            raise ValueError("its header is no table")
        if header.pop("arrays", sorted(arrays)) != sorted(arrays):
            raise ValueError("some of its arrays are missing")
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


def load_arrays(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the arrays of any .npz; it raises as `load_npz` does."""
    with _opened(Path(path), "arrays") as archive:
        return _arrays(archive, Path(path), mapped=False)


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """Open an archive; what fails in the block is damage, or a failing disk."""
    if not path.is_file():
        raise InputError(f"no such file: {path}", remedy="check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (OSError, *DAMAGE) as error:
        # A directory of the archive that points before the file is damage, not a failing disk.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise read_failure(path, error) from error
        raise FormatError(
            f"{path} cannot be read as {kind}",
            expected=f"a whole .npz of {kind}, without Python objects",
            got=f"{type(error).__name__}: {error}",
            remedy="make the file again",
        ) from error


def _arrays(
    archive: zipfile.ZipFile, path: Path, *, mapped: bool, verify: bool = True
) -> dict[str, np.ndarray]:
    """All arrays of an archive, checked."""
    _check_size(archive, path)
    damaged = archive.testzip() if mapped and verify else None
    if damaged:
        raise ValueError(f"checksum of {damaged} does not hold")
    stored = np.memmap(path, np.uint8, "r") if mapped else None
    return {
        info.filename.removesuffix(".npy"): _member(archive, info.filename, stored)
        for info in archive.infolist()
    }


def _check_size(archive: zipfile.ZipFile, path: Path) -> None:
    size = path.stat().st_size
    whole = sum(info.file_size for info in archive.infolist())
    if whole > max(_SMALL, size / _LEAST_SHARE):
        raise ValueError(f"{size:,} bytes that would become {whole:,}")


def _member(archive: zipfile.ZipFile, name: str, stored: np.ndarray | None = None) -> np.ndarray:
    """One array of an archive; a view of `stored`, the bytes of the file, where it can be one."""
    info = archive.getinfo(name)
    with archive.open(info) as member:
        if stored is None or info.compress_type != zipfile.ZIP_STORED:
            shape, _, dtype = _array_header(member)
            if int(np.prod(shape, dtype=object)) * dtype.itemsize > info.file_size:
                raise ValueError(f"{name} is shorter than its header says")
            with archive.open(info) as again:
                return np.lib.format.read_array(again, allow_pickle=False)
        shape, fortran, dtype = _array_header(member)
        offset = member.tell()
    # A stored member follows its local header: 30 bytes, its name and its extra field.
    at = info.header_offset + 26
    begin = at + 4 + int(stored[at : at + 4].view("<u2").sum()) + offset
    wanted = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if wanted != info.file_size - offset:
        raise ValueError(f"{name} is not as long as its header says")
    array = stored[begin : begin + wanted].view(dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _array_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    shape, fortran, dtype = (
        read(file) if version == (1, 0) else np.lib.format.read_array_header_2_0(file)
    )
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    return shape, fortran, dtype
