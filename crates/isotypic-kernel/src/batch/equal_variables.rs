//! Variables that are equal, told by covariances: they are drawn once, so that they stay equal to the last bit.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ndarray::{Array2, ArrayView1};

use crate::outputs::KernelMatrices;

/// Classes of equal variables.
#[derive(Debug)]
pub(super) struct EqualVariables {
    /// Of every class the first variable.
    pub(super) first: Vec<usize>,
    /// Of every variable its class.
    pub(super) class_of: Vec<usize>,
}

impl EqualVariables {
    /// Variables are equal if they have the same covariances, and the same tangent kernels, with all variables.
    ///
    /// # Shapes
    /// - matrices: `[variables, variables]`
    pub(super) fn of(matrices: &KernelMatrices) -> Self {
        let all: Vec<&Array2<f64>> =
            [Some(&matrices.nngp), matrices.ntk.as_ref()].into_iter().flatten().collect();
        let bits = |row: ArrayView1<'_, f64>| row.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
        let hash = |variable: usize| {
            let mut hasher = DefaultHasher::new();
            all.iter().for_each(|matrix| bits(matrix.row(variable)).hash(&mut hasher));
            hasher.finish()
        };
        let (mut first, mut class_of) = (Vec::new(), Vec::with_capacity(matrices.nngp.nrows()));
        let mut classes: HashMap<u64, Vec<usize>> = HashMap::new();
        for variable in 0..matrices.nngp.nrows() {
            let same_hash = classes.entry(hash(variable)).or_default();
            let is_equal = |&class: &usize| {
                all.iter().all(|matrix| bits(matrix.row(variable)) == bits(matrix.row(first[class])))
            };
            let known = same_hash.iter().copied().find(is_equal);
            class_of.push(known.unwrap_or_else(|| {
                first.push(variable);
                same_hash.push(first.len() - 1);
                first.len() - 1
            }));
        }
        Self { first, class_of }
    }

    /// Number of classes.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    /// How many of the first `count` variables are in every class.
    pub(super) fn members_among_first(&self, count: usize) -> Vec<f64> {
        let mut members = vec![0.0; self.len()];
        self.class_of[..count].iter().for_each(|&class| members[class] += 1.0);
        members
    }

    /// The matrix of all variables, given that of one of each class.
    pub(super) fn spread(&self, matrix: &Array2<f64>) -> Array2<f64> {
        let count = self.class_of.len();
        Array2::from_shape_fn((count, count), |(i, j)| matrix[[self.class_of[i], self.class_of[j]]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn equal_rows_are_one_class_unless_tangent_kernels_differ() {
        let nngp = array![[2.0, 1.0, 2.0], [1.0, 3.0, 1.0], [2.0, 1.0, 2.0]];
        let equal = EqualVariables::of(&KernelMatrices { nngp: nngp.clone(), ntk: None });
        assert_eq!((equal.first.as_slice(), equal.class_of.as_slice()), (&[0, 1][..], &[0, 1, 0][..]));
        assert_eq!(equal.members_among_first(2), [1.0, 1.0]);
        assert_eq!(equal.members_among_first(3), [2.0, 1.0]);
        assert_eq!(equal.spread(&array![[2.0, 1.0], [1.0, 3.0]]), nngp);
        let mut ntk = nngp.clone();
        ntk[[2, 2]] = 5.0;
        assert_eq!(EqualVariables::of(&KernelMatrices { nngp, ntk: Some(ntk) }).len(), 3);
    }
}
