"""Names, arguments and defaults; what networks refuse."""

from __future__ import annotations

import inspect
import json
import re

import numpy as np
import pytest
from conftest import FIXTURES

from isotypic import stax
from isotypic.errors import ArchitectureError, SettingsError, UnsupportedLayerError

SIGNATURES = json.loads((FIXTURES / "python" / "signatures.json").read_text())


def without_kernel(function):
    return "not available" in (function.__doc__ or "")


@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_every_name_of_neural_tangents_is_there_with_its_arguments_and_defaults(name):
    function = getattr(stax, name)
    if without_kernel(function):
        with pytest.raises(UnsupportedLayerError, match=f"`{name}`"):
            function(1, 2, key=3)
        return
    expected = [tuple(parameter) for parameter in SIGNATURES[name]]
    parameters = inspect.signature(function).parameters.values()
    got = [(p.name, None if p.default is p.empty else repr(p.default), p.kind.name) for p in parameters]
    # `dilation` is ours. Functions have other names and addresses.
    got = [one for one in got if one != ("dilation", "None", "KEYWORD_ONLY")]

    def plain(text):
        return text and re.sub(r"<function .*>", "<function>", text)

    assert [(n, plain(d), k) for n, d, k in got] == [(n, plain(d), k) for n, d, k in expected]


def test_the_layers_without_a_kernel_are_two():
    absent = [name for name in SIGNATURES if without_kernel(getattr(stax, name))]
    assert absent == ["DotGeneral", "Elementwise"] and not set(absent) & set(stax.__all__)
    assert set(stax.__all__) <= set(dir(stax))


def test_a_script_for_neural_tangents_runs(rng):
    init_fn, apply_fn, kernel_fn = stax.serial(stax.Dense(512, W_std=1.5), stax.Relu(), stax.Dense(1))
    x1, x2 = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    kernel = kernel_fn(x1, x2)
    assert kernel.ntk.shape == kernel.nngp.shape == (5, 4)
    np.testing.assert_array_equal(kernel.ntk, kernel_fn(x1, x2, "ntk"))
    nngp, ntk = kernel_fn(x1, x2, ("nngp", "ntk"))
    np.testing.assert_array_equal(nngp, kernel.nngp)
    np.testing.assert_array_equal(ntk, kernel.ntk)
    symmetric = kernel_fn(x1, get="ntk")
    np.testing.assert_array_equal(symmetric, symmetric.T)
    np.testing.assert_array_equal(symmetric, kernel_fn(x1, x1, "ntk"))
    np.testing.assert_array_equal(kernel_fn(x2, x1, "ntk"), kernel.ntk.T)


def test_a_rectifier_has_the_closed_form(rng):
    kernel_fn = stax.serial(stax.Dense(1, W_std=1.5, b_std=0.3), stax.Relu(), stax.Dense(1, W_std=1.2)).kernel_fn
    x = rng.normal(size=(6, 4))
    first = 1.5**2 * (x @ x.T) / 4 + 0.3**2
    norms = np.sqrt(np.outer(np.diag(first), np.diag(first)))
    angle = np.arccos(np.clip(first / norms, -1, 1))
    nngp = 1.2**2 * norms * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    ntk = nngp + 1.2**2 * first * (np.pi - angle) / (2 * np.pi)
    # arccos of a rounded cosine keeps half of the digits on the diagonal.
    np.testing.assert_allclose(kernel_fn(x, get="nngp"), nngp, rtol=1e-7)
    np.testing.assert_allclose(kernel_fn(x, get="ntk"), ntk, rtol=1e-7)
    off = ~np.eye(6, dtype=bool)
    np.testing.assert_allclose(kernel_fn(x, get="ntk")[off], ntk[off], rtol=1e-12)


def test_nested_networks_are_the_layers_in_a_row(rng):
    x = rng.normal(size=(4, 3))
    block = stax.serial(stax.Dense(8), stax.Relu())
    nested = stax.serial(block, stax.serial(block, stax.serial()), stax.Dense(1))
    flat = stax.serial(stax.Dense(8), stax.Relu(), stax.Dense(8), stax.Relu(), stax.Dense(1))
    repeated = stax.serial(stax.repeat(block, 2), stax.Dense(1))
    for network in (nested, repeated):
        np.testing.assert_array_equal(network.kernel_fn(x, get="ntk"), flat.kernel_fn(x, get="ntk"))


def test_branches_opened_once_may_have_several_stages(rng):
    x = rng.normal(size=(4, 3))
    one = stax.serial(
        stax.FanOut(2), stax.parallel(stax.Dense(1), stax.Dense(1, W_std=2.0)),
        stax.parallel(stax.Relu(), stax.Erf()), stax.parallel(stax.Dense(1), stax.Dense(1)), stax.FanInSum(),
    )  # fmt: skip
    other = stax.serial(
        stax.FanOut(2),
        stax.parallel(
            stax.serial(stax.Dense(1), stax.Relu(), stax.Dense(1)),
            stax.serial(stax.Dense(1, W_std=2.0), stax.Erf(), stax.Dense(1)),
        ),
        stax.FanInSum(),
    )
    np.testing.assert_array_equal(one.kernel_fn(x, get="ntk"), other.kernel_fn(x, get="ntk"))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([stax.FanOut(2), stax.Dense(1)], "`dense`: expected one input, got 2 branches"),
        ([stax.FanInSum()], r"`FanIn` \(sum\): expected branches, got one input"),
        ([stax.FanOut(2), stax.parallel(stax.Dense(1)), stax.FanInSum()], "expected 2 layers"),
        ([stax.Dense(1), stax.FanOut(2)], "the network: expected one input"),
        ([stax.parallel(stax.Dense(1), stax.Dense(1))], "`parallel`: expected branches"),
        ([stax.Conv(1, (3, 3))], r"layer 1 \(`conv`\)"),
        ([stax.Dense(1), stax.Relu(), stax.Relu()], r"layer 3 \(`relu`\)"),
        ([stax.Dense(1, W_std=-1.0)], "w_std"),
    ],
)
def test_what_is_no_network_is_refused_by_name(layers, message):
    with pytest.raises(ArchitectureError, match=message):
        stax.serial(*layers).kernel_fn(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: stax.Dense(1, channel_axis=1), "`Dense`: `batch_axis=0, channel_axis=1`"),
        (lambda: stax.Conv(1, (3, 3), dimension_numbers=("NCHW", "HWIO", "NCHW")), "`Conv`: `dimension_numbers"),
        (lambda: stax.Flatten(batch_axis=1), "`Flatten`"),
        (lambda: stax.Index(stax.Slice[1:]), "`Index`: `idx="),
        (lambda: stax.Index(stax.Slice[:, [0, 1]]), r"`Index`: `\[0, 1\]` in `idx`"),
        (lambda: stax.Index(stax.Slice[..., 1:]), "`Index`: `Ellipsis` in `idx`"),
        (lambda: stax.Index(stax.Slice[:, None]), "`Index`: `None` in `idx`"),
        (lambda: stax.ImageResize((-1, 4, 4, 2), "linear"), "`ImageResize`: `shape="),
        (lambda: stax.ImageResize((-1, 4, 4, -1), "lanczos3"), "`ImageResize`: `method=lanczos3`"),
        (lambda: stax.Aggregate(implementation="SPARSE"), "`Aggregate`: `implementation=SPARSE`"),
        (lambda: stax.ElementwiseNumerical(np.arctan, 25), "this `fn`"),
        (
            lambda: stax.GlobalSelfAttention(1, 1, 1, 1, pos_emb_type="SUM", pos_emb_decay_fn=np.cos),
            "this `pos_emb_decay_fn`",
        ),
    ],
)
def test_options_without_a_kernel_are_refused_by_name(make, message):
    with pytest.raises(UnsupportedLayerError, match=message):
        make()
    with pytest.raises(NotImplementedError):
        make()


def test_values_of_the_wrong_kind_are_refused_by_name():
    for make, error, message in [
        (lambda: stax.Dense(1.5), TypeError, "`Dense`: `out_dim`: expected a whole number"),
        (lambda: stax.Dense(0), ArchitectureError, "`Dense`: `out_dim`: expected at least 1"),
        (lambda: stax.Dense(1, W_std="big"), TypeError, "`W_std`: expected a number"),
        (lambda: stax.Dense(1, W_std=float("nan")), ArchitectureError, "expected a finite number"),
        (lambda: stax.serial(stax.Relu), TypeError, "expected a layer"),
    ]:
        with pytest.raises(error, match=message):
            make()


def test_functions_are_told_by_their_values(rng):
    x = rng.normal(size=(4, 3))

    def kernel(activation):
        return stax.serial(stax.Dense(1, b_std=0.5), activation, stax.Dense(1)).kernel_fn(x, get="ntk")

    own = kernel(stax.ElementwiseNumerical(lambda u: 1 - 2 / (1 + np.exp(2 * u)), 40))
    np.testing.assert_array_equal(own, kernel(stax.ElementwiseNumerical(np.tanh, 40)))
    # The error of the quadrature itself, 6e-4 on the diagonal.
    np.testing.assert_allclose(own, kernel(stax.Tanh()), rtol=1e-3)


def test_get_and_options_are_checked():
    kernel_fn = stax.Dense(1).kernel_fn
    for get in ("cov1", ("ntk", "cov2"), (), ("ntk", "ntk")):
        with pytest.raises(SettingsError, match="`get`"):
            kernel_fn(np.ones((2, 3)), None, get)
    with pytest.raises(TypeError, match="diagonal_batch"):
        kernel_fn(np.ones((2, 3)), diagonal_batch=True)


def test_dilation_reaches_over_gaps(rng):
    x = rng.normal(size=(3, 7, 2))
    dilated = stax.serial(stax.Conv(1, (2,), dilation=(3,)), stax.Flatten()).kernel_fn(x, get="nngp")
    # Taps 0 and 3 of five positions: the mean over positions of the mean over taps.
    products = np.einsum("npc,mpc->nmp", x, x) / 2
    expected = np.mean((products[..., :4] + products[..., 3:]) / 2, axis=-1)
    np.testing.assert_allclose(dilated, expected, rtol=1e-13)


def test_indices_take_what_numpy_takes(rng):
    x = rng.normal(size=(3, 6, 5, 2))
    for idx in (stax.Slice[:, 1:6:2, 2:], stax.Slice[:, -2], stax.Slice[:, ::-1, 1], stax.Slice[:], stax.Slice[:, 2:, :, :], stax.Slice[:, 3, ...]):
        got = stax.serial(stax.Index(idx), stax.Flatten()).kernel_fn(x, get="nngp")
        taken = x[idx].reshape(3, -1)
        np.testing.assert_allclose(got, taken @ taken.T / taken.shape[1], rtol=1e-13)
    with pytest.raises(ArchitectureError, match=r"layer 1 \(`index`\)"):
        stax.serial(stax.Index(stax.Slice[:, :, :, 1:]), stax.Flatten()).kernel_fn(x)


def test_graphs_are_given_where_a_network_is_used(rng):
    x1, x2, graph = rng.normal(size=(3, 4, 2)), rng.normal(size=(2, 4, 2)), rng.normal(size=(4, 4))
    init_fn, apply_fn, kernel_fn = stax.serial(stax.Aggregate(), stax.Flatten(), stax.Dense(3))
    a, b = (np.einsum("ij,nic->njc", graph, x).reshape(len(x), -1) for x in (x1, x2))
    expected = a @ b.T / 8
    batch = np.broadcast_to(graph, (3, 4, 4)), np.broadcast_to(graph, (2, 4, 4))
    for pattern in (graph, (graph, graph), batch, (graph, None)):
        np.testing.assert_allclose(kernel_fn(x1, x2, "nngp", pattern=pattern), expected, rtol=1e-12)
    _, params = init_fn(0, x1.shape)
    outputs = apply_fn(params, x1, pattern=graph)
    np.testing.assert_allclose(outputs, a @ params[2][0] / np.sqrt(8), rtol=1e-12)
    # A dense array from whatever stands for the graph.
    sparse = stax.serial(stax.Aggregate(to_dense=lambda entries: np.eye(4)[entries]), stax.Flatten()).kernel_fn
    shifted = x1[:, [3, 0, 1, 2]].reshape(3, -1)
    np.testing.assert_allclose(sparse(x1, None, "nngp", pattern=[1, 2, 3, 0]), shifted @ shifted.T / 8, rtol=1e-12)
    # Two axes of positions, each on both sides.
    image, edges = rng.normal(size=(2, 2, 3, 1)), rng.normal(size=(2, 3, 2, 3))
    got = stax.serial(stax.Aggregate(aggregate_axis=(1, 2)), stax.Flatten()).kernel_fn(image, None, "nngp", pattern=edges)
    moved = np.einsum("ijkl,nijc->nklc", edges, image).reshape(2, -1)
    np.testing.assert_allclose(got, moved @ moved.T / 6, rtol=1e-12)


def test_graphs_that_do_not_fit_are_named(rng):
    x = rng.normal(size=(2, 3, 1))
    kernel_fn = stax.serial(stax.Aggregate(), stax.Flatten()).kernel_fn
    with pytest.raises(SettingsError, match="`pattern`: needed"):
        kernel_fn(x)
    with pytest.raises(SettingsError, match="`pattern`: expected none"):
        stax.Flatten().kernel_fn(x, pattern=np.eye(3))
    with pytest.raises(SettingsError, match="`pattern`: expected the axes of positions twice"):
        kernel_fn(x, pattern=np.ones((3, 2)))
    with pytest.raises(SettingsError, match=r"`pattern`: entry \[0, 0\] is nan"):
        kernel_fn(x, pattern=np.full((3, 3), np.nan))
    with pytest.raises(ArchitectureError, match=r"layer 1 \(`aggregate`\)"):
        kernel_fn(x, pattern=np.eye(4))
    for pattern in ((np.eye(3), np.ones((3, 3))), np.arange(18.0).reshape(2, 3, 3)):
        with pytest.raises(UnsupportedLayerError, match="differ between inputs"):
            kernel_fn(x, pattern=pattern)
    with pytest.raises(UnsupportedLayerError, match="aggregate_axis"):
        stax.serial(stax.Aggregate(aggregate_axis=2), stax.Flatten()).kernel_fn(x, pattern=np.eye(3))


def test_resizing_keeps_an_extent_of_minus_one(rng):
    x = rng.normal(size=(3, 2, 4, 1))
    got = stax.serial(stax.ImageResize((-1, -1, 8, -1), "nearest"), stax.Flatten()).kernel_fn(x, get="nngp")
    flat = np.repeat(x, 2, axis=2).reshape(3, -1)
    np.testing.assert_allclose(got, flat @ flat.T / 16, rtol=1e-13)
