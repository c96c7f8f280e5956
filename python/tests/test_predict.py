"""Predictions against those of neural-tangents (fixtures/python)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import FIXTURES

from isotypic import predict, stax
from isotypic.errors import NotPositiveDefiniteError, PredictError, SettingsError, UnsupportedLayerError

GOLDEN = dict(np.load(FIXTURES / "python" / "predict.npz"))
X, X_TEST, Y = GOLDEN["x"], GOLDEN["x_test"], GOLDEN["y"]
TIMES = {"inf": None, "t": GOLDEN["t"]}
KERNEL_FN = stax.serial(stax.Dense(1, W_std=1.3, b_std=0.2), stax.Erf(), stax.Dense(1, W_std=1.1, b_std=0.1)).kernel_fn
BOTH = ("nngp", "ntk")
TRAIN, ACROSS, TEST = KERNEL_FN(X, None, BOTH), KERNEL_FN(X_TEST, X, BOTH), KERNEL_FN(X_TEST, None, BOTH)


def assert_golden(got, name):
    assert got.shape == GOLDEN[name].shape
    # Kernels agree to 1e-15; the condition number of 1e2 to 1e3 stands between.
    np.testing.assert_allclose(got, GOLDEN[name], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("time", TIMES)
def test_gradient_descent_is_that_of_neural_tangents(time):
    predict_fn = predict.gradient_descent_mse(TRAIN.ntk, Y, learning_rate=0.7, diag_reg=1e-3)
    before, test_before = GOLDEN["fx_train_0"], GOLDEN["fx_test_0"]
    train, test = predict_fn(TIMES[time], before, test_before, ACROSS.ntk)
    assert_golden(train, f"mse_train_{time}")
    assert_golden(test, f"mse_test_{time}")
    assert_golden(predict_fn(TIMES[time], None, test_before, ACROSS.ntk), f"mse_testonly_{time}")
    assert_golden(predict_fn(TIMES[time], before), f"mse_trainonly_{time}")


@pytest.mark.parametrize("get", ["nngp", "ntk", "ntkgp"])
def test_inference_is_that_of_neural_tangents(get):
    predict_fn = predict.gp_inference(TRAIN, Y, diag_reg=2e-3, diag_reg_absolute_scale=True)
    posterior = predict_fn(get, ACROSS, TEST)
    assert_golden(posterior.mean, f"gp_{get}_mean")
    assert_golden(posterior.covariance, f"gp_{get}_cov")
    np.testing.assert_array_equal(predict_fn(get, ACROSS), posterior.mean)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("get", BOTH)
def test_ensembles_are_those_of_neural_tangents(get, time):
    predict_fn = predict.gradient_descent_mse_ensemble(KERNEL_FN, X, Y, learning_rate=0.7, diag_reg=1e-3)
    for x_test, name in ((X_TEST, "ens"), (None, "enstrain")):
        found = predict_fn(TIMES[time], x_test, get, compute_cov=True)
        assert_golden(found.mean, f"{name}_{get}_mean_{time}")
        assert_golden(found.covariance, f"{name}_{get}_cov_{time}")
        np.testing.assert_array_equal(predict_fn(TIMES[time], x_test, get), found.mean)


def test_several_kinds_come_as_a_named_tuple():
    predict_fn = predict.gp_inference(TRAIN, Y)
    both = predict_fn(None, ACROSS)
    assert both._fields == BOTH
    np.testing.assert_array_equal(both.ntk, predict_fn("ntk", ACROSS))
    ensemble = predict.gradient_descent_mse_ensemble(KERNEL_FN, X, Y)(None, X_TEST, ("ntk", "nngp"))
    assert ensemble._fields == ("ntk", "nngp")
    np.testing.assert_allclose(ensemble.ntk, both.ntk, rtol=1e-9)


def test_long_training_ends_at_the_limit():
    predict_fn = predict.gradient_descent_mse_ensemble(KERNEL_FN, X, Y)
    at_end, limit = predict_fn(1e9, X_TEST, "ntk", compute_cov=True), predict_fn(None, X_TEST, "ntk", compute_cov=True)
    np.testing.assert_allclose(at_end.mean, limit.mean, rtol=1e-9)
    np.testing.assert_allclose(at_end.covariance, limit.covariance, rtol=1e-8, atol=1e-12)


def test_plain_matrices_and_vectors_of_labels_are_taken():
    mean = predict.gp_inference(TRAIN.ntk, Y[:, 0])("ntk", ACROSS.ntk)
    np.testing.assert_allclose(mean[:, 0], ACROSS.ntk @ np.linalg.solve(TRAIN.ntk, Y[:, 0]), rtol=1e-9)
    lists = predict.gp_inference(TRAIN.ntk.tolist(), Y[:, 0].tolist())("ntk", ACROSS.ntk.tolist())
    np.testing.assert_array_equal(lists, mean)
    train = predict.gp_inference(TRAIN, Y)("ntk")
    np.testing.assert_array_equal(train, Y)


def test_single_precision_stays():
    kernel = TRAIN.ntk.astype(np.float32)
    assert predict.gradient_descent_mse(kernel, Y)(1.0).dtype == np.float32
    assert predict.gp_inference(kernel, Y)("ntk", ACROSS.ntk).dtype == np.float32


def test_what_does_not_fit_is_named():
    with pytest.raises(SettingsError, match="`k_train_train`: expected shape"):
        predict.gradient_descent_mse(TRAIN.ntk, Y[:3])
    with pytest.raises(SettingsError, match="`k_test_train`: expected 7 columns"):
        predict.gp_inference(TRAIN, Y)("ntk", TRAIN.ntk[:, :3])
    with pytest.raises(SettingsError, match="`k_test_train`: needed"):
        predict.gradient_descent_mse(TRAIN.ntk, Y)(None, 0.0, 0.0)
    with pytest.raises(SettingsError, match="both are `None`"):
        predict.gradient_descent_mse(TRAIN.ntk, Y)(None, None)
    with pytest.raises(SettingsError, match="`k_test_train`: has no `ntk` kernel"):
        predict.gp_inference(TRAIN, Y)("ntk", KERNEL_FN(X_TEST, X, ("nngp",)))
    with pytest.raises(SettingsError, match="needs both kernels"):
        predict.gp_inference(TRAIN.ntk, Y)("ntk", ACROSS.ntk, TEST.nngp)
    with pytest.raises(SettingsError, match="`get`"):
        predict.gp_inference(TRAIN, Y)("cov", ACROSS)
    for axes in (0, (1, -1), 2, -2):
        with pytest.raises(SettingsError, match="`trace_axes`"):
            predict.gradient_descent_mse(TRAIN.ntk, Y, trace_axes=axes)
    with pytest.raises(SettingsError, match="`k_train_train`: expected shape"):
        predict.gradient_descent_mse(TRAIN.ntk, Y, trace_axes=())
    with pytest.raises(UnsupportedLayerError, match="`trace_axes`: expected all axes"):
        predict.gradient_descent_mse_ensemble(KERNEL_FN, X, Y, trace_axes=())
    with pytest.raises(PredictError, match="training time"):
        predict.gradient_descent_mse(TRAIN.ntk, Y)(-1.0)
    with pytest.raises(SettingsError, match=r"`y_train`: entry \[0, 0\] is nan"):
        predict.gp_inference(TRAIN, Y * np.nan)("ntk", ACROSS)


def test_a_kernel_that_is_not_positive_definite_names_the_ridge_that_would_do():
    twice = KERNEL_FN(np.concatenate([X, X[:1]]), get="ntk")
    with pytest.raises(NotPositiveDefiniteError, match="not positive definite") as caught:
        predict.gp_inference(twice, np.ones((8, 1)))("ntk", twice)
    assert isinstance(caught.value, np.linalg.LinAlgError)
    assert "--" not in str(caught.value)


def test_outputs_with_kernels_of_their_own_are_solved_together(rng):
    """Traced axes by one kernel for all outputs, kept ones by the Kronecker product written out."""
    labels, before, test_before = rng.normal(size=(7, 2, 3)), rng.normal(size=(7, 2, 3)), rng.normal(size=(len(X_TEST), 2, 3))
    mix = np.array([[1.0, 0.4], [0.4, 1.3]])

    def full(kernel):
        return np.einsum("nm,ab->nmab", kernel, mix)

    for time in (None, 0.8):
        got = predict.gradient_descent_mse(full(TRAIN.ntk), labels, diag_reg=1e-2, trace_axes=(-1,))(
            time, before, test_before, full(ACROSS.ntk)
        )
        # Every output of the traced axis alone, points and the kept axis as one list.
        for k in range(3):
            kernel, across = np.kron(TRAIN.ntk, mix), np.kron(ACROSS.ntk, mix)
            one = predict.gradient_descent_mse(kernel, labels[:, :, k].reshape(-1, 1), learning_rate=1 / 3, diag_reg=1e-2)(
                time, before[:, :, k].reshape(-1, 1), test_before[:, :, k].reshape(-1, 1), across
            )
            for values, expected in zip(got, one):
                np.testing.assert_allclose(values[:, :, k], expected.reshape(-1, 2), rtol=1e-9)
    # All axes traced: each output by itself.
    mean = predict.gp_inference(TRAIN, labels, trace_axes=(1, 2))("ntk", ACROSS)
    for a in range(2):
        np.testing.assert_allclose(mean[:, a], predict.gp_inference(TRAIN, labels[:, a])("ntk", ACROSS), rtol=1e-10)
    # No axis traced: the covariance has every axis of outputs twice.
    posterior = predict.gp_inference(full(TRAIN.nngp), labels[:, :, 0], 1e-3, trace_axes=())("nngp", full(ACROSS.nngp), full(TEST.nngp))
    matrix = np.kron(TRAIN.nngp, mix)
    matrix += 1e-3 * np.trace(matrix) / len(matrix) * np.eye(len(matrix))
    across = np.kron(ACROSS.nngp, mix)
    expected = np.kron(TEST.nngp, mix) - across @ np.linalg.solve(matrix, across.T)
    points = len(X_TEST)
    assert posterior.covariance.shape == (points, points, 2, 2) and posterior.mean.shape == (points, 2)
    for i in range(points):
        for j in range(points):
            block = expected[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            np.testing.assert_allclose(posterior.covariance[i, j], block, rtol=1e-8, atol=1e-12)
    mean = across @ np.linalg.solve(matrix, labels[:, :, 0].ravel())
    np.testing.assert_allclose(posterior.mean.ravel(), mean, rtol=1e-9)
