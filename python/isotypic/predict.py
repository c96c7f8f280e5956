"""What wide networks predict, with the meaning of ``neural_tangents.predict``.

Times are those of neural-tangents: gradient descent on the mean of squares ``0.5 / y_train.size * sum((f - y)**2)`` with the given
learning rate, so that time counts steps of learning rate 1. Everything is solved in double precision; predictions have the type of
the kernel.

A kernel of the training points that is not positive definite raises :class:`~isotypic.errors.NotPositiveDefiniteError`, which
names the ridge that would do; neural-tangents gives NaN.
"""

from __future__ import annotations

from collections import namedtuple
from functools import lru_cache
from typing import Any, Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _isotypic
from ._arrays import as_float, as_matrix
from ._network import Get
from ._outputs import Axes, OutputAxes
from .errors import SettingsError, UnsupportedLayerError

__all__ = ["Gaussian", "gp_inference", "gradient_descent_mse", "gradient_descent_mse_ensemble"]

Matrix = NDArray[np.float64]


class Gaussian(NamedTuple):
    """Mean and covariance of predictions."""

    mean: NDArray[Any]
    covariance: NDArray[Any]


class _Kernels(NamedTuple):
    nngp: Any
    ntk: Any


def gradient_descent_mse(
    k_train_train: ArrayLike,
    y_train: ArrayLike,
    learning_rate: float = 1.0,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
) -> Callable[..., Any]:
    """Predictions of a network after gradient descent on the squared loss.

    Args:
      k_train_train: the tangent kernel of the training points, ``[n, n]``.
      y_train: labels, ``[n, outputs]``, or more axes of outputs.
      learning_rate: the step of time.
      diag_reg: the ridge, relative to the mean of the diagonal.
      diag_reg_absolute_scale: whether the ridge is absolute.
      trace_axes: the axes of outputs that kernels do not have; along them outputs are independent and share one kernel.
        Kernels have every other one twice, ``[n, m, a, a, b, b, ...]`` for labels ``[n, a, b, ...]``.

    Returns:
      ``predict_fn(t=None, fx_train_0=0.0, fx_test_0=None, k_test_train=None)``: the outputs on the training points after the time
      ``t``, or those on training and test points if ``fx_test_0`` and ``k_test_train`` are given; ``fx_train_0=None`` leaves out
      the training points. ``t=None`` is infinity. An array of times gives as many leading axes.
    """
    dtype = as_float("k_train_train", k_train_train).dtype
    axes = OutputAxes(trace_axes, y_train)
    kernel, labels = _training(axes, k_train_train, y_train)
    ridge = _ridge(kernel, diag_reg, diag_reg_absolute_scale)

    @lru_cache(maxsize=None)
    def flow() -> _isotypic.Flow:
        return _isotypic.Flow(kernel, ridge)

    @lru_cache(maxsize=None)
    def regression() -> _isotypic.Regression:
        return _isotypic.Regression(kernel, ridge)

    def predict_fn(
        t: Optional[ArrayLike] = None,
        fx_train_0: Optional[ArrayLike] = 0.0,
        fx_test_0: Optional[ArrayLike] = None,
        k_test_train: Optional[ArrayLike] = None,
    ) -> Any:
        if fx_train_0 is None and fx_test_0 is None:
            raise SettingsError("`fx_train_0` and `fx_test_0`: both are `None`, so nothing would be predicted")
        if fx_test_0 is not None and k_test_train is None:
            raise SettingsError("`k_test_train`: needed for predictions on test points")
        points = len(labels) // max(axes.outputs, 1)
        before = np.zeros_like(labels) if fx_train_0 is None else axes.rows("fx_train_0", fx_train_0, points)
        residual = labels - before
        across = None if k_test_train is None else _across(axes, "k_test_train", k_test_train, len(labels))

        def after(time: Optional[float]) -> list[Matrix]:
            found = []
            if fx_train_0 is not None:
                learned = residual if time is None else flow().learned(time, residual)
                found.append(axes.back(before + learned))
            if fx_test_0 is not None and across is not None:
                weights = regression().solve(residual) if time is None else flow().weights(time, residual)
                start = axes.rows("fx_test_0", fx_test_0, len(across) // max(axes.outputs, 1))
                found.append(axes.back(start + across @ weights))
            return found

        results = _at_times(after, t, learning_rate / labels.size, dtype)
        return results[0] if len(results) == 1 else tuple(results)

    return predict_fn


def gp_inference(
    k_train_train: Any,
    y_train: ArrayLike,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
) -> Callable[..., Any]:
    """Predictions of infinitely many networks trained to the end.

    Args:
      k_train_train: kernels of the training points with themselves: a matrix, or a named tuple with ``nngp`` and ``ntk``.
      y_train: labels, ``[n, outputs]``, or more axes of outputs.
      diag_reg: the ridge, relative to the mean of the diagonal.
      diag_reg_absolute_scale: whether the ridge is absolute.
      trace_axes: the axes of outputs that kernels do not have; along them outputs are independent and share one kernel.
        Kernels have every other one twice, ``[n, m, a, a, b, b, ...]`` for labels ``[n, a, b, ...]``.

    Returns:
      ``predict_fn(get=None, k_test_train=None, k_test_test=None)``. ``get`` is ``"nngp"`` (the posterior of the Gaussian process),
      ``"ntk"`` (an ensemble trained by gradient descent), ``"ntkgp"`` (arXiv 2007.05864), or a tuple; ``None`` for the first two.
      The mean on the test points, or a :class:`Gaussian` if ``k_test_test`` is given. Without ``k_test_train`` the predictions on
      the training points, which are the labels.
    """
    axes = OutputAxes(trace_axes, y_train)
    labels = axes.rows("y_train", y_train)

    @lru_cache(maxsize=None)
    def regression(kind: str) -> _isotypic.Regression:
        kernel, _ = _training(axes, _part(k_train_train, kind, "k_train_train"), y_train)
        return _isotypic.Regression(kernel, _ridge(kernel, diag_reg, diag_reg_absolute_scale))

    def posterior(get: str, k_test_train: Any, k_test_test: Any) -> Any:
        if get not in ("nngp", "ntk", "ntkgp"):
            raise SettingsError(f"`get`: expected `nngp`, `ntk`, `ntkgp` or a tuple of them, got `{get}`")
        kind = "nngp" if get == "nngp" else "ntk"
        given = as_float("k_train_train", _part(k_train_train, kind, "k_train_train"))
        if k_test_train is None:
            mean = axes.back(labels).astype(given.dtype)
            return mean if k_test_test is None else Gaussian(mean, np.zeros_like(given))
        across = _across(axes, "k_test_train", _part(k_test_train, kind, "k_test_train"), len(labels))
        mean = axes.back(across @ regression(kind).solve(labels)).astype(given.dtype, copy=False)
        if k_test_test is None:
            return mean
        if get == "ntk" and not (hasattr(k_train_train, "nngp") and hasattr(k_test_train, "nngp")):
            raise SettingsError(
                "`k_train_train` and `k_test_train`: the covariance of `ntk` needs both kernels",
                'pass named tuples, as `kernel_fn(x1, x2, ("nngp", "ntk"))` gives them',
            )
        own = axes.matrix("k_test_test", _part(k_test_test, "ntk" if get == "ntkgp" else "nngp", "k_test_test"))
        solved = regression(kind).solve(np.ascontiguousarray(across.T))
        if get != "ntk":
            covariance = own - across @ solved
        else:
            nngp = axes.matrix("k_train_train", k_train_train.nngp)
            mixed = axes.matrix("k_test_train", k_test_train.nngp) @ solved
            covariance = own + solved.T @ (nngp @ solved) - (mixed + mixed.T)
        return Gaussian(mean, axes.kernel_back(covariance).astype(given.dtype, copy=False))

    def predict_fn(get: Get = None, k_test_train: Any = None, k_test_test: Any = None) -> Any:
        return _each(get, lambda kind: posterior(kind, k_test_train, k_test_test))

    return predict_fn


def gradient_descent_mse_ensemble(
    kernel_fn: Callable[..., Any],
    x_train: ArrayLike,
    y_train: ArrayLike,
    learning_rate: float = 1.0,
    diag_reg: float = 0.0,
    diag_reg_absolute_scale: bool = False,
    trace_axes: Axes = (-1,),
    **kernel_fn_train_train_kwargs: Any,
) -> Callable[..., Any]:
    """Mean and covariance over initialisations of networks after gradient descent.

    Args:
      kernel_fn: ``kernel_fn(x1, x2, get)``, as a network of ``isotypic.stax`` has it.
      x_train: inputs, ``[n, ...]``.
      y_train: labels, ``[n, outputs]``, or more axes of outputs.
      learning_rate: the step of time.
      diag_reg: the ridge, relative to the mean of the diagonal.
      diag_reg_absolute_scale: whether the ridge is absolute.
      trace_axes: the axes of outputs, all of them: networks here end in vectors.
      **kernel_fn_train_train_kwargs: passed on to ``kernel_fn``.

    Returns:
      ``predict_fn(t=None, x_test=None, get=None, compute_cov=False)``: the mean, or a :class:`Gaussian` with ``compute_cov``, for
      ``get`` ``"nngp"`` (only the last layer is trained), ``"ntk"`` (all are), or a tuple of both, the default. ``t=None`` is
      infinity; ``x_test=None`` gives predictions on the training points.
    """
    axes = OutputAxes(trace_axes, y_train)
    if axes.kept:
        raise UnsupportedLayerError(
            f"`trace_axes`: expected all axes of outputs, got {trace_axes} for labels with the outputs {axes.shape}",
            "networks here end in vectors, whose outputs share one kernel",
        )
    labels = axes.rows("y_train", y_train)

    @lru_cache(maxsize=None)
    def train_kernel(kind: str) -> Any:
        return kernel_fn(x_train, None, kind, **kernel_fn_train_train_kwargs)

    @lru_cache(maxsize=None)
    def flow(kind: str) -> _isotypic.Flow:
        kernel, _ = _training(axes, train_kernel(kind), y_train)
        return _isotypic.Flow(kernel, _ridge(kernel, diag_reg, diag_reg_absolute_scale))

    def ensemble(kind: str, t: ArrayLike, across: Any, own: Optional[Matrix], covariance: bool) -> Any:
        def on_train(time: Optional[float]) -> list[Matrix]:
            assert time is not None
            mean = axes.back(flow(kind).learned(time, labels))
            if not covariance:
                return [mean]
            nngp = as_matrix("kernel_fn", train_kernel("nngp"))
            if kind == "nngp":
                # neural-tangents counts the ridge as part of the covariance here, and here only.
                ridge = _ridge(nngp, diag_reg, diag_reg_absolute_scale)
                return [mean, flow(kind).remaining(2.0 * time, nngp + ridge * np.eye(len(nngp)))]
            half = flow(kind).remaining(time, nngp)
            return [mean, flow(kind).remaining(time, np.ascontiguousarray(half.T))]

        def on_test(time: Optional[float]) -> list[Matrix]:
            assert time is not None
            kernel = _across(axes, "kernel_fn", _part(across, kind, "kernel_fn"), len(labels))
            mean = axes.back(kernel @ flow(kind).weights(time, labels))
            if own is None:
                return [mean]
            columns = np.ascontiguousarray(kernel.T)
            if kind == "nngp":
                return [mean, own - kernel @ flow(kind).weights(2.0 * time, columns)]
            weights = flow(kind).weights(time, columns)
            mixed = as_matrix("kernel_fn", across.nngp) @ weights
            nngp = as_matrix("kernel_fn", train_kernel("nngp"))
            return [mean, own + weights.T @ (nngp @ weights) - (mixed + mixed.T)]

        dtype = as_float("kernel_fn", train_kernel(kind)).dtype
        results = _at_times(on_train if across is None else on_test, t, learning_rate / labels.size, dtype)
        return Gaussian(*results) if covariance else results[0]

    def predict_fn(
        t: Optional[ArrayLike] = None,
        x_test: Optional[ArrayLike] = None,
        get: Get = None,
        compute_cov: bool = False,
        **kernel_fn_test_test_kwargs: Any,
    ) -> Any:
        kinds = ("nngp", "ntk") if get is None else (get,) if isinstance(get, str) else tuple(get)
        for kind in kinds:
            if kind not in ("nngp", "ntk"):
                raise SettingsError(f"`get`: expected `nngp`, `ntk` or a tuple of them, got `{kind}`")
        needed = tuple(k for k in ("nngp", "ntk") if k in kinds or (compute_cov and k == "nngp"))
        across, own = None, None
        if x_test is not None:
            found = kernel_fn(x_test, x_train, needed, **kernel_fn_test_test_kwargs)
            across = _Kernels(getattr(found, "nngp", None), getattr(found, "ntk", None))
            if compute_cov:
                own = as_matrix("kernel_fn", kernel_fn(x_test, None, "nngp", **kernel_fn_test_test_kwargs))
        if t is None:
            train = _tuple("Kernel", needed)(*(train_kernel(kind) for kind in needed))
            infer = gp_inference(train, y_train, diag_reg, diag_reg_absolute_scale, trace_axes)
            test_test = own if across is not None else (True if compute_cov else None)
            return infer(get, None if across is None else across, test_test)
        return _each(get, lambda kind: ensemble(kind, t, across, own, compute_cov))

    return predict_fn


def _each(get: Get, one: Callable[[str], Any]) -> Any:
    """One answer for a name; a named tuple of answers for several."""
    if isinstance(get, str):
        return one(get)
    kinds = ("nngp", "ntk") if get is None else tuple(get)
    return _tuple("Gaussians", kinds)(*(one(kind) for kind in kinds))


@lru_cache(maxsize=None)
def _tuple(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)


def _at_times(
    after: Callable[[Optional[float]], list[Matrix]], t: Optional[ArrayLike], rate: float, dtype: Any
) -> list[NDArray[Any]]:
    """The answers at each time, stacked along as many leading axes as ``t`` has."""
    if t is None:
        return [values.astype(dtype, copy=False) for values in after(None)]
    times = as_float("t", t)
    each = [after(float(time) * rate) for time in times.ravel()]
    if not each:
        raise SettingsError("`t`: expected at least one time, got none")
    stacked = (np.stack(values) for values in zip(*each))
    return [values.reshape(times.shape + values.shape[1:]).astype(dtype, copy=False) for values in stacked]


def _part(kernels: Any, kind: str, argument: str) -> Any:
    """The kernel of this kind; a plain matrix is whatever is asked for."""
    if not (hasattr(kernels, "nngp") or hasattr(kernels, "ntk")):
        return kernels
    part = getattr(kernels, kind, None)
    if part is None:
        raise SettingsError(f"`{argument}`: has no `{kind}` kernel", f'ask `kernel_fn` for it: `get="{kind}"`')
    return part


def _training(axes: OutputAxes, kernel: ArrayLike, y_train: ArrayLike) -> tuple[Matrix, Matrix]:
    """The training kernel and labels, checked against each other."""
    matrix, labels = axes.matrix("k_train_train", kernel), axes.rows("y_train", y_train)
    if matrix.shape != (len(labels), len(labels)):
        points, got = len(labels) // max(axes.outputs, 1), as_float("k_train_train", kernel).shape
        raise SettingsError(f"`k_train_train`: expected shape {(points, points)} for {points} labels, got {got[:2]}")
    return matrix, labels


def _across(axes: OutputAxes, argument: str, kernel: ArrayLike, rows: int) -> Matrix:
    matrix = axes.matrix(argument, kernel)
    if matrix.shape[1] != rows:
        points, got = rows // max(axes.outputs, 1), as_float(argument, kernel).shape
        raise SettingsError(f"`{argument}`: expected {points} columns, one per training point, got {got[1]}")
    return matrix


def _ridge(kernel: Matrix, amount: float, absolute: bool) -> float:
    return float(amount) if absolute else float(amount) * float(np.trace(kernel)) / max(len(kernel), 1)
