//! Why a Gram matrix could not be factored, and what would help.

use std::collections::HashSet;
use std::fmt;

use isotypic_orbit::OrbitLayout;

use crate::linear_algebra::BadPivot;
use crate::ridge::Exponent;

/// The error of a Gram matrix that, with its ridge, is not positive definite in working precision.
///
/// A pivot counts as positive when it exceeds $\varepsilon\, n\, \lVert A \rVert_F$, with $\varepsilon$ the
/// machine epsilon and $A$ the matrix (or block) of $n$ rows without its ridge: the rounding error of the
/// factorisation, below which the answers would be noise. The entries of a block also carry the error of the
/// Fourier transform, $\varepsilon\, S \sqrt{|G|} \log_2(2|G|)$ times the mean diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct NotPositiveDefinite {
    /// The irreducible representation whose block failed; `None` for a dense matrix.
    pub irrep: Option<String>,
    /// Row of the block (or of the matrix) at which the factorisation stopped.
    pub pivot: usize,
    /// The pivot found there: the variance of this row given those before it.
    pub value: f64,
    /// The $\lambda$ that was added to the diagonal.
    pub ridge: f64,
    /// The smallest power of ten that is large enough a ridge, absolute; `None` if the eigenvalues are not
    /// known.
    pub sufficient_ridge: Option<f64>,
    /// Some pairs of rows of the Gram matrix that are equal to rounding; at most one for each pair of seeds.
    pub duplicates: Vec<(usize, usize)>,
    /// The points that the rows are; one element per seed where rows are no orbits.
    pub layout: OrbitLayout,
    /// The numbers by which messages call the seeds; empty where they are called by their place.
    pub seed_numbers: Vec<usize>,
}

impl NotPositiveDefinite {
    pub(crate) fn new(irrep: Option<String>, pivot: BadPivot, ridge: f64, layout: OrbitLayout) -> Self {
        Self {
            irrep,
            pivot: pivot.index,
            value: pivot.value,
            ridge,
            sufficient_ridge: None,
            duplicates: Vec::new(),
            layout,
            seed_numbers: Vec::new(),
        }
    }

    /// The same error with the seeds called by other numbers, such as their places in a dataset.
    ///
    /// # Panics
    /// If there are not as many numbers as seeds.
    #[must_use]
    pub fn with_seed_numbers(self, numbers: &[usize]) -> Self {
        assert_eq!(numbers.len(), self.layout.seeds(), "one number per seed");
        Self { seed_numbers: numbers.to_vec(), ..self }
    }

    fn number(&self, seed: usize) -> usize {
        self.seed_numbers.get(seed).copied().unwrap_or(seed)
    }

    /// The same error about rows of a larger matrix: row i of the matrix that failed is row `rows[i]` of
    /// points in `layout`.
    ///
    /// # Panics
    /// If `rows` has fewer entries than the matrix that failed has rows, or one that `layout` does not have.
    #[must_use]
    pub fn with_rows(self, rows: &[usize], layout: OrbitLayout) -> Self {
        let pairs = self.duplicates.iter().map(|&(first, second)| (rows[first], rows[second]));
        Self { pivot: rows[self.pivot], duplicates: one_per_pair_of_seeds(pairs, layout), layout, ..self }
    }

    /// Two ways out: drop a duplicate, or raise the ridge.
    pub fn hint(&self) -> Option<String> {
        let duplicate = self.duplicates.first().map(|&pair| self.describe_duplicate(pair));
        let ridge = self.sufficient_ridge.map(|ridge| format!("pass `--ridge {}`", Exponent(ridge)));
        match (duplicate, ridge) {
            (Some(duplicate), Some(ridge)) => Some(format!("{duplicate}, or {ridge}")),
            (duplicate, ridge) => duplicate.or(ridge),
        }
    }

    fn describe_duplicate(&self, (first, second): (usize, usize)) -> String {
        let ((seed, pose), (other, turned)) = (self.layout.split(first), self.layout.split(second));
        let (seed, other) = (self.number(seed), self.number(other));
        if self.layout.order() == 1 {
            format!("rows {first} and {second} are identical; drop one")
        } else if seed == other {
            format!("poses {pose} and {turned} of seed {seed} are identical to this kernel; use fewer poses")
        } else if pose == turned {
            format!("seeds {seed} and {other} are identical; drop one")
        } else {
            format!("seed {seed} at pose {pose} is identical to seed {other} at pose {turned}; drop one")
        }
    }
}

impl fmt::Display for NotPositiveDefinite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("gram matrix is not positive definite: ")?;
        if let Some(irrep) = &self.irrep {
            write!(formatter, "irrep `{irrep}`, ")?;
        }
        write!(formatter, "pivot {} is {:.1e}", self.pivot, self.value)?;
        if self.value > 0.0 {
            formatter.write_str(", zero to rounding,")?;
        }
        write!(formatter, " with ridge {}", Exponent(self.ridge))
    }
}

impl std::error::Error for NotPositiveDefinite {}

/// Keeps the first pair of points for each pair of seeds. Two different seeds come before poses of one seed:
/// they say more.
pub(crate) fn one_per_pair_of_seeds(
    pairs: impl Iterator<Item = (usize, usize)>,
    layout: OrbitLayout,
) -> Vec<(usize, usize)> {
    let seeds = |&(first, second): &(usize, usize)| (layout.split(first).0, layout.split(second).0);
    let mut seen = HashSet::new();
    let mut kept: Vec<(usize, usize)> = pairs.filter(|pair| seen.insert(seeds(pair))).collect();
    kept.sort_by_key(|pair| {
        let (seed, other) = seeds(pair);
        seed == other
    });
    kept
}

/// The smallest power of ten that lifts every pivot over the floor: pivots are no smaller than the smallest
/// eigenvalue.
pub(crate) fn sufficient_ridge(smallest_eigenvalue: f64, floor: f64) -> f64 {
    10.0_f64.powi((2.0 * floor - smallest_eigenvalue).max(2.0 * floor).log10().ceil() as i32)
}

/// Whether two points have the same features to rounding, from their kernel values: squared distance in
/// feature space.
pub(crate) fn is_duplicate(own: f64, other: f64, between: f64) -> bool {
    is_near(own, other, between, 4.0 * f64::EPSILON)
}

/// Whether the squared distance of two points in feature space is at most `tolerance` of the sum of their variances.
pub(crate) fn is_near(own: f64, other: f64, between: f64, tolerance: f64) -> bool {
    let scale = own + other;
    scale - 2.0 * between <= tolerance * scale
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> NotPositiveDefinite {
        let pivot = BadPivot { index: 37, value: -3.1e-9 };
        NotPositiveDefinite {
            sufficient_ridge: Some(1e-8),
            duplicates: vec![(12 * 8, 40 * 8)],
            ..NotPositiveDefinite::new(Some("k=3".into()), pivot, 0.0, OrbitLayout::new(50, 8))
        }
    }

    #[test]
    fn the_message_names_irrep_pivot_value_and_ridge() {
        let error = example();
        assert_eq!(
            error.to_string(),
            "gram matrix is not positive definite: irrep `k=3`, pivot 37 is -3.1e-9 with ridge 0"
        );
        assert_eq!(error.hint().unwrap(), "seeds 12 and 40 are identical; drop one, or pass `--ridge 1e-8`");
    }

    #[test]
    fn duplicates_are_described_by_what_they_are() {
        let mut error = example();
        error.duplicates = vec![(3, 7)];
        assert!(error.hint().unwrap().starts_with("poses 3 and 7 of seed 0"));
        error.duplicates = vec![(8, 19)];
        assert!(error.hint().unwrap().starts_with("seed 1 at pose 0 is identical to seed 2 at pose 3"));
        let numbers: Vec<usize> = (0..50).map(|seed| 100 + seed).collect();
        let numbered = error.clone().with_seed_numbers(&numbers);
        assert!(
            numbered.hint().unwrap().starts_with("seed 101 at pose 0 is identical to seed 102 at pose 3")
        );
        error.layout = OrbitLayout::new(400, 1);
        assert!(error.hint().unwrap().starts_with("rows 8 and 19 are identical"));
        error.duplicates.clear();
        assert_eq!(error.hint().unwrap(), "pass `--ridge 1e-8`");
    }

    #[test]
    fn a_positive_pivot_below_rounding_is_called_zero() {
        let error = NotPositiveDefinite { value: 2e-17, irrep: None, ..example() };
        assert_eq!(
            error.to_string(),
            "gram matrix is not positive definite: pivot 37 is 2.0e-17, zero to rounding, with ridge 0"
        );
    }

    #[test]
    fn the_sufficient_ridge_is_the_next_power_of_ten() {
        assert_eq!(sufficient_ridge(-3e-9, 1e-15), 1e-8);
        assert_eq!(sufficient_ridge(0.5, 3e-15), 1e-14);
    }
}
