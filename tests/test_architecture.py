"""The shape of the house: which module may import which, and what importing costs."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import wordnum

PACKAGE = Path(wordnum.__file__).parent
STAGES = ("corpus", "cooccurrence", "embeddings", "lm", "analyzers", "theory", "studies", "report")
COMMON = {
    "_compat", "backend", "compiling", "config", "errors", "information", "intrinsics",
    "parallel", "progress", "provenance", "showing", "storage",
}  # fmt: skip
TOP = {"cli", "commands", "verification", "__main__", "__init__"}  # may import everything


def stage_of(module: str) -> str:
    """Stage, or name of the top-level module, of a dotted name under wordnum."""
    return module.split(".")[1] if "." in module else "__init__"


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below one, but for what stands under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from statements(child)


def imports(path: Path) -> set[str]:
    """Modules of wordnum that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.partition(".")[0] == "wordnum"}


def allowed(source: str) -> set[str]:
    if source in TOP:
        return {*STAGES, *COMMON, *TOP}
    if source in COMMON:
        return COMMON
    return {*STAGES[: STAGES.index(source) + 1], *COMMON}


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_stage_imports_nothing_to_its_right(path: Path):
    relative = path.relative_to(PACKAGE)
    source = relative.parts[0] if len(relative.parts) > 1 else relative.stem
    for name in imports(path):
        target = stage_of(name)
        assert target in {*allowed(source), "__version__"}, f"{relative} imports {name}"


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles() -> list[list[str]]:
    """Modules that import each other, directly or by way of others."""
    modules = {module_of(path): path for path in FILES}
    graph = {
        name: sorted({target_of(found, modules) for found in imports(path)} - {name, ""})
        for name, path in modules.items()
    }
    order = sorted(graph)
    rows, columns = zip(*((order.index(a), order.index(b)) for a in graph for b in graph[a]))
    edges = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(order),) * 2)
    n, label = sparse.csgraph.connected_components(edges, connection="strong")
    groups = [[name for name, at in zip(order, label) if at == k] for k in range(n)]
    return [group for group in groups if len(group) > 1]


def target_of(name: str, modules: dict[str, Path]) -> str:
    """Module that an imported name is, or is in."""
    return name if name in modules else name.rpartition(".")[0]


def test_no_module_imports_itself_by_way_of_others():
    assert circles() == []


def test_no_module_is_longer_than_450_lines():
    long = {module_of(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: n for name, n in long.items() if n > 450} == {}


def test_no_module_or_package_shares_a_name_with_what_is_public():
    public = {name for package in ("", *STAGES) for name in names_in(package)}
    modules = {path.stem for path in FILES} - {"__init__"}
    assert modules & (public) == set()


def names_in(package: str) -> list[str]:
    """Public names of a package that are no packages."""
    module = import_module(f"wordnum.{package}".rstrip("."))
    return [name for name in module.__all__ if name not in STAGES]


def test_every_module_belongs_to_a_stage_or_is_common():
    tops = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.suffix == ".py"}
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()}
    assert tops | folders == COMMON | TOP | set(STAGES)


def test_every_package_is_installed():
    setup = configparser.ConfigParser()
    setup.read(PACKAGE.parent / "setup.cfg")
    packages = {module_of(path) for path in FILES if path.name == "__init__.py"}
    assert set(setup["options"]["packages"].split()) == packages | {"wordnum.corpora"}


def loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(m.partition('.')[0] for m in sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(out.stdout.split())


def test_importing_wordnum_is_light():
    heavy = {
        "gensim",
        "spacy",
        "cupy",
        "torch",
        "matplotlib",
        "plotly",
        "pandas",
        "numba",
        "sklearn",
    }
    assert not heavy & loaded_after("import wordnum, wordnum.cli")


def test_embeddings_and_measures_need_only_numpy_scipy_and_sklearn(tmp_path: Path):
    # scikit-learn needs the last three.
    present = {"wordnum", "lazy_loader", "numpy", "scipy", "sklearn", "threadpoolctl"}
    present |= {"joblib", "cloudpickle", "narwhals"}
    code = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        known = top in {present!r} or top in sys.stdlib_module_names or top[0] == "_"
        if not known:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import numpy as np
from wordnum.analyzers.analysis import analyze
from wordnum.cooccurrence.counts import Counts
from wordnum.embeddings import glove, presets
from wordnum.embeddings.baselines import Random, TokenFrequency
from wordnum.embeddings.krylov import block_krylov_svd
from wordnum.embeddings.vector_files import load_embedding
from wordnum.embeddings.svd import SVD
from wordnum.embeddings.weightings import weight
counts = np.random.default_rng(0).poisson(3.0, (200, 300))
block_krylov_svd(weight(counts), 3)
for model in (TokenFrequency(), Random(dim=3), SVD(dim=8)):
    path = model.fit_transform(counts).save(sys.argv[1])
print(analyze(load_embedding(path), nulls=20).verdict.paper_label)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "e.npz")]
    out = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent)
    assert out.returncode == 0, out.stderr
    assert out.stdout.strip() == "neither"


@pytest.mark.parametrize("name", wordnum.__all__)
def test_every_public_name_loads(name: str):
    assert getattr(wordnum, name) is not None


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_reached_from_the_top(stage: str):
    code = f"import wordnum; print(wordnum.{stage}.__name__)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == f"wordnum.{stage}"


def test_a_public_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute PPMI"):
        wordnum.PPMI  # noqa: B018


def test_every_file_that_the_architecture_page_names_is_there():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    assert len(named) > 30
    missing = {n for n in named if not (PACKAGE / n).exists() and not (PACKAGE.parent / n).exists()}
    assert missing == set()


def public_names() -> str:
    """A line for each package: what it makes public."""
    lines = [
        f"{f'wordnum.{p}'.rstrip('.')}: {' '.join(sorted(names_in(p)))}" for p in ("", *STAGES)
    ]
    return "\n".join(lines) + "\n"


def test_public_names_change_only_on_purpose():
    kept = Path(__file__).with_name("public_names.txt").read_text("utf-8")
    assert public_names() == kept, "write public_names() to tests/public_names.txt if it is meant"
