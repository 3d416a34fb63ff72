"""Study files: what they say, and what is refused."""

from __future__ import annotations

import contextlib
import inspect
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from wordnum.cooccurrence.windows import Window
from wordnum.corpus.encoding import encode, encode_documents
from wordnum.corpus.numerals import NumeralScheme
from wordnum.corpus.recipes import encode_recipe, find_recipe, open_encoded
from wordnum.errors import FormatError, InputError, UsageError, WordnumError
from wordnum.studies.grid import ModelSpec, ProbeSpec, Study
from wordnum.studies.plan import plan_study
from wordnum.studies.stages import _ENCODE, Cache, Stages, encode_commands
from wordnum.studies.toml_files import builtin_studies, load_study

SMALL = """
name = "small"
corpora = ["synthetic"]
perturbations = ["original", "isolate:1"]
signals = ["text", "both"]
windows = [2, {size = 3, side = "left"}]
[[models]]
model = "svd"
weighting = "ppmi"
dim = 5
[[models]]
name = "freq"
model = "frequency"
"""


def write(folder: Path, text: str, name: str = "study.toml") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_study_is_the_product_of_what_it_names(tmp_path: Path):
    study = load_study(write(tmp_path, SMALL))
    runs = list(study.runs())
    svd = [run for run in runs if run.model.name == "svd"]
    assert len(svd) == 2 * 2 * 2
    assert {run.window for run in svd} == {Window(size=2), Window(size=3, side="left")}
    assert {run.condition for run in runs} == {"original", "isolate:1"}


def test_an_axis_that_a_model_does_not_have_makes_no_second_run_and_is_empty(tmp_path: Path):
    text = SMALL + '[[models]]\nname = "w2v"\nmodel = "word2vec"\n'
    text = text.replace("windows = [2, ", 'windows = [2, 3, {size = 3, weighting = "harmonic"}, ')
    study = load_study(write(tmp_path, "seeds = [0, 1]\n" + text))
    rows = [run.row() for run in study.runs()]
    axes = ("perturbation", "window", "side", "window_weighting", "signal", "seed")
    found = {
        model: [tuple(row[axis] for axis in axes) for row in rows if row["model"] == model]
        for model in ("freq", "w2v")
    }
    conditions = ("original", "isolate:1")
    assert found["freq"] == [(name, None, None, None, None, None) for name in conditions]
    assert sorted(found["w2v"]) == sorted(
        (name, size, None, None, None, seed)
        for name in conditions for size in (2, 3) for seed in (0, 1)
    )  # fmt: skip


def test_a_seed_belongs_to_conditions_that_draw_and_to_models_that_have_one(tmp_path: Path):
    text = "seeds = [0, 1]\n" + SMALL.replace('"isolate:1"]', '"swap-numbers"]')
    seeds: dict[tuple[str, str], set[int | None]] = {}
    for run in load_study(write(tmp_path, text)).runs():
        seeds.setdefault((run.model.name, run.condition), set()).add(run.seed)
    assert seeds == {
        ("svd", "original"): {None}, ("svd", "swap-numbers"): {0, 1},
        ("freq", "original"): {None}, ("freq", "swap-numbers"): {0, 1},
    }  # fmt: skip


@pytest.mark.parametrize("name", builtin_studies())
def test_every_built_in_study_can_be_planned(name: str, tmp_path: Path):
    study = load_study(name, root=str(tmp_path))
    plan = plan_study(study)
    assert plan.n_runs == len(list(study.runs())) > 0
    assert plan.seconds > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('name = "small"', 'nam = "small"'), "did you mean 'name'"),
        (('model = "svd"', 'model = "svdd"'), "did you mean 'svd'"),
        (("dim = 5", "dimm = 5"), "did you mean 'dim'"),
        (('"isolate:1"', '"isolat:1"'), "isolate"),
        (('"isolate:1"', '"original"'), "condition named twice: original"),
        (('"isolate:1"', '"isolate:0"'), "isolate"),
        (('"text", "both"', '"text", "txt"'), "did you mean 'text'"),
        (('"text", "both"', '"text", "text"'), "signal named twice"),
        (('side = "left"', 'sidee = "left"'), "did you mean 'side'"),
        (('"synthetic"', '"synthetik"'), "did you mean 'synthetic'"),
        (('model = "frequency"', 'name2 = "x"'), "the key 'model' is missing"),
        (('signals = ["text", "both"]', "signals = []"), "at least one signal"),
        (("dim = 5", "dim = 5\n[probe]\nmodulii = [2]"), "did you mean 'moduli'"),
        (("dim = 5", 'dim = 5\n[probe]\nclassifier = "ldaa"'), "did you mean 'lda'"),
        (("dim = 5", "dim = 5\n[probe]\nmoduli = [1]"), "a modulus cannot be 1"),
        (("dim = 5", "dim = 5\n[probe]\nmoduli = [5, 1001]"), "a modulus cannot be 1001"),
        (
            ('["text", "both"]', '"text"'),
            "signals cannot be read\n.*a list, each item text",
        ),
        (
            ("windows = [2,", "windows = [2.5,"),
            "windows cannot be read\n.*a whole number or a table",
        ),
        (('corpora = ["synthetic"]', 'corpora = "synthetic"'), "corpora cannot be read"),
        (('corpora = ["synthetic"]', 'corpora = [{nam = "x"}]'), "did you mean 'name'"),
        (
            ('corpora = ["synthetic"]', 'corpora = [{name = "x", source = 5}]'),
            "source cannot be read",
        ),
        (('model = "svd"', "model = {}"), "model cannot be read\n  expected: text\n  got: {}"),
        (("dim = 5", "dim = 5\n[probe]\nmoduli = 5"), "moduli cannot be read\n.*a list"),
        (("dim = 5", "dim = 5\n[probe]\nnulls = true"), "nulls cannot be read\n.*a whole number"),
        (("windows = [2,", 'windows = [{size = "a"},'), "size cannot be read\n.*a whole number"),
        (
            ("windows = [2,", "thinned_controls = 1\nwindows = [2,"),
            "controls cannot be read",
        ),
        (('name = "small"', "name = 7"), "name cannot be read"),
        (("windows = [2,", 'numerals = ["whole, no ordinals"]\nwindows = [2,'), "ordinals rule"),
        (("windows = [2,", "seeds = [1, 1]\nwindows = [2,"), "seed named twice: 1"),
        (("windows = [2,", "windows = [2, 2,"), "window named twice: ±2"),
        (
            (
                'model = "frequency"',
                'model = "frequency"\n[[models]]\nname = "freq"\nmodel = "random"',
            ),
            "model named twice: freq",
        ),
        (
            (
                'perturbations = ["original", "isolate:1"]',
                'perturbations = ["isolate:1"]\nattribution = true',
            ),
            "attribution without the original condition",
        ),
        (
            (
                'perturbations = ["original", "isolate:1"]',
                'perturbations = ["isolate:1"]\nwords = true',
            ),
            "words without the original condition",
        ),
        (
            (
                'perturbations = ["original", "isolate:1"]',
                'perturbations = ["mask:../secrets.txt"]',
            ),
            "the source leads out of the folder of texts",
        ),
    ],
)
def test_a_mistake_in_a_study_is_named_with_its_remedy(
    tmp_path: Path, change: tuple[str, str], message: str
):
    with pytest.raises(UsageError, match=message):
        load_study(write(tmp_path, SMALL.replace(*change)))


def test_studies_that_extend_each_other_in_a_circle_are_refused(tmp_path: Path):
    write(tmp_path, 'extends = "b.toml"\nname = "a"', "a.toml")
    write(tmp_path, 'extends = "a.toml"\nname = "b"', "b.toml")
    with pytest.raises(UsageError, match=r"a\.toml -> b\.toml -> a\.toml"):
        load_study(tmp_path / "a.toml")


def test_what_is_extended_must_exist(tmp_path: Path):
    with pytest.raises(UsageError, match="unknown study 'demoo'\n.*\n.*did you mean 'demo'"):
        load_study(write(tmp_path, 'extends = "demoo"\nname = "a"'))
    with pytest.raises(InputError, match="no such file: .*none.toml"):
        load_study(write(tmp_path, 'extends = "none.toml"\nname = "a"'))


def test_a_study_that_extends_another_replaces_what_it_names(tmp_path: Path):
    study = load_study(write(tmp_path, 'extends = "demo"\nname = "mine"\nwindows = [7]\n'))
    assert (study.name, study.windows) == ("mine", (Window(size=7),))
    assert study.models == load_study("demo").models


def test_missing_and_broken_study_files_are_named(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        load_study(tmp_path / "none.toml")
    with pytest.raises(FormatError, match="cannot be read as TOML"):
        load_study(write(tmp_path, "name = "))
    with pytest.raises(FormatError, match="cannot be read as TOML\n.*\n.*4300 digits"):
        load_study(write(tmp_path, "seeds = [" + "1" * 4301 + "]"))
    with pytest.raises(FormatError, match="cannot be read as TOML"):
        load_study(write(tmp_path, "seeds = " + "[" * 3000 + "]" * 3000))
    with pytest.raises(UsageError, match="did you mean 'demo'"):
        load_study("demoo")


def test_a_corpus_that_is_nowhere_is_named():
    with pytest.raises(InputError, match=r"no such corpus: lost\.txt"):
        load_study("demo", corpora=["lost.txt"])
    with pytest.raises(UsageError, match="did you mean 'synthetic'"):
        load_study("demo", corpora=["synthetik"])


def test_a_plan_counts_controls_only_where_pairs_can_be_lost(tmp_path: Path):
    text = SMALL.replace('"isolate:1"]', '"isolate:1", "swap-numbers", "thin:0.5"]')
    study = load_study(write(tmp_path, "thinned_controls = true\n" + text))
    plan = plan_study(study)
    # Of isolate:1 alone, two windows and two signals of the model that reads pairs.
    assert plan.n_controls == 4
    assert plan_study(load_study(write(tmp_path, text))).n_controls == 0


def test_more_workers_and_fewer_questions_take_less(tmp_path: Path):
    study = load_study("paper-data", root=str(tmp_path))
    one, two = plan_study(study), plan_study(study, n_jobs=2)
    assert 1.5 < one.seconds / two.seconds < 2
    assert two.memory > one.memory
    few = replace(study, probe=replace(study.probe, moduli=(2, 5, 10)))
    # Measured, dim 100: 8.4 s of a processor for a run at nine T, 5.2 s at three.
    assert plan_study(few).seconds / one.seconds == pytest.approx(5.2 / 8.4, rel=0.15)
    asked = replace(study, attribution=True)
    assert plan_study(asked).seconds > one.seconds
    assert {stage for stage, _, _ in plan_study(asked).stages} - {
        stage for stage, _, _ in one.stages
    } == {"attribute"}


def test_a_plan_says_what_it_cannot_see(tmp_path: Path):
    plan = plan_study(load_study("paper-data", root=str(tmp_path)))
    assert any("was not found" in note for note in plan.notes)
    assert any("size unknown" in note for note in plan.notes)


def test_thinned_controls_need_the_original():
    with pytest.raises(UsageError, match="thinned controls without the original condition"):
        Study(
            name="x",
            corpora=(find_recipe("synthetic"),),
            models=(ModelSpec("a", "frequency"),),
            perturbations=("isolate:1",),
            thinned_controls=True,
        )


def test_a_text_file_can_stand_for_a_recipe(tmp_path: Path):
    text = tmp_path / "notes.txt"
    text.write_text("7 apples")
    study = load_study("demo", corpora=[str(text)])
    assert [(r.name, r.source) for r in study.corpora] == [("notes", (str(text),))]


def test_an_encoded_corpus_can_stand_for_a_recipe_under_its_own_scheme(tmp_path: Path):
    recipe = find_recipe("synthetic").changed(ordinals="keep", synthetic={"n_documents": 20})
    encode_recipe(recipe, tmp_path / "mine.corpus")
    study = load_study("demo", corpora=[str(tmp_path / "mine.corpus")])
    (found,) = study.corpora
    assert (found.name, found.reader, found.ordinals) == ("mine", "encoded", "keep")
    with pytest.raises(UsageError, match="another numeral scheme"):
        open_encoded(found.with_numerals("digit", "keep"))
    with pytest.raises(UsageError, match="several encoded corpora"):
        open_encoded(replace(found, source=found.source * 2))
    with pytest.raises(UsageError, match="with another tokenizer\n  expected: spacy\n  got: fast"):
        open_encoded(replace(found, tokenizer="spacy"))
    with pytest.raises(UsageError, match="encoded already"):
        encode_recipe(found, tmp_path / "again")


def test_what_a_command_leaves_out_is_the_default_of_encode():
    usual = {name: one.default for name, one in inspect.signature(encode).parameters.items()}
    usual |= asdict(NumeralScheme()) | {"words": usual["vocabulary_size"]}
    assert {name: usual[name] for name in _ENCODE} == _ENCODE


def test_a_study_of_an_encoded_corpus_says_how_it_was_encoded(tmp_path: Path):
    for name in "abcdefg":
        (tmp_path / f"{name}.csv").write_text(f"field,body\n7,{name} of 9\n")
        (tmp_path / f"{name}.txt").write_text(f"{name} 7 of 9\n{name} 7 of 9\n")
    lines = tmp_path / "lines"
    how = {"numerals": NumeralScheme("digit", ordinals="keep"), "separator": "line"}
    encode(tmp_path / "a.txt", lines, drop_duplicates=True, vocabulary_size=99, **how)
    encode(tmp_path / "b.txt", lines, append=True, **how)
    (recipe,) = load_study("demo", corpora=[str(lines)]).corpora
    found = Stages(recipe, Cache(tmp_path), 2, corpus=lines, fingerprint="known").about()
    asked = "--numerals digit --ordinals keep --separator line"
    assert found["encoded_by"] == [
        f"wordnum encode {tmp_path}/a.txt -o {lines} {asked} --words 99 --drop-duplicates "
        "--reader text",
        f"wordnum encode {tmp_path}/b.txt -o {lines} {asked} --reader text --append",
    ]
    assert (found["encoding"]["separator"], found["encoding"]["drop_duplicates"]) == ("line", True)
    table = encode(sorted(tmp_path.glob("*.csv")), tmp_path / "table", field="body")
    assert encode_commands(table) == [
        f"wordnum encode {tmp_path} -o {tmp_path}/table --field body --reader csv  # 7 of its files"
    ]
    held = encode_documents(["7 of 9"], tmp_path / "held")
    assert encode_commands(held) == []
    (spec,) = load_study("demo", corpora=[str(lines)]).to_dict()["corpora"]
    assert not {"separator", "field"} & spec.keys()


def test_the_words_of_a_mask_in_a_file_are_those_of_the_study(tmp_path: Path):
    (tmp_path / "words.txt").write_text("about\nover\n<b>\n")
    named = f"{tmp_path}/words.txt"
    demo = load_study("demo")
    conditions = ("original", f"mask:{named}", f"mask-random:{named}+isolate:1", "mask:about")
    study = replace(demo, perturbations=conditions)
    masks = study.masks
    assert list(masks.values()) == [["about", "over", "<b>"]] * 2
    assert [name.partition(":")[0] for name in masks] == ["mask", "mask-random"]


def test_a_plan_notes_an_encoded_corpus_that_does_not_fit(tmp_path: Path):
    recipe = find_recipe("synthetic").changed(synthetic={"n_documents": 20})
    encode_recipe(recipe, tmp_path / "mine")
    study = load_study("demo", corpora=[str(tmp_path / "mine")])
    assert not plan_study(study).notes
    other = plan_study(replace(study, numerals=(("digit", "out"),)))
    assert "another numeral scheme" in other.notes[0]


VALUES = (
    "5", "-1", "1.5", "true", '""', '"x"', '"isolate:1"', "[]", "{}", "[1]", '["a"]', "[[1]]",
    "{a=1}", "[{}]", '[{model="svd"}]', "[{model={}}]", "inf", "nan", "99999999999999999999",
    "1979-05-27", r'"\u0000"', '"[/b]"', '"."', '["synthetic"]', '["thin:2"]', '["+"]', '[":"]',
    '["isolate:99999999999999999999"]', "[{size=-2}]", '[{name="s", synthetic={size="x"}}]',
)  # fmt: skip


@pytest.mark.parametrize("times", [60, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_garbled_study_file_is_read_or_refused_and_nothing_else(tmp_path: Path, times: int):
    rng = random.Random(times)
    whole = ["seeds=[0, 1]", "thinned_controls=true", 'numerals=["digit"]', *SMALL.splitlines()]
    for _ in range(times):
        lines = list(whole)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(lines))
            key, equals, _ = lines[at].partition("=")
            garbled = (key + equals + rng.choice(VALUES), "", rng.choice(whole), lines[at][1:])
            lines[at] = rng.choice(garbled)
        with contextlib.suppress(WordnumError):
            plan_study(load_study(write(tmp_path, "\n".join(lines))))


@pytest.mark.parametrize("wrong", [{"nulls": 10**12}, {"nulls": -1}, {"repeats": 0}])
def test_a_probe_out_of_bounds_is_refused_before_any_work(wrong):
    with pytest.raises(UsageError, match="cannot be"):
        ProbeSpec(**wrong)
