"""Numbers that the second version of the numeral rules no longer takes for numbers.

    WORDNUM_CORPORA=FOLDER python benchmarks/numeral_changes.py            prints a table
    WORDNUM_CORPORA=FOLDER python benchmarks/numeral_changes.py --write    and the page of results

The first version joined digits by points and commas only. So what a numeral was to it are the parts
between the other characters that join, each read by itself.
"""

from __future__ import annotations

import argparse
import lzma
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from wikipedia import sample

from wordnum.corpus.numerals import JOINS, SIGNS, NumeralScheme
from wordnum.corpus.other_tokenizers import numeral_spans
from wordnum.corpus.tokenizing import tokens
from wordnum.corpus.wiki_markup import plain_text

CORPORA = Path(os.environ.get("WORDNUM_CORPORA") or Path(__file__).parents[2] / "shared/corpora")
PAGE = Path(__file__).parents[1] / "docs/results/numeral-rules.md"
NEW = re.compile(f"[{re.escape(''.join(set(JOINS) - set('.,')) + SIGNS)}]")
SCHEME = NumeralScheme()
PAGE_HEAD = """# What the second version of the numeral rules changed

`WORDNUM_CORPORA=FOLDER python benchmarks/numeral_changes.py --write`

Under `whole`, digits that an apostrophe, a middle dot, a stroke of a fraction, a caret, a low line,
a thin space or a space that does not break joins are one [*other number*](../numerals.md). Before,
each of their parts was a number.

"""
PAGE_TAIL = """
- Counts change in each study of these texts under `whole`, ordinals kept or out: `paper-data`,
  `paper-classical`, `attribution`, `signals`, `scaling`, `ordinals`, `genres`, and the runs of
  `whole` in `tokenizer`.
- The schemes `l2r3`, `r2l3` and `digit` give the numbers that they gave. Synthetic text has none of
  these numerals.
- `demo` reads gensim's sample of Wikipedia, whose markup is now read otherwise: it has {ours:,}
  numbers where gensim's filter leaves {theirs:,}, for templates and captions keep theirs, and
  exponents are no longer joined to what they stand on.
- Corpora and counts of the first version are refused; a study encodes its texts again by itself.
"""


def changes(text: str) -> tuple[int, Counter[str]]:
    """How many numbers a text has, and how many it has no longer, by what joins them."""
    kept, lost = 0, Counter[str]()
    for begin, end in numeral_spans(text, SCHEME):
        run = text[begin:end]
        kept += run.isascii() and run.isdigit() and str(int(run[:8])) == run and int(run) < 1000
        if joins := NEW.findall(run):
            parts = NEW.split(run)
            before = sum(isinstance(token, int) for part in parts for token in tokens(part))
            lost[unicodedata.name(joins[0], "").lower()] += before
    return kept, +lost


def numbers_of_the_sample(read: Callable[[str], str]) -> int:
    """Numbers in gensim's sample of Wikipedia, by what reads its markup."""
    texts = [read(page) for page in sample()]
    return sum(isinstance(token, int) for text in texts for token in tokens(text))


def main() -> None:
    """Count and print."""
    from gensim.corpora.wikicorpus import filter_wiki

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    lines = ["| text | numbers | no longer | of these, by |", "|---|---|---|---|"]
    for path in sorted(CORPORA.glob("*.txt.xz")):
        kept, lost = changes(lzma.decompress(path.read_bytes()).decode())
        by = ", ".join(f"{name} {count}" for name, count in lost.most_common())
        name = path.name.removesuffix(".txt.xz")
        lines.append(f"| {name} | {kept:,} | {lost.total()} | {by} |")
        print(lines[-1])
    ours = numbers_of_the_sample(plain_text)
    theirs = numbers_of_the_sample(lambda page: re.sub("'{2,}", "", filter_wiki(page)))
    print(f"gensim's sample of Wikipedia: {ours:,} numbers, by gensim's filter {theirs:,}")
    if options.write:
        tail = PAGE_TAIL.format(ours=ours, theirs=theirs)
        PAGE.write_text(PAGE_HEAD + "\n".join(lines) + "\n" + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
