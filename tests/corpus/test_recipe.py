"""Recipes: where a corpus is and how it is read, by name, from the command line too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wordnum.cli import app
from wordnum.corpus.encoded_corpus import EncodedCorpus
from wordnum.corpus.numerals import RULES
from wordnum.corpus.recipes import ROOT_VARIABLE, Recipe, find_recipe, recipe_names
from wordnum.errors import FormatError, InputError, UsageError

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a recipe and its texts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path / "texts"))
    (tmp_path / "corpora").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.jsonl").write_text('{"body": "The 21st of 350 pages"}\noops\n')
    (tmp_path / "corpora" / "mine.toml").write_text(
        'name = "mine"\nsource = "a.jsonl"\nreader = "jsonl"\nfield = "body"\n'
        'numerals = "l2r3"\nordinals = "keep"\n'
    )
    return tmp_path


def test_every_recipe_of_the_project_can_be_loaded():
    names = {path.stem for path in (REPOSITORY / "corpora").glob("*.toml")}
    assert names <= set(recipe_names())
    for name in names:
        recipe = find_recipe(name)
        assert recipe.name == name
        assert recipe.title
        assert recipe.licence or recipe.reader == "synthetic"


def test_a_recipe_is_found_by_name_or_path(place: Path):
    recipe = find_recipe("mine")
    assert recipe == find_recipe("corpora/mine.toml")
    assert recipe.paths() == [str(place / "texts" / "a.jsonl")]
    assert (recipe.scheme.kind, recipe.scheme.ordinals) == ("l2r3", "keep")


def test_the_root_comes_before_the_variable(place: Path):
    (place / "other").mkdir()
    (place / "other" / "a.jsonl").write_text("{}")
    assert find_recipe("mine", root=str(place / "other")).paths() == [str(place / "other/a.jsonl")]


def test_gensims_data_absolute_paths_and_addresses_need_no_root(place: Path):
    pytest.importorskip("gensim")
    (place / "b.txt").write_text("7")
    sources = ("gensim:testcorpus.txt", str(place / "b.txt"), "s3://bucket/key", "-", "*.txt")
    paths = Recipe(name="x", source=sources).paths()
    assert Path(paths[0]).is_file()
    assert paths[1:] == [str(place / "b.txt"), "s3://bucket/key", "-", str(place / "texts/*.txt")]


def test_a_text_that_is_not_there_names_the_variable(place: Path):
    with pytest.raises(InputError) as caught:
        Recipe(name="x", source="none.txt").paths()
    message = str(caught.value)
    assert "the source of recipe 'x' was not found" in message
    assert f"expected: {place}/texts/none.txt" in message
    assert (
        f"set {ROOT_VARIABLE} (or the option --root) to the folder that holds none.txt" in message
    )


@pytest.mark.parametrize(
    ("toml", "error", "message"),
    [
        ('name = "x"\nsorce = "a"', UsageError, "unknown key 'sorce'"),
        ('name = "x"\nsource = "a"\nreader = "jason"', UsageError, "did you mean 'json'"),
        ('name = "x"\nsource = "a"\nseparator = "page"', UsageError, "unknown separator 'page'"),
        ('name = "x"\nsource = "a"\nnumerals = "roman"', UsageError, "unknown numeral scheme"),
        ('name = "x"', UsageError, "a recipe needs a source\n  where: recipe 'x'"),
        ('source = "a"', UsageError, "the key 'name' is missing"),
        ("name = ", FormatError, "cannot be read as TOML"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused(tmp_path: Path, toml: str, error, message: str):
    (tmp_path / "x.toml").write_text(toml)
    with pytest.raises(error) as caught:
        find_recipe(str(tmp_path / "x.toml"))
    assert message in str(caught.value)


def test_an_unknown_recipe_names_the_nearest():
    with pytest.raises(UsageError, match="unknown corpus recipe 'wikipeda2014'\n.*'wikipedia2014'"):
        find_recipe("wikipeda2014")


def test_the_identity_is_of_the_content_and_not_of_the_place(place: Path):
    before = find_recipe("mine").identity()
    (place / "moved").mkdir()
    (place / "moved" / "a.jsonl").write_bytes((place / "texts" / "a.jsonl").read_bytes())
    assert find_recipe("mine", root=str(place / "moved")).identity() == before
    (place / "texts" / "a.jsonl").write_text('{"body": "8"}')
    assert find_recipe("mine").identity() != before
    assert find_recipe("mine").with_numerals("whole", "keep").identity() != (
        find_recipe("mine").identity()
    )


@pytest.mark.parametrize("source", ["texts", "texts/*.txt"])
def test_the_identity_of_a_folder_or_glob_is_of_its_files(place: Path, source: str):
    (place / "texts" / "b.txt").write_text("7")
    recipe = Recipe(name="x", source=str(place / source))
    before = recipe.identity()
    assert recipe.identity() == before
    (place / "texts" / "c.txt").write_text("7")
    added = recipe.identity()
    assert added != before
    (place / "texts" / "c.txt").write_text("8")
    assert recipe.identity() != added


def run(*arguments: object, code: int = 0) -> dict:
    result = CliRunner().invoke(app, ["encode", *map(str, arguments), "-o", "out", "--json"])
    if code == 0:
        assert result.exception is None, result.exception
        return json.loads(result.stdout)
    assert getattr(result.exception, "exit_code", 2) == code, result.exception
    return {"error": str(result.exception)}


def parameters(place: Path) -> dict:
    return EncodedCorpus.open(place / "out").manifest["parameters"]


def test_a_recipe_decides_what_the_command_line_leaves_open(place: Path):
    assert run("mine")["flags"] == ["ordinals-kept"]
    found = parameters(place)
    assert (found["field"], found["numerals"]["kind"]) == ("body", "l2r3")
    assert EncodedCorpus.open(place / "out").number_counts[[21, 350]].tolist() == [1, 1]


def test_the_command_line_changes_what_a_recipe_says(place: Path):
    options = ["--numerals", "digit", "--ordinals", "out", "--tokenizer", "spacy", "--words", 3]
    assert run("corpora/mine.toml", *options, "--spelled-out")["flags"] == []
    found = parameters(place)
    assert found["numerals"] == {
        "kind": "digit",
        "ordinals": "out",
        "size": 1000,
        "spelled_out": True,
        "rules": RULES,
    }
    assert (found["tokenizer"], found["vocabulary_size"]) == ("spacy", 3)


def test_strict_and_append_and_field_reach_a_recipe(place: Path):
    assert "line 2" in run("mine", "--strict", code=1)["error"]
    assert "there is no field 'text'" in (run("mine", "--field", "text", code=1)["error"])
    assert run("mine")["documents"] == 1
    assert "holds this file already" in run("mine", "--append", code=1)["error"]
    assert "another numerals" in run("mine", "--append", "--ordinals", "out", code=2)["error"]


def test_a_generated_text_takes_the_options_that_apply(place: Path):
    message = run("synthetic", "--reader", "jsonl", code=2)["error"]
    assert (
        "the text of the recipe 'synthetic' is generated, not read\n  got: reader=jsonl" in message
    )
    assert run("synthetic", "--words", 50)["vocabulary"] == 1052


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine", "us_code"], 2, "a corpus recipe is encoded alone\n  got: mine us_code"),
        (["mien"], 2, "unknown file, folder or corpus recipe 'mien'\n  to do: did you mean 'mine'"),
        (["texts/a.jsonl", "--root", "texts"], 2, "--root is for the texts of a corpus recipe"),
        (["a.txt", "b.txt"], 1, "no such file or folder: a.txt"),
        (["texts/a.jsonl", "b"], 1, "no such file or folder: b"),
        (["mine", "--tokenizer", "fasst"], 2, "unknown tokenizer 'fasst'"),
        (["mine", "--separator", "page"], 2, "unknown separator 'page'"),
        (["texts/a.jsonl", "--reader", "jason"], 2, "unknown reader 'jason'"),
        (["texts/a.jsonl", "--errors", "ignore"], 2, "unknown errors 'ignore'"),
    ],
)
def test_a_mistake_on_the_command_line_is_named(place: Path, arguments, code: int, message: str):
    assert message in run(*arguments, code=code)["error"]
    assert not (place / "out").exists()


def test_a_file_is_encoded_with_every_option(place: Path):
    (place / "b.txt").write_bytes(b"twenty-one pages\nof 21st\xff\n7")
    options = ["--separator", "line", "--spelled-out", "--errors", "replace", "--words", 2]
    found = run("b.txt", *options, "--ordinals", "keep", "--jobs", 2)
    assert (found["documents"], found["vocabulary"], found["flags"]) == (3, 1004, ["ordinals-kept"])
    assert EncodedCorpus.open(place / "out").number_counts[[7, 21]].tolist() == [1, 2]


def test_a_name_that_is_a_file_is_the_file(place: Path):
    (place / "mine").write_text("7 pages")
    assert run("mine")["tokens"] == 2
