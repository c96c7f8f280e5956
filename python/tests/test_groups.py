"""Groups, invariant Gram matrices and spectra against dense linear algebra."""

from __future__ import annotations

import json

import numpy as np
import pytest

import isotypic
from isotypic import Group, GroupInvariantGram, irreps, spectrum
from isotypic.errors import DataError, GramError, IsotypicError, NotPositiveDefiniteError, SettingsError

GROUPS = ["cyclic:5", "dihedral:4", "symmetric:3", "quaternion", "cyclic:2*cyclic:3"]


def invariant(group, seeds, rng):
    """A random positive definite matrix that the group leaves invariant, seed-major."""
    order = group.order
    rows = rng.normal(size=(seeds * order, seeds * order + 3))
    gram = rows @ rows.T
    mean = np.zeros_like(gram)
    for u in group:
        moved = [s * order + group.multiply(u, g) for s in range(seeds) for g in group]
        mean += gram[np.ix_(moved, moved)] / order
    return mean


@pytest.mark.parametrize("spec", GROUPS)
def test_the_axioms_hold(spec):
    group = Group(spec)
    e = group.identity
    for g in group:
        assert group.multiply(g, group.inverse(g)) == group.multiply(e, g) ^ g ^ e
        assert group.power(g, group.element_order(g)) == e == group.power(g, 0)
        assert group.power(g, -1) == group.inverse(g)
    assert len(group) == group.order == len(list(group))


@pytest.mark.parametrize("spec", GROUPS)
def test_characters_are_orthonormal(spec):
    group = Group(spec)
    sizes = np.array([one.size for one in group.conjugacy_classes])
    table = np.array([one.character for one in irreps(group)])
    np.testing.assert_allclose((table * sizes) @ table.conj().T / group.order, np.eye(len(table)), atol=1e-12)
    assert sum(one.dimension**2 for one in group.irreps) == group.order
    assert group.irreps[0].dimension == 1 and np.all(group.irreps[0].character == 1)


@pytest.mark.parametrize("spec", GROUPS)
def test_blocks_answer_as_the_dense_matrix(spec, rng):
    group, seeds = Group(spec), 3
    matrix = invariant(group, seeds, rng)
    gram = GroupInvariantGram(matrix, group)
    assert gram.invariance_defect < 1e-14 and gram.shape == matrix.shape and gram.seeds == seeds
    with_ridge = matrix + 0.3 * np.eye(len(matrix))
    rhs = rng.normal(size=(len(matrix), 2))
    np.testing.assert_allclose(gram.to_dense(), matrix, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gram @ rhs, matrix @ rhs, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(gram.solve(rhs, ridge=0.3), np.linalg.solve(with_ridge, rhs), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(gram.solve(rhs[:, 0], ridge=0.3), gram.solve(rhs, ridge=0.3)[:, 0], rtol=1e-12)
    np.testing.assert_allclose(gram.logdet(ridge=0.3), np.linalg.slogdet(with_ridge)[1], rtol=1e-12)
    np.testing.assert_allclose(gram.condition_number(ridge=0.3), np.linalg.cond(with_ridge), rtol=1e-6)
    every = np.concatenate([np.repeat(one.eigenvalues, one.multiplicity) for one in gram.spectrum()])
    np.testing.assert_allclose(np.sort(every), np.linalg.eigvalsh(matrix), rtol=1e-9, atol=1e-10)
    for block, values in zip(gram.blocks, gram.spectrum()):
        assert block.irrep == values.irrep
        np.testing.assert_allclose(np.linalg.eigvalsh(block.matrix), values.eigenvalues, rtol=1e-9, atol=1e-10)
    again = GroupInvariantGram.from_orbit_kernel(gram.orbit_kernel, group)
    np.testing.assert_allclose(again.to_dense(), matrix, rtol=1e-12, atol=1e-12)


def test_held_out_points_are_predicted_as_by_refitting(rng):
    group = Group("dihedral:3")
    matrix, labels = invariant(group, 2, rng), np.array([1.0, -1.0])
    gram = GroupInvariantGram(matrix, group)
    rows, y = [0, 7], np.repeat(labels, 6)
    result = gram.leave_set_out(labels, [(0, 0), (1, 1)], ridge=0.1)
    rest = [row for row in range(12) if row not in rows]
    inner = np.linalg.inv(matrix[np.ix_(rest, rest)] + 0.1 * np.eye(10))
    across = matrix[np.ix_(rows, rest)]
    np.testing.assert_allclose(result.predictions[:, 0], across @ inner @ y[rest], rtol=1e-9)
    np.testing.assert_allclose(result.errors[:, 0], y[rows] - across @ inner @ y[rest], rtol=1e-9)
    covariance = matrix[np.ix_(rows, rows)] + 0.1 * np.eye(2) - across @ inner @ across.T
    np.testing.assert_allclose(result.covariance, covariance, rtol=1e-9)


def test_the_other_order_of_rows_is_understood(rng):
    group = Group("cyclic:4")
    matrix = invariant(group, 3, rng)
    pose_major = np.arange(12).reshape(3, 4).T.ravel()
    gram = GroupInvariantGram(matrix[np.ix_(pose_major, pose_major)], group, layout="pose-major")
    np.testing.assert_allclose(gram.to_dense(), matrix, rtol=1e-12, atol=1e-12)
    with pytest.raises(SettingsError, match="`layout`"):
        GroupInvariantGram(matrix, group, layout="rows")


def test_a_spectrum_is_that_of_the_command_line(rng, command_line, tmp_path):
    matrix = invariant(Group("cyclic:6"), 2, rng)
    np.save(tmp_path / "k.npy", matrix)
    printed = command_line(
        "spectrum", "--gram", tmp_path / "k.npy", "--group", "cyclic:6", "--seeds", 2, "--labels=+1,-1", "--json"
    )
    found = spectrum(matrix, "cyclic:6", [1, -1])
    assert json.loads(found.to_json()) == json.loads(printed)
    assert found.status == "ok" and len(found.exact_error) == 2 and "exact error" in repr(found)


def test_what_does_not_fit_is_named(rng):
    matrix = invariant(Group("cyclic:4"), 2, rng)
    gram = GroupInvariantGram(matrix, "cyclic:4")
    for make, error, message in [
        (lambda: Group("dihedrall:4"), IsotypicError, "dihedrall"),
        (lambda: Group("cyclic:4").inverse(4), SettingsError, "element 4: expected a number below 4"),
        (lambda: GroupInvariantGram(matrix[:6, :6], "cyclic:4"), SettingsError, "multiple of 4"),
        (lambda: GroupInvariantGram(matrix[:, :4], "cyclic:4"), GramError, "square|8"),
        (lambda: GroupInvariantGram(matrix + np.triu(matrix), "cyclic:4"), GramError, r"entries `\[1, 0\]` and `\[0, 1\]` differ"),
        (lambda: GroupInvariantGram(np.ones(4), "cyclic:4"), SettingsError, "`matrix`: expected a matrix"),
        (lambda: gram.solve(np.ones(3)), GramError, "right-hand side"),
        (lambda: gram.solve(np.full(8, np.nan)), SettingsError, "`rhs`: entry"),
        (lambda: gram.solve(np.ones(8), ridge="much"), GramError, "much"),
        (lambda: gram.leave_set_out([1, -1], [(2, 0)]), IsotypicError, "2"),
        (lambda: spectrum(matrix, "cyclic:4", [1]), SettingsError, "labels"),
        (lambda: spectrum(matrix * np.nan, "cyclic:4", [1, -1]), DataError, "`NaN`"),
    ]:
        with pytest.raises(error, match=message):
            make()


def test_equal_poses_name_the_seed_and_the_ridge_that_would_do():
    with pytest.raises(NotPositiveDefiniteError, match="irrep `k=1`") as caught:
        GroupInvariantGram(np.ones((4, 4)), "cyclic:4").solve(np.ones(4))
    assert "`ridge=" in caught.value.hint
    assert isinstance(caught.value, (ValueError, np.linalg.LinAlgError))


def test_the_version_is_known():
    assert isotypic.__version__.count(".") == 2
