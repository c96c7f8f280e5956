"""Gram matrices that a group leaves invariant."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterable, NamedTuple, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _isotypic
from ._arrays import as_columns, as_finite, as_float, as_matrix, ridge_text
from .errors import SettingsError
from .group import Group, as_group

__all__ = ["Block", "BlockSpectrum", "GroupInvariantGram", "LeaveSetOut", "Spectrum", "spectrum"]

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """One block of a Gram matrix: what it does on one irreducible representation.

    Attributes:
      irrep: the label of the irrep, the first of a pair of conjugate ones.
      dimension: d, that of the irrep.
      multiplicity: how often each eigenvalue of the block stands in the Gram matrix.
      matrix: ``[seeds d, seeds d]``, Hermitian; real where the irrep is.
    """

    irrep: str
    dimension: int
    multiplicity: int
    matrix: NDArray[Any]


@dataclass(frozen=True)
class BlockSpectrum:
    """The eigenvalues of one block, ascending; each stands ``multiplicity`` times in the Gram matrix."""

    irrep: str
    dimension: int
    multiplicity: int
    eigenvalues: Matrix


class LeaveSetOut(NamedTuple):
    """What kernel regression says about held-out points: ``[held out, outputs]``, and ``[held out, held out]``."""

    errors: Matrix
    predictions: Matrix
    covariance: Matrix


class GroupInvariantGram:
    """The Gram matrix of some orbits under a kernel with k(g x, g y) = k(x, y), as one block for each irrep.

    Row ``s * len(group) + g`` is the point g x_s. Solving costs the sum of ``(seeds d)**3`` over the irreps instead of
    ``(seeds len(group))**3``.

    A matrix that is only nearly invariant is projected on the nearest one that is; ``invariance_defect`` says how far that is,
    relative to its norm.

    >>> import numpy as np
    >>> gram = GroupInvariantGram([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]], "cyclic:3")
    >>> bool(np.isclose(gram.logdet(ridge=0.0), np.log(4.0)))
    True
    """

    def __init__(self, matrix: ArrayLike, group: Union[Group, str], *, layout: str = "seed-major") -> None:
        """From a matrix with every entry.

        Args:
          matrix: ``[seeds len(group), seeds len(group)]``, symmetric.
          group: the group whose elements are the poses.
          layout: ``"seed-major"`` if the pose is fastest along rows, ``"pose-major"`` if the seed is.
        """
        self.group = as_group(group)
        entries = as_matrix("matrix", matrix)
        seeds, rest = divmod(len(entries), self.group.order)
        if rest or not seeds:
            raise SettingsError(
                f"`matrix`: expected as many rows as a multiple of {self.group.order}, the order of the group, "
                f"got {len(entries)}"
            )
        self._engine = _isotypic.InvariantGram.project(entries, self.group._engine, seeds, layout)
        self._factor = lru_cache(maxsize=1)(self._engine.factor)

    @classmethod
    def from_orbit_kernel(cls, kernel: ArrayLike, group: Union[Group, str]) -> GroupInvariantGram:
        """From the kernel between seeds and poses: ``kernel[s, t, u]`` is k(x_s, u x_t)."""
        gram = cls.__new__(cls)
        gram.group = as_group(group)
        values = as_float("kernel", kernel).astype(np.float64, copy=False)
        if values.ndim != 3:
            raise SettingsError(f"`kernel`: expected 3 axes, seeds, seeds and poses, got shape {values.shape}")
        gram._engine = _isotypic.InvariantGram.from_orbit_kernel(values, gram.group._engine)
        gram._factor = lru_cache(maxsize=1)(gram._engine.factor)
        return gram

    @property
    def seeds(self) -> int:
        """Number of orbits."""
        return self._engine.seeds

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = self._engine.seeds * self._engine.order
        return rows, rows

    @property
    def invariance_defect(self) -> float:
        """Distance from the matrix given to the projected one, relative to the norm of the first; 0 from an orbit kernel."""
        return self._engine.invariance_defect

    @property
    def orbit_kernel(self) -> NDArray[np.float64]:
        """k(x_s, u x_t) at ``[s, t, u]``."""
        return self._engine.orbit_kernel()

    @property
    def blocks(self) -> list[Block]:
        """One block for each irrep, the trivial one first; of conjugate pairs the first."""
        return [Block(*row) for row in self._engine.blocks()]

    def spectrum(self) -> list[BlockSpectrum]:
        """The eigenvalues of every block."""
        return [BlockSpectrum(*row) for row in self._engine.spectrum()]

    def solve(self, rhs: ArrayLike, *, ridge: float | str = 0.0) -> Matrix:
        """``(K + ridge I)⁻¹ rhs`` for ``rhs`` of shape ``[rows]`` or ``[rows, columns]``.

        Args:
          rhs: the right-hand side.
          ridge: added to the diagonal; ``"rel:X"`` for X times its mean.

        Raises:
          NotPositiveDefiniteError: names the irrep, the pivot and the smallest ridge that succeeds.
        """
        values = as_finite("rhs", as_columns("rhs", rhs))
        solution: Matrix = self._factor(ridge_text(ridge)).solve(values)
        return solution[:, 0] if np.ndim(rhs) == 1 else solution

    def logdet(self, *, ridge: float | str = 0.0) -> float:
        """``log det (K + ridge I)``."""
        return self._factor(ridge_text(ridge)).log_det()

    def condition_number(self, *, ridge: float | str = 0.0) -> float:
        """The largest eigenvalue of ``K + ridge I`` divided by the smallest."""
        return self._factor(ridge_text(ridge)).condition_number()

    def leave_set_out(
        self, labels: ArrayLike, held_out: Iterable[Sequence[int]], *, ridge: float | str = "rel:1e-10"
    ) -> LeaveSetOut:
        """Predicts held-out points from all others, without refitting.

        Args:
          labels: ``[seeds]`` or ``[seeds, outputs]``, constant on orbits.
          held_out: pairs of a seed and a group element.
          ridge: added to the diagonal; ``"rel:X"`` for X times its mean.

        Returns:
          Errors (label minus prediction), predictions, and the covariance of the labels, the ridge included.
        """
        targets = as_columns("labels", labels)
        points = [(int(seed), int(element)) for seed, element in held_out]
        factor = self._factor(ridge_text(ridge))
        return LeaveSetOut(*self._engine.leave_set_out(factor, targets, points))

    def to_dense(self) -> Matrix:
        """Every entry."""
        return self._engine.to_dense()

    def __matmul__(self, vectors: ArrayLike) -> Matrix:
        product: Matrix = self._engine.apply(as_columns("vectors", vectors))
        return product[:, 0] if np.ndim(vectors) == 1 else product

    def __repr__(self) -> str:
        return f"GroupInvariantGram({self.seeds} seeds, {self.group!r}, invariance_defect={self.invariance_defect:.3g})"


class Spectrum:
    """The spectrum of a Gram matrix, irrep by irrep, and the errors that follow.

    Attributes:
      blocks: eigenvalues of every irrep.
      exact_error: the error at a missing pose of each seed, label minus prediction; ``None`` where it cannot be computed.
      spectral_error: the averaged formula for two seeds of a cyclic group, else ``None``.
      invariance_defect: how far the matrix is from an invariant one.
      condition_number: of the projected matrix with the ridge.
      status: ``ok``, ``orbit_collapse``, ``conflicting_labels`` or ``not_positive_definite``.
    """

    def __init__(self, report: _isotypic.Report) -> None:
        self._report = report
        found = json.loads(report.json)
        self.blocks = [
            BlockSpectrum(row["irrep"], row["dimension"], row["multiplicity"], np.array(row["eigenvalues"]))
            for row in found["blocks"]
        ]
        self.exact_error: list[float | None] = found["exact_error"]
        self.spectral_error: float | None = found["spectral_error"]
        self.invariance_defect: float | None = found["invariance_defect"]
        self.condition_number: float | None = found["condition_number"]
        self.status: str = found["status"]

    def to_json(self) -> str:
        """The document that ``isotypic spectrum --json`` prints."""
        return self._report.json

    def __repr__(self) -> str:
        return self._report.text(100)


def spectrum(
    gram: ArrayLike,
    group: Union[Group, str],
    labels: Sequence[Any],
    *,
    layout: str = "seed-major",
    ridge: float | str = "rel:1e-10",
) -> Spectrum:
    """The spectrum of a Gram matrix from anywhere, such as an empirical tangent kernel.

    Args:
      gram: ``[seeds len(group), seeds len(group)]``, symmetric.
      group: the group whose elements are the poses.
      labels: one per seed; numbers are used as they are, names as one column per class.
      layout: ``"seed-major"`` if the pose is fastest along rows, ``"pose-major"`` if the seed is.
      ridge: added to the diagonal; ``"rel:X"`` for X times its mean.
    """
    one = as_group(group)
    matrix = as_matrix("gram", gram)
    names = label_names(labels)
    return Spectrum(_isotypic.spectrum(matrix, one.spec, len(matrix) // one.order, names, layout, ridge_text(ridge)))


def label_names(labels: Sequence[Any]) -> list[str]:
    """Labels as text: whole numbers without a fraction, all others as they print."""
    values = np.asarray(labels)
    if values.ndim != 1:
        raise SettingsError(f"`labels`: expected one axis, got shape {values.shape}")
    if values.dtype.kind == "f" and np.array_equal(values, np.round(values)):
        values = values.astype(np.int64)
    return [str(value) for value in values.tolist()]
