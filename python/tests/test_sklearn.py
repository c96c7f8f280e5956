"""scikit-learn's own checks, and predictions against formulas."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", minversion="1.6")

from sklearn.base import clone  # noqa: E402
from sklearn.gaussian_process import GaussianProcessRegressor  # noqa: E402
from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from isotypic import stax  # noqa: E402
from isotypic.errors import IsotypicError, NotPositiveDefiniteError, SettingsError  # noqa: E402
from isotypic.sklearn import NeuralKernel, NTKClassifier, NTKRegressor  # noqa: E402


@parametrize_with_checks([NTKRegressor(), NTKClassifier()])
def test_estimators_are_what_scikit_learn_expects(estimator, check):
    check(estimator)


def data(rng, n=20, d=3):
    return rng.normal(size=(n, d)), rng.normal(size=(n, 2))


def test_regression_is_the_formula(rng):
    x, y = data(rng)
    kernel_fn = stax.serial(stax.Dense(1, b_std=0.5), stax.Relu(), stax.Dense(1)).kernel_fn
    model = NTKRegressor(kernel_fn, ridge=0.1).fit(x[:15], y[:15])
    weights = np.linalg.solve(kernel_fn(x[:15], get="ntk") + 0.1 * np.eye(15), y[:15])
    np.testing.assert_allclose(model.predict(x[15:]), kernel_fn(x[15:], x[:15], "ntk") @ weights, rtol=1e-10)
    single = NTKRegressor(kernel_fn, ridge=0.1).fit(x[:15], y[:15, 0])
    np.testing.assert_allclose(single.predict(x[15:]), model.predict(x[15:])[:, 0], rtol=1e-12)
    relative = NTKRegressor(kernel_fn, ridge="rel:1.0").fit(x, y)
    amount = np.trace(kernel_fn(x, get="ntk")) / len(x)
    np.testing.assert_allclose(relative.dual_coef_, NTKRegressor(kernel_fn, ridge=amount).fit(x, y).dual_coef_)


def test_gaussian_processes_take_the_kernel(rng):
    x, y = data(rng)
    kernel = NeuralKernel("mlp:2")
    process = GaussianProcessRegressor(kernel, alpha=1e-3).fit(x[:15], y[:15, 0])
    mean, std = process.predict(x[15:], return_std=True)
    train, across = kernel(x[:15]), kernel(x[15:], x[:15])
    inverse = np.linalg.inv(train + 1e-3 * np.eye(15))
    np.testing.assert_allclose(mean, across @ inverse @ y[:15, 0], rtol=1e-8)
    variance = kernel.diag(x[15:]) - np.einsum("ij,jk,ik->i", across, inverse, across)
    np.testing.assert_allclose(std**2, variance, rtol=1e-6)
    np.testing.assert_array_equal(kernel.diag(x), np.diag(kernel(x)))
    fitted = GaussianProcessRegressor(ConstantKernel() * kernel + WhiteKernel()).fit(x, y[:, 0])
    assert len(fitted.kernel_.theta) == 2 and clone(kernel) == kernel
    assert "mlp:2" in repr(kernel) and not kernel.is_stationary()


def test_networks_survive_cloning_and_pickling(rng):
    x, y = data(rng)
    layer = stax.serial(stax.Dense(1, b_std=0.5), stax.Relu(), stax.Dense(1))
    model = NTKRegressor(layer).fit(x, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    np.testing.assert_array_equal(clone(model).fit(x, y).predict(x), model.predict(x))


def test_rows_may_be_images(rng):
    x = rng.normal(size=(6, 16))
    network = stax.serial(stax.Conv(1, (3, 3), padding="CIRCULAR"), stax.Relu(), stax.Flatten(), stax.Dense(1))
    kernel = NeuralKernel(network, get="ntk", input_shape=(4, 4, 1))
    np.testing.assert_array_equal(kernel(x), network.kernel_fn(x.reshape(6, 4, 4, 1), get="ntk"))
    with pytest.raises(SettingsError, match="`input_shape`"):
        NeuralKernel(network, input_shape=(3, 4, 1))(x)


def test_classes_are_those_of_the_largest_prediction(rng):
    x = np.concatenate([rng.normal(center, 0.3, size=(10, 2)) for center in (-2.0, 0.0, 2.0)])
    y = np.repeat(["low", "middle", "high"], 10)
    model = NTKClassifier("mlp:2").fit(x, y)
    assert model.score(x, y) == 1.0
    np.testing.assert_array_equal(model.predict(x), model.classes_[model.decision_function(x).argmax(1)])
    two = NTKClassifier().fit(x[:20], y[:20])
    np.testing.assert_array_equal(two.predict(x[:20]) == two.classes_[1], two.decision_function(x[:20]) > 0)


def test_parameters_are_searched_and_errors_are_named(rng):
    x, y = data(rng)
    search = GridSearchCV(NTKRegressor(), {"ridge": [1e-3, 1.0], "architecture": ["mlp", "mlp:3"]}, cv=3).fit(x, y)
    assert set(search.best_params_) == {"ridge", "architecture"}
    with pytest.raises(SettingsError, match="`get`"):
        NTKRegressor(get="cov").fit(x, y)
    with pytest.raises(IsotypicError, match="no-such-net"):
        NTKRegressor("no-such-net").fit(x, y)
    with pytest.raises(NotPositiveDefiniteError):
        NTKRegressor(ridge=0.0).fit(np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0))
