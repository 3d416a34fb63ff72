"""Text of MediaWiki markup, worked by hand and beside gensim's."""

from __future__ import annotations

import bz2
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wordnum.corpus.encoding import encode
from wordnum.corpus.streams import Skips
from wordnum.corpus.tokenizing import tokens
from wordnum.corpus.wiki_markup import plain_text
from wordnum.corpus.wikipedia import WikipediaReader

OTHER = "<other number>"
DUMP = """<mediawiki>
  <siteinfo><namespaces>
    <namespace key="6">Datei</namespace><namespace key="14">Kategorie</namespace>
  </namespaces></siteinfo>
  <page><title>Wall</title><ns>0</ns><revision><text>{}</text></revision></page>
</mediawiki>
"""
WALL = """The wall is {{convert|30|ft|m}} high and {{convert|12|x|15|m}} wide. It has
{{formatnum:7}} gates, {{val|3.5|u=m}} thick, about 5&nbsp;km away,
{{frac|1|2}} done, {{Age|1980|1|2}} years,
{{nowrap|9 towers}}, <math>x=4</math>, 21<sup>st</sup> and H<sub>2</sub>O, 10<sup>6</sup>
men<ref>See p. 77</ref> on [[8 May]] 1950 in [[World War II|WW 2]], rooms 7<br/>8.

{| class="wikitable"
|-
| 14 || 15
|}

* item 16
# item 17
: item 18
'''19''' and ''20''.
[[Category:21 births]] <!-- 22 --> 23&ndash;24, 25&deg;C, &#50;6"""


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("10<sup>6</sup>, 10<sup> −6 </sup>", "10⁶, 10⁻⁶ "),
        ("H<sub>2</sub>O 21<sup>st</sup>", "H₂O 21st"),
        ("7<br>8<br />9", "7\n8\n9"),
        ("5<sup>2 never closed\n7", "5² never closed\n7"),
        ("a<ref name=x/>b<ref>p. 7</ref>c", "abc"),
        ("7<ref>x</ref>8 7{{cn}}8 7{{cn}}{{cn}}<ref/>8", "7\u20608 7\u20608 7\u20608"),
        ("<nowiki>[[7]]</nowiki> <b>8</b>", "[[7]] 8"),
        ("<ref>never closed 7", "never closed 7"),
        ("a <!-- 7 --> b <!-- 8", "a  b "),
        ("[[8 May|May]] [[Bus]]es [[:Category:7]]", "May Buses Category:7"),
        ("[[File:7.png|thumb|250px|A [[cat|dog]] of 9]]", "A dog of 9"),
        ("[[File:7.png|thumb|250px]][[Image:8.png]][[Category:9]][[de:Zahl 5]]", ""),
        ("[http://x.org/7 the page] [http://x.org/8]", "the page "),
        ("[7] [[8", "[7] [[8"),
        ("{{unknown|7|{{nowrap|8}}}} 9", " 9"),
        ("{{never|closed [[7]]", "{{never|closed 7"),
        ("{{a|[[b}} 7", " 7"),
        ("== 7 ==\n* 8\n'''9'''", "7\n8\n9"),
        ("{| a=7\n|+ T\n! A !! b=1 | B\n|-\n| 5 || x=6 | 7\n|}", " T\n A \n B\n 5 \n 7\n"),
        ("&lt;ref&gt; 5&nbsp;km &#50;6 &bogus;", "<ref> 5\u00a0km 26 &bogus;"),
        ("&lt; &#" + "9" * 5000, "&lt; &#" + "9" * 5000),
        ("__NOTOC__7", "7"),
    ],
)
def test_markup_by_hand(markup: str, text: str):
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("{{convert|30|ft|m|0}}", "30 ft"),
        ("{{Convert|5|to|10|km|mi|abbr=on}}", "5 to 10 km"),
        ("{{convert|12|x|15|m}}", "12 x 15 m"),
        ("{{cvt|6|ft|2|in|cm}}", "6 ft 2 in"),
        ("{{convert|5+1/2|in}}", "5\u20601⁄2 in"),
        ("{{formatnum:1234}} {{formatnum|7}}", "1234 7"),
        ("{{val|3.5|0.1|e=-6|ul=m}}", "3.5±0.1×10⁻⁶ m"),
        ("{{gaps|1|234}}", "1\u2060234"),
        ("{{frac|1|2}} {{frac|3}} {{Sfrac|3|1|2}}", "1⁄2 1⁄3 3\u20601⁄2"),
        ("{{age|1980|1|2|2020|1|1}}", "39"),
        ("{{age|1980|1|2|2020|1|2}}", "40"),
        ("{{age|1980|1|2}}{{convert}}{{val|u=m}}{{age|a|b|c|d|e|f}}", ""),
        ("{{nowrap|9 towers}} {{nobr|1=a = 7}}", "9 towers a = 7"),
        ("10{{sup|6}} 5{{e|6}} m{{sub|2}}", "10⁶ 5×10⁶ m₂"),
        ("10{{ndash}}20 5{{nbsp}}km", "10–20 5\u00a0km"),
    ],
)
def test_templates_that_hold_numbers_by_hand(markup: str, expected: str):
    assert plain_text(markup) == expected


def read(dump: Path, markup: str) -> tuple[list[str], Skips]:
    escaped = markup.replace("&", "&amp;").replace("<", "&lt;")
    dump.write_text(DUMP.format(escaped), encoding="utf-8")
    skips = Skips()
    return list(WikipediaReader().read(str(dump), skips)), skips


def test_the_case_of_markup_that_joins_numbers(tmp_path: Path):
    (text,), skips = read(tmp_path / "dump.xml", WALL)
    found = [token for token in tokens(text) if isinstance(token, int) or token == OTHER]
    o = OTHER
    assert found == [
        *(30, 12, 15, 7, o, 5, o, 9, o, o, o, 8, o, 2, 7, 8),
        *(14, 15, 16, 17, 18, 19, 20, 23, 24, 25, 26),
    ]
    left_out = {entry["reason"]: entry["count"] for entry in skips.to_json()}
    assert left_out == {f"left out of the markup: {name}": 1 for name in ("age", "<math>", "<ref>")}


def test_what_is_left_out_is_said_by_encode(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    many = "".join(f"{{{{t{n}}}}}" for n in range(20))
    read(tmp_path / "dump.xml", "7 {{infobox a\u202e[31m|8}} {{Infobox_b}} {{infobox b}}" + many)
    corpus = encode(tmp_path / "dump.xml")
    assert sum(skip["count"] for skip in corpus.manifest["skips"]) == 23
    told = next(line for line in caplog.messages if "left out of the markup: " in line)
    assert "left out of the markup: other templates (12), infobox b (2), " in told
    assert "infobox a??31m (1)" in told


def test_namespaces_are_those_of_the_dump(tmp_path: Path):
    (text,), _ = read(tmp_path / "dump.xml", "5 [[Datei:7.png|mini|Ein Bild]] [[Kategorie:8]]")
    assert text.split() == ["5", "Ein", "Bild"]


PARTS = ["{{", "}}", "[[", "]]", "[", "]", "|", "{|\n", "\n|}", "\n|-\n", "\n| a || b\n", "<ref>",
         "</ref>", "<sup>", "</sup>", "<nowiki>", "<!--", "-->", "<br/>", "<", ">", "&#5;", "7",
         "convert|5|km", "val|1", "frac|1", "age|1|2|3|4|5|6", "nowrap|", "File:a|", "=", "''",
         "[http://a b", "\u2060", " ", "\n", "a"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=40).map("".join))
def test_any_markup_becomes_text_without_an_error(markup: str):
    text = plain_text(markup)
    assert len(text) <= 2 * len(markup) + 20
    assert "\u2060\u2060" not in text


MORE = ["{{a|", "[[a|", "{{nowrap|[[", "<ref", "</", "[[File:|", "<math>", "&#1", "'''", "__A",
        "\n[[ab:x]]", "=\n", "{{a}}7"]  # fmt: skip


@pytest.mark.parametrize("part", [*PARTS, *MORE])
def test_hostile_markup_takes_time_in_proportion_to_its_length(part: str):
    seconds = []
    for size in (50_000, 400_000):
        markup = part * (size // len(part))
        started = time.process_time()
        plain_text(markup)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 20 * seconds[0] + 0.5


def test_deep_brackets_around_much_text_are_copied_few_times():
    started = time.process_time()
    plain_text("{{nowrap|" * 20_000 + "7 " * 200_000 + "}}" * 20_000)
    assert time.process_time() - started < 5


def test_the_words_are_those_of_gensim_but_for_templates_and_captions():
    wiki = pytest.importorskip("gensim.corpora.wikicorpus")
    datapath = pytest.importorskip("gensim.test.utils").datapath
    dump = datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2")
    texts = list(WikipediaReader().read(dump, Skips()))
    with bz2.open(dump) as file:
        pages = [text for _, text, _ in wiki.extract_pages(file, filter_namespaces=("0",))]
    theirs = [wiki.filter_wiki(p) for p in pages if not re.match(r"\s*(#redirect|$)", p, re.I)]
    assert len(texts) == len(theirs)
    shares = []
    for mine, their in zip(texts, theirs, strict=True):
        a, b = (Counter(re.findall(r"[a-z]{2,}", text.lower())) for text in (mine, their))
        shares.append((a & b).total() / max(a.total(), b.total()))
    # gensim loses what follows an open template, and joins words over <br>.
    assert sorted(shares)[3] > 0.94
    assert sorted(shares)[10] > 0.98
