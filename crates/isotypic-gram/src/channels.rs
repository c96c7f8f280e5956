//! Between points and irreps: kernels to blocks, blocks to kernels, vectors to coefficients and back.
//!
//! With $\hat f(\rho) = \sum_u f(u)\,\rho(u)$, the block of a kernel holds $\hat\kappa_{st}$ at seeds (s, t), and a real vector $v$ on the orbits
//! has the coefficients $V_t(\rho) = \hat v_t(\rho)^\dagger$. Then $w = K v$ reads $W(\rho) = B_\rho V(\rho)$.

use isotypic_group::{FourierScratch, GroupFourier, IrrepSlot};
use isotypic_orbit::OrbitLayout;
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis};
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
pub(crate) fn blocks_of_kernel(
    transform: &dyn GroupFourier,
    kernel: ArrayView3<'_, f64>,
) -> Vec<BlockMatrix> {
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
    let slots = transform.irreps();
    slots
        .par_iter()
        .zip(offsets(slots))
        .map(|(slot, offset)| {
            let d = slot.dimension;
            let lower = |row: usize, column: usize| {
                let start = (column / d) * transform.coefficients_len() + offset;
                coefficients[row / d][start + (row % d) * d + column % d]
            };
            let dim = (seeds * d, seeds * d);
            if slot.is_real {
                BlockMatrix::Real(Array2::from_shape_fn(dim, |(row, column)| {
                    lower(row.max(column), row.min(column)).re
                }))
            } else {
                BlockMatrix::Complex(Array2::from_shape_fn(dim, |(row, column)| match row.cmp(&column) {
                    std::cmp::Ordering::Greater => lower(row, column),
                    std::cmp::Ordering::Equal => Complex64::from(lower(row, row).re),
                    std::cmp::Ordering::Less => lower(column, row).conj(),
                }))
            }
        })
        .collect()
}

/// The kernel whose blocks these Hermitian matrices are: the inverse of [`blocks_of_kernel`].
pub(crate) fn kernel_of_blocks(transform: &dyn GroupFourier, blocks: &[Array2<Complex64>]) -> Array3<f64> {
    let (slots, order) = (transform.irreps(), transform.group().order());
    let offsets = offsets(slots);
    let seeds = blocks[0].nrows();
    let rows: Vec<Vec<f64>> = (0..seeds)
        .into_par_iter()
        .map(|s| {
            let mut scratch = FourierScratch::new();
            let mut coefficients = vec![Complex64::ZERO; transform.coefficients_len()];
            let mut row = vec![0.0; (s + 1) * order];
            for (t, values) in row.chunks_exact_mut(order).enumerate() {
                for ((slot, &offset), block) in slots.iter().zip(&offsets).zip(blocks) {
                    let d = slot.dimension;
                    for (index, coefficient) in coefficients[offset..offset + d * d].iter_mut().enumerate() {
                        *coefficient = block[[s * d + index / d, t * d + index % d]];
                    }
                }
                transform.inverse_with_scratch(&coefficients, values, &mut scratch);
            }
            row
        })
        .collect();
    mirrored(transform, seeds, |s, t, u| rows[s][t * order + u])
}

/// Completes a kernel from its entries with t ≤ s, so that $\kappa_{ts}(u^{-1}) = \kappa_{st}(u)$ bit for bit.
fn mirrored(
    transform: &dyn GroupFourier,
    seeds: usize,
    lower: impl Fn(usize, usize, usize) -> f64,
) -> Array3<f64> {
    let group = transform.group();
    Array3::from_shape_fn((seeds, seeds, group.order()), |(s, t, u)| match t.cmp(&s) {
        std::cmp::Ordering::Less => lower(s, t, u),
        std::cmp::Ordering::Equal => lower(s, s, u.min(group.inverse(u))),
        std::cmp::Ordering::Greater => lower(t, s, group.inverse(u)),
    })
}

/// Takes real vectors to their coefficients, maps the coefficients of every slot, and comes back.
///
/// # Shapes
/// - `vectors`, result: `[seeds · order, columns]`
/// - argument and result of `map`, for slot `index`: `[seeds · d, columns · d]`
pub(crate) fn map_coefficients(
    transform: &dyn GroupFourier,
    layout: OrbitLayout,
    vectors: ArrayView2<'_, f64>,
    map: impl Fn(usize, Array2<Complex64>) -> Array2<Complex64> + Sync,
) -> Array2<f64> {
    let (slots, len) = (transform.irreps(), transform.coefficients_len());
    let (seeds, columns) = (layout.seeds(), vectors.ncols());
    let mut scratch = FourierScratch::new();
    let mut coefficients = Array3::zeros((seeds, columns, len));
    let mut values = vec![0.0; layout.order()];
    for seed in 0..seeds {
        for column in 0..columns {
            for (element, value) in values.iter_mut().enumerate() {
                *value = vectors[[layout.row(seed, element), column]];
            }
            let mut out = coefficients.slice_mut(ndarray::s![seed, column, ..]);
            let out = out.as_slice_mut().expect("the last axis of a fresh array is contiguous");
            transform.forward_with_scratch(&values, out, &mut scratch);
        }
    }
    let offsets = offsets(slots);
    let mapped: Vec<Array2<Complex64>> = slots
        .par_iter()
        .zip(&offsets)
        .enumerate()
        .map(|(index, (slot, &offset))| {
            let d = slot.dimension;
            let shape = (seeds * d, columns * d);
            map(
                index,
                Array2::from_shape_fn(shape, |(row, column)| {
                    coefficients[[row / d, column / d, offset + (column % d) * d + row % d]].conj()
                }),
            )
        })
        .collect();
    let mut result = Array2::zeros(vectors.dim());
    let mut buffer = vec![Complex64::ZERO; len];
    for seed in 0..seeds {
        for column in 0..columns {
            for ((slot, &offset), mapped) in slots.iter().zip(&offsets).zip(&mapped) {
                let d = slot.dimension;
                for (index, coefficient) in buffer[offset..offset + d * d].iter_mut().enumerate() {
                    *coefficient = mapped[[seed * d + index % d, column * d + index / d]].conj();
                }
            }
            transform.inverse_with_scratch(&buffer, &mut values, &mut scratch);
            for (element, &value) in values.iter().enumerate() {
                result[[layout.row(seed, element), column]] = value;
            }
        }
    }
    result
}
