"""Empirical kernels against explicit gradients; skipped without PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from isotypic import audit, stax  # noqa: E402
from isotypic.errors import SettingsError  # noqa: E402
from isotypic.torch import empirical_ntk, features  # noqa: E402


def network():
    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3), torch.nn.BatchNorm2d(3), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(12, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2),
    ).double()  # fmt: skip
    return layers.eval()


def explicit(model, x, y):
    """Whole gradients, one input and one output at a time."""

    def jacobian(points):
        rows = []
        for point in points:
            outputs = model(point[None])[0]
            each = [torch.autograd.grad(one, list(model.parameters()), retain_graph=True) for one in outputs]
            rows.append(torch.stack([torch.cat([part.flatten() for part in gradient]) for gradient in each]))
        return torch.stack(rows)

    return torch.einsum("iop,jop->ij", jacobian(x), jacobian(y)).numpy() / 2


@pytest.mark.parametrize("chunk_size", [1, 2, 64])
def test_it_is_the_inner_product_of_gradients(chunk_size):
    model = network()
    x, y = torch.randn(5, 1, 6, 6).double(), torch.randn(3, 1, 6, 6).double()
    within = empirical_ntk(model, x, chunk_size=chunk_size)
    np.testing.assert_allclose(within, explicit(model, x, x), rtol=1e-12)
    np.testing.assert_array_equal(within, within.T)
    np.testing.assert_allclose(empirical_ntk(model, x, y, chunk_size=chunk_size), explicit(model, x, y), rtol=1e-11)
    both = [empirical_ntk(model, x, output=output) for output in (0, 1)]
    np.testing.assert_allclose((both[0] + both[1]) / 2, within, rtol=1e-12)


def test_parameters_that_are_not_trained_do_not_count():
    model = network()
    x = torch.randn(4, 1, 6, 6).double()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("7."))
    hidden = features(model, x[:, None])[:, 0]
    np.testing.assert_allclose(empirical_ntk(model, x), hidden @ hidden.T + 1, rtol=1e-12)


def test_a_wide_network_has_nearly_the_closed_kernel():
    width = 4096
    torch.manual_seed(1)
    w = torch.nn.Parameter(torch.randn(width, 3, dtype=torch.float64))
    v = torch.nn.Parameter(torch.randn(1, width, dtype=torch.float64))

    class Wide(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.v = w, v

        def forward(self, x):
            return torch.relu(x @ self.w.T / 3**0.5) @ self.v.T / width**0.5

    x = torch.randn(4, 3, dtype=torch.float64)
    closed = stax.serial(stax.Dense(1), stax.Relu(), stax.Dense(1)).kernel_fn(x.numpy(), get="ntk")
    # The standard error of a mean over 4096 units.
    np.testing.assert_allclose(empirical_ntk(Wide(), x), closed, atol=5 * np.abs(closed).max() / width**0.5)


def test_features_are_what_the_last_layer_reads():
    model = network().train()
    model(torch.randn(8, 1, 6, 6).double())
    x = torch.randn(3, 4, 1, 6, 6).double()
    found = features(model, x, batch_size=5)
    assert found.shape == (3, 4, 5) and model.training
    model.eval()
    with torch.no_grad():
        np.testing.assert_allclose(found.reshape(12, 5), model[:7](x.flatten(0, 1)).numpy(), rtol=1e-12)
        earlier = features(model, x, layer="5")
        np.testing.assert_allclose(earlier.reshape(12, 12), model[:5](x.flatten(0, 1)).numpy(), rtol=1e-12)


def test_both_feed_the_audit():
    model = network()
    x = torch.randn(4, 3, 1, 6, 6).double()
    labels = [0, 1, 0, 1]
    gram = empirical_ntk(model, x.flatten(0, 1))
    assert len(audit(gram=gram, labels=labels, group="cyclic:3", ridge="rel:1e-6").results) == 4
    assert len(audit("linear", features=features(model, x), labels=labels, group="cyclic:3", ridge="rel:1e-6").results) == 4


def test_what_does_not_fit_is_named():
    model, x = network(), torch.randn(4, 1, 6, 6).double()
    for make, message in [
        (lambda: empirical_ntk(network().train(), x), "layer `1` .BatchNorm2d. is in training mode"),
        (lambda: empirical_ntk(model, x[:0]), "`x`: expected at least one"),
        (lambda: empirical_ntk(model, x, output=2), "`output`"),
        (lambda: empirical_ntk(model, x, chunk_size=0), "`chunk_size`"),
        (lambda: empirical_ntk(torch.nn.ReLU(), x), "`model`"),
        (lambda: features(model, x[0, 0]), "`x`: expected"),
        (lambda: features(model, x[:, None], layer="12"), "no layer `12`"),
        (lambda: features(torch.nn.ReLU(), x[:, None]), "`torch.nn.Linear`"),
    ]:
        with pytest.raises(SettingsError, match=message):
            make()
