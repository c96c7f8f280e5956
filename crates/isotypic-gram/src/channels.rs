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
                    Ordering::Greater => lower(row, column),
                    Ordering::Equal => Complex64::from(lower(row, row).re),
                    Ordering::Less => lower(column, row).conj(),
                }))
            }
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use isotypic_group::{FiniteGroup, FourierPlanner};

    use super::*;

    /// The symmetric group of a triangle as its rotations and reflections of the plane, with three irreps:
    /// trivial, determinant, and the plane itself, of dimension two.
    struct Triangle {
        order_six: FiniteGroup,
        slots: Vec<IrrepSlot>,
    }

    type Matrix = [[f64; 2]; 2];

    impl Triangle {
        fn new() -> Self {
            let order_six = FiniteGroup::cyclic(6).unwrap();
            let trivial = FourierPlanner::new().plan(&order_six).unwrap().irreps()[0].clone();
            let mut plane = trivial.clone();
            plane.dimension = 2;
            Self { order_six, slots: vec![trivial.clone(), trivial, plane] }
        }

        fn plane(u: usize) -> Matrix {
            let (sin, cos) = (TAU * (u % 3) as f64 / 3.0).sin_cos();
            if u < 3 { [[cos, -sin], [sin, cos]] } else { [[cos, sin], [sin, -cos]] }
        }

        /// The element g⁻¹h.
        fn relative(g: usize, h: usize) -> usize {
            let (g, h) = (Self::plane(g), Self::plane(h));
            let product: Matrix =
                [0, 1].map(|row| [0, 1].map(|column| g[0][row] * h[0][column] + g[1][row] * h[1][column]));
            let distance = |u: usize| -> f64 {
                let u = Self::plane(u);
                (0..4).map(|i| (u[i / 2][i % 2] - product[i / 2][i % 2]).abs()).sum()
            };
            (0..6).find(|&u| distance(u) < 1e-12).unwrap()
        }

        /// All irreps of one element, one after another.
        fn irreps_of(u: usize) -> [f64; 6] {
            let [[a, b], [c, d]] = Self::plane(u);
            [1.0, if u < 3 { 1.0 } else { -1.0 }, a, b, c, d]
        }
    }

    impl GroupFourier for Triangle {
        /// A stand-in of the same order: the functions under test with vectors do not multiply.
        fn group(&self) -> &FiniteGroup {
            &self.order_six
        }

        fn irreps(&self) -> &[IrrepSlot] {
            &self.slots
        }

        fn forward_with_scratch(&self, values: &[f64], out: &mut [Complex64], _: &mut FourierScratch) {
            for (index, coefficient) in out.iter_mut().enumerate() {
                *coefficient = (0..6).map(|u| values[u] * Self::irreps_of(u)[index]).sum::<f64>().into();
            }
        }

        fn inverse_with_scratch(&self, coefficients: &[Complex64], out: &mut [f64], _: &mut FourierScratch) {
            for (u, value) in out.iter_mut().enumerate() {
                let dimensions = [1.0, 1.0, 2.0, 2.0, 2.0, 2.0];
                let irreps = Self::irreps_of(u);
                *value = (0..6).map(|i| dimensions[i] * coefficients[i].re * irreps[i]).sum::<f64>() / 6.0;
            }
        }
    }

    /// Two seeds, κ_ts(u⁻¹) = κ_st(u), and nothing else in common.
    fn kernel() -> Array3<f64> {
        let inverse = |u: usize| Triangle::relative(u, 0);
        let value =
            |s: usize, t: usize, u: usize| (1.0 + s as f64 + 2.3 * t as f64 + 1.1 * (u * u) as f64).sin();
        Array3::from_shape_fn((2, 2, 6), |(s, t, u)| value(s, t, u) + value(t, s, inverse(u)))
    }

    #[test]
    fn irreps_of_dimension_two_multiply_like_the_matrix() {
        let (triangle, layout, kernel) = (Triangle::new(), OrbitLayout::new(2, 6), kernel());
        let vectors =
            Array2::from_shape_fn((12, 3), |(row, column)| (0.9 * row as f64 - column as f64).cos());
        let dense = Array2::from_shape_fn((12, 12), |(row, column)| {
            kernel[[row / 6, column / 6, Triangle::relative(row % 6, column % 6)]]
        });
        let blocks = blocks_of_kernel(&triangle, &kernel);
        let product = map_coefficients(&triangle, layout, &vectors, |index, vectors| match &blocks[index] {
            BlockMatrix::Real(block) => block.map(|&value| Complex64::from(value)).dot(&vectors),
            BlockMatrix::Complex(block) => block.dot(&vectors),
        });
        for (value, expected) in product.iter().zip(&dense.dot(&vectors)) {
            assert!((value - expected).abs() < 1e-13, "{value} and {expected}");
        }
    }

    #[test]
    fn blocks_of_irreps_of_dimension_two_go_back_to_the_kernel() {
        let (triangle, kernel) = (Triangle::new(), kernel());
        let blocks: Vec<Array2<Complex64>> = blocks_of_kernel(&triangle, &kernel)
            .into_iter()
            .map(|block| match block {
                BlockMatrix::Real(block) => block.mapv(Complex64::from),
                BlockMatrix::Complex(block) => block,
            })
            .collect();
        assert_eq!(blocks[2].dim(), (4, 4));
        let back = kernel_of_blocks(&triangle, &blocks);
        // Seeds 1 and 0 only: the rest is mirrored by inverses, which the stand-in has in another order.
        for u in 0..6 {
            assert!((back[[1, 0, u]] - kernel[[1, 0, u]]).abs() < 1e-14);
        }
    }
}
