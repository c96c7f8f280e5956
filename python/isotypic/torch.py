"""Networks of PyTorch that have no closed kernel: empirical tangent kernels, and features of trained networks.

``audit(gram=empirical_ntk(model, x), ...)`` and ``audit(features=features(model, x), ...)`` are the way for batch normalisation,
max-pooling, and whatever else people train. Needs PyTorch, 2.0 or newer, or 1.13 with functorch; it is not a dependency.
"""

from __future__ import annotations

import itertools
from typing import Any, Callable, Iterator, Optional

import numpy as np
from numpy.typing import NDArray

try:
    import torch
except ImportError as error:  # pragma: no cover - depends on what is installed
    raise ImportError("isotypic.torch needs PyTorch 2.0 or newer, or 1.13 with functorch: pip install torch") from error

try:
    from torch.func import functional_call, grad, vmap
except ImportError:  # pragma: no cover - PyTorch 1.13
    from functorch import grad, vmap
    from torch.nn.utils.stateless import functional_call

from .errors import SettingsError

__all__ = ["empirical_ntk", "features"]


def empirical_ntk(
    model: torch.nn.Module,
    x: torch.Tensor,
    y: Optional[torch.Tensor] = None,
    *,
    chunk_size: int = 64,
    output: Optional[int] = None,
) -> NDArray[np.float64]:
    """The tangent kernel of a finite network with the parameters that it has.

    Entry ``[i, j]`` is the inner product of the gradients of the outputs at ``x[i]`` and ``y[j]`` with respect to all parameters
    that require gradients, the mean over outputs. It is summed up parameter by parameter and output by output, so that never more
    than the gradients of two chunks of inputs with respect to one parameter are held. Sums are in double precision.

    Args:
      model: maps a batch to ``[n, outputs]`` (or ``[n]``), each row from its input alone: batch normalisation in evaluation mode.
      x: inputs ``[n, ...]``, on the device of the model.
      y: other inputs; ``None`` for those of ``x``, which takes half the time.
      chunk_size: inputs whose gradients are held at once.
      output: only this output; ``None`` for the mean over all.

    Returns:
      ``[len(x), len(y)]``.
    """
    if chunk_size < 1:
        raise SettingsError(f"`chunk_size`: expected at least 1, got {chunk_size}")
    _refuse_coupled_rows(model)
    fixed = {name: value.detach() for name, value in itertools.chain(model.named_parameters(), model.named_buffers())}
    trained = [name for name, value in model.named_parameters() if value.requires_grad]
    if not trained:
        raise SettingsError("`model`: expected parameters that require gradients, found none")
    outputs = _outputs(model, x)
    if output is not None and not 0 <= output < outputs:
        raise SettingsError(f"`output`: expected a number below {outputs}, got {output}")
    chosen = range(outputs) if output is None else [output]
    columns = x if y is None else y
    kernel = torch.zeros(len(x), len(columns), dtype=torch.float64, device=x.device)
    for name, index in itertools.product(trained, chosen):
        rows_of = _gradients(model, fixed, name, index)
        for at, points in _chunks(x, chunk_size):
            rows = rows_of(points)
            for across, others in _chunks(columns, chunk_size):
                if y is None and across.start < at.start:
                    continue
                same = y is None and across.start == at.start
                kernel[at, across] += rows @ (rows if same else rows_of(others)).T
    kernel /= len(chosen)
    if y is None:
        # The lower triangle is a copy of the upper one, bit for bit.
        kernel = torch.triu(kernel) + torch.triu(kernel, diagonal=1).T
    result: NDArray[np.float64] = kernel.cpu().numpy()
    return result


def features(
    model: torch.nn.Module, x: torch.Tensor, *, layer: Optional[str] = None, batch_size: int = 256
) -> NDArray[np.float64]:
    """What the last linear layer of a network reads, for every pose of every seed.

    A new last layer trained on it is kernel regression with the kernel of these features, exactly.

    Args:
      model: the network; it is run in evaluation mode, and left in the mode it was in.
      x: inputs ``[seeds, poses, ...]``, on the device of the model.
      layer: the name of the layer whose input is wanted; ``None`` for the last ``torch.nn.Linear``.
      batch_size: inputs that are run at once.

    Returns:
      ``[seeds, poses, d]``, for ``audit(features=...)``.
    """
    if x.ndim < 3:
        raise SettingsError(f"`x`: expected [seeds, poses, ...], got shape {tuple(x.shape)}")
    modules = dict(model.named_modules())
    if layer is None:
        linear = [name for name, module in modules.items() if isinstance(module, torch.nn.Linear)]
        if not linear:
            raise SettingsError("`model`: expected a `torch.nn.Linear`, found none", "name a layer: `layer=...`")
        layer = linear[-1]
    if layer not in modules:
        raise SettingsError(f"`layer`: no layer `{layer}`", f"layers are {', '.join(name for name in modules if name)}")
    seen: list[torch.Tensor] = []
    handle = modules[layer].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    was_training = model.training
    model.eval()
    rows = []
    try:
        with torch.no_grad():
            for _, points in _chunks(x.flatten(0, 1), batch_size):
                seen.clear()
                model(points)
                if len(seen) != 1:
                    raise SettingsError(f"`layer`: expected `{layer}` to be used once, it was used {len(seen)} times")
                rows.append(seen[0].flatten(1).double().cpu().numpy())
    finally:
        handle.remove()
        model.train(was_training)
    joined = np.concatenate(rows)
    return joined.reshape(x.shape[0], x.shape[1], -1)


def _gradients(
    model: torch.nn.Module, fixed: dict[str, torch.Tensor], name: str, output: int
) -> Callable[[torch.Tensor], torch.Tensor]:
    """From points to the gradients of one output with respect to one parameter, ``[n, size]`` in double precision."""

    def value(parameter: torch.Tensor, point: torch.Tensor) -> torch.Tensor:
        outputs = functional_call(model, {**fixed, name: parameter}, (point[None],))
        return outputs.reshape(-1)[output]

    each = vmap(grad(value), in_dims=(None, 0))
    return lambda points: each(fixed[name], points).flatten(1).double()


def _outputs(model: torch.nn.Module, x: torch.Tensor) -> int:
    if len(x) == 0:
        raise SettingsError("`x`: expected at least one input, got none")
    with torch.no_grad():
        given: Any = model(x[:1])
    if not isinstance(given, torch.Tensor) or len(given) != 1 or given.ndim > 2:
        raise SettingsError("`model`: expected outputs of shape [n, outputs] or [n]")
    return int(given.numel())


def _refuse_coupled_rows(model: torch.nn.Module) -> None:
    for name, module in model.named_modules():
        coupled = isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
        drops = isinstance(module, torch.nn.modules.dropout._DropoutNd)
        if module.training and (coupled or drops):
            raise SettingsError(
                f"`model`: layer `{name}` ({type(module).__name__}) is in training mode", "call `model.eval()` first"
            )


def _chunks(points: torch.Tensor, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
    for start in range(0, len(points), size):
        at = slice(start, min(start + size, len(points)))
        yield at, points[at]
