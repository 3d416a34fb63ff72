"""Text of MediaWiki markup, in time proportional to its length."""

from __future__ import annotations

import contextlib
import html
import re
from collections import Counter
from collections.abc import Callable, Set

from wordnum.corpus.wiki_templates import JOINER, RAISED, render

# Tags, brackets and bars. No two matches that begin at different places look at the same stretch.
_MARK = re.compile(
    r"<!--|<(/?)([A-Za-z][A-Za-z0-9]*+)[^<>]*+>|\{\{|\}\}|\[\[|\]\]"
    r"|\[(?=https?:|ftp:|mailto:|//)|[]|]"
)
# Tags whose content is no text, and those that end a line.
_NO_TEXT = {
    "ref", "references", "math", "chem", "ce", "timeline", "gallery", "source", "syntaxhighlight",
    "score", "graph", "templatedata", "mapframe", "maplink", "imagemap", "hiero",
}  # fmt: skip
_CLOSING = {name: re.compile(rf"</{name}\s*+>", re.IGNORECASE) for name in (*_NO_TEXT, "nowiki")}
_BREAKS = {
    "br", "hr", "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "table", "tr", "td", "th",
    "blockquote", "center", "h2", "h3", "h4",
}  # fmt: skip
_DEEPEST = 100  # what lies in more brackets is read as text: every bracket copies what is in it
_NAMES = 10_000  # of templates, counted at most
_JOINERS = re.compile(f"{JOINER}{{2,}}+")
_MARGIN = re.compile(rf"'{{2,}}+|__[A-Z]++__|{JOINER}(?![0-9])|(?<![0-9]){JOINER}")
_NAMED = re.compile(r"\s*+([A-Za-z][\w-]*+|\d++)\s*+=(.*)", re.DOTALL)
_OPTION = re.compile(
    r"\s*+(?:\d*+x?\d*+px|thumb(?:nail)?|frame(?:less)?|border|left|right|center|none|upright.*"
    r"|(?:alt|link|class|lang|page)=.*)\s*"
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+)*|simple")


def plain_text(
    markup: str,
    *,
    files: Set[str] = frozenset({"file", "image"}),
    categories: Set[str] = frozenset({"category"}),
    left_out: Counter[str] | None = None,
) -> str:
    """Text of a page, as its reader sees it but for what templates make.

    The templates `convert`, `val`, `frac`, `age`, `nowrap`, a few signs, and `formatnum` are
    rendered simply; others are left out and counted by name, as is what stands in tags such as
    ``<ref>``. Digits of exponents and indices become ⁶ and ₂. Tables keep their cells, links and
    pictures their captions.

    Parameters
    ----------
    markup : str
        Source of the page.
    files, categories : set of str
        Names of these namespaces, in small letters.
    left_out : Counter, optional
        Gets the names of what is left out.

    Examples
    --------
    >>> plain_text("{{convert|30|ft|m}} and 10<sup>6</sup> [[Star|stars]]<ref>p. 7</ref>")
    '30 ft and 10⁶ stars'
    """
    page = _Page(files, categories, Counter() if left_out is None else left_out)
    return _MARGIN.sub("", _JOINERS.sub(JOINER, _lines(page.read(markup))))


class _Page:
    """A stack of open brackets, each with what is in it so far; None stands for a bar."""

    def __init__(self, files: Set[str], categories: Set[str], left_out: Counter[str]) -> None:
        self.files, self.categories, self.left_out = files, categories, left_out
        self.stack: list[tuple[str, list[str | None]]] = [("", [])]
        self.raised: dict[int, int] | None = None
        self.never_closed: set[str] = set()

    def read(self, markup: str) -> str:
        """Text of all markup, with tables still marked."""
        done = 0
        for mark in _MARK.finditer(markup):
            begin = mark.start()
            if begin < done:
                continue
            if begin > done:
                self._add(markup[done:begin])
            done = self._tag(markup, mark) if mark[0][0] == "<" else self._bracket(mark)
        self._add(markup[done:])
        self._as_they_are(1)
        return "".join(part for part in self.stack[0][1] if part)

    def _add(self, text: str) -> None:
        """Add what stands between marks."""
        if "&" in text:
            with contextlib.suppress(ValueError):  # a code of thousands of digits
                text = html.unescape(text)
        if self.raised and text:
            # A tag that is not closed ends with its line.
            raised, end, rest = text.partition("\n")
            text = raised.translate(self.raised) + end + rest
            self.raised = None if end else self.raised
        self.stack[-1][1].append(text)

    def _tag(self, markup: str, mark: re.Match[str]) -> int:
        """Deal with a tag or comment; where reading goes on."""
        if mark[0] == "<!--":
            end = markup.find("-->", mark.end())
            return len(markup) if end < 0 else end + 3
        name, opens = mark[2].lower(), not mark[1] and not mark[0].endswith("/>")
        if name in _BREAKS:
            self.stack[-1][1].append("\n")
        elif name == "wbr":
            self.stack[-1][1].append(JOINER)
        elif name in RAISED:
            self.raised = RAISED[name] if opens else None
            return mark.end() + (markup[mark.end() : mark.end() + 1] == " " and opens)
        elif name in _NO_TEXT or (opens and name == "nowiki"):
            self.stack[-1][1].append(JOINER if name in _NO_TEXT else "")
            if not opens:
                return mark.end()
            closed = None
            if name not in self.never_closed:
                closed = _CLOSING[name].search(markup, mark.end())
            if closed is None:
                self.never_closed.add(name)
                return mark.end()
            if name == "nowiki":
                self._add(markup[mark.end() : closed.start()])
            else:
                self.left_out[f"<{name}>"] += 1
            return closed.end()
        return mark.end()

    def _bracket(self, mark: re.Match[str]) -> int:
        kind, (opened, parts) = mark[0], self.stack[-1]
        if kind in ("{{", "[[", "[") and len(self.stack) < _DEEPEST:
            self.stack.append((kind, []))
        elif kind == "|" and opened in ("{{", "[["):
            parts.append(None)
        elif kind == "}}" and (
            templates := [i for i, (o, _) in enumerate(self.stack) if o == "{{"]
        ):
            self._as_they_are(templates[-1] + 1)
            self._close(self._template)
        elif kind == "]]" and opened == "[[":
            self._close(self._link)
        elif kind == "]" and opened == "[":
            self._close(lambda arguments: arguments[0].partition(" ")[2])
        else:
            parts.append(kind)
        return mark.end()

    def _close(self, render: Callable[[list[str]], str]) -> None:
        arguments, own = [], list[str]()
        for part in [*self.stack.pop()[1], None]:
            if part is None:
                arguments.append("".join(own))
                own = []
            else:
                own.append(part)
        self.stack[-1][1].append(render(arguments))

    def _as_they_are(self, first: int) -> None:
        """Take the brackets from `first` on, which nothing closes, as text of the one before."""
        unclosed, self.stack = self.stack[first:], self.stack[:first]
        for kind, parts in unclosed:
            self.stack[-1][1].extend([kind, *("|" if part is None else part for part in parts)])

    def _link(self, arguments: list[str]) -> str:
        target, *captions = arguments
        prefix, colon, _ = target.strip().partition(":")
        if colon and prefix.lower() in self.files:
            return JOINER if not captions or _OPTION.fullmatch(captions[-1]) else captions[-1]
        if colon and (prefix.lower() in self.categories or _LANGUAGE.fullmatch(prefix)):
            return JOINER
        return "|".join(captions) if captions else target.lstrip(": ")

    def _template(self, arguments: list[str]) -> str:
        named: dict[str, str] = {}
        numbered = 0
        for argument in arguments[1:]:
            if found := _NAMED.fullmatch(argument):
                named[found[1]] = found[2].strip()
            else:
                numbered += 1
                named[str(numbered)] = argument.strip()
        name = " ".join(arguments[0].replace("_", " ").lower().split())
        text = render(name, named)
        if text is None:
            shown = re.sub(r"[^\w .:#'-]", "?", name.partition(":")[0][:40])
            known = shown in self.left_out or len(self.left_out) < _NAMES
            self.left_out[shown if known else "others"] += 1
            # What is left out between two digits makes neither two numbers of them, nor one.
            return JOINER
        return text


def _lines(text: str) -> str:
    """Lines without the marks of headings, lists and tables; every cell is a line."""
    tables, lines = 0, []
    for line in text.split("\n"):
        begin = line.lstrip(" \t:")
        if begin.startswith("{|"):
            tables += 1
        elif tables and begin.startswith("|}"):
            tables -= 1
            lines.append(begin[2:])
        elif tables and begin[:1] in ("|", "!"):
            if not begin.startswith("|-"):
                heads = begin.replace("!!", "||") if begin[0] == "!" else begin
                cells = heads[1:].removeprefix("+").split("||")
                # What stands before a bar says how a cell looks.
                lines += [cell.partition("|")[2] or cell.rstrip("|") for cell in cells]
        elif begin.startswith("="):
            lines.append(line.strip("= \t"))
        else:
            lines.append(line.lstrip("*#:; \t"))
    return "\n".join(lines)
