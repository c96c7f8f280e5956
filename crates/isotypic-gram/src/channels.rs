//! Between points and irreps: kernels to blocks, blocks to kernels, vectors to coefficients and back.
//!
//! With $\hat f(\rho) = \sum_u f(u)\,\rho(u)$, the block of a kernel holds $\hat\kappa_{st}$ at seeds (s, t),
//! and a real vector $v$ on the orbits has the coefficients $V_t(\rho) = \hat v_t(\rho)^\dagger$. Then
//! $w = K v$ reads $W(\rho) = B_\rho V(\rho)$.

use std::cmp::Ordering;

use isotypic_group::{FourierScratch, GroupFourier, IrrepSlot};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array2, Array3, ArrayRef2, ArrayRef3, Axis};
use num_complex::Complex64;
use rayon::prelude::*;

use crate::block::BlockMatrix;

/// Where the coefficients of a slot start, slot by slot.
fn offsets(slots: &[IrrepSlot]) -> Vec<usize> {
    slots
        .iter()
        .scan(0, |next, slot| {
            let start = *next;
            *next += slot.dimension * slot.dimension;
            Some(start)
        })
        .collect()
}

/// The blocks $B_\rho$ of a kernel with $\kappa_{ts}(u^{-1}) = \kappa_{st}(u)$, Hermitian bit for bit.
///
/// # Shapes
/// - `kernel`: `[seeds, seeds, order]`
/// - result: one `[seeds · d, seeds · d]` per slot
pub(crate) fn blocks_of_kernel(transform: &dyn GroupFourier, kernel: &ArrayRef3<f64>) -> Vec<BlockMatrix> {
    let seeds = kernel.len_of(Axis(0));
    let coefficients: Vec<Vec<Complex64>> = (0..seeds)
        .into_par_iter()
        .map(|s| {
            // Only t ≤ s: the rest are adjoints.
            let mut row = vec![Complex64::ZERO; (s + 1) * transform.coefficients_len()];
            let mut scratch = FourierScratch::new();
            for (t, out) in row.chunks_exact_mut(transform.coefficients_len()).enumerate() {
                let values: Vec<f64> = kernel.slice(ndarray::s![s, t, ..]).to_vec();
                transform.forward_with_scratch(&values, out, &mut scratch);
            }
            row
        })
        .collect();
    let (slots, len) = (transform.irreps(), transform.coefficients_len());
    let offsets = offsets(slots);
    let tiles: Vec<(&[IrrepSlot], &[usize])> =
        slots.chunks(SLOTS_PER_TILE).zip(offsets.chunks(SLOTS_PER_TILE)).collect();
    tiles
        .into_par_iter()
        .flat_map_iter(|(slots, offsets)| {
            // All slots of a tile at one pair of seeds lie next to each other.
            let mut tile: Vec<BlockMatrix> =
                slots.iter().map(|slot| BlockMatrix::zeros(slot, seeds)).collect();
            for (s, row) in coefficients.iter().enumerate() {
                for (t, values) in row.chunks_exact(len).enumerate() {
                    for ((slot, &offset), block) in slots.iter().zip(offsets).zip(&mut tile) {
                        let d = slot.dimension;
                        block.set_pair((s * d, t * d), d, &values[offset..offset + d * d]);
                    }
                }
            }
            tile
        })
        .collect()
}

/// Slots whose blocks are filled together: few enough to stay in the cache, enough to use whole cache lines.
const SLOTS_PER_TILE: usize = 8;

impl BlockMatrix {
    fn zeros(slot: &IrrepSlot, seeds: usize) -> Self {
        let shape = (seeds * slot.dimension, seeds * slot.dimension);
        if slot.is_real { Self::Real(Array2::zeros(shape)) } else { Self::Complex(Array2::zeros(shape)) }
    }

    /// Writes the part of one pair of seeds and its adjoint. On the diagonal the lower triangle counts.
    fn set_pair(&mut self, (row, column): (usize, usize), d: usize, values: &[Complex64]) {
        for (index, value) in values.iter().enumerate() {
            let (i, j) = (row + index / d, column + index % d);
            if i < j {
                continue;
            }
            match self {
                Self::Real(block) => {
                    block[[i, j]] = value.re;
                    block[[j, i]] = value.re;
                }
                Self::Complex(block) if i == j => block[[i, i]] = Complex64::from(value.re),
                Self::Complex(block) => {
                    block[[i, j]] = *value;
                    block[[j, i]] = value.conj();
                }
            }
        }
    }
}

/// The kernel whose blocks these Hermitian matrices are: the inverse of [`blocks_of_kernel`].
pub(crate) fn kernel_of_blocks(transform: &dyn GroupFourier, blocks: &[Array2<Complex64>]) -> Array3<f64> {
    let (slots, order) = (transform.irreps(), transform.group().order());
    let offsets = offsets(slots);
    // The first slot is the trivial irrep, of dimension one.
    let seeds = blocks[0].nrows();
    let rows: Vec<Vec<f64>> = (0..seeds)
        .into_par_iter()
        .map(|s| {
            let mut scratch = FourierScratch::new();
            let len = transform.coefficients_len();
            let mut coefficients = vec![Complex64::ZERO; (s + 1) * len];
            let tiles = slots.chunks(SLOTS_PER_TILE).zip(offsets.chunks(SLOTS_PER_TILE));
            for ((slots, offsets), blocks) in tiles.zip(blocks.chunks(SLOTS_PER_TILE)) {
                for (t, values) in coefficients.chunks_exact_mut(len).enumerate() {
                    for ((slot, &offset), block) in slots.iter().zip(offsets).zip(blocks) {
                        let d = slot.dimension;
                        for (index, value) in values[offset..offset + d * d].iter_mut().enumerate() {
                            *value = block[[s * d + index / d, t * d + index % d]];
                        }
                    }
                }
            }
            let mut row = vec![0.0; (s + 1) * order];
            for (values, coefficients) in row.chunks_exact_mut(order).zip(coefficients.chunks_exact(len)) {
                transform.inverse_with_scratch(coefficients, values, &mut scratch);
            }
            row
        })
        .collect();
    mirrored(transform, seeds, |s, t, u| rows[s][t * order + u])
}

/// Completes a kernel from its entries with t ≤ s, so that $\kappa_{ts}(u^{-1}) = \kappa_{st}(u)$ bit for
/// bit.
fn mirrored(
    transform: &dyn GroupFourier,
    seeds: usize,
    lower: impl Fn(usize, usize, usize) -> f64,
) -> Array3<f64> {
    let group = transform.group();
    Array3::from_shape_fn((seeds, seeds, group.order()), |(s, t, u)| match t.cmp(&s) {
        Ordering::Less => lower(s, t, u),
        Ordering::Equal => lower(s, s, u.min(group.inverse(u))),
        Ordering::Greater => lower(t, s, group.inverse(u)),
    })
}

/// The coefficients $V_t(\rho)$ of real vectors, one matrix `[seeds · d, columns · d]` per slot.
///
/// # Shapes
/// - `vectors`: `[seeds · order, columns]`
pub(crate) fn coefficients_of_vectors(
    transform: &dyn GroupFourier,
    layout: OrbitLayout,
    vectors: &ArrayRef2<f64>,
) -> Vec<Array2<Complex64>> {
    let (slots, len) = (transform.irreps(), transform.coefficients_len());
    let (seeds, columns) = (layout.seeds(), vectors.ncols());
    let by_seed: Vec<Vec<Complex64>> = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            let mut scratch = FourierScratch::new();
            let mut values = vec![0.0; layout.order()];
            let mut row = vec![Complex64::ZERO; columns * len];
            for (column, out) in row.chunks_exact_mut(len).enumerate() {
                for (element, value) in values.iter_mut().enumerate() {
                    *value = vectors[[layout.row(seed, element), column]];
                }
                transform.forward_with_scratch(&values, out, &mut scratch);
            }
            row
        })
        .collect();
    slots
        .par_iter()
        .zip(offsets(slots))
        .map(|(slot, offset)| {
            let d = slot.dimension;
            Array2::from_shape_fn((seeds * d, columns * d), |(row, column)| {
                by_seed[row / d][(column / d) * len + offset + (column % d) * d + row % d].conj()
            })
        })
        .collect()
}

/// Takes real vectors to their coefficients, maps the coefficients of every slot, and comes back.
///
/// # Shapes
/// - `vectors`, result: `[seeds · order, columns]`
/// - argument and result of `map`, for slot `index`: `[seeds · d, columns · d]`
pub(crate) fn map_coefficients(
    transform: &dyn GroupFourier,
    layout: OrbitLayout,
    vectors: &ArrayRef2<f64>,
    map: impl Fn(usize, Array2<Complex64>) -> Array2<Complex64> + Sync,
) -> Array2<f64> {
    let (slots, len) = (transform.irreps(), transform.coefficients_len());
    let (seeds, columns, order) = (layout.seeds(), vectors.ncols(), layout.order());
    let offsets = offsets(slots);
    let mapped: Vec<Array2<Complex64>> = coefficients_of_vectors(transform, layout, vectors)
        .into_par_iter()
        .enumerate()
        .map(|(index, coefficients)| map(index, coefficients))
        .collect();
    let by_seed: Vec<Vec<f64>> = (0..seeds)
        .into_par_iter()
        .map(|seed| {
            let mut scratch = FourierScratch::new();
            let mut buffer = vec![Complex64::ZERO; len];
            let mut orbit = vec![0.0; columns * order];
            for (column, values) in orbit.chunks_exact_mut(order).enumerate() {
                for ((slot, &offset), mapped) in slots.iter().zip(&offsets).zip(&mapped) {
                    let d = slot.dimension;
                    for (index, coefficient) in buffer[offset..offset + d * d].iter_mut().enumerate() {
                        *coefficient = mapped[[seed * d + index % d, column * d + index / d]].conj();
                    }
                }
                transform.inverse_with_scratch(&buffer, values, &mut scratch);
            }
            orbit
        })
        .collect();
    Array2::from_shape_fn(vectors.dim(), |(row, column)| {
        let (seed, element) = layout.split(row);
        by_seed[seed][column * order + element]
    })
}

#[cfg(test)]
mod tests {
    use isotypic_group::{FiniteGroup, FourierPlanner};

    use super::*;

    fn triangle() -> std::sync::Arc<dyn GroupFourier> {
        FourierPlanner::new().plan(&FiniteGroup::dihedral(3).unwrap()).unwrap()
    }

    /// Two seeds, κ_ts(u⁻¹) = κ_st(u), and nothing else in common.
    fn kernel(group: &FiniteGroup) -> Array3<f64> {
        let value =
            |s: usize, t: usize, u: usize| (1.0 + s as f64 + 2.3 * t as f64 + 1.1 * (u * u) as f64).sin();
        Array3::from_shape_fn((2, 2, 6), |(s, t, u)| value(s, t, u) + value(t, s, group.inverse(u)))
    }

    #[test]
    fn irreps_of_dimension_two_multiply_like_the_matrix() {
        let (transform, layout) = (triangle(), OrbitLayout::new(2, 6));
        let group = transform.group();
        let kernel = kernel(group);
        let vectors =
            Array2::from_shape_fn((12, 3), |(row, column)| (0.9 * row as f64 - column as f64).cos());
        let dense = Array2::from_shape_fn((12, 12), |(row, column)| {
            kernel[[row / 6, column / 6, group.multiply(group.inverse(row % 6), column % 6)]]
        });
        let blocks = blocks_of_kernel(&*transform, &kernel);
        let product =
            map_coefficients(&*transform, layout, &vectors, |index, vectors| match &blocks[index] {
                BlockMatrix::Real(block) => block.map(|&value| Complex64::from(value)).dot(&vectors),
                BlockMatrix::Complex(block) => block.dot(&vectors),
            });
        for (value, expected) in product.iter().zip(&dense.dot(&vectors)) {
            assert!((value - expected).abs() < 1e-13, "{value} and {expected}");
        }
    }

    #[test]
    fn blocks_of_irreps_of_dimension_two_go_back_to_the_kernel() {
        let transform = triangle();
        let kernel = kernel(transform.group());
        let blocks: Vec<Array2<Complex64>> = blocks_of_kernel(&*transform, &kernel)
            .into_iter()
            .map(|block| match block {
                BlockMatrix::Real(block) => block.mapv(Complex64::from),
                BlockMatrix::Complex(block) => block,
            })
            .collect();
        assert_eq!(blocks[2].dim(), (4, 4));
        for (value, expected) in kernel_of_blocks(&*transform, &blocks).iter().zip(&kernel) {
            assert!((value - expected).abs() < 1e-14, "{value} and {expected}");
        }
    }
}
