//! What the blocks of one unit contribute, and how it is kept on disk.

use isotypic_work::{ContentHash, UnitState, UnitStore, WorkError};

/// Sums over the irreps of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct UnitResult {
    /// $\sum_\rho w_\rho d_\rho\, \mathrm{Re}\,\mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{st}$ for seeds that are held out together.
    pub(super) inverse: Vec<f64>,
    /// The terms of these sums, irrep by irrep, where each seed is held out alone; else empty.
    pub(super) terms: Vec<f64>,
    /// Dual weights, if the trivial irrep is among them: seed by seed, all outputs.
    pub(super) dual_weights: Vec<f64>,
    /// $(B_1 + \lambda I)^{-1}$ of the trivial irrep for seeds that are held out together, if it is among them.
    pub(super) trivial_inverse: Vec<f64>,
    /// $y^\top B_1 y$, if the trivial irrep is among them.
    pub(super) label_products: Vec<f64>,
    /// Largest Frobenius norm of a block.
    pub(super) norm: f64,
    /// Largest trace of the inverse of a block with its ridge.
    pub(super) inverse_trace: f64,
}

/// How many numbers a result has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnitSizes {
    pub(super) inverse: usize,
    pub(super) terms: usize,
    pub(super) dual_weights: usize,
    pub(super) trivial_inverse: usize,
    pub(super) label_products: usize,
}

impl UnitResult {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.norm, self.inverse_trace];
        let lists =
            [&self.inverse, &self.terms, &self.dual_weights, &self.trivial_inverse, &self.label_products];
        numbers.iter().chain(lists.into_iter().flatten()).flat_map(|number| number.to_le_bytes()).collect()
    }

    /// `None` if the bytes are not those of a result with so many numbers.
    pub(super) fn from_bytes(bytes: &[u8], sizes: UnitSizes) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        let UnitSizes { inverse, terms, dual_weights, trivial_inverse, label_products } = sizes;
        let all = 2 + inverse + terms + dual_weights + trivial_inverse + label_products;
        if !rest.is_empty() || chunks.len() != all {
            return None;
        }
        let mut numbers = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk));
        let (norm, inverse_trace) = (numbers.next()?, numbers.next()?);
        let mut list = |size: usize| numbers.by_ref().take(size).collect();
        Some(Self {
            norm,
            inverse_trace,
            inverse: list(inverse),
            terms: list(terms),
            dual_weights: list(dual_weights),
            trivial_inverse: list(trivial_inverse),
            label_products: list(label_products),
        })
    }
}

/// Finished units on disk, of one regression among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journal<'a> {
    /// How it is solved, with the number of the layout.
    pub(super) method: &'a str,
    pub(super) store: &'a UnitStore,
    pub(super) description: &'a ContentHash,
}

impl Journal<'_> {
    fn key(&self, unit: usize) -> ContentHash {
        UnitStore::key(format!("{} {} unit {unit}", self.method, self.description).as_bytes())
    }

    /// A unit that is there and can be read; else the file, if something is there that is not it.
    pub(super) fn get<T>(
        &self,
        unit: usize,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Result<T, Option<String>>, WorkError> {
        let key = self.key(unit);
        let corrupted = || Some(self.store.folder().join(format!("{key}.unit")).display().to_string());
        Ok(match self.store.get(&key)? {
            UnitState::Absent => Err(None),
            UnitState::Corrupted => Err(corrupted()),
            UnitState::Present(bytes) => read(&bytes).ok_or_else(corrupted),
        })
    }

    pub(super) fn put(&self, unit: usize, bytes: &[u8]) -> Result<(), WorkError> {
        self.store.put(&self.key(unit), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back_to_the_bit_and_only_in_their_size() {
        let result = UnitResult {
            inverse: vec![0.1, -3.0, 1e-300],
            terms: vec![0.2, 0.3],
            dual_weights: vec![2.5],
            trivial_inverse: vec![0.7, 0.6, 0.5],
            label_products: vec![-4.0],
            norm: 7.0,
            inverse_trace: 1.0 / 3.0,
        };
        let sizes =
            UnitSizes { inverse: 3, terms: 2, dual_weights: 1, trivial_inverse: 3, label_products: 1 };
        let bytes = result.to_bytes();
        assert_eq!(UnitResult::from_bytes(&bytes, sizes), Some(result));
        assert_eq!(UnitResult::from_bytes(&bytes, UnitSizes { dual_weights: 2, ..sizes }), None);
        assert_eq!(UnitResult::from_bytes(&bytes[1..], sizes), None);
    }
}
