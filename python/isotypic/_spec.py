"""Descriptions of networks: a tree as users build it, and the document that the engine reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Union

from .errors import ArchitectureError

Path = tuple[int, ...]


@dataclass(frozen=True)
class Leaf:
    """One layer: its name in documents and its options."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph(Leaf):
    """A layer that reads a graph, which is given where the network is used."""

    axes: tuple[int, ...] | None = None
    to_dense: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Chain:
    """Layers one after another."""

    parts: tuple[Spec, ...]


@dataclass(frozen=True)
class Parallel:
    """One layer for each open branch."""

    branches: tuple[Spec, ...]


@dataclass(frozen=True)
class FanOut:
    """Opens branches that read the same input."""

    count: int


@dataclass(frozen=True)
class FanIn:
    """Joins the open branches: ``sum``, ``product`` or ``concat``."""

    kind: str
    axis: int = -1


Spec = Union[Leaf, Chain, Parallel, FanOut, FanIn]


@dataclass(frozen=True)
class Placed:
    """A layer with its place in the tree."""

    leaf: Leaf
    path: Path


@dataclass(frozen=True)
class Join:
    """Branches and how they are joined."""

    fan_in: FanIn
    branches: list[list[Item]]


Item = Union[Placed, Join]


@dataclass
class _State:
    """What has been built: layers so far, and the branches that are open."""

    items: list[Item]
    branches: list[list[Item]] | None = None


def items_of(spec: Spec) -> list[Item]:
    """The layers of a whole network in the order of its document.

    Raises:
      ArchitectureError: branches that are not opened, not closed, or not as many as they should be.
    """
    state = _State([])
    _add(spec, (), state)
    _expect_closed(state, "the network")
    if not state.items:
        state.items.append(Placed(Leaf("identity"), (-1,)))
    return state.items


def document_of(items: list[Item], pattern: Callable[[Graph], Any] | None = None) -> list[Any]:
    """The layers as a document lists them; ``pattern`` gives the layer in place of one that reads a graph."""
    return [_layer(item, pattern) for item in items]


def leaves_of(items: list[Item]) -> list[Placed]:
    """All layers with a place, in the order of the engine's graph: branch after branch."""
    leaves: list[Placed] = []
    for item in items:
        if isinstance(item, Placed):
            leaves.append(item)
        else:
            for branch in item.branches:
                leaves.extend(leaves_of(branch))
    return leaves


def _layer(item: Item, pattern: Callable[[Graph], Any] | None) -> Any:
    if isinstance(item, Placed):
        if pattern is not None and isinstance(item.leaf, Graph):
            return pattern(item.leaf)
        return {item.leaf.name: item.leaf.options} if item.leaf.options else item.leaf.name
    branches = [document_of(branch, pattern) or ["identity"] for branch in item.branches]
    if item.fan_in.kind == "concat":
        return {"concat": {"axis": item.fan_in.axis, "branches": branches}}
    return {item.fan_in.kind: branches}


def _add(spec: Spec, path: Path, state: _State) -> None:
    if isinstance(spec, Chain):
        for index, part in enumerate(spec.parts):
            _add(part, (*path, index), state)
    elif isinstance(spec, FanOut):
        _expect_closed(state, "`FanOut`")
        state.branches = [[] for _ in range(spec.count)]
    elif isinstance(spec, Parallel):
        branches = _expect_open(state, "`parallel`")
        if len(branches) != len(spec.branches):
            raise ArchitectureError(
                f"`parallel`: expected {len(branches)} layers, one for each branch, got {len(spec.branches)}",
                "`FanOut(n)` opens n branches",
            )
        for index, (branch, inner) in enumerate(zip(branches, spec.branches)):
            inside = _State(branch)
            _add(inner, (*path, index), inside)
            _expect_closed(inside, f"branch {index + 1} of `parallel`")
    elif isinstance(spec, FanIn):
        branches = _expect_open(state, f"`FanIn` ({spec.kind})")
        state.items.append(Join(spec, branches))
        state.branches = None
    else:
        _expect_closed(state, f"`{spec.name}`")
        state.items.append(Placed(spec, path))


def _expect_closed(state: _State, what: str) -> None:
    if state.branches is not None:
        raise ArchitectureError(
            f"{what}: expected one input, got {len(state.branches)} branches",
            "join them by `FanInSum()`, `FanInProd()` or `FanInConcat()`",
        )


def _expect_open(state: _State, what: str) -> list[list[Item]]:
    if state.branches is None:
        raise ArchitectureError(f"{what}: expected branches, got one input", "open them by `FanOut(n)`")
    return state.branches
