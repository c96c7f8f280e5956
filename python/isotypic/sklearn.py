"""scikit-learn: kernels of infinitely wide networks as estimators and as kernels of Gaussian processes.

Needs scikit-learn: ``pip install isotypic[sklearn]``.
"""

from __future__ import annotations

from typing import Any, Optional, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.gaussian_process.kernels import Kernel
    from sklearn.preprocessing import LabelBinarizer
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ImportError("isotypic.sklearn needs scikit-learn 1.6 or newer: pip install isotypic[sklearn]") from error

from . import _isotypic
from ._arrays import as_finite, as_points, ridge_text
from ._network import KernelFn, Layer
from .errors import SettingsError

__all__ = ["NTKClassifier", "NTKRegressor", "NeuralKernel"]

Network = Union[str, Layer, KernelFn]


class NeuralKernel(Kernel):  # type: ignore[misc]
    """The kernel of an infinitely wide network, for ``sklearn.gaussian_process``.

    Without hyperparameters to be fitted. In sums and products with scikit-learn's kernels, such as
    ``ConstantKernel() * NeuralKernel("mlp:3") + WhiteKernel()``, theirs are fitted.

    Args:
      architecture: a name such as ``"mlp:3"``, a file, or a network of ``isotypic.stax``.
      get: ``"nngp"``, the kernel of a Bayesian network, or ``"ntk"``.
      input_shape: the shape of one input if rows are images, such as ``(28, 28, 1)``.
    """

    def __init__(
        self, architecture: Network = "mlp", get: str = "nngp", input_shape: Optional[tuple[int, ...]] = None
    ) -> None:
        self.architecture = architecture
        self.get = get
        self.input_shape = input_shape

    def __call__(self, X: ArrayLike, Y: Optional[ArrayLike] = None, eval_gradient: bool = False) -> Any:
        """The kernel matrix; its gradient, if asked for, has no entries."""
        if eval_gradient and Y is not None:
            raise ValueError("the gradient can only be evaluated when Y is None")
        matrix = evaluate(self.architecture, self.get, self.input_shape, X, Y)
        return (matrix, np.empty((*matrix.shape, 0))) if eval_gradient else matrix

    def diag(self, X: ArrayLike) -> NDArray[np.float64]:
        """The kernel of every point with itself."""
        points = np.asarray(X)
        each = [evaluate(self.architecture, self.get, self.input_shape, points[i : i + 1], None) for i in range(len(points))]
        return np.array([matrix[0, 0] for matrix in each])

    def is_stationary(self) -> bool:
        """No: it depends on more than the difference of two points."""
        return False

    def __repr__(self) -> str:
        return f"NeuralKernel({_title(self.architecture)}, get={self.get!r})"


class _Regression(BaseEstimator):  # type: ignore[misc]
    """What regressor and classifier share: the parameters, and regression on columns of targets."""

    def __init__(
        self,
        architecture: Network = "mlp",
        *,
        get: str = "ntk",
        ridge: float | str = "rel:1e-6",
        input_shape: Optional[tuple[int, ...]] = None,
    ) -> None:
        self.architecture = architecture
        self.get = get
        self.ridge = ridge
        self.input_shape = input_shape

    def _fit(self, X: NDArray[np.float64], targets: NDArray[np.float64]) -> None:
        kernel = evaluate(self.architecture, self.get, self.input_shape, X, None)
        ridge = ridge_text(self.ridge)
        if ridge.startswith("rel:"):
            amount = float(ridge[4:]) * float(np.trace(kernel)) / len(kernel)
        else:
            amount = float(ridge)
        self.X_fit_ = X
        self.dual_coef_ = _isotypic.Regression(kernel, amount).solve(np.ascontiguousarray(targets, dtype=np.float64))

    def _predict(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        points = validate_data(self, X, reset=False, dtype=np.float64)
        across = evaluate(self.architecture, self.get, self.input_shape, points, self.X_fit_)
        predictions: NDArray[np.float64] = across @ self.dual_coef_
        return predictions


class NTKRegressor(MultiOutputMixin, RegressorMixin, _Regression):  # type: ignore[misc]
    """Regression with the kernel of an infinitely wide network: what training it to the end on the squared loss predicts.

    Args:
      architecture: a name such as ``"mlp:3"``, a file, or a network of ``isotypic.stax``.
      get: ``"ntk"`` if all layers are trained, ``"nngp"`` if only the last is.
      ridge: added to the diagonal; ``"rel:X"`` for X times its mean.
      input_shape: the shape of one input if rows are images, such as ``(28, 28, 1)``.

    Attributes:
      X_fit_: the training points.
      dual_coef_: weights of the training points, ``[n, outputs]``.
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> NTKRegressor:
        """Solves for the weights of the training points.

        Raises:
          NotPositiveDefiniteError: names equal points, and the ridge that would do.
        """
        points, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        self._is_vector = np.ndim(y) == 1
        columns = np.asarray(y, dtype=np.float64)
        self._fit(points, columns[:, None] if self._is_vector else columns)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predictions, ``[n]`` or ``[n, outputs]`` as the targets were."""
        predictions = self._predict(X)
        return predictions[:, 0] if self._is_vector else predictions


class NTKClassifier(ClassifierMixin, _Regression):  # type: ignore[misc]
    """Classification by regression on +1 for the own class and -1 for the others, with the kernel of an infinitely wide network.

    Args:
      architecture: a name such as ``"mlp:3"``, a file, or a network of ``isotypic.stax``.
      get: ``"ntk"`` if all layers are trained, ``"nngp"`` if only the last is.
      ridge: added to the diagonal; ``"rel:X"`` for X times its mean.
      input_shape: the shape of one input if rows are images, such as ``(28, 28, 1)``.

    Attributes:
      classes_: the classes, sorted.
      X_fit_: the training points.
      dual_coef_: weights of the training points, ``[n, classes]``, one column for two classes.
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> NTKClassifier:
        """Solves for the weights of the training points."""
        points, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self._labels = LabelBinarizer(neg_label=-1, pos_label=1)
        targets = self._labels.fit_transform(y)
        self.classes_ = self._labels.classes_
        if len(self.classes_) < 2:
            raise ValueError(f"`y`: expected at least 2 classes, got {len(self.classes_)} class")
        self._fit(points, targets)
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predicted labels before the decision: ``[n]`` for two classes (positive for the second), else ``[n, classes]``."""
        scores = self._predict(X)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest prediction."""
        scores = self.decision_function(X)
        places = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        classes: NDArray[Any] = self.classes_[places]
        return classes


def evaluate(
    architecture: Network, get: str, input_shape: Optional[tuple[int, ...]], X: ArrayLike, Y: Optional[ArrayLike]
) -> NDArray[np.float64]:
    """The kernel matrix in double precision; rows are reshaped to inputs."""
    if get not in ("nngp", "ntk"):
        raise SettingsError(f"`get`: expected `ntk` or `nngp`, got {get!r}")
    points = [as_points(name, values) for name, values in (("X", X), ("Y", Y)) if values is not None]
    shaped = [_shaped(one.astype(np.float64, copy=False), input_shape) for one in points]
    for name, one in zip(("X", "Y"), shaped):
        as_finite(name, one)
    if isinstance(architecture, str):
        engine = _isotypic.Network.resolve(architecture)
    else:
        kernel_fn = architecture if isinstance(architecture, KernelFn) else architecture.kernel_fn
        engine = kernel_fn._definition.engine
    nngp, ntk = engine.kernel(shaped[0], shaped[1] if len(shaped) > 1 else None, get == "nngp", get == "ntk")
    return nngp if get == "nngp" else ntk


def _shaped(rows: NDArray[np.float64], shape: Optional[tuple[int, ...]]) -> NDArray[np.float64]:
    if shape is None:
        return rows
    try:
        return np.ascontiguousarray(rows.reshape(len(rows), *shape))
    except ValueError as error:
        raise SettingsError(
            f"`input_shape`: expected {rows[0].size if len(rows) else 'as many'} numbers as rows have, got shape {shape}"
        ) from error


def _title(architecture: Network) -> str:
    return repr(architecture) if isinstance(architecture, str) else "network"
