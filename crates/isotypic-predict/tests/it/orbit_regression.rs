//! Regression block by block against regression that holds everything, with which it shares neither transform of pairs nor factors.

use std::error::Error;
use std::sync::Arc;

use isotypic_gram::SymmetricOperator;
use isotypic_gram::{DenseGram, GroupInvariantGram, Ridge};
use isotypic_group::{FiniteGroup, FourierPlanner, GroupFourier};
use isotypic_orbit::{HeldOutSet, OrbitLayout};
use isotypic_predict::{
    OrbitKernel, OrbitRegression, OrbitRegressionResult, irrep_shares, leave_one_out, leave_set_out,
    solve_on_observed,
};
use isotypic_work::{Cancel, ContentHash, MemoryLimit, Monitor, Silent, UnitStore};
use ndarray::{Array2, Array3};

type AnyError = Box<dyn Error + Send + Sync>;

/// Kernel values from a table.
pub(crate) struct Table {
    transform: Arc<dyn GroupFourier>,
    values: Array3<f64>,
    variances: Vec<f64>,
}

impl Table {
    pub(crate) fn new(values: Array3<f64>, group: &FiniteGroup) -> Self {
        let variances = (0..values.dim().0).map(|seed| values[[seed, seed, 0]]).collect();
        Self { transform: FourierPlanner::new().plan(group).unwrap(), values, variances }
    }
}

impl OrbitKernel for Table {
    type Error = AnyError;
    type Run<'a> = ();

    fn transform(&self) -> &Arc<dyn GroupFourier> {
        &self.transform
    }

    fn variances(&self) -> &[f64] {
        &self.variances
    }

    fn start(&self) -> Result<(), AnyError> {
        Ok(())
    }

    fn between(&self, (): &mut (), s: usize, t: usize, values: &mut [f64]) -> Result<(), AnyError> {
        assert!(s >= t, "only the lower triangle is needed");
        (0..values.len()).for_each(|u| values[u] = self.values[[s, t, u]]);
        Ok(())
    }

    fn seconds_per_value(&self) -> f64 {
        1e-9
    }

    fn bytes(&self) -> u64 {
        0
    }
}

/// κ_st(u) = Σ_h f_s(h) f_t(u⁻¹h) with functions of many seeds and a bit of the identity: invariant and positive definite.
pub(crate) fn kernel(group: &FiniteGroup, seeds: usize) -> Array3<f64> {
    let order = group.order();
    let feature = |seed: usize, channel: usize, h: usize| {
        (1.0 + 0.7 * seed as f64 + 2.3 * (channel * order + h) as f64 + 0.11 * (seed * h) as f64).sin()
    };
    Array3::from_shape_fn((seeds, seeds, order), |(s, t, u)| {
        let sum: f64 = (0..seeds)
            .flat_map(|channel| group.elements().map(move |h| (channel, h)))
            .map(|(channel, h)| {
                feature(s, channel, h) * feature(t, channel, group.multiply(group.inverse(u), h))
            })
            .sum();
        sum / (seeds * order) as f64 + if s == t && u == 0 { 0.1 } else { 0.0 }
    })
}

pub(crate) fn labels(seeds: usize) -> Array2<f64> {
    Array2::from_shape_fn((seeds, 3), |(seed, output)| if seed % 3 == output { 1.0 } else { -1.0 })
}

pub(crate) fn groups() -> [FiniteGroup; 5] {
    [
        FiniteGroup::cyclic(7).unwrap(),
        FiniteGroup::abelian(&[4, 6]).unwrap(),
        FiniteGroup::abelian(&[2, 2, 2]).unwrap(),
        FiniteGroup::dihedral(5).unwrap(),
        FiniteGroup::quaternion(),
    ]
}

fn run(kernel: &Table, ridge: Ridge, together: Vec<std::ops::Range<usize>>) -> OrbitRegressionResult {
    let labels = labels(kernel.variances.len());
    let regression = OrbitRegression::new(kernel, ridge, &labels, together).unwrap();
    regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap()
}

fn singles(seeds: usize) -> Vec<std::ops::Range<usize>> {
    (0..seeds).map(|seed| seed..seed + 1).collect()
}

#[test]
fn one_missing_pose_of_each_seed_is_that_of_all_blocks_at_once() {
    let ridge = Ridge::RelativeToMeanDiagonal(1e-6);
    for group in groups() {
        let seeds = 37; // More than one tile.
        let values = kernel(&group, seeds);
        let table = Table::new(values.clone(), &group);
        let found = run(&table, ridge, singles(seeds));
        let gram = GroupInvariantGram::from_orbit_kernel(&group, values).unwrap();
        let expected = leave_one_out(&gram, ridge, &labels(seeds)).unwrap();
        for (value, expected) in found.errors.iter().zip(&expected.errors) {
            assert!((value - expected).abs() < 1e-11, "{group}: {value} and {expected}");
        }
        for (value, expected) in found.variance.iter().zip(&expected.variance) {
            assert!((value - expected).abs() < 1e-11 * expected, "{group}: {value} and {expected}");
        }
        let factor = gram.factor(ridge).unwrap();
        let layout = OrbitLayout::new(seeds, group.order());
        for seed in [0, 36] {
            let set = HeldOutSet::new(layout, &[(seed, 0)]).unwrap();
            let turn = leave_set_out(&gram, &factor, &labels(seeds), &set).unwrap();
            let expected = irrep_shares(&gram, &factor, &set, &turn).unwrap();
            let shares = found.shares.as_ref().unwrap();
            assert_eq!(shares.nrows(), expected.len());
            for (share, expected) in shares.column(seed).iter().zip(&expected) {
                assert!((share - expected.shares[0]).abs() < 1e-11, "{group}: {share} {expected:?}");
            }
        }
        let bound = isotypic_gram::Factorization::condition_number(&gram.factor(ridge).unwrap()).unwrap();
        assert!(found.condition_bound >= bound && found.condition_bound < 1e4 * bound, "{group}");
    }
}

#[test]
fn seeds_held_out_together_are_those_of_dense_regression() {
    let ridge = Ridge::Absolute(1e-3);
    for group in groups() {
        let seeds = 7;
        let values = kernel(&group, seeds);
        let table = Table::new(values.clone(), &group);
        let together = vec![0..3, 3..4, 4..7];
        let found = run(&table, ridge, together.clone());
        let gram = GroupInvariantGram::from_orbit_kernel(&group, values).unwrap().to_dense_gram();
        let factor = gram.factor(ridge).unwrap();
        let layout = OrbitLayout::new(seeds, group.order());
        for range in together {
            let points: Vec<_> = range.clone().map(|seed| (seed, 2)).collect();
            let set = HeldOutSet::new(layout, &points).unwrap();
            let expected = leave_set_out(&gram, &factor, &labels(seeds), &set).unwrap();
            for (at, seed) in range.enumerate() {
                for output in 0..3 {
                    let (value, expected) = (found.errors[[seed, output]], expected.errors[[at, output]]);
                    assert!((value - expected).abs() < 1e-12, "{group}, {seed}: {value} {expected}");
                }
                let expected = expected.covariance[[at, at]];
                assert!((found.variance[seed] - expected).abs() < 1e-12, "{group}, {seed}");
            }
        }
    }
}

/// Label minus prediction of the averaged network at one held-out pose of some seeds: dense regression on all poses with a kernel that is the
/// same at each.
pub(crate) fn averaged_errors_by_dense_regression(
    group: &FiniteGroup,
    values: &Array3<f64>,
    ridge: Ridge,
    labels: &Array2<f64>,
    held_out: &std::ops::Range<usize>,
) -> Array2<f64> {
    let layout = OrbitLayout::new(values.dim().0, group.order());
    let mean_of =
        |s: usize, t: usize| group.elements().map(|u| values[[s, t, u]]).sum::<f64>() / group.order() as f64;
    let points = layout.len();
    let matrix =
        Array2::from_shape_fn((points, points), |(i, j)| mean_of(layout.split(i).0, layout.split(j).0));
    let gram = DenseGram::new(matrix, values.dim().0, group.clone()).unwrap();
    // The ridge is that of the network itself.
    let own: f64 = (0..values.dim().0).map(|seed| values[[seed, seed, 0]]).sum();
    let ridge = ridge.value(own / values.dim().0 as f64).unwrap();
    let set: Vec<_> = held_out.clone().map(|seed| (seed, 0)).collect();
    let set = HeldOutSet::new(layout, &set).unwrap();
    solve_on_observed(&gram, ridge, labels, &set).unwrap().errors
}

#[test]
fn the_averaged_network_is_that_of_dense_regression_with_the_averaged_kernel() {
    let one = FiniteGroup::cyclic(1).unwrap();
    for group in groups().into_iter().chain([one, FiniteGroup::cyclic(2).unwrap()]) {
        let seeds = 7;
        let values = kernel(&group, seeds);
        let (table, labels) = (Table::new(values.clone(), &group), labels(seeds));
        for ridge in [Ridge::Absolute(0.1), Ridge::RelativeToMeanDiagonal(1e-4)] {
            for together in [singles(seeds), vec![0..3, 3..4, 4..7]] {
                let found = run(&table, ridge, together.clone());
                for range in together {
                    let expected =
                        averaged_errors_by_dense_regression(&group, &values, ridge, &labels, &range);
                    let found = found.averaged_errors.slice(ndarray::s![range, ..]);
                    for (value, expected) in found.iter().zip(&expected) {
                        assert!((value - expected).abs() < 1e-10, "{group}: {value} and {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn products_of_labels_are_sums_over_all_pairs_of_points() {
    for group in [FiniteGroup::cyclic(7).unwrap(), FiniteGroup::dihedral(5).unwrap()] {
        let (seeds, labels) = (37, labels(37)); // More than one tile.
        let values = kernel(&group, seeds);
        let found = run(&Table::new(values.clone(), &group), Ridge::default(), singles(seeds)).label_products;
        let pairs = || (0..seeds).flat_map(|s| (0..seeds).map(move |t| (s, t)));
        for ((a, b), value) in found.indexed_iter() {
            let of_pair = |(s, t): (usize, usize)| {
                let sum: f64 = group.elements().map(|u| values[[s, t, u]]).sum();
                labels[[s, a]] * sum * labels[[t, b]] / group.order() as f64
            };
            let expected: f64 = pairs().map(of_pair).sum();
            assert!((value - expected).abs() < 1e-11, "{group}: {value} and {expected}");
        }
    }
}

#[test]
fn more_passes_change_no_bit_and_a_limit_below_all_is_refused() {
    let group = FiniteGroup::abelian(&[6, 6]).unwrap();
    let table = Table::new(kernel(&group, 20), &group);
    let labels = labels(20);
    let regression = OrbitRegression::new(&table, Ridge::default(), &labels, vec![0..8, 8..20]).unwrap();
    let free = regression.plan(&MemoryLimit::none());
    assert_eq!(free.passes, 1);
    // Room for the largest block and a part of the coefficients.
    let limit = MemoryLimit::bytes(free.plan.bytes - 40_000);
    let plan = regression.plan(&limit);
    assert!(plan.passes > 1 && plan.plan.check(&limit).is_ok());
    let results =
        [MemoryLimit::none(), limit].map(|limit| regression.run(&limit, None, &Monitor::silent()).unwrap());
    assert_eq!(results[0], results[1]);
    let error = regression.run(&MemoryLimit::bytes(1000), None, &Monitor::silent()).unwrap_err();
    assert!(error.to_string().starts_with("estimated memory"), "{error}");
}

#[test]
fn a_run_goes_on_where_it_was_stopped_with_the_same_bits() {
    let group = FiniteGroup::abelian(&[8, 8]).unwrap();
    let table = Table::new(kernel(&group, 10), &group);
    let labels = labels(10);
    let regression = OrbitRegression::new(&table, Ridge::default(), &labels, singles(10)).unwrap();
    let expected = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = UnitStore::open(folder.path()).unwrap();
    let description = ContentHash::of_bytes(b"table");
    let go = |monitor: &Monitor| regression.run(&MemoryLimit::none(), Some((&store, &description)), monitor);
    let files = || {
        let mut files: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
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
    assert_eq!(all.len(), 34_usize.div_ceil(4));
    // Lost and damaged units alone are computed again; the damaged one is named.
    std::fs::remove_file(&all[0]).unwrap();
    let whole = std::fs::read(&all[3]).unwrap();
    let mut damaged = whole.clone();
    damaged[60] ^= 1;
    std::fs::write(&all[3], damaged).unwrap();
    let again = go(&Monitor::silent()).unwrap();
    assert_eq!(again.corrupted, [all[3].display().to_string()]);
    assert_eq!((again.errors, again.variance), (expected.errors.clone(), expected.variance.clone()));
    assert_eq!((files(), std::fs::read(&all[3]).unwrap()), (all, whole));
    assert_eq!(go(&Monitor::silent()).unwrap(), expected);
}

#[test]
fn a_block_that_is_not_positive_definite_names_irrep_and_pivot() {
    let group = FiniteGroup::cyclic(5).unwrap();
    let mut values = kernel(&group, 3);
    // Far too little power in one pair of frequencies of the second seed.
    for u in 0..5 {
        values[[1, 1, u]] -= 0.5 * (std::f64::consts::TAU * 2.0 * u as f64 / 5.0).cos();
    }
    let table = Table::new(values.clone(), &group);
    let labels = labels(3);
    let regression = OrbitRegression::new(&table, Ridge::Absolute(0.0), &labels, singles(3)).unwrap();
    let error = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap_err().to_string();
    let gram = GroupInvariantGram::from_orbit_kernel(&group, values).unwrap();
    let expected = gram.factor(Ridge::Absolute(0.0)).unwrap_err().to_string();
    assert!(expected.contains("irrep `k=2`, pivot 1 is -"), "{expected}");
    assert_eq!(error, expected);
}
