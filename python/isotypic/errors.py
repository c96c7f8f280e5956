"""Exceptions: one class for each kind of error of the engine, all of them :class:`IsotypicError`.

Where an error is also one of Python's own kinds (a wrong value, memory that does not suffice, a matrix that is not positive
definite) the class inherits from that too, so ``except ValueError`` works as for NumPy.
"""

from __future__ import annotations

import re

import numpy as np

__all__ = [
    "ArchitectureError",
    "DataError",
    "GramError",
    "GroupError",
    "Interrupted",
    "IsotypicError",
    "KernelError",
    "MemoryLimitError",
    "NotPositiveDefiniteError",
    "OrbitError",
    "PredictError",
    "ReportError",
    "SettingsError",
    "UnsupportedLayerError",
    "WorkError",
]


class IsotypicError(Exception):
    """Something could not be done.

    Attributes:
      message: what was wrong, in one line: the place, what was expected and what came.
      hint: what can be done about it, or ``None``.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = None if hint is None else _in_python(hint)

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class SettingsError(IsotypicError, ValueError):
    """Arguments that do not fit, or do not fit together."""


class ArchitectureError(IsotypicError, ValueError):
    """A network that cannot be: a wrong option, or shapes that do not fit. Names the layer."""


class UnsupportedLayerError(ArchitectureError, NotImplementedError):
    """A layer, or an option of it, that has no kernel here. Names it."""


class DataError(IsotypicError, ValueError):
    """Images, features, labels or matrices that cannot be used."""


class GramError(IsotypicError, ValueError):
    """A Gram matrix that cannot be used."""


class NotPositiveDefiniteError(GramError, np.linalg.LinAlgError):
    """A Gram matrix that is not positive definite. Names the pivot, duplicates if any, and the ridge that would do."""


class GroupError(IsotypicError, ValueError):
    """A group that cannot be read, or whose irreducible representations are not known."""


class KernelError(IsotypicError, ValueError):
    """Points at which a kernel cannot be evaluated."""


class OrbitError(IsotypicError, ValueError):
    """An action or a held-out set that does not fit the data."""


class PredictError(IsotypicError, ValueError):
    """Labels, times or held-out sets that do not fit the Gram matrix."""


class ReportError(IsotypicError, ValueError):
    """A report that cannot be read or written."""


class WorkError(IsotypicError, OSError):
    """Reading or writing failed."""

    def __str__(self) -> str:
        return IsotypicError.__str__(self)


class MemoryLimitError(IsotypicError, MemoryError):
    """The plan needs more memory than there is."""


class Interrupted(IsotypicError):
    """The computation was stopped from within; Ctrl-C raises ``KeyboardInterrupt`` instead."""


def _in_python(hint: str) -> str:
    """Options of the command line as keyword arguments: `--ridge 1e-8` is `ridge="1e-8"` here."""

    def argument(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        return f"`{name}`" if match[2] is None else f'`{name}="{match[2]}"`'

    return re.sub(r"`--([a-z-]+)(?:[ =]([^`]+))?`", argument, hint)
