"""Errors that say what was expected, what came, where, and what to do.

Every error a user can cause derives from `WordnumError`. The command line turns it into one
message on standard error and an exit code; Python callers may catch it as the built-in it also is
(`ValueError`, `ImportError`).
"""

from __future__ import annotations

import re

# All that moves the cursor, commands a terminal or turns the direction of text; a line's end is
# none of it.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONGEST = 2000  # characters of a line of a message


def printable(text: object) -> str:
    r"""Text without what commands a terminal: file names and corpora are not ours.

    Examples
    --------
    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], str(text))


def _bounded(line: str) -> str:
    """Text of which no list of files or names makes a flood."""
    more = len(line) - _LONGEST
    return line if more <= 0 else f"{line[:_LONGEST]}… ({more:,} characters more)"


class WordnumError(Exception):
    """A failure with its cause and its remedy.

    Parameters
    ----------
    message : str
        What went wrong, in one sentence.
    expected, got, where, remedy : str, optional
        What was expected, what came instead, the file, line or parameter, and what to do.

    Examples
    --------
    >>> print(WordnumError("no number token", got="0 of 12 tokens", remedy="check --numerals"))
    no number token
      got: 0 of 12 tokens
      to do: check --numerals
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        expected: str | None = None,
        got: str | None = None,
        where: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.message = message
        self.expected = expected
        self.got = got
        self.where = where
        self.remedy = remedy
        parts = [("expected", expected), ("got", got), ("where", where), ("to do", remedy)]
        lines = [message, *(f"{k}: {v}" for k, v in parts if v)]
        super().__init__("\n  ".join(map(_bounded, lines)))

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the parts, so that the error survives the way back from a worker."""
        return _rebuild, (
            type(self),
            (self.message, self.expected, self.got, self.where, self.remedy),
        )


def _rebuild(kind: type[WordnumError], parts: tuple[str | None, ...]) -> WordnumError:
    message, expected, got, where, remedy = parts
    return kind(message or "", expected=expected, got=got, where=where, remedy=remedy)


class InputError(WordnumError, ValueError):
    """The data cannot be used: missing, empty, damaged, or without what the work needs."""


class FormatError(InputError):
    """A file is not of the format, or of the version, that it should be."""


class MachineError(InputError):
    """The machine is to blame, not what was asked of it: a full disk, too many open files."""


class MissingNumberError(InputError, KeyError):
    """A number was asked for that has no vector."""

    # A KeyError would show its message quoted, on one line.
    __str__ = Exception.__str__


class UsageError(WordnumError, ValueError):
    """A parameter, option or key is not one of those that exist."""

    exit_code = 2


class MissingExtraError(WordnumError, ImportError):
    """An optional package is needed and not installed; the message names the extra."""
