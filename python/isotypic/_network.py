"""The three functions of a layer: parameters, forward pass and kernel."""

from __future__ import annotations

import json
import operator
from collections import namedtuple
from functools import cached_property, lru_cache
from typing import Any, Iterable, NamedTuple, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _isotypic
from ._arrays import as_finite, as_float, as_points
from ._spec import Chain, Leaf, Parallel, Placed, Spec, document_of, items_of, leaves_of
from .errors import SettingsError

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
          ``(W, b)`` for ``Dense`` and ``Conv``, a dictionary for attention, ``()`` for all others.
        """
        _no_options("init_fn", kwargs)
        batch, *shape = (operator.index(extent) for extent in input_shape)
        engine = self._definition.engine
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

        Returns:
          ``[n, outputs]``, float32 for inputs in float32.
        """
        _no_options("apply_fn", kwargs)
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
        outputs = self._definition.engine.forward(list(points.shape[1:]), seed, flat, rows)
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

        Returns:
          ``[n1, n2]``, float32 if both inputs are, else float64; a named tuple of matrices for a tuple.

        Raises:
          ArchitectureError: names the layer that does not fit these inputs.
          KernelError: names the argument and the point that is not finite or out of range.
        """
        _no_options("kernel_fn", kwargs)
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
        nngp, ntk = self._definition.engine.kernel(first, second, "nngp" in wanted, "ntk" in wanted)
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


_WITH_PARAMETERS = ("dense", "conv", "self_attention")


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
        if one.leaf.name == "conv":
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
            arrays = [weights.reshape(-1, weights.shape[-1])]
            if biases is not None:
                arrays.append(np.asarray(biases).reshape(-1))
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
