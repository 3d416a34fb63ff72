"""The command line, as a user types it."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wordnum.cli import app
from wordnum.commands.printing import print_found
from wordnum.cooccurrence.counting import count
from wordnum.corpus.synthetic import SyntheticCorpus
from wordnum.report.headline import Finding
from wordnum.studies.toml_files import builtin_studies

TEXT = "\n\n".join(
    f"Section {n} has {n} pages and costs {(n * 7) % 1000} dollars in {1900 + n % 100}."
    for n in range(300)
)


def wordnum(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line; its exit code must be `code`, and an error one clean message."""
    done = subprocess.run(
        [sys.executable, "-m", "wordnum", *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "pages.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture(scope="module")
def corpus(text: Path) -> Path:
    path = text.parent / "pages.corpus"
    wordnum("encode", text, "-o", path)
    return path


def test_the_way_from_text_to_measures(corpus: Path, tmp_path: Path):
    counts, vectors = tmp_path / "counts.npz", tmp_path / "vectors.npz"
    made = json.loads(wordnum("count", corpus, "-o", counts, "--window", 3, "--json").stdout)
    assert made["pairs"] > 0
    wordnum("embed", counts, "-o", vectors, "--model", "svd", "--window", 2, "--dim", 3)
    (found,) = json.loads(wordnum("analyze", vectors, "--moduli", "2,5", "--json").stdout)
    assert found["dim"] == 3
    assert list(found["probe"]) == ["2", "5"]
    assert found["schema"] == 2
    assert found["paper_label"] in {"both", "partial", "spectral", "neither"}
    assert set(found["verdict"]["2"]) == {
        "spectral", "geometric", "roundness", "undecided", "reasons"
    }  # fmt: skip
    assert "verdict" in wordnum("analyze", vectors, "--moduli", "2").stdout


def test_a_corpus_can_be_embedded_in_one_step(corpus: Path, tmp_path: Path):
    facts = json.loads(
        wordnum("embed", corpus, "-o", tmp_path / "e.npz", "--dim", 4, "--json").stdout
    )
    assert facts["dim"] == 4
    assert facts["made_by"]


def test_contexts_are_chosen_by_group_or_by_a_file(corpus: Path, tmp_path: Path):
    counts, mine = tmp_path / "counts.npz", tmp_path / "mine.toml"
    wordnum("count", corpus, "-o", counts, "--window", 2)
    mine.write_text('[numbers]\npatterns = ["\\\\d+"]\n')
    for at, contexts in enumerate(("numbers", mine)):
        out = tmp_path / f"{at}.npz"
        made = wordnum("embed", counts, "-o", out, "--dim", 2, "--contexts", contexts, "--json")
        assert "signal both:numbers" in json.loads(made.stdout)["made_by"]
    refused = wordnum("embed", counts, "-o", tmp_path / "w.npz", "--contexts", "pets", code=2)
    assert "unknown context group 'pets'" in refused.stderr


def test_all_words_are_counted_and_embedded(corpus: Path, tmp_path: Path):
    counts, vectors = tmp_path / "all.npz", tmp_path / "vectors.npz"
    every = ("count", corpus, "-o", counts, "--rows", "all", "--window", 4, "--json")
    made = json.loads(wordnum(*every, "--weights", "harmonic").stdout)
    assert made["pairs"] > 0
    facts = json.loads(
        wordnum("embed", counts, "-o", vectors, "--model", "svd", "--dim", 3, "--json").stdout
    )
    assert facts["dim"] == 3
    refused = wordnum("embed", counts, "-o", tmp_path / "w.npz", "--window", 2, code=2).stderr
    assert "were summed over their window" in refused
    refused = wordnum("count", corpus, "-o", counts, code=2).stderr
    assert "exists already" in refused
    assert "--overwrite" in refused
    refused = wordnum("count", corpus, "-o", counts, "--side", "left", "--overwrite", code=2).stderr
    assert "choose side and weighting afterwards" in refused


def test_several_conditions_give_a_file_each(corpus: Path, tmp_path: Path):
    conditions = ("--perturb", "original", "--perturb", "isolate:1")
    made = json.loads(
        wordnum("count", corpus, "-o", tmp_path / "c.npz", *conditions, "--json").stdout
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "c.isolate-1.npz", "c.original.npz"
    ]  # fmt: skip
    assert made["pairs"][0] > made["pairs"][1] > 0


def test_quiet_prints_nothing_and_version_its_number(corpus: Path, tmp_path: Path):
    done = wordnum("-q", "count", corpus, "-o", tmp_path / "c.npz")
    assert (done.stdout, done.stderr) == ("", "")
    assert wordnum("--version").stdout.startswith("wordnum 0.")


@pytest.mark.parametrize(
    ("verb", "name"),
    [("embed", "hellinger-mass-3"), ("embed", "ppmi"), ("embed", "glove"), ("count", "isolate:K")],
)
def test_the_help_lists_what_can_be_named(verb: str, name: str):
    shown = CliRunner().invoke(app, [verb, "--help"]).output
    assert name in " ".join(shown.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["count", "c", "--jobs", "0"],
        ["count", "c", "--seed", "-1"],
        ["count", "c", "--window", "0"],
        ["embed", "c", "--dim", "-3"],
        ["analyze", "c.npz", "--moduli", "2-99999999999"],
        ["analyze", "c.npz", "--plot", "a.xyz"],
    ],
)
def test_options_are_checked_before_work_begins(arguments: list[str], tmp_path: Path):
    output = [] if arguments[0] == "analyze" else ["-o", tmp_path / "out.npz"]
    done = wordnum(*arguments, *output, code=2)
    assert "no such file" not in done.stderr


def test_a_screen_without_greek_letters_is_no_error(corpus: Path, tmp_path: Path):
    wordnum("embed", corpus, "-o", tmp_path / "e.npz", "--dim", 3)
    shown = subprocess.run(
        [sys.executable, "-m", "wordnum", "analyze", tmp_path / "e.npz", "--moduli", "2"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"}, capture_output=True,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert b"verdict" in shown.stdout


@pytest.mark.parametrize("columns", ["80", "40"])
def test_no_figure_of_a_table_is_cut(corpus: Path, tmp_path: Path, columns: str):
    wordnum("embed", corpus, "-o", tmp_path / "e.npz", "--dim", 3)
    command = [sys.executable, "-m", "wordnum", "analyze", tmp_path / "e.npz"]
    shown = subprocess.run(
        command, env={**os.environ, "COLUMNS": columns}, capture_output=True, text=True, check=True
    ).stdout
    assert "…" not in shown
    assert "lambda" in shown.replace("λ", "lambda")


def test_exported_vectors_come_back(corpus: Path, tmp_path: Path):
    wordnum("embed", corpus, "-o", tmp_path / "e.npz", "--model", "frequency")
    (found,) = json.loads(
        wordnum("analyze", tmp_path / "e.npz", "--only", "spectrum", "--json").stdout
    )
    assert set(found["spectrum"]) == {"2", "5", "10"}
    assert found["probe"] == {}


def test_info_says_what_is_there_and_what_is_missing():
    facts = json.loads(wordnum("info", "--json").stdout)
    assert facts["cores"] >= 1
    assert "gpu" in facts


VERBS = ("demo", "encode", "count", "embed", "analyze", "study", "report", "verify", "info")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples(verb: str):
    shown = CliRunner().invoke(app, [verb, "--help"]).output
    assert "Examples:" in shown
    assert f"\n wordnum {verb}" in shown


def test_the_help_names_every_verb_and_every_study():
    everything = CliRunner().invoke(app, ["--help"]).output
    assert all(f" {verb} " in everything for verb in VERBS)
    about_studies = " ".join(CliRunner().invoke(app, ["study", "--help"]).output.split())
    assert all(name in about_studies for name in builtin_studies())


@pytest.mark.parametrize(
    ("line", "word"),
    [("wordnum stu", "study"), ("wordnum study pap", "paper-data"),
     ("wordnum study demo --corpus wiki", "wikipedia2014")],
)  # fmt: skip
def test_the_shell_completes_verbs_studies_and_recipes(line: str, word: str):
    last = len(line.split()) - 1
    environment = {
        "_WORDNUM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(last),
    }  # fmt: skip
    done = CliRunner().invoke(app, [], prog_name="wordnum", env=environment)
    assert word in done.output.split()


def test_the_help_of_embed_says_which_preset_is_the_default():
    shown = " ".join(CliRunner().invoke(app, ["embed", "--help"]).output.split())
    assert "default: hellinger-mass-3: Square roots of context shares" in shown


def test_a_dry_run_plans_and_writes_nothing(tmp_path: Path):
    done = wordnum("study", "demo", "-o", tmp_path / "out", "--dry-run")
    assert "36 runs" in done.stdout
    assert "of memory" in done.stdout
    assert not (tmp_path / "out").exists()


def test_a_dry_run_refuses_the_folder_that_the_run_would_refuse(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine")
    done = wordnum("study", "demo", "-o", tmp_path, "--dry-run", code=1)
    assert "36 runs" in done.stdout
    assert "is not empty and holds no study" in done.stderr
    wordnum("study", "demo", "-o", tmp_path, "--dry-run", "--overwrite")


def test_a_plan_can_be_read_by_programs(tmp_path: Path):
    plan = json.loads(
        wordnum("study", "paper-data", "-o", tmp_path / "out", "--dry-run", "--json").stdout
    )
    assert (plan["runs"], plan["controls"]) == (68, 40)
    assert [stage["stage"] for stage in plan["stages"]][:2] == ["encode", "count"]
    assert "size unknown" in plan["notes"][-1] or plan["seconds"] > 60


BAD = [
    pytest.param(lambda d: ["encode", d / "none.txt"], 1, "none.txt", id="missing file"),
    pytest.param(
        lambda d: ["encode", d / "none\x1b]0;ran\x07\x1b[31m.txt"],
        1,
        r"none\x1b]0;ran\x07\x1b[31m.txt",
        id="orders to the terminal",
    ),
    pytest.param(lambda d: ["encode", file(d, b"")], 1, "empty", id="empty file"),
    pytest.param(lambda d: ["encode", file(d, b"no digits here")], 1, "number", id="no number"),
    pytest.param(lambda d: ["encode", folder(d)], 1, "nothing", id="folder with nothing"),
    pytest.param(lambda d: ["encode", truncated(d, "xz")], 1, "t.txt.xz", id="truncated xz"),
    pytest.param(lambda d: ["encode", truncated(d, "bz2")], 1, "t.txt.bz2", id="truncated bz2"),
    pytest.param(lambda d: ["encode", file(d, b"7 \xff\xfe 8")], 1, "UTF-8", id="not UTF-8"),
    pytest.param(lambda d: ["study", toml(d, "nam = 1")], 2, "did you mean 'name'", id="key"),
    pytest.param(lambda d: ["study", toml(d, MODEL)], 2, "did you mean 'svd'", id="model"),
    pytest.param(
        lambda d: ["study", toml(d, 'extends = "s.toml"')], 2, "s.toml -> s.toml", id="circle"
    ),
    pytest.param(
        lambda d: ["study", toml(d, 'extends = "demo"\nsignals = ["text", "text"]')],
        2,
        "signal named twice: text",
        id="twice",
    ),
    pytest.param(
        lambda d: ["encode", file(d, b"7 a"), "--numerals", "roman"], 2, "roman", id="usage"
    ),
]
MODEL = 'name = "x"\ncorpora = ["synthetic"]\n[[models]]\nmodel = "svdd"\n'


def file(folder: Path, content: bytes) -> Path:
    (folder / "t.txt").write_bytes(content)
    return folder / "t.txt"


def folder(parent: Path) -> Path:
    (parent / "empty").mkdir()
    return parent / "empty"


def truncated(folder: Path, kind: str) -> Path:
    import bz2

    whole = (lzma if kind == "xz" else bz2).compress(TEXT.encode())
    path = folder / f"t.txt.{kind}"
    path.write_bytes(whole[: len(whole) // 2])
    return path


def toml(folder: Path, content: str) -> Path:
    (folder / "s.toml").write_text(content)
    return folder / "s.toml"


@pytest.mark.parametrize(("arguments", "code", "message"), BAD)
def test_bad_input_is_one_clear_message_and_leaves_nothing(
    tmp_path: Path, arguments, code: int, message: str
):
    given = arguments(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = wordnum(*given, "-o", tmp_path / "out", code=code)
    assert message.lower() in done.stderr.lower()
    assert not set("\x1b\x07") & set(done.stderr)
    assert done.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_debug_shows_the_traceback(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "wordnum", "--debug", "encode", "none.txt", "-o", tmp_path / "x"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_the_last_line_says_once_what_was_found_and_where_the_page_is(
    capsys: pytest.CaptureFixture[str],
):
    first, second = Finding("wiki", ["It is read.", "It is round."]), Finding("laws", ["Nothing."])
    print_found([first], "out/report.html")
    assert capsys.readouterr().out == "wiki: It is read. It is round. The page: out/report.html\n"
    print_found([first, second], "p")
    assert capsys.readouterr().out.splitlines()[1:] == ["laws: Nothing. The page: p"]
    print_found([], "p")
    assert capsys.readouterr().out == "The page: p\n"


def test_words_that_carry_a_residue_are_listed_and_drawn(corpus: Path, tmp_path: Path):
    figure = tmp_path / "words.svg"
    given = ("--moduli", "2,5", "--top", 3, "--min-count", 5, "--window", 1)
    found = json.loads(wordnum("words", corpus, *given, "--json", "--plot", figure).stdout)
    assert list(found) == ["2", "5"]
    first = found["5"]["words"][0]
    assert {"word", "side", "count", "share", "f", "p_value", "q_value", "odds_ratio"} <= set(first)
    assert len(first["residues"]) == 5
    assert figure.stat().st_size > 0
    shown = wordnum("words", corpus, *given, "--side", "left", "--order", "odds").stdout
    assert "class: multiples of 5" in shown
    assert "of all pairs of a number and a word within the window (−1)" in shown
    assert "No word is shown to carry n mod 5." in shown
    assert f"{corpus.name}: n mod 5: 0 of" in shown
    assert "left of numbers)" in shown
    assert "left" in shown


def test_words_of_vectors_are_refused_by_what_has_them(corpus: Path, tmp_path: Path):
    vectors = tmp_path / "vectors.npz"
    wordnum("embed", corpus, "-o", vectors, "--dim", 3)
    refused = wordnum("words", vectors, code=1)
    assert "holds no counts" in refused.stderr
    assert "wordnum count" in refused.stderr
    refused = wordnum("words", tmp_path / "none", "--moduli", "1-5", code=2)
    assert "a modulus is at least 2" in refused.stderr  # said before anything is read
    refused = wordnum("words", corpus, "--modulus", "700", code=1)
    assert "at least two complete runs of 700 consecutive numbers" in refused.stderr


def test_how_many_words_suffice_is_said_beside_the_words(tmp_path: Path):
    text = SyntheticCorpus(
        n_documents=300, length=200, density=0.2, size=60, residue_words={5: 0.4}, n_fillers=60
    )
    counts = count(text.encoded(), window=1).save(tmp_path / "counts.npz")
    asked = ["words", str(counts), "--moduli", "5", "--top", "2", "--sufficiency"]
    shown = CliRunner().invoke(app, asked).stdout
    assert "n mod 5 at half the text" in shown
    assert "random words" in shown
    found = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)["5"]["sufficiency"]
    assert {"reader", "words", "kappa", "low", "high"} <= set(found[0])
    assert [row["words"] for row in found[:3]] == [1, 2, 5]
