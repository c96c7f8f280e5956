"""Every architecture of fixtures/kernels through `stax`, written as for neural-tangents."""

from __future__ import annotations

import json
import re
import types

import numpy as np
import pytest
from conftest import FIXTURES

from isotypic import stax

NAMES = sorted(json.loads((FIXTURES / "kernels" / "cases.json").read_text()))


def erf(x):
    """Abramowitz and Stegun 7.1.26 has 1.5e-7; enough to tell which function is meant, as JAX's single precision is."""
    t = 1.0 / (1.0 + 0.3275911 * np.abs(x))
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.sign(x) * (1.0 - poly * np.exp(-x * x))


def turned(shape, *arguments, **options):
    """neural-tangents 0.6.5 keeps the axes of a covariance in reverse order after one convolution, as in all of these cases, and resizes
    rows to the extent given for columns."""
    return stax.ImageResize(tuple(shape)[::-1], *arguments, **options)


def network(expression):
    """An expression of neural-tangents with our module in place of theirs."""
    names = {name: getattr(stax, name) for name in dir(stax) if not name.startswith("_")}
    names["ImageResize"] = turned
    special = types.SimpleNamespace(special=types.SimpleNamespace(erf=erf))
    return eval(expression, {**names, "jnp": np, "jax": types.SimpleNamespace(scipy=special)})


def load(name):
    with np.load(FIXTURES / "kernels" / f"{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def tolerance(x, y):
    """1e-10 wherever the reference has those digits; it loses half of them where points coincide or are opposite."""
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    norms = np.sqrt(np.outer((x * x).sum(1), (y * y).sum(1)))
    return np.where(np.abs(x @ y.T) < (1 - 1e-6) * norms, 1e-10, 3e-7)


def assert_close(got, expected, x, y):
    scale = np.maximum(np.abs(expected), 1e-6)
    assert np.all(np.abs(got - expected) <= tolerance(x, y) * scale)


@pytest.mark.parametrize("name", NAMES)
def test_kernels_equal_the_references_and_the_command_line(name, cases, command_line, tmp_path):
    expression = cases[name]["neural_tangents"]
    golden = load(name)
    # Quadrature takes long; no kernel value depends on how many others there are.
    most = None if "ElementwiseNumerical" not in expression else 1 if "Conv(" in expression else 2
    x1, x2 = golden["x1"][:most], golden["x2"][:most]
    kernel_fn = network(expression).kernel_fn
    across = kernel_fn(x1, x2, ("ntk", "nngp"))
    within = kernel_fn(x1, None, ("nngp", "ntk"))
    assert across._fields == ("ntk", "nngp")
    for kind in ("nngp", "ntk"):
        assert_close(getattr(across, kind), golden[f"{kind}_12"][:most, :most], x1, x2)
        assert_close(getattr(within, kind), golden[f"{kind}_11"][:most, :most], x1, x1)

    # The document of the fixture, by another program: the same bits.
    document = json.loads(json.dumps(cases[name]["architecture"]))
    for layer in document["layers"]:
        if isinstance(layer, dict) and "image_resize" in layer:
            layer["image_resize"]["shape"].reverse()
    (tmp_path / "net.json").write_text(json.dumps(document))
    np.save(tmp_path / "x1.npy", x1)
    np.save(tmp_path / "x2.npy", x2)
    arguments = ("kernel", "--arch", tmp_path / "net.json", "--x", tmp_path / "x1.npy")
    command_line(*arguments, "--y", tmp_path / "x2.npy", "--get", "ntk", "--out", tmp_path / "across.npy")
    command_line(*arguments, "--get", "nngp", "--out", tmp_path / "within.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "across.npy"), across.ntk)
    np.testing.assert_array_equal(np.load(tmp_path / "within.npy"), within.nngp)


def test_all_references_are_reached(cases):
    assert len(NAMES) == 136
    used = {layer for case in cases.values() for layer in re.findall(r"\b([A-Z]\w+)\(", case["neural_tangents"])}
    assert {"ConvTranspose", "ConvLocal", "Index", "ImageResize"} < used


FUNCTIONS = json.loads((FIXTURES / "functions" / "values.json").read_text())


def function_of(layer):
    """The function of `stax` that a layer of a document stands for."""
    name, options = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
    spelled = {"rbf": "Rbf", "sigmoid_like": "Sigmoid_like"}.get(name, name.title().replace("_", ""))
    return getattr(stax, spelled)(**options)


@pytest.mark.parametrize("function", FUNCTIONS["functions"], ids=lambda one: json.dumps(one["layer"]))
def test_functions_equal_values_with_forty_digits(function):
    points = np.array(FUNCTIONS["points"])
    kernel_fn = stax.serial(stax.Dense(1), function_of(function["layer"]), stax.Dense(1)).kernel_fn
    nngp, ntk = kernel_fn(points, get=("nngp", "ntk"))
    # Pairs are carried as 1 - cos: near opposite points 1 + cos has 1e-16 only, and functions with an edge see its root.
    norms = np.sqrt((points**2).sum(1))
    opposite = points @ points.T < -(1 - 1e-6) * np.outer(norms, norms)
    tolerances = np.where(opposite & (norms > 0), 3e-8, 1e-14)
    for i, (values, slopes) in enumerate(zip(function["nngp"], function["slope"])):
        for j, (value, slope) in enumerate(zip(values, slopes)):
            for got, expected in ((nngp, value), (ntk, value + slope)):
                assert abs(got[i, j] - expected) <= tolerances[i, j] * max(got[i, i], got[j, j])


def test_single_precision_has_the_bits_of_the_command_line(command_line, tmp_path):
    golden = load("cnn_same_d2_gap")
    x = golden["x1"].astype(np.float32)
    kernel_fn = stax.serial(
        *[stax.Conv(1, (3, 3), padding="SAME", W_std=1.3, b_std=0.2), stax.Relu()] * 2,
        stax.GlobalAvgPool(),
        stax.Dense(1, W_std=1.1, b_std=0.1),
    ).kernel_fn
    ntk = kernel_fn(x, get="ntk")
    assert ntk.dtype == np.float32
    (tmp_path / "net.json").write_text(kernel_fn.architecture)
    np.save(tmp_path / "x.npy", x)
    out = tmp_path / "k.npy"
    command_line("kernel", "--arch", tmp_path / "net.json", "--x", tmp_path / "x.npy", "--dtype", "f32", "--out", out)
    np.testing.assert_array_equal(np.load(out), ntk)
