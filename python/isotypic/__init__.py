"""Will your network learn that symmetry?

``audit`` says for networks, data and a group of transformations whether held-out poses will be classified correctly, before
anything is trained. ``stax`` and ``predict`` are the kernels of infinitely wide networks and what follows from them, with the
names of neural-tangents.
"""

from __future__ import annotations

from . import errors, predict, stax
from ._audit import AuditResult, audit
from ._isotypic import __version__
from .errors import IsotypicError
from .gram import GroupInvariantGram, Spectrum, spectrum
from .group import Group, Irrep, irreps

__all__ = [
    "AuditResult",
    "Group",
    "GroupInvariantGram",
    "Irrep",
    "IsotypicError",
    "Spectrum",
    "__version__",
    "audit",
    "errors",
    "irreps",
    "predict",
    "spectrum",
    "stax",
]
