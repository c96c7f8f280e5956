//! Conjugate gradients on blocks that are never there, against factors of blocks and against regression that holds everything.

use std::ops::Range;
use std::sync::Arc;

use isotypic_gram::{GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_group::FiniteGroup;
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use isotypic_predict::{
    IterativeOrbitRegression, IterativeRegressionResult, OrbitRegression, leave_one_out, leave_set_out,
};
use isotypic_work::{Cancel, ContentHash, MemoryLimit, Monitor, Silent, UnitStore};
use ndarray::{Array2, Array3};

use crate::orbit_regression::{Table, averaged_errors_by_dense_regression, groups, kernel, labels};

/// The one set of seeds that is answered.
fn one_set(seeds: Range<usize>) -> Vec<Range<usize>> {
    std::iter::once(seeds).collect()
}

fn run(
    table: &Table,
    ridge: Ridge,
    labels: &Array2<f64>,
    answered: &[Range<usize>],
    limit: &MemoryLimit,
) -> IterativeRegressionResult {
    let regression = IterativeOrbitRegression::new(table, ridge, labels, answered.to_vec()).unwrap();
    regression.run(limit, None, &Monitor::silent()).unwrap()
}

#[test]
fn answered_seeds_have_the_errors_of_all_blocks_at_once() {
    let ridge = Ridge::RelativeToMeanDiagonal(1e-6);
    for group in groups() {
        let seeds = 37; // More than one tile.
        let values = kernel(&group, seeds);
        let (table, labels) = (Table::new(values.clone(), &group), labels(seeds));
        let answered = [0..1, 5..6, 36..37];
        let found = run(&table, ridge, &labels, &answered, &MemoryLimit::none());
        let gram = GroupInvariantGram::from_orbit_kernel(&group, values).unwrap();
        let expected = leave_one_out(&gram, ridge, &labels).unwrap();
        assert_eq!(found.seeds, [0, 5, 36]);
        assert!(found.largest_residual <= found.tolerance, "{group}: {:e}", found.largest_residual);
        assert!(found.products.0 > 0 && found.products.1 > 0);
        for (at, &seed) in found.seeds.iter().enumerate() {
            let variance = (found.variance[at], expected.variance[seed]);
            assert!((variance.0 - variance.1).abs() < 1e-9 * variance.1, "{group}: {variance:?}");
            for output in 0..3 {
                let (value, expected) = (found.errors[[at, output]], expected.errors[[seed, output]]);
                assert!((value - expected).abs() < 1e-7, "{group}: {value} and {expected}");
                let prediction = labels[[seed, output]] - value;
                assert!((found.predictions[[at, output]] - prediction).abs() < 1e-15);
            }
        }
    }
}

#[test]
fn seeds_held_out_together_are_those_of_dense_regression() {
    let ridge = Ridge::Absolute(1e-3);
    for group in groups() {
        let seeds = 7;
        let values = kernel(&group, seeds);
        let (table, labels) = (Table::new(values.clone(), &group), labels(seeds));
        let answered = [0..3, 5..7];
        let found = run(&table, ridge, &labels, &answered, &MemoryLimit::none());
        let gram = GroupInvariantGram::from_orbit_kernel(&group, values).unwrap().to_dense_gram();
        let factor = gram.factor(ridge).unwrap();
        let layout = OrbitLayout::new(seeds, group.order());
        let mut at = 0;
        for range in answered {
            let points: Vec<_> = range.map(|seed| (seed, 2)).collect();
            let set = HeldOutSet::new(layout, &points).unwrap();
            let expected = leave_set_out(&gram, &factor, &labels, &set).unwrap();
            for row in 0..points.len() {
                let (variance, expected_variance) = (found.variance[at], expected.covariance[[row, row]]);
                assert!((variance - expected_variance).abs() < 1e-9 * expected_variance, "{group}");
                for output in 0..3 {
                    let (value, expected) = (found.errors[[at, output]], expected.errors[[row, output]]);
                    assert!((value - expected).abs() < 1e-7, "{group}: {value} and {expected}");
                }
                at += 1;
            }
        }
    }
}

#[test]
fn the_averaged_network_is_that_of_dense_regression_with_the_averaged_kernel() {
    let ridge = Ridge::Absolute(0.1);
    for group in groups() {
        let seeds = 7;
        let values = kernel(&group, seeds);
        let (table, labels) = (Table::new(values.clone(), &group), labels(seeds));
        let answered = [0..3, 5..7];
        let found = run(&table, ridge, &labels, &answered, &MemoryLimit::none());
        let expected = answered.clone().map(|range| {
            averaged_errors_by_dense_regression(&group, &values, ridge, &labels, &range).into_iter()
        });
        let expected: Vec<f64> = expected.into_iter().flatten().collect();
        assert_eq!(found.averaged_errors.len(), expected.len());
        for (value, expected) in found.averaged_errors.iter().zip(&expected) {
            assert!((value - expected).abs() < 1e-7, "{group}: {value} and {expected}");
        }
        let together = std::iter::once(0..seeds).collect();
        let regression = OrbitRegression::new(&table, ridge, &labels, together).unwrap();
        let blocks = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap();
        for (value, expected) in found.label_products.iter().zip(&blocks.label_products) {
            assert!((value - expected).abs() < 1e-12, "{group}: {value} and {expected}");
        }
    }
}

/// Points on circles of several radii under turns, k(x, y) = exp⟨x, y⟩: eigenvalues fall fast.
fn circles(order: usize, seeds: usize) -> (FiniteGroup, Table) {
    let group = FiniteGroup::cyclic(order).unwrap();
    let point = |seed: usize| (0.7 + 0.03 * seed as f64, 0.37 * seed as f64);
    let values = Array3::from_shape_fn((seeds, seeds, order), |(s, t, u)| {
        let ((r, a), (q, b)) = (point(s), point(t));
        (r * q * (a - b - std::f64::consts::TAU * u as f64 / order as f64).cos()).exp()
    });
    let table = Table::new(values, &group);
    (group, table)
}

#[test]
fn less_memory_means_no_tiles_that_stay_and_answers_that_differ_by_the_tolerance() {
    let (_, table) = circles(24, 70);
    let (labels, ridge, answered) = (labels(70), Ridge::RelativeToMeanDiagonal(1e-4), [3..4, 40..42]);
    let regression = IterativeOrbitRegression::new(&table, ridge, &labels, answered.to_vec()).unwrap();
    let free = regression.plan(&MemoryLimit::none());
    let smallest = regression.plan(&MemoryLimit::bytes(0));
    assert!(smallest.plan.check(&MemoryLimit::bytes(0)).is_err());
    let limit = MemoryLimit::bytes(smallest.plan.bytes);
    let tight = regression.plan(&limit);
    assert!(tight.plan.check(&limit).is_ok());
    assert!(tight.passes > free.passes, "{} and {}", tight.passes, free.passes);
    assert!(tight.plan.entries > free.plan.entries && tight.plan.seconds > free.plan.seconds);
    let [whole, parts] =
        [MemoryLimit::none(), limit].map(|limit| run(&table, ridge, &labels, &answered, &limit));
    for (a, b) in whole.errors.iter().zip(&parts.errors) {
        assert!((a - b).abs() < 1e-6, "{a} and {b}");
    }
    let refused = regression.run(&MemoryLimit::bytes(1000), None, &Monitor::silent()).unwrap_err();
    assert!(refused.to_string().starts_with("estimated memory"), "{refused}");
}

#[test]
fn threads_change_no_bit() {
    let (_, table) = circles(64, 70);
    let (labels, ridge) = (labels(70), Ridge::RelativeToMeanDiagonal(1e-6));
    let regression = IterativeOrbitRegression::new(&table, ridge, &labels, one_set(2..3)).unwrap();
    let on = |threads: usize, limit: &MemoryLimit| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| regression.run(limit, None, &Monitor::silent()).unwrap())
    };
    let whole = on(1, &MemoryLimit::none());
    assert_eq!(on(3, &MemoryLimit::none()), whole);
}

#[test]
fn a_run_goes_on_where_it_was_stopped_with_the_same_bits() {
    let group = FiniteGroup::abelian(&[4, 4]).unwrap();
    let (table, labels) = (Table::new(kernel(&group, 10), &group), labels(10));
    let regression = IterativeOrbitRegression::new(&table, Ridge::default(), &labels, one_set(1..3)).unwrap();
    let expected = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = UnitStore::open(folder.path()).unwrap();
    let description = ContentHash::of_bytes(b"table");
    let go = |monitor: &Monitor| regression.run(&MemoryLimit::none(), Some((&store, &description)), monitor);
    let files = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    };
    let cancel = Cancel::new();
    cancel.cancel();
    let stopped = go(&Monitor::new(Arc::new(Silent), cancel)).unwrap_err();
    assert!(stopped.to_string().starts_with("interrupted"), "{stopped}");
    assert!(files().is_empty());
    assert_eq!(go(&Monitor::silent()).unwrap(), expected);
    let all = files();
    // The trivial irrep, and nine others in units of four.
    assert_eq!(all.len(), 4);
    std::fs::remove_file(&all[0]).unwrap();
    std::fs::write(&all[1], b"something else").unwrap();
    let again = go(&Monitor::silent()).unwrap();
    assert_eq!(again.corrupted, [all[1].display().to_string()]);
    assert_eq!(IterativeRegressionResult { corrupted: Vec::new(), ..again }, expected);
}

#[test]
fn what_is_not_positive_definite_or_too_hard_is_refused() {
    let group = FiniteGroup::cyclic(5).unwrap();
    let labels = labels(3);
    let mut values = kernel(&group, 3);
    for u in 0..5 {
        values[[1, 1, u]] -= 0.5 * (std::f64::consts::TAU * 2.0 * u as f64 / 5.0).cos();
    }
    let table = Table::new(values, &group);
    let ridge = Ridge::Absolute(0.0);
    let regression = IterativeOrbitRegression::new(&table, ridge, &labels, one_set(1..2)).unwrap();
    let error = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap_err().to_string();
    let expected = "conjugate gradients: gram matrix is not positive definite: irrep `k=2` has curvature -";
    assert!(error.starts_with(expected), "{error}");

    // Rank one, and no ridge beyond rounding: labels cannot be met.
    let values = Array3::from_shape_fn((3, 3, 5), |(s, t, _)| ((1 + s) * (1 + t)) as f64);
    let table = Table::new(values, &group);
    let ridge = Ridge::Absolute(1e-16);
    let regression = IterativeOrbitRegression::new(&table, ridge, &labels, one_set(1..2)).unwrap();
    let error = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap_err().to_string();
    assert!(error.starts_with("conjugate gradients: "), "{error}");
}
