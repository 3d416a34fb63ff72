"""Articles of a Wikipedia dump, freed of markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError, XMLPullParser

from wordnum.corpus.encoding_remarks import LEFT_OUT
from wordnum.corpus.readers import Head, Reader, Record
from wordnum.corpus.streams import Skips, read_blocks
from wordnum.corpus.wiki_markup import plain_text
from wordnum.errors import InputError, WordnumError

_NAMED = 10  # templates in a summary
# Numbers of namespaces, which every language names in its own way.
_NAMESPACES = {"6": "files", "14": "categories"}


class WikipediaReader(Reader):
    """Articles of a MediaWiki XML dump, freed of markup."""

    name = "wikipedia"
    title = "a dump of Wikipedia"
    suffixes = (".xml",)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Its first tag is that of a dump."""
        return head.text.lstrip().startswith("<mediawiki")

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Pages of namespace 0 that are no redirects."""
        parser: Any = XMLPullParser(("start", "end"))
        root, held, pages = None, 0, 0
        names = {"files": {"file", "image"}, "categories": {"category"}}
        left_out: Counter[str] = Counter()
        try:
            for block in read_blocks(path):
                for at in range(0, len(block), 2**16):
                    parser.feed(block[at : at + 2**16])
                    held += 2**16
                    for event, element in parser.read_events():
                        root = element if root is None else root
                        tag = element.tag.rpartition("}")[2] if event == "end" else ""
                        if tag == "namespace" and (kind := _NAMESPACES.get(element.get("key"))):
                            names[kind].add((element.text or "").lower())
                        elif tag == "page":
                            if markup := _markup(element):
                                text = plain_text(markup, **names, left_out=left_out)
                                yield text, f"article {_text_of(element, 'title')!r}"
                            root.clear()
                            held, pages = 0, pages + 1
                    self._check_size(held - 2**17, path, f"page {pages + 1}")
            parser.close()
            if not pages:
                raise ParseError("no <page> in it")
        except (ParseError, UnicodeError, ValueError, LookupError) as error:
            if isinstance(error, WordnumError):
                raise
            raise InputError(
                "the file is not a whole MediaWiki XML dump",
                got=str(error),
                where=path,
                remedy="fetch the dump again",
            ) from error
        for name, count in left_out.most_common(_NAMED):
            skips.add(path, f"{LEFT_OUT}{name}", "", count)
            del left_out[name]
        if left_out:
            skips.add(path, f"{LEFT_OUT}other templates", "", left_out.total())


def _markup(page: Any) -> str:
    """Source of an article; of other pages and redirects nothing."""
    markup = _text_of(page, "text") if _text_of(page, "ns") == "0" else ""
    return "" if markup.lstrip()[:9].upper().startswith("#REDIRECT") else markup


def _text_of(page: Any, name: str) -> str:
    found = (e for e in page.iter() if e.tag.rpartition("}")[2] == name)
    return next((element.text or "" for element in found), "")
