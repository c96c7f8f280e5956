"""Finite groups and their irreducible representations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Iterator, Optional, Union

import numpy as np
from numpy.typing import NDArray

from . import _isotypic

__all__ = ["ConjugacyClass", "Group", "Irrep", "irreps"]


@dataclass(frozen=True)
class ConjugacyClass:
    """The elements that are conjugate to one."""

    representative: int
    size: int
    element_order: int


@dataclass(frozen=True)
class Irrep:
    """One irreducible representation.

    Attributes:
      label: its name, such as ``k=3`` or ``E``.
      dimension: the size of its matrices.
      kind: ``real``, ``complex`` or ``quaternionic``.
      character: its values on the conjugacy classes, complex.
    """

    label: str
    dimension: int
    kind: str
    character: NDArray[np.complex128]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Irrep)
            and (self.label, self.dimension, self.kind) == (other.label, other.dimension, other.kind)
            and np.array_equal(self.character, other.character)
        )

    def __hash__(self) -> int:
        return hash((self.label, self.dimension, self.kind))


class Group:
    """A finite group, by the name that the command line knows: ``"rotation:16"``, ``"dihedral:8"``, ``"symmetric:4"``.

    Elements are whole numbers from 0 to ``order``; arrays that are indexed by group elements are in this order.

    >>> group = Group("dihedral:4")
    >>> group.order, group.is_abelian
    (8, False)
    >>> [irrep.dimension for irrep in group.irreps]
    [1, 1, 1, 1, 2]
    """

    def __init__(self, spec: str) -> None:
        self._engine = _isotypic.Group(str(spec))

    def __reduce__(self) -> tuple[object, ...]:
        return Group, (self.spec,)

    @property
    def spec(self) -> str:
        """The name it was made from."""
        return self._engine.spec

    @property
    def name(self) -> str:
        """Its name in mathematics."""
        return self._engine.name

    @property
    def order(self) -> int:
        """Number of elements."""
        return self._engine.order

    @property
    def is_abelian(self) -> bool:
        """Whether all elements commute."""
        return self._engine.is_abelian

    @property
    def identity(self) -> int:
        """The neutral element."""
        return self._engine.identity

    @property
    def generators(self) -> list[int]:
        """Elements that generate the group."""
        return self._engine.generators

    def multiply(self, g: int, h: int) -> int:
        """The product ``g h``: first ``h``, then ``g``."""
        return self._engine.multiply(g, h)

    def inverse(self, g: int) -> int:
        """The inverse of ``g``."""
        return self._engine.inverse(g)

    def power(self, g: int, exponent: int) -> int:
        """``g`` to a power, which may be negative."""
        return self._engine.power(g, exponent)

    def element_order(self, g: int) -> int:
        """The smallest positive power of ``g`` that is the identity."""
        return self._engine.element_order(g)

    @cached_property
    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = json.loads(self._engine.facts())
        return facts

    @cached_property
    def conjugacy_classes(self) -> Optional[list[ConjugacyClass]]:
        """The conjugacy classes; ``None`` for a group with more than 256."""
        rows = self._facts["classes"]
        if rows is None:
            return None
        assert isinstance(rows, list)
        return [ConjugacyClass(row["representative"], row["size"], row["element_order"]) for row in rows]

    @cached_property
    def irreps(self) -> Optional[list[Irrep]]:
        """The irreducible representations, the trivial one first; ``None`` for a group with more than 256."""
        rows = self._facts["irreps"]
        if rows is None:
            return None
        assert isinstance(rows, list)
        return [
            Irrep(
                row["irrep"],
                row["dimension"],
                row["kind"],
                np.array(row["character_real"]) + 1j * np.array(row["character_imaginary"]),
            )
            for row in rows
        ]

    def __len__(self) -> int:
        return self.order

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.order))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and other.spec == self.spec

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"Group({self.spec!r})"


def irreps(group: Union[Group, str]) -> Optional[list[Irrep]]:
    """The irreducible representations of a group, by name or made before."""
    return as_group(group).irreps


def as_group(group: Union[Group, str]) -> Group:
    """A group by name, or the group itself."""
    return group if isinstance(group, Group) else Group(group)
