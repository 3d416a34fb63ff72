"""How the characters of a text are written: UTF-8, or UTF-16 and UTF-32 by their first bytes."""

from __future__ import annotations

import codecs
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator

from wordnum.corpus.streams import Skips
from wordnum.errors import InputError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# UTF-16 without a mark: no NUL in the low bytes, this share of NULs among the high ones (those of
# blanks and line ends at least), and of the two commonest of them together.
_FEWEST_NULS, _TWO_COMMONEST = 0.05, 0.9
_VALID = 0.9  # of the bytes at least
_SHORTEST = 16  # bytes of which that can be said


def find_encoding(head: bytes) -> str:
    """Name of the encoding of a text that begins with some bytes; "utf-8" when they say nothing.

    Examples
    --------
    >>> find_encoding("page 7 of 12".encode("utf-16-le")), find_encoding(b"page 7 of 12")
    ('utf-16-le', 'utf-8')
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    head = head[: len(head) // 2 * 2]
    for name, low, high in (
        ("utf-16-le", head[::2], head[1::2]),
        ("utf-16-be", head[1::2], head[::2]),
    ):
        if len(head) < _SHORTEST or 0 in low:
            continue
        commonest = sum(count for _, count in Counter(high).most_common(2))
        if (
            high.count(0) >= _FEWEST_NULS * len(high)
            and commonest >= _TWO_COMMONEST * len(high)
            and len(head.decode(name, "ignore").encode(name)) >= _VALID * len(head)
        ):
            return name
    return "utf-8"


def as_utf8(
    blocks: Iterable[bytes], path: str, skips: Skips, *, encoding: str, errors: str
) -> Iterator[bytes]:
    """Blocks of a text in UTF-8, without a mark of byte order.

    Bytes that do not fit the encoding become U+FFFD and are counted, if `errors` is "replace".

    Raises
    ------
    InputError
        There are such bytes, and `errors` is "strict".
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors=errors)
    # Those that stand in the text already are not counted.
    sign = "\ufffd".encode("utf-8" if encoding.startswith("utf-8") else "utf-16-le")
    line, position = 1, 0
    for block in itertools.chain(blocks, [b""]):
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise invalid_bytes(path, position - held + error.start, encoding) from error
        position += len(block)
        if errors == "replace" and (found := text.count("\ufffd") - block.count(sign)) > 0:
            first = line + text.count("\n", 0, text.index("\ufffd"))
            name = _name(encoding)
            skips.add(path, f"bytes that are not {name}, replaced", f"line {first}", found)
        line += text.count("\n")
        if text:
            yield text.encode()


def invalid_bytes(path: str, position: int, encoding: str = "utf-8") -> InputError:
    """Build the error for bytes that do not fit the encoding."""
    name = _name(encoding)
    return InputError(
        f"the text is not {name}",
        expected=f"text in {name}",
        got="bytes that are none",
        where=f"{path}, byte {position}",
        remedy="convert the file (for example with iconv), or go on with errors='replace' "
        "(--errors replace), which puts U+FFFD in the place of such bytes and counts them",
    )


def _name(encoding: str) -> str:
    return encoding.removesuffix("-sig")[:6].rstrip("-").upper()
