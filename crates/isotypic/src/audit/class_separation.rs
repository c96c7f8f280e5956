//! How much further apart whole classes would have to be for a failing seed to be right.
//!
//! A feature that names the class at every pose, $k + c\, \sum_i z_i z_i^\top$ with $z_i$ the indicator of class i, moves the means of any
//! two classes apart: their squared distance grows by $2c$. With one-hot labels $Z$, $\beta = (B_1 + \lambda)^{-1} Z$,
//! $Q = |G|\, Z^\top \beta$, the errors $E_Z$ of a held-out set under one-hot labels and $H = \beta_M^\top E_Z$, the formula of Woodbury
//! gives the errors under labels $Z T$ (here +1 and −1) for every $c$ at once:
//!
//! $E_c = E_Z\, (I + c\,(Q - H))^{-1}\, T$.
//!
//! Which $c$ suffices is found by doubling and bisection: unlike for two seeds there is no closed form. Everything comes from the trivial
//! block and the errors, so that the Gram matrix need not be there.

use isotypic_gram::{DenseFactor, GroupInvariantGram, Ridge, SymmetricOperator, symmetric_least_squares};
use isotypic_orbit::HeldOutSet;
use isotypic_predict::leave_set_out;
use ndarray::{Array2, ArrayView1, Axis};

use super::audit_gram::unless_singular;
use crate::Error;

/// Bisection ends when the interval is this small, relative to its end.
const PRECISION: f64 = 1e-4;

/// Doublings after which nothing suffices: a factor of 2⁶⁰.
const DOUBLINGS: usize = 60;

/// What the errors of every held-out set change by.
pub(super) struct ClassSeparation<'a> {
    class_of: &'a [usize],
    /// $\beta$, `[seeds, classes]`.
    weights: Array2<f64>,
    /// $Q$
    energy: Array2<f64>,
    /// Squared distance between the mean of each class and that of the nearest other one.
    distances: Vec<f64>,
}

impl<'a> ClassSeparation<'a> {
    /// # Shapes
    /// - `class_of`: the class of each seed
    /// - `weights`: $\beta$, `[seeds, classes]`
    /// - `products`: $Z^\top \bar K Z$ with the kernel averaged over the group between seeds, `[classes, classes]`
    pub(super) fn new(
        class_of: &'a [usize],
        weights: Array2<f64>,
        products: &Array2<f64>,
        order: usize,
    ) -> Self {
        let energy = one_hot(class_of).t().dot(&weights) * order as f64;
        let distances = nearest_distances(class_of, products);
        Self { class_of, weights, energy, distances }
    }

    /// For each seed of a held-out set that fails, by what factor the squared distance between its class and the nearest one would have to
    /// grow, measured between the means of all poses of all seeds of a class; without those that no distance repairs.
    ///
    /// # Shapes
    /// - `seeds`: of each held-out point; points of one seed follow each other
    /// - `errors`: $E_Z$, `[points, classes]`
    pub(super) fn factors(&self, seeds: &[usize], errors: &Array2<f64>) -> Result<Vec<f64>, Error> {
        let own = self.weights.select(Axis(0), seeds).t().dot(errors);
        let change = &self.energy - &own;
        let mut asked = seeds.to_vec();
        asked.dedup();
        let mut factors = Vec::new();
        for seed in asked {
            let rows: Vec<usize> = (0..seeds.len()).filter(|&row| seeds[row] == seed).collect();
            let errors = errors.select(Axis(0), &rows);
            let class = self.class_of[seed];
            let margin = |added: f64| smallest_margin(&errors, &change, class, added);
            if margin(0.0)? > 0.0 {
                continue;
            }
            let distance = self.distances[class];
            if let Some(added) = sufficient(margin, distance)? {
                factors.push((distance + 2.0 * added) / distance);
            }
        }
        factors.retain(|factor| factor.is_finite());
        Ok(factors)
    }
}

/// The factors of all seeds that fail, where the Gram matrix is there; none where it cannot be inverted.
pub(super) fn separation_factors(
    gram: &GroupInvariantGram,
    class_of: &[usize],
    sets: &[HeldOutSet],
    ridge: Ridge,
) -> Result<Vec<f64>, Error> {
    let one_hot = one_hot(class_of);
    let Some(factor) = unless_singular(gram.factor(ridge).map_err(Into::into))? else {
        return Ok(Vec::new());
    };
    let averaged = gram.orbit_kernel().mean_axis(Axis(2)).expect("a group has elements");
    let products = one_hot.t().dot(&averaged).dot(&one_hot);
    let weights = factor.dual_weights(&one_hot)?;
    let separation = ClassSeparation::new(class_of, weights, &products, gram.layout().order());
    let mut factors = Vec::new();
    for set in sets {
        let Some(turn) = unless_singular(leave_set_out(gram, &factor, &one_hot, set))? else {
            return Ok(Vec::new());
        };
        let seeds: Vec<usize> = set.points().map(|(seed, _)| seed).collect();
        factors.extend(separation.factors(&seeds, &turn.errors)?);
    }
    Ok(factors)
}

/// $Z$: 1 for the class of a seed, else 0.
fn one_hot(class_of: &[usize]) -> Array2<f64> {
    let classes = class_of.iter().max().map_or(0, |largest| largest + 1);
    Array2::from_shape_fn((class_of.len(), classes), |(seed, class)| {
        f64::from(u8::from(class_of[seed] == class))
    })
}

/// By how much the own class wins at the worst of some points, after so much was added.
fn smallest_margin(
    errors: &Array2<f64>,
    change: &Array2<f64>,
    class: usize,
    added: f64,
) -> Result<f64, Error> {
    let classes = change.nrows();
    let labels = Array2::from_shape_fn((classes, classes), |(i, j)| if i == j { 1.0 } else { -1.0 });
    // Symmetric: Q is, and H is the Gram matrix of the errors.
    let matrix = Array2::eye(classes) + change * added;
    let solved = match DenseFactor::new(&matrix, 0.0) {
        Ok(factor) => isotypic_gram::Factorization::solve(&factor, &labels)?,
        // Rounding may leave it short of definite.
        Err(_) => symmetric_least_squares(&matrix, &labels)?,
    };
    let residuals = errors.dot(&solved);
    let margin_of = |residual: ArrayView1<'_, f64>| {
        let prediction = |other: usize| labels[[class, other]] - residual[other];
        let others = (0..classes).filter(|&other| other != class).map(prediction);
        prediction(class) - others.fold(f64::NEG_INFINITY, f64::max)
    };
    Ok(residuals.rows().into_iter().map(margin_of).fold(f64::INFINITY, f64::min))
}

/// The least addition, up to precision, from which on a margin is positive; `None` if none is found. Begins far below `scale`.
fn sufficient(margin: impl Fn(f64) -> Result<f64, Error>, scale: f64) -> Result<Option<f64>, Error> {
    let (mut low, mut high) = (0.0, 1e-6 * scale);
    for _ in 0..DOUBLINGS {
        if margin(high)? > 0.0 {
            while high - low > PRECISION * high {
                let middle = 0.5 * (low + high);
                if margin(middle)? > 0.0 { high = middle } else { low = middle }
            }
            return Ok(Some(high));
        }
        (low, high) = (high, 2.0 * high);
    }
    Ok(None)
}

/// The squared distance of each class's mean from the nearest other one, from the sums of the averaged kernel between classes.
fn nearest_distances(class_of: &[usize], products: &Array2<f64>) -> Vec<f64> {
    let mut counts = vec![0.0; products.nrows()];
    class_of.iter().for_each(|&class| counts[class] += 1.0);
    let product = |i: usize, j: usize| products[[i, j]] / (counts[i] * counts[j]);
    let distance = |i: usize, j: usize| (product(i, i) - product(i, j)) + (product(j, j) - product(i, j));
    let classes = counts.len();
    (0..classes)
        .map(|i| (0..classes).filter(|&j| j != i).map(|j| distance(i, j)).fold(f64::INFINITY, f64::min))
        .collect()
}

#[cfg(test)]
mod tests {
    use isotypic_group::FiniteGroup;
    use isotypic_predict::solve_on_observed;
    use ndarray::Array3;

    use super::*;

    const POSES: usize = 5;
    const RIDGE: f64 = 1e-6;
    const CLASS_OF: [usize; 6] = [0, 0, 1, 1, 2, 2];

    /// Three classes of two seeds each. Within an orbit the kernel falls off with the distance of the poses; classes are close together.
    fn gram(added: f64) -> GroupInvariantGram {
        let decay = |u: usize| (-1.5 * u.min(POSES - u) as f64).exp();
        let mean = (0..POSES).map(decay).sum::<f64>() / POSES as f64;
        let kernel = Array3::from_shape_fn((6, 6, POSES), |(s, t, u)| {
            let value = if s == t { 2.0 + 0.01 * s as f64 + decay(u) } else { 2.0 + mean - 0.02 };
            let same = CLASS_OF[s] == CLASS_OF[t];
            value + if same { added + 0.005 * (1 + CLASS_OF[s]) as f64 } else { 0.0 }
        });
        GroupInvariantGram::from_orbit_kernel(&FiniteGroup::cyclic(POSES).unwrap(), kernel).unwrap()
    }

    fn sets(gram: &GroupInvariantGram, elements: &[usize]) -> Vec<HeldOutSet> {
        let points = |class: usize| {
            let seeds = (0..6).filter(move |&seed| CLASS_OF[seed] == class);
            seeds.flat_map(|seed| elements.iter().map(move |&g| (seed, g))).collect::<Vec<_>>()
        };
        (0..3).map(|class| HeldOutSet::new(gram.layout(), &points(class)).unwrap()).collect()
    }

    /// The margin of a seed by regression on what is observed, sharing no formula with the above.
    fn margin(gram: &GroupInvariantGram, set: &HeldOutSet, seed: usize) -> f64 {
        let labels =
            Array2::from_shape_fn((6, 3), |(s, class)| if CLASS_OF[s] == class { 1.0 } else { -1.0 });
        let turn = solve_on_observed(gram, RIDGE, &labels, set).unwrap();
        let rows = set.points().zip(turn.predictions.rows()).filter(|((s, _), _)| *s == seed);
        rows.map(|(_, row)| {
            let others = (0..3).filter(|&class| class != CLASS_OF[seed]).map(|class| row[class]);
            row[CLASS_OF[seed]] - others.fold(f64::NEG_INFINITY, f64::max)
        })
        .fold(f64::INFINITY, f64::min)
    }

    /// Between the mean of a class, over all poses of its seeds, and the nearest other one.
    fn distances(gram: &GroupInvariantGram) -> Vec<f64> {
        let product = |i: usize, j: usize| {
            let of = |class| (0..6).filter(move |&seed| CLASS_OF[seed] == class);
            let pairs = of(i).flat_map(|s| of(j).map(move |t| (s, t)));
            let sum: f64 =
                pairs.flat_map(|(s, t)| (0..POSES).map(move |u| gram.orbit_kernel()[[s, t, u]])).sum();
            sum / (4 * POSES) as f64
        };
        let distance = |i, j| product(i, i) + product(j, j) - 2.0 * product(i, j);
        let nearest = |i| (0..3).filter(|&j| j != i).map(|j| distance(i, j)).fold(f64::INFINITY, f64::min);
        (0..3).map(nearest).collect()
    }

    #[test]
    fn what_was_found_is_what_dense_regression_needs() {
        let plain = gram(0.0);
        for elements in [vec![0], vec![0, 2]] {
            let sets = sets(&plain, &elements);
            let found = separation_factors(&plain, &CLASS_OF, &sets, Ridge::Absolute(RIDGE)).unwrap();
            let distances = distances(&plain);
            let failing: Vec<(usize, usize)> = (0..3)
                .flat_map(|class| [(class, 2 * class), (class, 2 * class + 1)])
                .filter(|&(class, seed)| margin(&plain, &sets[class], seed) <= 0.0)
                .collect();
            assert!(found.len() >= 3 && found.len() == failing.len(), "{found:?} {failing:?}");
            for (factor, (class, seed)) in found.iter().zip(failing) {
                let added = (factor - 1.0) * distances[class] / 2.0;
                assert!(margin(&gram(added * (1.0 - 3.0 * PRECISION)), &sets[class], seed) < 0.0);
                assert!(margin(&gram(added * (1.0 + 3.0 * PRECISION)), &sets[class], seed) > 0.0);
            }
        }
    }

    #[test]
    fn errors_under_any_addition_are_those_of_dense_regression() {
        let plain = gram(0.0);
        let set = &sets(&plain, &[0])[1];
        let one_hot = one_hot(&CLASS_OF);
        let factor = plain.factor(Ridge::Absolute(RIDGE)).unwrap();
        let weights = factor.dual_weights(&one_hot).unwrap();
        let errors = leave_set_out(&plain, &factor, &one_hot, set).unwrap().errors;
        let seeds: Vec<usize> = set.points().map(|(seed, _)| seed).collect();
        let change =
            one_hot.t().dot(&weights) * POSES as f64 - weights.select(Axis(0), &seeds).t().dot(&errors);
        for added in [0.0, 0.01, 0.3, 5.0] {
            let moved = gram(added);
            for (row, &seed) in seeds.iter().enumerate() {
                let ours = smallest_margin(&errors.select(Axis(0), &[row]), &change, 1, added).unwrap();
                let theirs = margin(&moved, set, seed);
                assert!((ours - theirs).abs() < 1e-8, "{added}: {ours} {theirs}");
            }
        }
    }
}
