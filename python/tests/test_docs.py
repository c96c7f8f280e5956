"""What the documentation shows runs, and names what there is."""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import re

import pytest
from conftest import ROOT

import isotypic
from isotypic import errors, predict, stax

DOCS = ROOT / "python" / "docs"


def test_the_tutorial_runs():
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(DOCS / "tutorial.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert sum(cell.cell_type == "code" for cell in notebook.cells) >= 8


@pytest.mark.parametrize("name", ["stax", "group", "gram", "_audit"])
def test_examples_in_docstrings_hold(name):
    results = doctest.testmod(importlib.import_module(f"isotypic.{name}"))
    assert results.attempted > 0 and results.failed == 0


def test_the_page_for_movers_names_every_function_of_neural_tangents():
    signatures = json.loads((ROOT / "fixtures" / "python" / "signatures.json").read_text())
    page = (DOCS / "moving-from-neural-tangents.md").read_text()
    words = set(re.findall(r"\w+", page))
    assert not set(signatures) - words
    assert not set(predict.__all__) - {"Gaussian"} - words


def test_the_reference_names_everything_that_is_public():
    page = (DOCS / "api.md").read_text()
    for name in [*isotypic.__all__, *errors.__all__]:
        if name not in ("Irrep", "Spectrum", "__version__", "errors", "Interrupted"):
            assert name in page, name


def test_everything_public_has_a_docstring():
    for module in (isotypic, stax, predict, errors):
        assert module.__doc__
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                assert inspect.getdoc(value), name
