//! From a matrix that is nearly invariant to one that is: averages along the diagonals of the group,
//! $\kappa_{st}(u) = \frac{1}{|G|} \sum_g K[(s,g),(t,gu)]$.
//!
//! It is the orthogonal projection $\Pi$ on the invariant matrices. An action that interpolates, such as
//! image rotation by other than quarter turns, leaves an invariance defect; errors after projection should be
//! read beside those of the matrix as it is.

use ndarray::Array3;

use crate::{DenseGram, GramError, GroupInvariantGram, SymmetricOperator};

/// The nearest invariant Gram matrix and the distance to it.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The projected matrix $\Pi K$.
    pub gram: GroupInvariantGram,
    /// $\lVert K - \Pi K \rVert_F / \lVert K \rVert_F$, between 0 and 1; exactly 0 for a matrix that is
    /// invariant bit for bit.
    pub invariance_defect: f64,
}

pub(crate) fn project(dense: &DenseGram) -> Result<Projection, GramError> {
    let (group, layout, matrix) = (dense.group(), dense.layout(), dense.matrix());
    let (seeds, order) = (layout.seeds(), layout.order());
    let mut kernel = Array3::zeros((seeds, seeds, order));
    let mut squared_distance = 0.0;
    for s in 0..seeds {
        for t in s..seeds {
            for u in group.elements() {
                let entry = |g: usize| matrix[[layout.row(s, g), layout.row(t, group.multiply(g, u))]];
                let inverse = group.inverse(u);
                if s == t && inverse < u {
                    // The diagonal of the inverse element holds the mirror entries.
                    kernel[[s, s, u]] = kernel[[s, s, inverse]];
                } else {
                    kernel[[s, t, u]] = mean(group.elements().map(entry));
                    kernel[[t, s, inverse]] = kernel[[s, t, u]];
                }
                let distances = group.elements().map(|g| (entry(g) - kernel[[s, t, u]]).powi(2));
                squared_distance += distances.sum::<f64>() * if s == t { 1.0 } else { 2.0 };
            }
        }
    }
    let norm = matrix.iter().map(|value| value.powi(2)).sum::<f64>().sqrt();
    let gram = GroupInvariantGram::from_checked_kernel(group, kernel)?;
    Ok(Projection { gram, invariance_defect: squared_distance.sqrt() / norm })
}

/// The mean as first value plus mean deviation: exact when all values are equal, and closer when they nearly
/// are.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let mut values = values.peekable();
    let first = values.peek().copied().unwrap_or(0.0);
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + (value - first), count + 1));
    first + sum / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_of_equal_values_is_that_value() {
        assert_eq!(mean([0.1; 7].into_iter()), 0.1);
        assert_eq!(mean([1.0, 2.0, 6.0].into_iter()), 3.0);
    }
}
