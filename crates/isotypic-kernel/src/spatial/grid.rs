//! Positions of up to three spatial axes, in C order.

/// Extents of the spatial axes; missing leading axes have extent 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid(pub(crate) [usize; 3]);

impl Grid {
    /// The grid of the given spatial extents, or `None` for more than three.
    pub(crate) fn new(extents: &[usize]) -> Option<Self> {
        leading(extents, 1).map(Self)
    }

    /// Number of positions.
    pub(crate) fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// The index of a position.
    pub(crate) fn index(&self, position: [usize; 3]) -> usize {
        (position[0] * self.0[1] + position[1]) * self.0[2] + position[2]
    }

    /// The position with this index.
    pub(crate) fn position(&self, index: usize) -> [usize; 3] {
        [index / (self.0[1] * self.0[2]), index / self.0[2] % self.0[1], index % self.0[2]]
    }

    /// All positions in C order.
    pub(crate) fn positions(self) -> impl Iterator<Item = [usize; 3]> {
        let [rows, columns, depth] = self.0;
        (0..rows).flat_map(move |a| (0..columns).flat_map(move |b| (0..depth).map(move |c| [a, b, c])))
    }
}

/// Up to three numbers, padded at the front.
pub(crate) fn leading<T: Copy>(numbers: &[T], fill: T) -> Option<[T; 3]> {
    let mut padded = [fill; 3];
    let start = 3_usize.checked_sub(numbers.len())?;
    padded[start..].copy_from_slice(numbers);
    Some(padded)
}
