"""Networks with the names, arguments and defaults of ``neural_tangents.stax``.

A layer is a triple ``init_fn, apply_fn, kernel_fn``; ``serial`` and ``parallel`` make networks of layers:

>>> from isotypic import stax
>>> init_fn, apply_fn, kernel_fn = stax.serial(stax.Dense(512, W_std=1.5), stax.Relu(), stax.Dense(1))
>>> kernel_fn([[0.6, 0.8], [1.0, 0.0]], get="ntk").shape
(2, 2)

Inputs have the batch first and channels last. Every layer that has a closed kernel in the engine is here; the others raise
:class:`~isotypic.errors.UnsupportedLayerError`, as do options that only neural-tangents has. ``Tanh``, ``Sigmoid``, ``Softplus``
and ``Silu`` have closed kernels here and none there.
"""

from __future__ import annotations

import enum
import math
import operator
from typing import Any, Callable, NoReturn, Optional, Sequence, Union

import numpy as np

from . import _isotypic
from ._network import Kernel, Layer, layer_of, spec_of
from ._spec import Chain, FanIn, FanOut as _FanOut, Graph, Leaf, Parallel
from .errors import ArchitectureError, UnsupportedLayerError

Axes = Union[int, Sequence[int]]
Numbers = Optional[Sequence[int]]


class Precision(enum.Enum):
    """Stands for ``jax.lax.Precision`` in signatures; nothing depends on it."""

    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2


#: ``Slice[1:3, ::2]`` is a tuple of slices, as in neural-tangents.
Slice = np.s_


def serial(*layers: Layer) -> Layer:
    """Layers one after another."""
    return layer_of(Chain(tuple(spec_of(layer) for layer in layers)))


def repeat(layer: Layer, n: int) -> Layer:
    """The same layer ``n`` times in a row, each time with parameters of its own."""
    return layer_of(Chain((spec_of(layer),) * _whole("repeat", "n", n, 0)))


def parallel(*layers: Layer) -> Layer:
    """One layer for each branch that ``FanOut`` has opened."""
    return layer_of(Parallel(tuple(spec_of(layer) for layer in layers)))


def FanOut(num: int) -> Layer:
    """Opens ``num`` branches that read the same input."""
    return layer_of(_FanOut(_whole("FanOut", "num", num, 1)))


def FanInSum() -> Layer:
    """Joins branches by their sum. Their outputs must be independent: all but one end in an affine layer."""
    return layer_of(FanIn("sum"))


def FanInProd() -> Layer:
    """Joins branches by the product of their outputs, entry by entry."""
    return layer_of(FanIn("product"))


def FanInConcat(axis: int = -1) -> Layer:
    """Joins branches along an axis, the channels by default."""
    return layer_of(FanIn("concat", operator.index(axis)))


def Identity() -> Layer:
    """Passes its input on."""
    return _leaf("identity")


def Dense(
    out_dim: int,
    W_std: float = 1.0,
    b_std: Optional[float] = None,
    batch_axis: int = 0,
    channel_axis: int = -1,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Layer:
    """An affine map of the channels; ``b_std=None`` for no bias."""
    _axes("Dense", batch_axis, channel_axis)
    options = _affine("Dense", "out_dim", out_dim, W_std, b_std, parameterization, s)
    return _leaf("dense", **options)


def Conv(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Numbers = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: Optional[float] = None,
    dimension_numbers: Optional[tuple[str, str, str]] = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
    *,
    dilation: Numbers = None,
) -> Layer:
    """A convolution over one to three spatial axes; ``padding`` is ``"VALID"``, ``"SAME"`` or ``"CIRCULAR"``.

    ``dilation``, the distance between the taps of the filter, is not in neural-tangents.
    """
    _dimension_numbers(dimension_numbers)
    options = _affine("Conv", "out_chan", out_chan, W_std, b_std, parameterization, s)
    if dilation is not None:
        options["dilation"] = [_whole("Conv", "dilation", step, 1) for step in dilation]
    return _leaf("conv", **_window("Conv", "filter", "filter_shape", filter_shape, strides, padding), **options)


def ConvLocal(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Numbers = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: Optional[float] = None,
    dimension_numbers: Optional[tuple[str, str, str]] = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Layer:
    """A convolution with weights and biases of its own at every position."""
    _dimension_numbers(dimension_numbers)
    options = _affine("ConvLocal", "out_chan", out_chan, W_std, b_std, parameterization, s)
    return _leaf("conv_local", **_window("ConvLocal", "filter", "filter_shape", filter_shape, strides, padding), **options)


def ConvTranspose(
    out_chan: int,
    filter_shape: Sequence[int],
    strides: Numbers = None,
    padding: str = "VALID",
    W_std: float = 1.0,
    b_std: Optional[float] = None,
    dimension_numbers: Optional[tuple[str, str, str]] = None,
    parameterization: str = "ntk",
    s: tuple[int, int] = (1, 1),
) -> Layer:
    """A transposed convolution, which makes ``stride`` positions of one."""
    _dimension_numbers(dimension_numbers)
    options = _affine("ConvTranspose", "out_chan", out_chan, W_std, b_std, parameterization, s)
    window = _window("ConvTranspose", "filter", "filter_shape", filter_shape, strides, padding)
    return _leaf("conv_transpose", **window, **options)


def Index(idx: Any, batch_axis: int = 0, channel_axis: int = -1) -> Layer:
    """Some positions of the input, ``x[idx]``: ``Index(Slice[:, 1:7:2, 0])``.

    ``idx`` is a slice, a whole number or a tuple of them, for the batch, the positions and the channels in turn. Batch and channels
    are taken whole; a whole number takes one position, whose axis disappears. An ellipsis may stand at the end.
    """
    _axes("Index", batch_axis, channel_axis)
    return _leaf("index", slices=_slices(idx))


def ImageResize(
    shape: Sequence[int],
    method: Union[str, Any],
    antialias: bool = True,
    precision: Any = Precision.HIGHEST,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Layer:
    """Other extents by interpolation; ``shape`` lists batch, positions and channels, -1 for what stays.

    ``method`` is ``"linear"`` (also ``"bilinear"``, ``"trilinear"``, ``"triangle"``) or ``"nearest"``. ``precision`` changes nothing: sums are
    in the precision of the inputs. neural-tangents 0.6.5 takes the extents in reverse order after an odd number of convolutions.
    """
    _axes("ImageResize", batch_axis, channel_axis)
    extents = [operator.index(extent) for extent in shape]
    if len(extents) < 3 or extents[0] != -1 or extents[-1] != -1:
        _unsupported("ImageResize", f"`shape={tuple(shape)}`", "batch and channels stay: the first and the last extent are -1")
    name = str(getattr(method, "name", method)).lower()
    kind = {"nearest": "nearest", "linear": "linear", "bilinear": "linear", "trilinear": "linear", "triangle": "linear"}.get(name)
    if kind is None:
        _unsupported("ImageResize", f"`method={name}`", "it may be `linear` or `nearest`")
    return _leaf("image_resize", shape=extents[1:-1], method=kind, antialias=bool(antialias))


def Aggregate(
    aggregate_axis: Optional[Axes] = None,
    batch_axis: int = 0,
    channel_axis: int = -1,
    to_dense: Optional[Callable[[Any], Any]] = lambda p: p,
    implementation: str = "DENSE",
) -> Layer:
    """Sums over the predecessors in a graph of positions (Du et al. 2019, arXiv 1905.13192).

    The graph is given where the network is used: ``kernel_fn(x1, x2, pattern=(p1, p2))`` and ``apply_fn(params, x, pattern=p)``, where
    ``pattern[i, j]`` is the weight of the edge from vertex i to vertex j, with one axis for each axis of positions on either side. All
    inputs share one graph: patterns with a batch axis must be equal along it.

    Args:
      aggregate_axis: the axes of the vertices; all axes of positions, in order, if ``None``.
      to_dense: makes a dense array of what is given as pattern.
      implementation: ``"DENSE"``.
    """
    _axes("Aggregate", batch_axis, channel_axis)
    if str(implementation).upper() != "DENSE":
        _unsupported("Aggregate", f"`implementation={implementation}`", "pass dense patterns and leave it out")
    axes = None if aggregate_axis is None else (aggregate_axis,) if isinstance(aggregate_axis, int) else tuple(aggregate_axis)
    return layer_of(Graph("aggregate", {}, axes, to_dense))


def AvgPool(
    window_shape: Sequence[int],
    strides: Numbers = None,
    padding: str = "VALID",
    normalize_edges: bool = False,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Layer:
    """Means over windows."""
    _axes("AvgPool", batch_axis, channel_axis)
    options = _window("AvgPool", "window", "window_shape", window_shape, strides, padding)
    return _leaf("avg_pool", **options, normalize_edges=bool(normalize_edges))


def SumPool(
    window_shape: Sequence[int],
    strides: Numbers = None,
    padding: str = "VALID",
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Layer:
    """Sums over windows."""
    _axes("SumPool", batch_axis, channel_axis)
    return _leaf("sum_pool", **_window("SumPool", "window", "window_shape", window_shape, strides, padding))


def GlobalAvgPool(batch_axis: int = 0, channel_axis: int = -1) -> Layer:
    """Means over all positions."""
    _axes("GlobalAvgPool", batch_axis, channel_axis)
    return _leaf("global_avg_pool")


def GlobalSumPool(batch_axis: int = 0, channel_axis: int = -1) -> Layer:
    """Sums over all positions."""
    _axes("GlobalSumPool", batch_axis, channel_axis)
    return _leaf("global_sum_pool")


def Flatten(batch_axis: int = 0, batch_axis_out: int = 0) -> Layer:
    """Joins positions and channels into one vector."""
    if batch_axis != 0 or batch_axis_out not in (0, -2):
        _unsupported("Flatten", f"`batch_axis={batch_axis}, batch_axis_out={batch_axis_out}`", "the batch is the first axis")
    return _leaf("flatten")


def LayerNorm(axis: Axes = -1, eps: float = 1e-12, batch_axis: int = 0, channel_axis: int = -1) -> Layer:
    """Layer normalisation over the channels, or over channels and all positions."""
    _axes("LayerNorm", batch_axis, channel_axis)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return _leaf("layer_norm", axes=[operator.index(one) for one in axes], epsilon=_number("LayerNorm", "eps", eps))


def Dropout(rate: float, mode: str = "train") -> Layer:
    """Dropout; ``rate`` is the probability with which a value is KEPT, as in neural-tangents."""
    return _leaf("dropout", keep_rate=_number("Dropout", "rate", rate), mode=mode)


def GlobalSelfAttention(
    n_chan_out: int,
    n_chan_key: int,
    n_chan_val: int,
    n_heads: int,
    linear_scaling: bool = True,
    W_key_std: float = 1.0,
    W_value_std: float = 1.0,
    W_query_std: float = 1.0,
    W_out_std: float = 1.0,
    b_std: Optional[float] = None,
    attention_mechanism: str = "SOFTMAX",
    pos_emb_type: str = "NONE",
    pos_emb_p_norm: float = 2,
    pos_emb_decay_fn: Optional[Callable[[Any], Any]] = None,
    n_chan_pos_emb: Optional[int] = None,
    W_pos_emb_std: float = 1.0,
    val_pos_emb: bool = False,
    batch_axis: int = 0,
    channel_axis: int = -1,
) -> Layer:
    """Attention between all positions of an input (Hron et al. 2020, arXiv 2006.10540).

    ``pos_emb_decay_fn`` may be ``exp(-r d)`` or ``1 / (1 + r d)`` with any rate ``r``; which one it is is told by its values.
    """
    name = "GlobalSelfAttention"
    _axes(name, batch_axis, channel_axis)
    options: dict[str, Any] = {
        "mechanism": attention_mechanism.lower(),
        "scaling": "linear" if linear_scaling else "sqrt",
        "w_key_std": _number(name, "W_key_std", W_key_std),
        "w_query_std": _number(name, "W_query_std", W_query_std),
        "w_value_std": _number(name, "W_value_std", W_value_std),
        "w_out_std": _number(name, "W_out_std", W_out_std),
        "heads": _whole(name, "n_heads", n_heads, 1),
        "key_width": _whole(name, "n_chan_key", n_chan_key, 1),
        "value_width": _whole(name, "n_chan_val", n_chan_val, 1),
        "width": _whole(name, "n_chan_out", n_chan_out, 1),
    }
    if b_std is not None:
        options["b_std"] = _number(name, "b_std", b_std)
    if pos_emb_type.lower() != "none":
        embedding: dict[str, Any] = {
            "type": pos_emb_type.lower(),
            "w_std": _number(name, "W_pos_emb_std", W_pos_emb_std),
            "on_values": bool(val_pos_emb),
            "p_norm": _number(name, "pos_emb_p_norm", pos_emb_p_norm),
        }
        if pos_emb_decay_fn is not None:
            embedding["decay"] = _decay(pos_emb_decay_fn)
        if n_chan_pos_emb is not None:
            embedding["width"] = _whole(name, "n_chan_pos_emb", n_chan_pos_emb, 1)
        options["positional_embedding"] = embedding
    return _leaf("self_attention", **options)


def Relu(do_stabilize: bool = False) -> Layer:
    """``max(x, 0)``. ``do_stabilize`` changes nothing: kernels are exact over their whole range."""
    return _leaf("relu")


def LeakyRelu(alpha: float, do_stabilize: bool = False) -> Layer:
    """``x`` for positive ``x``, else ``alpha x``."""
    return _leaf("leaky_relu", alpha=_number("LeakyRelu", "alpha", alpha))


def ABRelu(a: float, b: float, do_stabilize: bool = False) -> Layer:
    """``a min(x, 0) + b max(x, 0)``."""
    return _leaf("ab_relu", a=_number("ABRelu", "a", a), b=_number("ABRelu", "b", b))


def Abs(do_stabilize: bool = False) -> Layer:
    """``|x|``."""
    return _leaf("abs")


def Sign() -> Layer:
    """The sign of ``x``."""
    return _leaf("sign")


def Erf(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Layer:
    """``a erf(b x) + c``."""
    return _leaf("erf", **_abc("Erf", a, b, c))


def Sigmoid_like() -> Layer:
    """``0.5 erf(x / 2.4020563531719796) + 0.5``, close to the logistic function; that has a kernel here too, ``Sigmoid``."""
    return _leaf("sigmoid_like")


def Gelu(approximate: bool = False) -> Layer:
    """``x`` times the normal distribution function; ``approximate`` concerns finite networks alone."""
    return _leaf("gelu", approximate=bool(approximate))


def Sin(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Layer:
    """``a sin(b x + c)``."""
    return _leaf("sin", **_abc("Sin", a, b, c))


def Cos(a: float = 1.0, b: float = 1.0, c: float = 0.0) -> Layer:
    """``a cos(b x + c)``."""
    return _leaf("cos", **_abc("Cos", a, b, c))


def Rbf(gamma: float = 1.0) -> Layer:
    """The nonlinearity whose NNGP is the RBF kernel: ``sqrt(2) sin(sqrt(2 gamma) x + pi/4)``."""
    return _leaf("rbf", gamma=_number("Rbf", "gamma", gamma))


def Exp(a: float = 1, b: float = 1) -> Layer:
    """``a exp(b x)``."""
    return _leaf("exp", a=_number("Exp", "a", a), b=_number("Exp", "b", b))


def Gaussian(a: float = 1, b: float = -1) -> Layer:
    """``a exp(b x²)``."""
    return _leaf("gaussian", a=_number("Gaussian", "a", a), b=_number("Gaussian", "b", b))


def Gabor() -> Layer:
    """``exp(-x²) sin(x)``."""
    return _leaf("gabor")


def Monomial(degree: int) -> Layer:
    """``x`` to the power ``degree``, 0 to 16."""
    return _leaf("monomial", degree=_whole("Monomial", "degree", degree, 0))


def RectifiedMonomial(degree: int) -> Layer:
    """``x`` to the power ``degree``, 0 to 16, where ``x`` is not negative, else 0."""
    return _leaf("rectified_monomial", degree=_whole("RectifiedMonomial", "degree", degree, 0))


def Polynomial(coef: Sequence[float]) -> Layer:
    """The sum of ``coef[k] x**k``, as in ``numpy.polynomial``; at most 17 coefficients."""
    return _leaf("polynomial", coef=[_number("Polynomial", "coef", one) for one in coef])


def Hermite(degree: int) -> Layer:
    """The Hermite polynomial of norm 1 under the standard normal distribution, degree 1 to 16.

    Its kernel is exact for inputs of any variance; neural-tangents takes the one of variance 1 for all.
    """
    return _leaf("hermite", degree=_whole("Hermite", "degree", degree, 1))


def ExpNormalized(gamma: float = 1, shift: float = -1, do_clip: bool = False) -> Layer:
    """The kernel ``sqrt(q1 q2) exp(gamma (cos + shift))`` (arXiv 2003.02237); it has no finite network.

    ``do_clip`` changes nothing: cosines never leave [-1, 1].
    """
    number = _number("ExpNormalized", "gamma", gamma), _number("ExpNormalized", "shift", shift)
    return _leaf("exp_normalized", gamma=number[0], shift=number[1], do_clip=bool(do_clip))


def Tanh() -> Layer:
    """``tanh(x)``, by a closed formula; not in neural-tangents."""
    return _leaf("tanh")


def Sigmoid() -> Layer:
    """The logistic function, by a closed formula; not in neural-tangents."""
    return _leaf("sigmoid")


def Softplus() -> Layer:
    """``log(1 + exp(x))``, by a closed formula; not in neural-tangents."""
    return _leaf("softplus")


def Silu() -> Layer:
    """``x`` times the logistic function, by a closed formula; not in neural-tangents."""
    return _leaf("silu")


def ElementwiseNumerical(
    fn: Callable[[Any], Any], deg: int, df: Optional[Callable[[Any], Any]] = None
) -> Layer:
    """The kernel of ``fn`` by Gauss-Hermite quadrature with ``deg`` nodes, as neural-tangents computes it.

    ``fn`` must be tanh, erf, the logistic function, softplus, SiLU or GELU, written in any way: it is told by its values. The
    first four but erf have closed kernels under their own names, which are exact.
    """
    probes, _ = _isotypic.identify_function()
    values = np.asarray(fn(np.asarray(probes)), dtype=np.float64)
    _, function = _isotypic.identify_function([float(value) for value in values.ravel()])
    if function is None:
        _unsupported("ElementwiseNumerical", "this `fn`", "it may be tanh, erf, sigmoid, softplus, SiLU or GELU")
    return _leaf("elementwise", function=function, quadrature_degree=_whole("ElementwiseNumerical", "deg", deg, 1))


def _without_kernel(name: str) -> Callable[..., NoReturn]:
    def layer(*args: Any, **kwargs: Any) -> NoReturn:
        raise UnsupportedLayerError(f"`{name}`: no kernel of this layer is available", "see `isotypic.stax.__all__`")

    layer.__name__ = layer.__qualname__ = name
    layer.__doc__ = f"``{name}`` of neural-tangents: not available, raises ``UnsupportedLayerError``."
    return layer


DotGeneral = _without_kernel("DotGeneral")
Elementwise = _without_kernel("Elementwise")


def _leaf(_name: str, **options: Any) -> Layer:
    return layer_of(Leaf(_name, options))


def _unsupported(layer: str, what: str, hint: str) -> NoReturn:
    raise UnsupportedLayerError(f"`{layer}`: {what} is not available", hint)


def _axes(layer: str, batch_axis: int, channel_axis: int) -> None:
    if batch_axis != 0 or channel_axis != -1:
        _unsupported(
            layer,
            f"`batch_axis={batch_axis}, channel_axis={channel_axis}`",
            "the batch is the first axis and the channels are the last",
        )


def _number(layer: str, argument: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{layer}`: `{argument}`: expected a number, got {value!r}") from error
    if not math.isfinite(number):
        raise ArchitectureError(f"`{layer}`: `{argument}`: expected a finite number, got {number}")
    return number


def _whole(layer: str, argument: str, value: int, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError as error:
        raise TypeError(f"`{layer}`: `{argument}`: expected a whole number, got {value!r}") from error
    if number < least:
        raise ArchitectureError(f"`{layer}`: `{argument}`: expected at least {least}, got {number}")
    return number


def _abc(layer: str, a: float, b: float, c: float) -> dict[str, float]:
    return {"a": _number(layer, "a", a), "b": _number(layer, "b", b), "c": _number(layer, "c", c)}


def _affine(
    layer: str,
    width_argument: str,
    width: int,
    W_std: float,
    b_std: Optional[float],
    parameterization: str,
    s: Sequence[float],
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "width": _whole(layer, width_argument, width, 1),
        "w_std": _number(layer, "W_std", W_std),
        "parameterization": parameterization.lower(),
        "width_scale": [_number(layer, "s", factor) for factor in s],
    }
    if b_std is not None:
        options["b_std"] = _number(layer, "b_std", b_std)
    return options


def _window(
    layer: str, option: str, argument: str, window: Sequence[int], strides: Numbers, padding: str
) -> dict[str, Any]:
    extents = [_whole(layer, argument, extent, 1) for extent in window]
    steps = [1] * len(extents) if strides is None else [_whole(layer, "strides", step, 1) for step in strides]
    return {option: extents, "strides": steps, "padding": padding.lower()}


def _dimension_numbers(numbers: Optional[tuple[str, str, str]]) -> None:
    if numbers is None:
        return
    inputs, filters, outputs = numbers
    spatial = inputs[1:-1]
    if (inputs, filters, outputs) != (f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"):
        _unsupported("Conv", f"`dimension_numbers={numbers}`", "the batch is the first axis and the channels are the last")


def _slices(idx: Any) -> list[Any]:
    """What an index takes along each axis of positions."""
    entries = list(idx) if isinstance(idx, tuple) else [idx]
    if entries and entries[-1] is Ellipsis:
        entries.pop()
    whole = slice(None)
    for entry in entries:
        if not isinstance(entry, slice) and not hasattr(entry, "__index__"):
            _unsupported("Index", f"`{entry!r}` in `idx`", "slices and whole numbers, and an ellipsis at the end")
    if not entries or entries[0] != whole:
        _unsupported("Index", f"`idx={idx!r}`", "the batch is taken whole: begin with `:`")
    entries = entries[1:]
    while entries and entries[-1] == whole:
        entries.pop()

    def spelled(entry: Any) -> Any:
        if isinstance(entry, slice):
            ends = (entry.start, entry.stop, 1 if entry.step is None else entry.step)
            return [None if end is None else operator.index(end) for end in ends]
        return operator.index(entry)

    return [spelled(entry) for entry in entries] or [None]


def _decay(function: Callable[[Any], Any]) -> dict[str, float]:
    """Which decay a function is, with its rate."""
    distances = np.array([1.0, 0.25, 0.5, 2.0, 3.0, 5.0])
    values = np.array([float(function(distance)) for distance in distances])
    if np.all(np.isfinite(values)) and 0.0 < values[0] < 1.0:
        exponential, rational = -math.log(values[0]), 1.0 / values[0] - 1.0
        if np.allclose(values, np.exp(-exponential * distances), rtol=1e-5, atol=0.0):
            return {"exponential": _tidy(exponential)}
        if np.allclose(values, 1.0 / (1.0 + rational * distances), rtol=1e-5, atol=0.0):
            return {"rational": _tidy(rational)}
    _unsupported("GlobalSelfAttention", "this `pos_emb_decay_fn`", "it may be exp(-r d) or 1 / (1 + r d)")


def _tidy(rate: float) -> float:
    """The rate that was meant: a value with few digits if one lies within the rounding of single precision."""
    short = float(f"{rate:.6g}")
    return short if math.isclose(short, rate, rel_tol=1e-6) else rate


__all__ = [
    "ABRelu",
    "Abs",
    "Aggregate",
    "AvgPool",
    "Conv",
    "ConvLocal",
    "ConvTranspose",
    "Cos",
    "Dense",
    "Dropout",
    "ElementwiseNumerical",
    "Erf",
    "Exp",
    "ExpNormalized",
    "FanInConcat",
    "FanInProd",
    "FanInSum",
    "FanOut",
    "Flatten",
    "Gabor",
    "Gaussian",
    "Gelu",
    "GlobalAvgPool",
    "GlobalSelfAttention",
    "GlobalSumPool",
    "Hermite",
    "Identity",
    "ImageResize",
    "Index",
    "Kernel",
    "Layer",
    "LayerNorm",
    "LeakyRelu",
    "Monomial",
    "Polynomial",
    "Precision",
    "Rbf",
    "RectifiedMonomial",
    "Relu",
    "Sigmoid",
    "Sigmoid_like",
    "Sign",
    "Silu",
    "Sin",
    "Slice",
    "Softplus",
    "SumPool",
    "Tanh",
    "parallel",
    "repeat",
    "serial",
]
