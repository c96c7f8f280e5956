//! Sums and means over positions.

use isotypic_architecture::{Padding, Pool};
use ndarray::Array2;

use super::Pair;
use super::windows::Windows;

/// $\frac1n \sum_p \Sigma_{pp}$.
pub(super) fn flatten(state: &Pair) -> Pair {
    state.map(&[], |matrix| Array2::from_elem((1, 1), matrix.diag().sum() / matrix.nrows() as f64))
}

/// $\sum_{pq} \Sigma_{pq}$, divided by $n^2$ for the mean.
pub(super) fn global(state: &Pair, mean: bool) -> Pair {
    state.map(&[], |matrix| {
        let divisor = if mean { matrix.len() as f64 } else { 1.0 };
        Array2::from_elem((1, 1), matrix.sum() / divisor)
    })
}

/// $\frac{1}{n_p n_q} \sum_{tt'} \Sigma_{p+t,\,q+t'}$ over all pairs of positions under two windows.
pub(super) fn windows(state: &Pair, pool: &Pool, extents: &[usize], mean: bool) -> Pair {
    let windows = Windows {
        extents: &pool.window,
        strides: &pool.strides,
        dilation: &vec![1; pool.window.len()],
        pad_before: &pool.pad_before,
        padding: pool.padding,
    };
    let sources = windows.sources(&state.extents, extents);
    let divisor = |taps: &[Option<usize>]| {
        // At the edges of an image padded with zeros one may count what lies inside only.
        let inside_only = pool.normalize_edges && pool.padding == Padding::Same;
        let count = if inside_only { taps.iter().flatten().count() } else { taps.len() };
        if mean { count as f64 } else { 1.0 }
    };
    state.map(extents, |matrix| {
        Array2::from_shape_fn((sources.len(), sources.len()), |(p, q)| {
            let mut sum = 0.0;
            for &first in sources[p].iter().flatten() {
                for &second in sources[q].iter().flatten() {
                    sum += matrix[[first, second]];
                }
            }
            sum / (divisor(&sources[p]) * divisor(&sources[q]))
        })
    })
}
