//! The only map between (seed, element) and row.

use std::fmt;
use std::str::FromStr;

/// Which index is fastest in the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RowOrder {
    /// The group element is fastest; the order used everywhere inside.
    #[default]
    SeedMajor,
    /// The seed is fastest.
    PoseMajor,
}

impl fmt::Display for RowOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SeedMajor => "seed-major",
            Self::PoseMajor => "pose-major",
        })
    }
}

impl FromStr for RowOrder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "seed-major" => Ok(Self::SeedMajor),
            "pose-major" => Ok(Self::PoseMajor),
            other => Err(format!("unknown layout `{other}`, expected `seed-major` or `pose-major`")),
        }
    }
}

/// `seeds` orbits of `order` points each; row `seed * order + element`.
///
/// # Examples
/// ```
/// use isotypic_orbit::OrbitLayout;
///
/// let layout = OrbitLayout::new(2, 16);
/// assert_eq!(layout.row(1, 3), 19);
/// assert_eq!(layout.split(19), (1, 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrbitLayout {
    seeds: usize,
    order: usize,
}

impl OrbitLayout {
    /// The layout of `seeds` orbits of a group with `order` elements.
    ///
    /// # Panics
    /// If either is zero, or their product is beyond `usize`.
    #[must_use]
    pub fn new(seeds: usize, order: usize) -> Self {
        assert!(seeds > 0 && order > 0, "an orbit layout needs seeds and elements, got {seeds} × {order}");
        assert!(seeds.checked_mul(order).is_some(), "{seeds} × {order} rows are too many");
        Self { seeds, order }
    }

    /// Number of seeds, at least 1.
    #[must_use]
    pub fn seeds(self) -> usize {
        self.seeds
    }

    /// Number of group elements, at least 1.
    #[must_use]
    pub fn order(self) -> usize {
        self.order
    }

    /// Number of rows, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(self) -> usize {
        self.seeds * self.order
    }

    /// Row of a seed at a pose.
    ///
    /// # Panics
    /// If there is no such seed or element.
    #[must_use]
    pub fn row(self, seed: usize, element: usize) -> usize {
        assert!(seed < self.seeds, "seed {seed} of {}", self.seeds);
        assert!(element < self.order, "element {element} of a group of {}", self.order);
        seed * self.order + element
    }

    /// Seed and element of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn split(self, row: usize) -> (usize, usize) {
        assert!(row < self.len(), "row {row} of {}", self.len());
        (row / self.order, row % self.order)
    }

    /// For each row here, the row of a file in `order` that holds the same point.
    #[must_use]
    pub fn seed_major_from(self, order: RowOrder) -> Vec<usize> {
        let place = |row| match order {
            RowOrder::SeedMajor => row,
            RowOrder::PoseMajor => {
                let (seed, element) = self.split(row);
                element * self.seeds + seed
            }
        };
        (0..self.len()).map(place).collect()
    }

    /// The rows of all seeds at the given elements, seed by seed, elements in the order given.
    ///
    /// # Panics
    /// If there is no such element.
    #[must_use]
    pub fn rows_at(self, elements: &[usize]) -> Vec<usize> {
        (0..self.seeds)
            .flat_map(|seed| elements.iter().map(move |&element| self.row(seed, element)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_and_split_are_inverse_and_the_element_is_fastest() {
        let layout = OrbitLayout::new(3, 4);
        for row in 0..layout.len() {
            let (seed, element) = layout.split(row);
            assert_eq!(layout.row(seed, element), row);
        }
        assert_eq!(layout.row(0, 1), 1);
        assert_eq!(layout.row(1, 0), 4);
    }

    #[test]
    fn pose_major_files_are_brought_into_seed_major_order() {
        let layout = OrbitLayout::new(2, 3);
        let file = ["s0g0", "s1g0", "s0g1", "s1g1", "s0g2", "s1g2"];
        let rows: Vec<_> = layout.seed_major_from(RowOrder::PoseMajor).iter().map(|&row| file[row]).collect();
        assert_eq!(rows, ["s0g0", "s0g1", "s0g2", "s1g0", "s1g1", "s1g2"]);
        assert_eq!(layout.seed_major_from(RowOrder::SeedMajor), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn orders_print_as_they_are_written() {
        for order in [RowOrder::SeedMajor, RowOrder::PoseMajor] {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        assert!("row-major".parse::<RowOrder>().unwrap_err().contains("seed-major"));
    }
}
