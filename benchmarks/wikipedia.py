"""Markup of Wikipedia to text: megabytes per second beside gensim's filter_wiki.

    python benchmarks/wikipedia.py            a synthetic dump, and gensim's sample of Wikipedia
    python benchmarks/wikipedia.py --write    also benchmarks/wikipedia.md

Both get the same pages as str, on one core; the seconds are processor time, the best of five turns.
The whole reader takes the XML, too.
"""

from __future__ import annotations

import argparse
import bz2
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from wordnum.corpus.streams import Skips
from wordnum.corpus.wiki_markup import plain_text
from wordnum.corpus.wikipedia import WikipediaReader

RESULTS = Path(__file__).with_suffix(".md")
PARTS = (
    "The {a} of {b} towers is {{{{convert|{a}|ft|m}}}} high.",
    "In [[{a}]] it had [[River (water)|rivers]] of 10<sup>{a}</sup> m.",
    "So said the king.<ref>{{{{cite web|page={b}}}}}</ref>",
    "\n{{|\n|-\n| {a} || {b}\n|}}\n",
    "{{{{Infobox place|area={a}|population={b}|image=[[File:x.png|{a}px|A ''view'']]}}}}",
    "'''Bold''' and ''italic'' words that are plain, as most words of a page are, {a} times over.",
)


def synthetic(n_pages: int) -> list[str]:
    """Pages of all kinds of markup."""
    rng = np.random.default_rng(0)
    return [
        "\n".join(
            PARTS[int(rng.integers(len(PARTS)))].format(a=rng.integers(1000), b=rng.integers(1000))
            for _ in range(300)
        )
        for _ in range(n_pages)
    ]


def sample() -> list[str]:
    """Articles of gensim's sample of Wikipedia."""
    from gensim.corpora.wikicorpus import extract_pages
    from gensim.test.utils import datapath

    name = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
    with bz2.open(datapath(name)) as file:
        pages = [text for _, text, _ in extract_pages(file, filter_namespaces=("0",))]
    return [page for page in pages if not re.match(r"\s*#redirect", page, re.IGNORECASE)]


def speed(call: Callable[[], object], characters: int) -> float:
    """Best of five turns, in MB/s."""
    seconds = []
    for _ in range(5):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return characters / 1e6 / min(seconds)


def row(name: str, pages: list[str]) -> str:
    """One line of the table."""
    from gensim.corpora.wikicorpus import filter_wiki

    size = sum(map(len, pages))
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "dump.xml"
        texts = "".join(
            f"<page><title>A</title><ns>0</ns><revision><text>{escape(page)}</text></revision></page>"
            for page in pages
        )
        dump.write_text(f"<mediawiki>{texts}</mediawiki>", encoding="utf-8")
        ours = speed(lambda: [plain_text(page) for page in pages], size)
        reader = speed(lambda: list(WikipediaReader().read(str(dump), Skips())), size)
    theirs = speed(lambda: [filter_wiki(page) for page in pages], size)
    return f"| {name}, {size / 1e6:.1f} MB | {ours:.1f} | {reader:.1f} | {theirs:.1f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args()
    lines = [
        "# Markup of Wikipedia to text",
        "",
        "`python benchmarks/wikipedia.py --write`, MB/s on one core.",
        "",
        "| pages | markup to text | with the XML | gensim `filter_wiki` |",
        "|---|---|---|---|",
        row("synthetic", synthetic(200)),
        row("gensim's sample of English Wikipedia", sample()),
    ]
    print("\n".join(lines))
    if options.write:
        RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
