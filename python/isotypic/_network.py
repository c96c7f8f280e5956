"""The three functions of a layer: parameters, forward pass and kernel."""

from __future__ import annotations

import json
import math
import operator
from collections import namedtuple
from functools import cached_property, lru_cache
from typing import Any, Callable, Iterable, NamedTuple, NoReturn, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _isotypic
from ._arrays import as_finite, as_float, as_points
from ._spec import Chain, Graph, Leaf, Parallel, Placed, Spec, document_of, items_of, leaves_of
from .errors import SettingsError, UnsupportedLayerError

Get = Union[None, str, Sequence[str]]

KINDS = ("nngp", "ntk")


class Kernel(NamedTuple):
    """What ``kernel_fn(x1, x2)`` gives without ``get``."""

    nngp: NDArray[Any]
    ntk: NDArray[Any]


class Definition:
    """A network, compiled when it is first used."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def __reduce__(self) -> tuple[Any, ...]:
        # What was compiled is compiled again where it is needed: in another process, or in a copy.
        return Definition, (self.spec,)

    @cached_property
    def leaves(self) -> list[Placed]:
        return leaves_of(items_of(self.spec))

    @cached_property
    def document(self) -> str:
        """The network as the engine reads it: one line of JSON."""
        return json.dumps({"layers": document_of(items_of(self.spec))}, allow_nan=False)

    @cached_property
    def engine(self) -> _isotypic.Network:
        return _isotypic.Network(self.document)

    @cached_property
    def reads_graph(self) -> bool:
        return any(isinstance(leaf.leaf, Graph) for leaf in self.leaves)

    @cached_property
    def engine_without_graphs(self) -> _isotypic.Network:
        """What parameters are drawn for, which depend on no edges: sums over neighbours have neither parameters nor other shapes."""
        if not self.reads_graph:
            return self.engine
        return self._engine_with(lambda leaf: "identity")

    def _engine_with(self, layer: Callable[[Graph], Any]) -> _isotypic.Network:
        return _isotypic.Network(json.dumps({"layers": document_of(items_of(self.spec), layer)}, allow_nan=False))

    def engine_on(self, options: dict[str, Any], function: str, is_pair: bool) -> _isotypic.Network:
        """The engine with the graph of ``pattern`` among the options of a call; ``is_pair`` where two may be given."""
        pattern = options.pop("pattern", None)
        _no_options(function, options)
        if not self.reads_graph:
            if pattern is not None:
                raise SettingsError("`pattern`: expected none, since the network has no `Aggregate` layer")
            return self.engine
        if pattern is None:
            raise SettingsError("`pattern`: needed, since the network has an `Aggregate` layer", "pass `pattern=(p1, p2)`")
        named = {"pattern": pattern}
        if is_pair and isinstance(pattern, tuple) and len(pattern) == 2:
            named = {f"pattern[{index}]": one for index, one in enumerate(pattern) if one is not None}

        def layer(leaf: Graph) -> dict[str, Any]:
            found = [one_graph(name, part, leaf) for name, part in named.items()]
            if not found:
                raise SettingsError("`pattern`: expected a graph, got none")
            if any(not np.array_equal(found[0], other) for other in found[1:]):
                _differing_graphs("pattern")
            return {leaf.name: {"pattern": found[0].tolist()}}

        return self._engine_with(layer)


class InitFn:
    """``init_fn(rng, input_shape) -> output_shape, params``."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def __call__(self, rng: Any, input_shape: Sequence[int], **kwargs: Any) -> tuple[tuple[int, ...], Any]:
        """Draws the parameters of a finite network.

        Args:
          rng: a whole number, a ``numpy.random.Generator``, or an array of whole numbers such as a key of JAX.
          input_shape: the shape of a batch of inputs; its first entry, the batch, may be -1.

        Returns:
          The shape of the outputs, and the parameters, nested as the layers are: a list for ``serial`` and ``parallel``,
          ``(W, b)`` for ``Dense`` and convolutions, a dictionary for attention, ``()`` for all others. ``ConvLocal`` has one matrix
          ``[filter times channels, out_chan]`` and one row of biases for each position.
        """
        _no_options("init_fn", kwargs)
        engine = self._definition.engine_without_graphs
        batch, *shape = (operator.index(extent) for extent in input_shape)
        width = engine.output_width(_extents(shape))
        drawn = engine.sample(_extents(shape), seed_of(rng))
        arrays = {path: given for path, given in _by_layer(self._definition, drawn)}
        return (batch, width), _nest(self._definition.spec, (), arrays)


class ApplyFn:
    """``apply_fn(params, inputs) -> outputs``."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def __call__(self, params: Any, inputs: ArrayLike, *, rng: Any = None, **kwargs: Any) -> NDArray[Any]:
        """The outputs of the finite network with these parameters.

        Args:
          params: as ``init_fn`` gives them; arrays may be of any floating-point type.
          inputs: ``[n, ...]``, channels last.
          rng: decides what ``Dropout`` drops; needed by networks that drop, as in neural-tangents.
          pattern: the graph of ``Aggregate``.

        Returns:
          ``[n, outputs]``, float32 for inputs in float32.
        """
        engine = self._definition.engine_on(kwargs, "apply_fn", False)
        points = as_points("inputs", inputs)
        as_finite("inputs", points)
        drops = any(
            leaf.leaf.name == "dropout" and leaf.leaf.options.get("mode") != "test" for leaf in self._definition.leaves
        )
        if drops and rng is None:
            raise SettingsError("`rng`: needed, since the network has a `Dropout` layer", "pass `rng`, such as a whole number")
        flat = list(_flatten(self._definition, params))
        rows = np.ascontiguousarray(points.reshape(len(points), -1), dtype=np.float64)
        seed = 0 if rng is None else seed_of(rng)
        outputs = engine.forward(list(points.shape[1:]), seed, flat, rows)
        return outputs.astype(points.dtype, copy=False)


class KernelFn:
    """``kernel_fn(x1, x2=None, get=None)``: the kernels of the network at infinite width."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def __call__(self, x1: ArrayLike, x2: Optional[ArrayLike] = None, get: Get = None, **kwargs: Any) -> Any:
        """Kernel matrices.

        Args:
          x1: inputs ``[n1, ...]``, channels last.
          x2: other inputs ``[n2, ...]``; ``None`` for those of ``x1``, which takes half the time.
          get: ``"ntk"``, ``"nngp"``, or a tuple of both; ``None`` for a :class:`Kernel` of both.
          pattern: the graph of ``Aggregate``, or a pair of equal ones.

        Returns:
          ``[n1, n2]``, float32 if both inputs are, else float64; a named tuple of matrices for a tuple.

        Raises:
          ArchitectureError: names the layer that does not fit these inputs.
          KernelError: names the argument and the point that is not finite or out of range.
        """
        engine = self._definition.engine_on(kwargs, "kernel_fn", True)
        wanted = wanted_kinds(get)
        first = as_points("x1", x1)
        second = None if x2 is None else as_points("x2", x2)
        if second is not None:
            if second.shape[1:] != first.shape[1:]:
                raise SettingsError(
                    f"`x2`: expected inputs of shape {first.shape[1:]} as in `x1`, got {second.shape[1:]}",
                )
            common = np.result_type(first, second)
            first, second = first.astype(common, copy=False), second.astype(common, copy=False)
        nngp, ntk = engine.kernel(first, second, "nngp" in wanted, "ntk" in wanted)
        matrices = {"nngp": nngp, "ntk": ntk}
        if get is None:
            return Kernel(nngp, ntk)
        if isinstance(get, str):
            return matrices[get]
        return _tuple_of("AnalyticKernel", wanted)(*(matrices[kind] for kind in wanted))

    @property
    def architecture(self) -> str:
        """The network as a document for the command line: ``isotypic kernel --arch FILE.json``."""
        return self._definition.document

    @property
    def _spec(self) -> Spec:
        return self._definition.spec


class Layer(NamedTuple):
    """A layer or a network: ``init_fn, apply_fn, kernel_fn``."""

    init_fn: InitFn
    apply_fn: ApplyFn
    kernel_fn: KernelFn


def layer_of(spec: Spec) -> Layer:
    """The three functions of a network."""
    definition = Definition(spec)
    return Layer(InitFn(definition), ApplyFn(definition), KernelFn(definition))


def spec_of(layer: Any) -> Spec:
    """What a layer was built from."""
    try:
        _, _, kernel_fn = layer
    except (TypeError, ValueError):
        kernel_fn = None
    if not isinstance(kernel_fn, KernelFn):
        raise TypeError(f"expected a layer of `isotypic.stax`, got {type(layer).__name__}")
    return kernel_fn._spec


def wanted_kinds(get: Get) -> tuple[str, ...]:
    """The kernels asked for, in the order asked."""
    if get is None:
        return KINDS
    kinds = (get,) if isinstance(get, str) else tuple(get)
    for kind in kinds:
        if kind not in KINDS:
            raise SettingsError(f"`get`: expected `ntk`, `nngp` or a tuple of them, got `{kind}`")
    if not kinds or len(set(kinds)) < len(kinds):
        raise SettingsError(f"`get`: expected each kernel once, got {kinds}")
    return kinds


@lru_cache(maxsize=None)
def _tuple_of(name: str, fields: tuple[str, ...]) -> Any:
    return namedtuple(name, fields)


def seed_of(rng: Any) -> int:
    """A seed of 64 bits from whatever stands for randomness."""
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**64, dtype=np.uint64))
    try:
        entropy = np.asarray(rng)
    except Exception as error:
        raise TypeError(f"`rng`: expected a whole number, a Generator or a key, got {type(rng).__name__}") from error
    if entropy.dtype.kind not in "iu" or entropy.size == 0:
        raise TypeError(f"`rng`: expected a whole number, a Generator or a key, got {type(rng).__name__}")
    if entropy.ndim == 0:
        return int(entropy) % 2**64
    words = [int(word) % 2**64 for word in entropy.ravel()]
    return int(np.random.SeedSequence(words).generate_state(1, np.uint64)[0])


def _no_options(function: str, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise TypeError(f"{function}() got an unexpected keyword argument '{next(iter(kwargs))}'")


def _extents(shape: Iterable[int]) -> list[int]:
    extents = list(shape)
    if any(extent < 0 for extent in extents):
        raise SettingsError(f"`input_shape`: expected extents of at least 0 after the batch, got {tuple(extents)}")
    return extents


def one_graph(argument: str, pattern: Any, leaf: Graph) -> NDArray[Any]:
    """The adjacency matrix that all inputs share."""
    dense = pattern if leaf.to_dense is None else leaf.to_dense(pattern)
    given = as_finite(argument, as_float(argument, dense))
    if given.ndim % 2 == 1 and given.ndim > 1:
        if len(given) == 0 or np.any(given != given[:1]):
            _differing_graphs(argument)
        given = given[0]
    half = given.ndim // 2
    if half == 0 or given.shape[:half] != given.shape[half:]:
        raise SettingsError(
            f"`{argument}`: expected the axes of positions twice, perhaps after a batch axis, got shape {given.shape}"
        )
    if leaf.axes is not None and tuple(leaf.axes) != tuple(range(1, half + 1)):
        raise UnsupportedLayerError(
            f"`Aggregate`: `aggregate_axis={leaf.axes}` with a graph of {half} axes is not available",
            "graphs are over all axes of positions, in order",
        )
    vertices = math.prod(given.shape[:half])
    return given.astype(np.float64).reshape(vertices, vertices)


def _differing_graphs(argument: str) -> NoReturn:
    raise UnsupportedLayerError(
        f"`{argument}`: graphs that differ between inputs are not available", "evaluate inputs of one graph at a time"
    )


_WITH_PARAMETERS = ("dense", "conv", "conv_local", "conv_transpose", "self_attention")


def _by_layer(definition: Definition, drawn: list[Any]) -> Iterable[tuple[tuple[int, ...], Any]]:
    """The parameters of each layer that has some, at its place in the tree; ``drawn`` is in the order of the graph."""
    nodes: dict[int, dict[str, Any]] = {}
    for node, _, name, values in drawn:
        nodes.setdefault(node, {})[name] = values
    placed = [leaf for leaf in definition.leaves if leaf.leaf.name in _WITH_PARAMETERS]
    for one, arrays in zip(placed, nodes.values()):
        if one.leaf.name == "self_attention":
            yield one.path, arrays
            continue
        weights = arrays["weights"]
        if one.leaf.name in ("conv", "conv_transpose"):
            weights = weights.reshape(*one.leaf.options["filter"], -1, weights.shape[1])
        yield one.path, (weights, arrays.get("biases"))


def _nest(spec: Spec, path: tuple[int, ...], arrays: dict[tuple[int, ...], Any]) -> Any:
    if isinstance(spec, (Chain, Parallel)):
        parts = spec.parts if isinstance(spec, Chain) else spec.branches
        return [_nest(part, (*path, index), arrays) for index, part in enumerate(parts)]
    return arrays.get(path, ())


_ATTENTION_ORDER = ("keys", "queries", "values", "output", "biases", "embeddings")


def _flatten(definition: Definition, params: Any) -> Iterable[NDArray[np.float64]]:
    """The arrays of all layers in the order of the graph."""
    for one in definition.leaves:
        leaf = one.leaf
        if leaf.name not in _WITH_PARAMETERS:
            continue
        own = _at(params, one)
        if leaf.name == "self_attention":
            if not isinstance(own, dict):
                raise SettingsError(f"`params`: `{leaf.name}` at {list(one.path)}: expected a dictionary of arrays")
            arrays = [own[name] for name in _ATTENTION_ORDER if name in own]
        else:
            weights, biases = _pair(own, one)
            weights = np.asarray(weights)
            if weights.ndim == 0 or weights.shape[-1] == 0:
                raise SettingsError(f"`params`: `{leaf.name}` at {list(one.path)}: expected weights, got shape {weights.shape}")
            # Every position of a local convolution has weights of its own.
            local = one.leaf.name == "conv_local"
            arrays = [weights if local else weights.reshape(-1, weights.shape[-1])]
            if biases is not None:
                arrays.append(np.asarray(biases) if local else np.asarray(biases).reshape(-1))
        for values in arrays:
            yield np.ascontiguousarray(as_finite("params", as_float("params", values)), dtype=np.float64)


def _at(params: Any, one: Placed) -> Any:
    own = params
    for index in one.path:
        try:
            own = own[index]
        except (TypeError, IndexError, KeyError) as error:
            raise SettingsError(
                f"`params`: expected parameters of `{one.leaf.name}` at {list(one.path)}", "pass what `init_fn` gave"
            ) from error
    return own


def _pair(own: Any, one: Placed) -> tuple[Any, Any]:
    try:
        weights, biases = own
    except (TypeError, ValueError) as error:
        raise SettingsError(
            f"`params`: `{one.leaf.name}` at {list(one.path)}: expected weights and biases", "pass what `init_fn` gave"
        ) from error
    return weights, biases


__all__ = ["Get", "Kernel", "Layer", "Leaf", "layer_of", "spec_of", "wanted_kinds"]
