"""Axes of outputs: those that kernels do not have, and those that they have twice."""

from __future__ import annotations

import math
import operator
from typing import Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import as_finite, as_float
from .errors import SettingsError

Axes = Union[int, Sequence[int]]
Matrix = NDArray[np.float64]


class OutputAxes:
    """How labels ``[n, a, b, ...]`` and kernels with some of these axes twice become matrices, and back.

    Along traced axes outputs are independent and share one kernel: they become columns of right-hand sides. A kernel has every
    other axis twice, ``[n, m, a, a, b, b, ...]``: it becomes a matrix between pairs of a point and an output.
    """

    def __init__(self, trace_axes: Axes, labels: ArrayLike) -> None:
        shape = as_float("y_train", labels).shape
        #: The axes of outputs; a vector of labels has one output.
        self.shape = shape[1:] if len(shape) > 1 else (1,)
        rank = len(self.shape) + 1
        axes = (trace_axes,) if isinstance(trace_axes, int) else tuple(trace_axes)
        traced = set()
        for axis in axes:
            place = operator.index(axis)
            place = place + rank if place < 0 else place
            if not 0 < place < rank or place in traced:
                raise SettingsError(
                    f"`trace_axes`: expected different axes of outputs, 1 to {rank - 1} or -1 to {1 - rank}, got {axes}",
                    "axis 0 is that of the points",
                )
            traced.add(place)
        self.kept = [axis for axis in range(1, rank) if axis not in traced]
        self.traced = sorted(traced)

    @property
    def kept_shape(self) -> tuple[int, ...]:
        return tuple(self.shape[axis - 1] for axis in self.kept)

    @property
    def outputs(self) -> int:
        """Rows for one point."""
        return math.prod(self.kept_shape)

    def rows(self, argument: str, values: ArrayLike, points: int | None = None) -> Matrix:
        """Labels or outputs as ``[points times kept outputs, traced outputs]``; what has fewer axes is broadcast over ``points``."""
        array = as_finite(argument, as_float(argument, values).astype(np.float64, copy=False))
        if array.ndim == 1 and self.shape == (1,) and points is None:
            array = array[:, None]
        count = len(array) if points is None and array.ndim else points
        try:
            array = np.broadcast_to(array, (count or 0, *self.shape))
        except ValueError as error:
            raise SettingsError(f"`{argument}`: expected shape {(count, *self.shape)}, got {array.shape}") from error
        moved = np.transpose(array, (0, *self.kept, *self.traced))
        return np.ascontiguousarray(moved.reshape(len(array) * self.outputs, -1))

    def matrix(self, argument: str, kernel: ArrayLike) -> Matrix:
        """A kernel as a matrix between pairs of a point and a kept output."""
        array = as_finite(argument, as_float(argument, kernel).astype(np.float64, copy=False))
        twice = tuple(extent for extent in self.kept_shape for _ in range(2))
        if array.ndim < 2 or array.shape[2:] != twice:
            points = ("rows", "columns") + tuple(str(extent) for extent in twice)
            raise SettingsError(
                f"`{argument}`: expected shape [{', '.join(points)}] with the outputs {self.shape} of the labels, got {array.shape}",
                "`trace_axes` are the axes of outputs that kernels do not have",
            )
        rank = len(self.kept)
        rows = (0, *(2 + 2 * axis for axis in range(rank)))
        columns = (1, *(3 + 2 * axis for axis in range(rank)))
        moved = np.transpose(array, rows + columns)
        return np.ascontiguousarray(moved.reshape(array.shape[0] * self.outputs, array.shape[1] * self.outputs))

    def back(self, rows: Matrix) -> Matrix:
        """Outputs ``[points, a, b, ...]`` of rows."""
        points = len(rows) // max(self.outputs, 1)
        traced = tuple(self.shape[axis - 1] for axis in self.traced)
        array = rows.reshape(points, *self.kept_shape, *traced)
        return np.transpose(array, np.argsort((0, *self.kept, *self.traced)))

    def kernel_back(self, matrix: Matrix) -> Matrix:
        """A covariance ``[points, points, a, a, b, b, ...]`` over kept outputs."""
        points = len(matrix) // max(self.outputs, 1)
        array = matrix.reshape(points, *self.kept_shape, points, *self.kept_shape)
        rank = len(self.kept)
        order = [axis for pair in zip(range(rank + 1), range(rank + 1, 2 * rank + 2)) for axis in pair]
        return np.transpose(array, order)


__all__ = ["Axes", "OutputAxes"]
