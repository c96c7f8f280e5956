//! A checked pooling layer.

use serde::Serialize;

use crate::Padding;

/// A checked `avg_pool`, `sum_pool` or `max_pool` layer. All lists have one entry per spatial axis.
///
/// Output position $o$ reads the input positions $o \cdot \text{stride} - \text{before} + t$ for $t = 0, \dots,
/// \text{window} - 1$, as a convolution does; beyond the border [`Padding::Same`] reads zeros. `sum_pool` gives the sum
/// $s_o$ of what is read, `avg_pool` gives $s_o / n_o$ with [`divisor`](Self::divisor) $n_o$. Both are linear and act on
/// every channel alike: $\Sigma_{oo'} \leftarrow \sum_{tt'} \Sigma_{o + t,\, o' + t'}$, divided by $n_o n_{o'}$.
///
/// `max_pool` gives the largest of what is read inside the border.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pool {
    /// Extent of the window, in positions.
    pub window: Vec<usize>,
    /// Distance between neighbouring outputs, in input positions.
    pub strides: Vec<usize>,
    /// What lies beyond the border.
    pub padding: Padding,
    /// Number of positions before input 0 at which the first window starts (0 for [`Padding::Valid`]).
    pub pad_before: Vec<usize>,
    /// Whether `avg_pool` divides by the number of positions of a window that lie inside the image, rather than by the size
    /// of the window. `false` for all others.
    pub normalize_edges: bool,
}

impl Pool {
    /// Number of positions under one window.
    pub fn window_size(&self) -> usize {
        self.window.iter().product()
    }

    /// What `avg_pool` divides the sum at one output position by.
    ///
    /// # Shapes
    /// - `output`: one coordinate per spatial axis
    /// - `input`: extents of the layer's input, spatial axes only
    pub fn divisor(&self, output: &[usize], input: &[usize]) -> usize {
        if !self.normalize_edges || self.padding != Padding::Same {
            return self.window_size();
        }
        let inside = |axis: usize| {
            let start = output[axis] * self.strides[axis];
            let (before, end) = (self.pad_before[axis], start + self.window[axis]);
            end.min(before + input[axis]).saturating_sub(start.max(before))
        };
        (0..self.window.len()).map(inside).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_count_the_positions_inside() {
        let pool = |padding, normalize_edges| Pool {
            window: vec![3, 2],
            strides: vec![1, 2],
            padding,
            pad_before: vec![1, 0],
            normalize_edges,
        };
        // Rows −1..2 and 4..7 of six stick out by one; of three columns the second window reads columns 2 and 3.
        let same = pool(Padding::Same, true);
        let divisors = |pool: &Pool| [[0, 0], [0, 1], [2, 1], [5, 0]].map(|at| pool.divisor(&at, &[6, 3]));
        assert_eq!(divisors(&same), [4, 2, 3, 4]);
        assert_eq!(divisors(&pool(Padding::Same, false)), [6; 4]);
        assert_eq!(divisors(&pool(Padding::Circular, true)), [6; 4]);
    }
}
