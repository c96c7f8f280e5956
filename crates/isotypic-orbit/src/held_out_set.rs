//! Held-out points of some orbits, checked once.

use crate::{OrbitError, OrbitLayout};

/// A sorted list of distinct held-out points; at least one is held out and at least one is not.
///
/// # Examples
/// ```
/// use isotypic_orbit::{HeldOutSet, OrbitLayout};
///
/// let held_out = HeldOutSet::new(OrbitLayout::new(2, 3), &[(1, 0), (0, 2)])?;
/// assert_eq!(held_out.rows(), [2, 3]);
/// assert_eq!(held_out.observed_rows(), [0, 1, 4, 5]);
/// # Ok::<(), isotypic_orbit::OrbitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldOutSet {
    layout: OrbitLayout,
    rows: Vec<usize>,
}

impl HeldOutSet {
    /// Checks a list of (seed, element), in any order.
    ///
    /// # Errors
    /// [`OrbitError::SeedOutOfRange`], [`OrbitError::ElementOutOfRange`], [`OrbitError::ListedTwice`],
    /// [`OrbitError::NothingHeldOut`], [`OrbitError::NothingObserved`].
    pub fn new(layout: OrbitLayout, points: &[(usize, usize)]) -> Result<Self, OrbitError> {
        Self::named("list", layout, points)
    }

    /// As [`HeldOutSet::new`], with the specification to be named in errors.
    pub(crate) fn named(
        spec: &str,
        layout: OrbitLayout,
        points: &[(usize, usize)],
    ) -> Result<Self, OrbitError> {
        for &(seed, element) in points {
            if seed >= layout.seeds() {
                return Err(OrbitError::SeedOutOfRange { seed, seeds: layout.seeds() });
            }
            if element >= layout.order() {
                return Err(OrbitError::ElementOutOfRange { element, order: layout.order() });
            }
        }
        let mut rows: Vec<usize> = points.iter().map(|&(seed, element)| layout.row(seed, element)).collect();
        rows.sort_unstable();
        if let Some(pair) = rows.windows(2).find(|pair| pair[0] == pair[1]) {
            let (seed, element) = layout.split(pair[0]);
            return Err(OrbitError::ListedTwice { seed, element });
        }
        if rows.is_empty() {
            return Err(OrbitError::NothingHeldOut { spec: spec.into(), order: layout.order() });
        }
        if rows.len() == layout.len() {
            let what = format!("all {} points", rows.len());
            return Err(OrbitError::NothingObserved { spec: spec.into(), what });
        }
        Ok(Self { layout, rows })
    }

    /// Rows that are known to be distinct, ascending, at least one and not all.
    pub(crate) fn from_checked_rows(layout: OrbitLayout, rows: Vec<usize>) -> Self {
        Self { layout, rows }
    }

    /// The map between (seed, element) and row.
    #[must_use]
    pub fn layout(&self) -> OrbitLayout {
        self.layout
    }

    /// Number of held-out points, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Held-out rows, ascending.
    #[must_use]
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Held-out points as (seed, element), ascending.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.rows.iter().map(|&row| self.layout.split(row))
    }

    /// Whether a point is held out.
    #[must_use]
    pub fn contains(&self, seed: usize, element: usize) -> bool {
        self.rows.binary_search(&self.layout.row(seed, element)).is_ok()
    }

    /// All other rows, ascending; at least one.
    #[must_use]
    pub fn observed_rows(&self) -> Vec<usize> {
        let mut held_out = self.rows.iter().copied().peekable();
        (0..self.layout.len()).filter(|&row| held_out.next_if_eq(&row).is_none()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(points: &[(usize, usize)]) -> Result<HeldOutSet, OrbitError> {
        HeldOutSet::new(OrbitLayout::new(2, 3), points)
    }

    #[test]
    fn held_out_and_observed_rows_share_all_rows_between_them() {
        let held_out = set(&[(1, 2), (0, 0), (1, 0)]).unwrap();
        assert_eq!(held_out.rows(), [0, 3, 5]);
        assert_eq!(held_out.observed_rows(), [1, 2, 4]);
        assert_eq!(held_out.points().collect::<Vec<_>>(), [(0, 0), (1, 0), (1, 2)]);
        assert!(held_out.contains(1, 2) && !held_out.contains(0, 2));
    }

    #[test]
    fn points_out_of_range_are_named() {
        assert_eq!(
            set(&[(2, 0)]).unwrap_err().to_string(),
            "hold-out: seed 2 is out of range: there are 2 seeds"
        );
        assert_eq!(
            set(&[(0, 3)]).unwrap_err().to_string(),
            "hold-out: pose 3 is out of range: the group has 3 elements"
        );
    }

    #[test]
    fn a_point_twice_nothing_and_everything_are_refused() {
        assert_eq!(
            set(&[(1, 1), (0, 0), (1, 1)]).unwrap_err().to_string(),
            "hold-out: seed 1 at pose 1 is listed twice"
        );
        assert!(matches!(set(&[]), Err(OrbitError::NothingHeldOut { .. })));
        let all: Vec<_> = (0..6).map(|row| (row / 3, row % 3)).collect();
        assert!(matches!(set(&all), Err(OrbitError::NothingObserved { .. })));
        assert!(set(&all[1..]).is_ok());
    }
}
