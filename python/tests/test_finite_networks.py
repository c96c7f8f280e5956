"""`init_fn` and `apply_fn` against a forward pass written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from isotypic import stax
from isotypic.errors import ArchitectureError, SettingsError


def test_a_dense_network_is_the_one_written_out(rng):
    init_fn, apply_fn, _ = stax.serial(stax.Dense(7, W_std=1.5, b_std=0.3), stax.Relu(), stax.Dense(2, W_std=0.8))
    shape, params = init_fn(0, (-1, 3))
    assert shape == (-1, 2)
    (w1, b1), nothing, (w2, b2) = params
    assert nothing == () and b2 is None
    assert (w1.shape, b1.shape, w2.shape) == ((3, 7), (7,), (7, 2))
    x = rng.normal(size=(5, 3))
    hidden = np.maximum(1.5 * x @ w1 / np.sqrt(3) + 0.3 * b1, 0)
    np.testing.assert_allclose(apply_fn(params, x), 0.8 * hidden @ w2 / np.sqrt(7), rtol=1e-13)


def test_the_standard_parameterization_scales_the_weights(rng):
    init_fn, apply_fn, _ = stax.Dense(4000, W_std=1.5, b_std=0.3, parameterization="standard")
    _, (w, b) = init_fn(3, (1, 10))
    assert abs(w.std() - 1.5 / np.sqrt(10)) < 0.01 and abs(b.std() - 0.3) < 0.02
    x = rng.normal(size=(2, 10))
    np.testing.assert_allclose(apply_fn((w, b), x), x @ w + b, rtol=1e-12)


def test_a_convolution_has_its_filter_in_front(rng):
    init_fn, apply_fn, _ = stax.serial(stax.Conv(3, (2, 3), W_std=1.2, b_std=0.5), stax.Flatten())
    _, params = init_fn(1, (4, 5, 6, 2))
    w, b = params[0]
    assert w.shape == (2, 3, 2, 3) and params[1] == ()
    x = rng.normal(size=(4, 5, 6, 2))
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(1, 2))
    expected = 1.2 * np.einsum("nyxcij,ijco->nyxo", windows, w) / np.sqrt(12) + 0.5 * b
    np.testing.assert_allclose(apply_fn(params, x), expected.reshape(4, -1), rtol=1e-12)


def test_parameters_of_branches_are_where_the_layers_are(rng):
    network = stax.serial(
        stax.FanOut(2),
        stax.parallel(stax.Dense(4), stax.serial(stax.Dense(5), stax.Relu())),
        stax.parallel(stax.Identity(), stax.Dense(4, b_std=1.0)),
        stax.FanInSum(),
    )
    _, params = network.init_fn(0, (1, 3))
    fan_out, (first, (second, relu)), (identity, third), fan_in = params
    assert fan_out == relu == identity == fan_in == ()
    assert [one[0].shape for one in (first, second, third)] == [(3, 4), (3, 5), (5, 4)]
    x = rng.normal(size=(2, 3))
    hidden = np.maximum(x @ second[0] / np.sqrt(3), 0)
    expected = x @ first[0] / np.sqrt(3) + hidden @ third[0] / np.sqrt(5) + third[1]
    np.testing.assert_allclose(network.apply_fn(params, x), expected, rtol=1e-12)


def test_attention_is_the_formula(rng):
    attention = stax.GlobalSelfAttention(
        2, 4, 3, 2, linear_scaling=False, W_key_std=1.2, W_query_std=1.1, W_value_std=1.3, W_out_std=0.9, b_std=0.3,
        attention_mechanism="IDENTITY",
    )  # fmt: skip
    network = stax.serial(stax.Dense(5), attention, stax.Flatten())
    _, params = network.init_fn(5, (1, 6, 5))
    own = params[1]
    assert {name: values.shape for name, values in own.items()} == {
        "keys": (2, 5, 4), "queries": (2, 5, 4), "values": (2, 5, 3), "output": (6, 2), "biases": (2,),
    }  # fmt: skip
    x = rng.normal(size=(2, 6, 5))
    units = x @ params[0][0] / np.sqrt(5)
    keys, queries, values = (
        np.einsum("npc,hcw->nhpw", units, own[name]) / np.sqrt(5) for name in ("keys", "queries", "values")
    )
    weights = 1.2 * 1.1 * np.einsum("nhpw,nhqw->nhpq", queries, keys) / np.sqrt(4)
    heads = np.einsum("nhpq,nhqw->nphw", weights, values).reshape(2, 6, 6)
    expected = 1.3 * 0.9 * heads @ own["output"] / np.sqrt(6) + 0.3 * own["biases"]
    np.testing.assert_allclose(network.apply_fn(params, x), expected.reshape(2, -1), rtol=1e-11)
    with pytest.raises(SettingsError, match="expected a dictionary"):
        network.apply_fn([params[0], (), ()], x)


def test_outputs_have_the_covariance_that_the_kernel_says(rng):
    network = stax.serial(stax.Dense(64, W_std=1.3, b_std=0.2), stax.Erf(), stax.Dense(3000, W_std=0.9))
    x = rng.normal(size=(3, 4))
    outputs = np.concatenate([network.apply_fn(network.init_fn(seed, x.shape)[1], x) for seed in range(40)], axis=1)
    empirical = outputs @ outputs.T / outputs.shape[1]
    # 40 networks of 64 units: the standard error of a variance is about sqrt(2 / (40 * 64)).
    np.testing.assert_allclose(empirical, network.kernel_fn(x, get="nngp"), atol=0.1)


def test_the_same_seed_is_the_same_network_and_all_kinds_of_seed_are_taken():
    init_fn = stax.Dense(3).init_fn
    first = init_fn(7, (1, 2))[1][0]
    np.testing.assert_array_equal(first, init_fn(np.int32(7), (1, 2))[1][0])
    assert not np.array_equal(first, init_fn(8, (1, 2))[1][0])
    key = np.array([0, 42], np.uint32)
    np.testing.assert_array_equal(init_fn(key, (1, 2))[1][0], init_fn(key, (1, 2))[1][0])
    generator = np.random.default_rng(0)
    assert not np.array_equal(init_fn(generator, (1, 2))[1][0], init_fn(generator, (1, 2))[1][0])
    for rng in (0.5, "seed", None):
        with pytest.raises(TypeError, match="`rng`"):
            init_fn(rng, (1, 2))


def test_single_precision_stays(rng):
    network = stax.serial(stax.Dense(4), stax.Relu(), stax.Dense(1))
    _, params = network.init_fn(0, (1, 3))
    x = rng.normal(size=(2, 3))
    single = network.apply_fn(params, x.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, network.apply_fn(params, x), rtol=1e-5)
    as_single = [tuple(None if a is None else a.astype(np.float32) for a in layer) for layer in params]
    np.testing.assert_allclose(network.apply_fn(as_single, x), network.apply_fn(params, x), rtol=1e-5)


def test_dropout_needs_randomness_and_drops(rng):
    network = stax.serial(stax.Dense(1000), stax.Dropout(0.25), stax.Flatten())
    _, params = network.init_fn(0, (1, 3))
    x = rng.normal(size=(1, 3))
    with pytest.raises(SettingsError, match="`rng`"):
        network.apply_fn(params, x)
    kept = network.apply_fn(params, x, rng=1) != 0
    assert 0.18 < kept.mean() < 0.32
    assert np.any(kept != (network.apply_fn(params, x, rng=2) != 0))
    tested = stax.serial(stax.Dense(1000), stax.Dropout(0.25, mode="test"))
    assert np.all(tested.apply_fn(params[:1] + [()], x) != 0)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], SettingsError, r"`params`: expected parameters of `dense` at \[0\]"),
        ([(np.ones((3, 4)), None), ()], SettingsError, r"at \[2\]"),
        ([np.ones((3, 4)), (), (np.ones((4, 1)), None)], SettingsError, "expected weights and biases"),
        ([(np.ones((2, 4)), None), (), (np.ones((4, 1)), None)], ArchitectureError, r"layer 1 \(`dense`\): parameter `weights`"),
        ([(np.full((3, 4), np.nan), None), (), (np.ones((4, 1)), None)], SettingsError, "`params`: entry"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_place(params, error, message):
    network = stax.serial(stax.Dense(4), stax.Relu(), stax.Dense(1))
    with pytest.raises(error, match=message):
        network.apply_fn(params, np.ones((2, 3)))


def test_local_and_transposed_convolutions_are_the_formulas(rng):
    x = rng.normal(size=(3, 5, 2))
    init_fn, apply_fn, _ = stax.serial(stax.ConvLocal(4, (2,), W_std=1.2, b_std=0.5), stax.Flatten())
    _, params = init_fn(1, x.shape)
    w, b = params[0]
    assert (w.shape, b.shape) == ((4, 4, 4), (4, 4))
    windows = np.stack([x[:, p : p + 2].reshape(3, -1) for p in range(4)], axis=1)
    expected = 1.2 * np.einsum("npi,pio->npo", windows, w) / np.sqrt(4) + 0.5 * b
    np.testing.assert_allclose(apply_fn(params, x), expected.reshape(3, -1), rtol=1e-12)
    init_fn, apply_fn, kernel_fn = stax.serial(stax.ConvTranspose(2000, (2,), strides=(2,), b_std=0.3), stax.Flatten())
    _, params = init_fn(1, x.shape)
    w, b = params[0]
    assert (w.shape, b.shape) == ((2, 2, 2000), (2000,))
    outputs = apply_fn(params, x).reshape(3, 10, 2000)
    empirical = np.einsum("npo,mpo->nm", outputs, outputs) / 20000
    # 2,000 channels of ten positions: the standard error of a second moment is about sqrt(2 / 2000) of it.
    np.testing.assert_allclose(empirical, kernel_fn(x, get="nngp"), atol=0.15)


def test_functions_of_a_finite_network(rng):
    x = rng.normal(size=(4, 3))
    erf = np.vectorize(math.erf)
    for layer, function in [
        (stax.Erf(1.5, 0.5, -0.25), lambda u: 1.5 * erf(0.5 * u) - 0.25),
        (stax.Polynomial([0.5, -1, 0, 0.25]), lambda u: 0.5 - u + 0.25 * u**3),
        (stax.Monomial(0), np.ones_like),
        (stax.RectifiedMonomial(0), lambda u: (u >= 0).astype(float)),
        (stax.RectifiedMonomial(2), lambda u: np.maximum(u, 0) ** 2),
        (stax.Hermite(3), lambda u: (u**3 - 3 * u) / np.sqrt(6)),
        (stax.Sigmoid_like(), lambda u: 0.5 * erf(u / 2.4020563531719796) + 0.5),
    ]:
        init_fn, apply_fn, _ = stax.serial(stax.Dense(5), layer)
        _, params = init_fn(0, x.shape)
        hidden = x @ params[0][0] / np.sqrt(3)
        np.testing.assert_allclose(apply_fn(params, x), function(hidden), rtol=1e-12, atol=1e-14)
    with pytest.raises(ArchitectureError, match=r"layer 2 \(`exp_normalized`\): finite networks have no such layer"):
        stax.serial(stax.Dense(5), stax.ExpNormalized()).init_fn(0, x.shape)
