"""From what users pass to arrays that the engine takes: float64 or float32, in C order, nothing copied that fits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import SettingsError

Float = np.floating[Any]


def as_float(argument: str, values: ArrayLike) -> NDArray[Any]:
    """The array behind ``values``, float32 where NumPy's promotion gives that, else float64.

    Raises:
      TypeError: for complex numbers, objects, text, and floats longer than 64 bits; names the argument.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:  # ragged lists
        raise SettingsError(f"`{argument}`: expected an array, got nested lists of different lengths") from error
    kind = array.dtype.kind
    if kind == "f" and array.dtype.itemsize <= 4:
        dtype: Any = np.float32
    elif (kind == "f" and array.dtype.itemsize == 8) or kind in "iub":
        dtype = np.float64
    else:
        raise TypeError(f"`{argument}`: expected real numbers of at most 64 bits, got dtype `{array.dtype}`")
    return np.ascontiguousarray(array, dtype=dtype) if array.ndim else array.astype(dtype)


def as_points(argument: str, values: ArrayLike) -> NDArray[Any]:
    """Inputs of a network, ``[n, ...]``, at least two axes."""
    array = as_float(argument, values)
    if array.ndim < 2:
        raise SettingsError(
            f"`{argument}`: expected at least 2 axes (points, then their shape), got shape {array.shape}",
            "vectors are [n, d], images [n, H, W, C]",
        )
    return array


def as_matrix(argument: str, values: ArrayLike) -> NDArray[np.float64]:
    """A matrix in double precision."""
    array = as_float(argument, values)
    if array.ndim != 2:
        raise SettingsError(f"`{argument}`: expected a matrix, got shape {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def as_columns(argument: str, values: ArrayLike) -> NDArray[np.float64]:
    """A matrix in double precision; a vector counts as one column."""
    array = as_float(argument, values)
    if array.ndim == 1:
        array = array[:, None]
    return as_matrix(argument, array)


def as_finite(argument: str, values: NDArray[Any]) -> NDArray[Any]:
    """Refuses NaN and infinity, naming the first."""
    finite = np.isfinite(values)
    if not finite.all():
        at = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise SettingsError(f"`{argument}`: entry {list(at)} is {values[at]}, expected a finite number")
    return values


def ridge_text(ridge: float | str) -> str:
    """A ridge as the engine reads it: a number, or ``"rel:X"`` relative to the mean diagonal."""
    return ridge if isinstance(ridge, str) else repr(float(ridge))
