//! What would repair the failures behind one Gram matrix: averaging over the group, and a larger separation of the classes.
//!
//! *Averaging.* A network averaged over the group has the kernel $\bar k(x, y) = \frac{1}{|G|} \sum_u k(x, uy)$, which is the
//! same at all poses. Regression on $n_s$ observed poses of seed s with ridge $\lambda$ is then regression on one point with ridge
//! $\lambda / n_s$.
//!
//! *Separation.* Adding a feature that tells two seeds apart at every pose, $k + c\, y y^\top$, moves the means of the two
//! orbits apart: their squared distance grows by $4c$. By the formula of Sherman and Morrison all errors on a held-out set shrink
//! by one factor, $\varepsilon / (1 + c|G| (q - \frac{1}{|G|} \alpha_M^\top \varepsilon_M))$ with $q = y^\top \alpha$, so the
//! smallest sufficient $c$ has a closed form. For whole classes see [`ClassSeparation`].

use isotypic_gram::{DenseFactor, Factorization, GroupInvariantGram, Ridge, SymmetricOperator};
use isotypic_orbit::HeldOutSet;
use isotypic_predict::{delta_squared_kernel, leave_set_out};
use isotypic_report::statistics::median;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::audit_gram::unless_singular;
use super::class_seeds::ClassSeedSet;
use super::class_separation::{ClassSeparation, separation_factors};
use super::large_solution::LargeSolution;
use crate::Error;

/// What was found for one pair, or one set of classes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Repair {
    /// Own-class errors of the averaged network, one per held-out set; empty where it cannot be solved.
    pub(crate) averaged_errors: Vec<f64>,
    /// How many held-out poses the averaged network classifies correctly, and of how many.
    pub(crate) averaged_right: (usize, usize),
    /// Factor of the squared distance of the means that suffices; only where asked for.
    pub(crate) separation_factor: Option<f64>,
}

impl Repair {
    /// The averaged network on each held-out set in turn.
    ///
    /// # Shapes
    /// - `labels`: `[seeds, outputs]`; one output of ±1, or one per class
    pub(crate) fn by_averaging(
        gram: &GroupInvariantGram,
        labels: &Array2<f64>,
        sets: &[HeldOutSet],
        ridge: Ridge,
    ) -> Result<Self, Error> {
        let ridge = ridge.value(gram.mean_diagonal())?;
        let mut repair = Self::default();
        for set in sets {
            let Some(predictions) = averaged_predictions(gram, labels, set, ridge)? else {
                return Ok(Self::default());
            };
            repair.add_set(set.points().map(|(seed, _)| {
                let label = labels.row(seed);
                (label, &label - &predictions.row(seed))
            }));
        }
        Ok(repair)
    }

    /// Averaging and, if `some_fail`, separation for whole classes whose Gram matrix is there; the median factor over failing seeds.
    pub(crate) fn of_classes(
        gram: &GroupInvariantGram,
        set: &ClassSeedSet,
        sets: &[HeldOutSet],
        ridge: Ridge,
        some_fail: bool,
    ) -> Result<Self, Error> {
        let mut repair = Self::by_averaging(gram, &set.labels(), sets, ridge)?;
        if some_fail {
            repair.separation_factor = median(separation_factors(gram, &set.class_of_seen, sets, ridge)?);
        }
        Ok(repair)
    }

    /// The same from the solution of a large audit, of the seeds that are answered.
    pub(super) fn of_large(
        solution: &LargeSolution,
        set: &ClassSeedSet,
        order: usize,
        some_fail: bool,
    ) -> Result<Self, Error> {
        let (labels, terms) = (set.labels(), &solution.repair_terms);
        let rows = || {
            let mut first = 0;
            solution.sets.iter().map(move |seeds| {
                first += seeds.len();
                (seeds.clone(), first - seeds.len()..first)
            })
        };
        let mut repair = Self::default();
        for (seeds, rows) in rows() {
            let errors = |row: usize| terms.averaged_errors.row(row).to_owned();
            repair.add_set(seeds.zip(rows).map(|(seed, row)| (labels.row(seed), errors(row))));
        }
        if some_fail {
            let (weights, products) = (terms.one_hot_weights.clone(), &terms.class_products);
            let separation = ClassSeparation::new(&set.class_of_seen, weights, products, order);
            let mut factors = Vec::new();
            for (seeds, rows) in rows() {
                let errors = terms.one_hot_errors.slice(s![rows, ..]).to_owned();
                factors.extend(separation.factors(&seeds.collect::<Vec<_>>(), &errors)?);
            }
            repair.separation_factor = median(factors);
        }
        Ok(repair)
    }

    /// Counts the averaged network at the points of one held-out set: labels, and label minus prediction.
    fn add_set<'a>(&mut self, points: impl Iterator<Item = (ArrayView1<'a, f64>, Array1<f64>)>) {
        let (mut sum, mut count) = (0.0, 0);
        for (label, error) in points {
            let own = (0..label.len()).find(|&output| label[output] > 0.0).unwrap_or(0);
            let found = &label - &error;
            sum += error[own].abs();
            count += 1;
            let right = match label.len() {
                1 => label[0] * found[0] > 0.0,
                _ => (0..label.len()).all(|output| output == own || found[output] < found[own]),
            };
            self.averaged_right.0 += usize::from(right);
        }
        self.averaged_right.1 += count;
        self.averaged_errors.push(sum / count as f64);
    }

    /// Adds the separation that a pair needs; 1 if the invariant part of its kernel needs none.
    ///
    /// # Shapes
    /// - `labels`: `[2, 1]`, +1 and −1
    pub(crate) fn with_separation(
        mut self,
        gram: &GroupInvariantGram,
        labels: &Array2<f64>,
        sets: &[HeldOutSet],
        ridge: Ridge,
    ) -> Result<Self, Error> {
        let Some(factor) = unless_singular(gram.factor(ridge).map_err(Into::into))? else { return Ok(self) };
        let weights = factor.dual_weights(labels)?;
        let energy = (labels * &weights).sum();
        let order = gram.layout().order() as f64;
        let mut needed: f64 = 0.0;
        for set in sets {
            let Some(turn) = unless_singular(leave_set_out(gram, &factor, labels, set))? else {
                return Ok(self);
            };
            let errors = turn.errors.column(0);
            let worst = set.points().zip(errors).map(|((seed, _), error)| labels[[seed, 0]] * error);
            let worst = worst.fold(f64::NEG_INFINITY, f64::max);
            let own: f64 =
                set.points().zip(errors).map(|((seed, _), error)| weights[[seed, 0]] * error).sum();
            if worst > 1.0 {
                needed = needed.max((worst - 1.0) / (energy - own / order) / order);
            }
        }
        let distance = delta_squared_kernel(gram, 0, 1)?;
        let grown = (distance + 4.0 * needed) / distance;
        self.separation_factor = Some(grown).filter(|factor| factor.is_finite() && *factor >= 1.0);
        Ok(self)
    }
}

/// Predictions of the averaged network for every seed, `[seeds, outputs]`; `None` if it cannot be solved.
fn averaged_predictions(
    gram: &GroupInvariantGram,
    labels: &Array2<f64>,
    set: &HeldOutSet,
    ridge: f64,
) -> Result<Option<Array2<f64>>, Error> {
    let layout = gram.layout();
    let averaged = gram.orbit_kernel().mean_axis(Axis(2)).expect("a group has elements");
    let mut observed = vec![layout.order(); layout.seeds()];
    for (seed, _) in set.points() {
        observed[seed] -= 1;
    }
    let seen: Vec<usize> = (0..layout.seeds()).filter(|&seed| observed[seed] > 0).collect();
    let mut matrix = averaged.select(Axis(0), &seen).select(Axis(1), &seen);
    for (at, &seed) in seen.iter().enumerate() {
        matrix[[at, at]] += ridge / observed[seed] as f64;
    }
    let factor = DenseFactor::new(&matrix, 0.0).map_err(Into::into);
    let Some(factor) = unless_singular(factor)? else { return Ok(None) };
    let weights = factor.solve(&labels.select(Axis(0), &seen))?;
    Ok(Some(averaged.select(Axis(1), &seen).dot(&weights)))
}

#[cfg(test)]
mod tests {
    use isotypic_gram::DenseGram;
    use isotypic_group::FiniteGroup;
    use isotypic_predict::solve_on_observed;
    use ndarray::{Array3, array};

    use super::*;

    const POSES: usize = 5;

    /// Two orbits of the cyclic group. Within one the kernel falls off with the distance of the poses; between the two it is
    /// constant, so that their means differ by about `gap` only.
    fn gram(gap: f64) -> GroupInvariantGram {
        let group = FiniteGroup::cyclic(POSES).unwrap();
        let decay = |u: usize| (-1.5 * u.min(POSES - u) as f64).exp();
        let mean = (0..POSES).map(decay).sum::<f64>() / POSES as f64;
        let kernel = Array3::from_shape_fn((2, 2, POSES), |(s, t, u)| {
            if s == t { 2.0 + 0.01 * s as f64 + decay(u) } else { 2.0 + mean - gap }
        });
        GroupInvariantGram::from_orbit_kernel(&group, kernel).unwrap()
    }

    fn labels() -> Array2<f64> {
        array![[1.0], [-1.0]]
    }

    fn sets(gram: &GroupInvariantGram, elements: &[usize]) -> Vec<HeldOutSet> {
        let points = |seed| elements.iter().map(|&g| (seed, g)).collect::<Vec<_>>();
        (0..2).map(|seed| HeldOutSet::new(gram.layout(), &points(seed)).unwrap()).collect()
    }

    #[test]
    fn averaging_equals_dense_regression_with_the_averaged_kernel() {
        let (gram, ridge) = (gram(0.3), 0.05);
        let averaged = gram.orbit_kernel().mean_axis(Axis(2)).unwrap();
        let layout = gram.layout();
        let dense = Array2::from_shape_fn((layout.len(), layout.len()), |(i, j)| {
            averaged[[layout.split(i).0, layout.split(j).0]]
        });
        let dense = DenseGram::new(dense, 2, gram.group().clone()).unwrap();
        for elements in [vec![0], vec![1, 2, 4]] {
            let sets = sets(&gram, &elements);
            let repair = Repair::by_averaging(&gram, &labels(), &sets, Ridge::Absolute(ridge)).unwrap();
            for (set, error) in sets.iter().zip(&repair.averaged_errors) {
                let twin = solve_on_observed(&dense, ridge, &labels(), set).unwrap();
                let expected = twin.errors.mapv(f64::abs).mean().unwrap();
                assert!((error - expected).abs() < 1e-11 * expected, "{error} {expected}");
            }
            assert_eq!(repair.averaged_right, (2 * elements.len(), 2 * elements.len()));
        }
    }

    #[test]
    fn the_separation_found_brings_the_worst_error_to_exactly_one() {
        let gram = gram(0.02);
        let ridge = Ridge::Absolute(1e-6);
        for elements in [vec![0], vec![0, 3]] {
            let sets = sets(&gram, &elements);
            let found = Repair::default().with_separation(&gram, &labels(), &sets, ridge).unwrap();
            let factor = found.separation_factor.unwrap();
            assert!(factor > 1.001, "this pair must fail: {factor}");
            let distance = delta_squared_kernel(&gram, 0, 1).unwrap();
            let added = (factor - 1.0) * distance / 4.0;
            let kernel = Array3::from_shape_fn((2, 2, POSES), |(s, t, u)| {
                gram.orbit_kernel()[[s, t, u]] + if s == t { added } else { -added }
            });
            let moved = GroupInvariantGram::from_orbit_kernel(gram.group(), kernel).unwrap();
            let worst = |gram: &GroupInvariantGram| {
                let errors = sets.iter().flat_map(|set| {
                    let turn = solve_on_observed(gram, 1e-6, &labels(), set).unwrap();
                    set.points()
                        .zip(turn.errors.column(0).to_vec())
                        .map(|((seed, _), error)| labels()[[seed, 0]] * error)
                        .collect::<Vec<_>>()
                });
                errors.fold(f64::NEG_INFINITY, f64::max)
            };
            assert!(worst(&gram) > 1.0);
            assert!((worst(&moved) - 1.0).abs() < 1e-9, "{}", worst(&moved));
        }
    }

    #[test]
    fn a_pair_that_is_right_needs_no_separation() {
        let gram = gram(1.0);
        let sets = sets(&gram, &[0]);
        let found =
            Repair::default().with_separation(&gram, &labels(), &sets, Ridge::Absolute(1e-6)).unwrap();
        assert_eq!(found.separation_factor, Some(1.0));
    }
}
