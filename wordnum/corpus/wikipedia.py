"""Articles of a Wikipedia dump, freed of markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wordnum._compat import require
from wordnum.corpus.readers import Head, Reader, Record
from wordnum.corpus.streams import Skips, read_blocks
from wordnum.errors import InputError, WordnumError


class WikipediaReader(Reader):
    """Articles of a MediaWiki XML dump, freed of markup by gensim."""

    name = "wikipedia"
    title = "a dump of Wikipedia"
    suffixes = (".xml",)

    @classmethod
    def sniff(cls, head: Head) -> bool:
        """Its first tag is that of a dump."""
        return head.text.lstrip().startswith("<mediawiki")

    def read_file(self, path: str, skips: Skips) -> Iterator[Record]:
        """Pages of namespace 0 that are no redirects."""
        from xml.etree.ElementTree import ParseError, XMLPullParser

        purpose = "reading Wikipedia dumps"
        filter_wiki = require("gensim.corpora.wikicorpus", purpose=purpose).filter_wiki
        parser: Any = XMLPullParser(("start", "end"))
        root, held, pages = None, 0, 0
        try:
            for block in read_blocks(path):
                for at in range(0, len(block), 2**16):
                    parser.feed(block[at : at + 2**16])
                    held += 2**16
                    for event, element in parser.read_events():
                        root = element if root is None else root
                        if event == "end" and element.tag.rpartition("}")[2] == "page":
                            yield from self._article(element, filter_wiki)
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

    def _article(self, page: Any, filter_wiki: Any) -> Iterator[Record]:
        def text_of(name: str) -> str:
            found = (e for e in page.iter() if e.tag.rpartition("}")[2] == name)
            return next((element.text or "" for element in found), "")

        markup = text_of("text")
        redirect = markup.lstrip()[:9].upper().startswith("#REDIRECT")
        if text_of("ns") == "0" and markup and not redirect:
            # gensim leaves the marks of bold and italic type.
            yield re.sub("'{2,}", "", filter_wiki(markup)), f"article {text_of('title')!r}"
