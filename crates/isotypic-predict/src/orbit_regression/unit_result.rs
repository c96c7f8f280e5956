//! What the blocks of one unit contribute, and how it is kept on disk.

use isotypic_work::{ContentHash, UnitState, UnitStore, WorkError};

/// Sums over the irreps of one unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct UnitResult {
    /// $\sum_\rho w_\rho d_\rho\, \mathrm{Re}\,\mathrm{tr}[(B_\rho + \lambda I)^{-1}]_{st}$ for seeds that are held out together.
    pub(super) inverse: Vec<f64>,
    /// Dual weights, if the trivial irrep is among them: seed by seed, all outputs.
    pub(super) dual_weights: Vec<f64>,
    /// Largest Frobenius norm of a block.
    pub(super) norm: f64,
    /// Largest trace of the inverse of a block with its ridge.
    pub(super) inverse_trace: f64,
}

impl UnitResult {
    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.norm, self.inverse_trace];
        let all = numbers.iter().chain(&self.inverse).chain(&self.dual_weights);
        all.flat_map(|number| number.to_le_bytes()).collect()
    }

    /// `None` if the bytes are not those of a result with so many numbers.
    fn from_bytes(bytes: &[u8], inverse: usize, dual_weights: usize) -> Option<Self> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || chunks.len() != 2 + inverse + dual_weights {
            return None;
        }
        let numbers: Vec<f64> = chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect();
        Some(Self {
            norm: numbers[0],
            inverse_trace: numbers[1],
            inverse: numbers[2..2 + inverse].to_vec(),
            dual_weights: numbers[2 + inverse..].to_vec(),
        })
    }
}

/// Finished units on disk, of one regression among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journal<'a> {
    pub(super) store: &'a UnitStore,
    pub(super) description: &'a ContentHash,
}

impl Journal<'_> {
    fn key(&self, unit: usize) -> ContentHash {
        UnitStore::key(format!("orbit regression 1 {} unit {unit}", self.description).as_bytes())
    }

    /// A unit that is there; else whether something is there that is not it.
    pub(super) fn get(
        &self,
        unit: usize,
        inverse: usize,
        dual_weights: usize,
    ) -> Result<Result<UnitResult, Option<String>>, WorkError> {
        let key = self.key(unit);
        let corrupted = || Some(self.store.folder().join(format!("{key}.unit")).display().to_string());
        Ok(match self.store.get(&key)? {
            UnitState::Absent => Err(None),
            UnitState::Corrupted => Err(corrupted()),
            UnitState::Present(bytes) => {
                UnitResult::from_bytes(&bytes, inverse, dual_weights).ok_or_else(corrupted)
            }
        })
    }

    pub(super) fn put(&self, unit: usize, result: &UnitResult) -> Result<(), WorkError> {
        self.store.put(&self.key(unit), &result.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_back_to_the_bit_and_only_in_their_size() {
        let result = UnitResult {
            inverse: vec![0.1, -3.0, 1e-300],
            dual_weights: vec![2.5],
            norm: 7.0,
            inverse_trace: 1.0 / 3.0,
        };
        let bytes = result.to_bytes();
        assert_eq!(UnitResult::from_bytes(&bytes, 3, 1), Some(result));
        assert_eq!(UnitResult::from_bytes(&bytes, 3, 2), None);
        assert_eq!(UnitResult::from_bytes(&bytes[1..], 3, 1), None);
    }
}
