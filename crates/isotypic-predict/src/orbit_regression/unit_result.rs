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
    /// Largest Frobenius norm of a block.
    pub(super) norm: f64,
    /// Largest trace of the inverse of a block with its ridge.
    pub(super) inverse_trace: f64,
}

impl UnitResult {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.norm, self.inverse_trace];
        let all = numbers.iter().chain(&self.inverse).chain(&self.terms).chain(&self.dual_weights);
        all.flat_map(|number| number.to_le_bytes()).collect()
    }

    /// `None` if the bytes are not those of a result with so many numbers.
    pub(super) fn from_bytes(
        bytes: &[u8],
        inverse: usize,
        terms: usize,
        dual_weights: usize,
    ) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || chunks.len() != 2 + inverse + terms + dual_weights {
            return None;
        }
        let numbers: Vec<f64> = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect();
        Some(Self {
            norm: numbers[0],
            inverse_trace: numbers[1],
            inverse: numbers[2..2 + inverse].to_vec(),
            terms: numbers[2 + inverse..2 + inverse + terms].to_vec(),
            dual_weights: numbers[2 + inverse + terms..].to_vec(),
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
            norm: 7.0,
            inverse_trace: 1.0 / 3.0,
        };
        let bytes = result.to_bytes();
        assert_eq!(UnitResult::from_bytes(&bytes, 3, 2, 1), Some(result));
        assert_eq!(UnitResult::from_bytes(&bytes, 3, 2, 2), None);
        assert_eq!(UnitResult::from_bytes(&bytes[1..], 3, 2, 1), None);
    }
}
