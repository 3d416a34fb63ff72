"""Sphinx: the repository is its source folder, so that links work here and in a checkout alike."""

from __future__ import annotations

from pathlib import Path

import wordnum

project = "wordnum"
author = "The wordnum developers"
copyright = "The wordnum developers, MIT licence"  # noqa: A001
version = release = wordnum.__version__
language = "en"

root_doc = "docs/index"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_design",
]
include_patterns = [
    "docs/**.md",
    "docs/api/generated/*.rst",
    "notebooks/*",
    "benchmarks/*.md",
    "corpora/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = ["docs/_build", ".venv", ".git", "build", "demo-report", "notebooks/figures"]
source_suffix = {
    ".rst": "restructuredtext",
    ".md": "myst-nb",
    ".ipynb": "myst-nb",
}  # stubs are .rst

nb_execution_mode = "off"  # the tests execute the notebooks; here their stored output is shown
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc writes them with the parameters
autodoc_mock_imports = ["torch", "transformers", "accelerate", "cupy", "cupyx"]
numpydoc_show_class_members = False
templates_path = [str(Path(__file__).with_name("_templates"))]  # Sphinx looks from two folders

html_theme = "pydata_sphinx_theme"
html_title = "wordnum"
html_static_path = ["_static"]
html_css_files = ["wordnum.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {page: [] for page in ("docs/index", "docs/tutorial", "docs/concepts", "CHANGELOG")}
suppress_warnings = ["mystnb.unknown_mime_type"]
