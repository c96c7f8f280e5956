"""Arrays as NumPy users pass them."""

from __future__ import annotations

import numpy as np
import pytest

from isotypic import stax
from isotypic.errors import IsotypicError, KernelError, SettingsError

IMAGES = stax.serial(stax.Conv(1, (3, 3), padding="CIRCULAR", b_std=0.1), stax.Relu(), stax.Flatten(), stax.Dense(1))
VECTORS = stax.serial(stax.Dense(1, b_std=0.5), stax.Relu(), stax.Dense(1))


def test_float32_in_is_float32_out_and_mixtures_are_float64(rng):
    x = rng.normal(size=(4, 3))
    single = x.astype(np.float32)
    assert VECTORS.kernel_fn(single, get="ntk").dtype == np.float32
    assert VECTORS.kernel_fn(single.astype(np.float16), get="ntk").dtype == np.float32
    mixed = VECTORS.kernel_fn(single, x, "ntk")
    assert mixed.dtype == np.float64
    np.testing.assert_array_equal(mixed, VECTORS.kernel_fn(single.astype(np.float64), x, "ntk"))
    np.testing.assert_allclose(VECTORS.kernel_fn(single, get="ntk"), VECTORS.kernel_fn(x, get="ntk"), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layout_in_memory_changes_no_bit(rng, dtype):
    x = rng.normal(size=(5, 6, 4, 2)).astype(dtype)
    expected = IMAGES.kernel_fn(x, get="ntk")
    big_endian = x.astype(x.dtype.newbyteorder(">"))
    wide = np.zeros((10, 6, 8, 2), dtype)
    wide[::2, :, ::2] = x
    readonly = x.copy()
    readonly.flags.writeable = False
    reversed_twice = np.ascontiguousarray(x[:, ::-1])[:, ::-1]
    for other in (np.asfortranarray(x), wide[::2, :, ::2], readonly, reversed_twice, big_endian, x.tolist()):
        got = IMAGES.kernel_fn(other, get="ntk")
        if isinstance(other, np.ndarray):
            np.testing.assert_array_equal(got, expected)
        else:
            np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_arrays_are_not_changed_and_results_are_owned(rng):
    x = rng.normal(size=(4, 3))
    before = x.copy()
    kernel = VECTORS.kernel_fn(x, get="ntk")
    np.testing.assert_array_equal(x, before)
    assert kernel.flags.c_contiguous and kernel.flags.writeable
    copy = kernel.copy()
    kernel += 1.0
    np.testing.assert_array_equal(VECTORS.kernel_fn(x, get="ntk"), copy)


def test_whole_numbers_and_booleans_are_promoted():
    x = np.array([[0, 1, 3], [2, 5, 1]])
    expected = VECTORS.kernel_fn(x.astype(np.float64), get="ntk")
    for dtype in (np.int64, np.uint8, np.int16):
        np.testing.assert_array_equal(VECTORS.kernel_fn(x.astype(dtype), get="ntk"), expected)
    np.testing.assert_array_equal(
        VECTORS.kernel_fn(x > 1, get="ntk"), VECTORS.kernel_fn((x > 1).astype(np.float64), get="ntk")
    )


def test_no_points_give_a_matrix_without_rows_or_columns(rng):
    x, none = rng.normal(size=(4, 3)), np.zeros((0, 3))
    assert VECTORS.kernel_fn(none, get="ntk").shape == (0, 0)
    assert VECTORS.kernel_fn(none, x, "nngp").shape == (0, 4)
    assert VECTORS.kernel_fn(x, none, "ntk").shape == (4, 0)
    assert IMAGES.kernel_fn(np.zeros((0, 5, 5, 1), np.float32), get="ntk").dtype == np.float32


def test_points_without_numbers_are_refused():
    with pytest.raises(IsotypicError):
        VECTORS.kernel_fn(np.zeros((4, 0)))


@pytest.mark.parametrize("values", [np.ones((2, 3), complex), np.array([["a", "b"]]), np.array([[None, 1]]), [[object()]]])
def test_a_wrong_type_names_the_argument(values):
    with pytest.raises(TypeError, match="`x1`: expected real numbers"):
        VECTORS.kernel_fn(values)
    with pytest.raises(TypeError, match="`x2`: expected real numbers"):
        VECTORS.kernel_fn(np.ones((2, 3)), values)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_name_the_argument_the_point_and_the_coordinate(dtype, value):
    good, bad = np.ones((4, 3), dtype), np.ones((4, 3), dtype)
    bad[2, 1] = value
    with pytest.raises(KernelError, match="`x1`: point 2: coordinate 1") as caught:
        VECTORS.kernel_fn(bad)
    assert isinstance(caught.value, ValueError) and caught.value.hint
    with pytest.raises(KernelError, match="`x2`: point 2: coordinate 1"):
        VECTORS.kernel_fn(good, bad)


def test_shapes_that_do_not_fit_name_the_argument():
    with pytest.raises(SettingsError, match="`x1`: expected at least 2 axes"):
        VECTORS.kernel_fn(np.ones(3))
    with pytest.raises(SettingsError, match="`x1`: expected at least 2 axes"):
        VECTORS.kernel_fn(1.0)
    with pytest.raises(SettingsError, match=r"`x2`: expected inputs of shape \(3,\)"):
        VECTORS.kernel_fn(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(SettingsError, match="`x1`: expected an array"):
        VECTORS.kernel_fn([[1.0, 2.0], [3.0]])


def test_more_than_memory_is_refused_before_it_is_tried():
    x = np.zeros((10_000_000, 1), np.float32)
    with pytest.raises(MemoryError, match="estimated memory"):
        VECTORS.kernel_fn(x)
