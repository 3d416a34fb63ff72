"""The study that readers can repeat gives the tables that its page shows."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.test.utils import datapath

from wordnum.studies import load_study, run_study

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "results" / "repeat.md"
SAMPLE = Path(datapath("enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"))
TEXTS = ROOT / "corpora" / "README.md"
NUMBER = re.compile(r"-?\d[\d,]*")


def rows(text: str) -> list[list[str]]:
    return [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]


def numbers(cell: str) -> list[int]:
    return [int(found.replace(",", "")) for found in NUMBER.findall(cell)]


@pytest.mark.skipif(not SAMPLE.exists(), reason=f"gensim without its test data: no {SAMPLE.name}")
def test_the_sample_is_the_one_whose_hash_is_told():
    assert hashlib.sha256(SAMPLE.read_bytes()).hexdigest() in TEXTS.read_text("utf-8")


def test_the_texts_are_those_whose_hashes_are_told(corpora_folder: Path):
    hashes = re.findall(r"^([0-9a-f]{64})  (\S+)$", TEXTS.read_text("utf-8"), re.M)
    assert len(hashes) == 9
    for expected, name in hashes:
        with open(corpora_folder / name, "rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == expected, name


@pytest.mark.long
@pytest.mark.skipif(not SAMPLE.exists(), reason=f"gensim without its test data: no {SAMPLE.name}")
def test_the_study_gives_the_tables_of_the_page(tmp_path: Path):
    run_study(load_study(str(PAGE.with_suffix(".toml"))), tmp_path / "repeat")
    copy = tmp_path / "repeat.md"
    copy.write_text(PAGE.read_text("utf-8"), "utf-8")
    script = ROOT / "benchmarks" / "study_tables.py"
    subprocess.run([sys.executable, str(script), str(tmp_path), str(copy)], check=True)
    shown, measured = rows(PAGE.read_text("utf-8")), rows(copy.read_text("utf-8"))
    assert len(shown) == len(measured) > 10
    for expected, got in zip(shown, measured, strict=True):
        for before, now in zip(expected, got, strict=True):
            assert NUMBER.sub("#", before) == NUMBER.sub("#", now)
            if "(" in before:  # a kappa with its interval, rounded
                assert np.abs(np.subtract(numbers(before), numbers(now))).max() <= 1
            else:  # a count
                assert numbers(before) == numbers(now)
