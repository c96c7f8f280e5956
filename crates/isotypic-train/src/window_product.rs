//! Convolution on the processor: patches of a few images at a time, times the weights, so that the matrix of all patches never is.
//!
//! $y = s\, P(x) W + t\, b$ with patches $P$, weights $W$ and biases $b$. Backwards, with the gradient $g$ of $y$: $s \sum P(x)^T g$ for weights, the
//! sum of $t\, g$ over images and outputs for biases, and $s\, g W^T$ added back from patches to positions for $x$. Patches are read
//! again, not kept. Sums run over a fixed partition of the batch, whatever the number of threads.

use burn_tensor::Tensor;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::cpu_operation::{CpuNumber, CpuOperation, Seen, compute};
use crate::patch_runs::PatchRuns;

/// Rows of patches that one product has at least, if there are enough images.
const ROWS: usize = 256;
/// Parts of a batch whose gradients of weights are summed on their own, at most, and the bytes that these sums may take together.
const PARTS: usize = 16;
const PART_BYTES: usize = 64 << 20;

/// Values that the backward pass has beside gradients, for weights `[fan-in, width]`: sums of parts of the batch, and patches, which
/// `taps` of 1 are not, with their gradients in every thread.
pub(crate) fn product_space(fan_in: usize, width: usize, outputs: usize, taps: usize, batch: usize) -> usize {
    let tile = ROWS.div_ceil(outputs.max(1));
    let parts = parts_of(fan_in * width * size_of::<f32>(), 1).min(batch.div_ceil(tile));
    let patches = if taps == 1 { 0 } else { 2 * fan_in * outputs * tile.min(batch) };
    parts * fan_in * width + patches * rayon::current_num_threads().min(parts)
}

/// Parts that the examples of each member are summed in, at most. `bytes`: of the weights of one member.
fn parts_of(bytes: usize, members: usize) -> usize {
    let most = PART_BYTES / (members * bytes).max(1);
    PARTS.min(most.max(2)).div_ceil(members)
}

/// Rows of patches times weights, `[batch, outputs, width]`, with gradients; `None` where the processor does not have the values.
///
/// # Shapes
/// - `values`: `[batch, positions, channels]`, a part of the batch for each member
/// - `weights`: `[members, taps · channels, width]`; `biases`: `[members, 1, width]`
pub(crate) fn window_product(
    values: &Tensor<3>,
    weights: &Tensor<3>,
    biases: Option<&Tensor<3>>,
    runs: PatchRuns,
    (scale, bias_scale): (f64, f64),
) -> Option<Tensor<3>> {
    let ([batch, positions, channels], [members, _, width]) = (values.dims(), weights.dims());
    let product =
        WindowProduct { runs, batch, members, width, image: positions * channels, scale, bias_scale };
    let biases =
        biases.cloned().unwrap_or_else(|| weights.clone().slice([0..members, 0..1, 0..width]).zeros_like());
    compute(product, [values.clone(), weights.clone(), biases])
}

/// The sizes of one convolution.
#[derive(Debug)]
struct WindowProduct {
    runs: PatchRuns,
    batch: usize,
    members: usize,
    width: usize,
    /// Values in one image.
    image: usize,
    scale: f64,
    bias_scale: f64,
}

impl WindowProduct {
    /// Images whose patches are one matrix.
    fn tile(&self) -> usize {
        if self.runs.is_transposed { 1 } else { ROWS.div_ceil(self.runs.outputs) }
    }

    /// The patches of some images, `[images · outputs, fan-in]`.
    fn patches<'own, N: CpuNumber>(&self, images: &'own [N], patches: &'own mut Vec<N>) -> MatRef<'own, N> {
        let PatchRuns { outputs, fan_in, .. } = self.runs;
        if self.runs.is_image {
            return MatRef::from_row_major_slice(images, images.len() / fan_in, fan_in);
        }
        patches.resize(images.len() / self.image * outputs * fan_in, N::default());
        for (image, patches) in
            images.chunks_exact(self.image).zip(patches.chunks_exact_mut(outputs * fan_in))
        {
            self.runs.copy(image, patches);
        }
        match self.runs.is_transposed {
            true => MatRef::from_row_major_slice(patches, fan_in, outputs).transpose(),
            false => MatRef::from_row_major_slice(patches, patches.len() / fan_in, fan_in),
        }
    }

    /// The gradients of weights and biases from some images of one member; those of the images are added to `own`.
    fn part<N: CpuNumber>(
        &self,
        values: &[N],
        weights: &[N],
        gradient: &[N],
        mut own: Option<&mut [N]>,
    ) -> (Vec<N>, Vec<N>) {
        let PatchRuns { outputs, fan_in, is_transposed, is_image, .. } = self.runs;
        let (width, scale) = (self.width, N::of(self.scale));
        let weights = MatRef::from_row_major_slice(weights, fan_in, width);
        let mut of_weights = vec![N::default(); fan_in * width];
        let (mut of_biases, mut patches, mut of_patches) =
            (vec![N::default(); width], Vec::new(), Vec::new());
        let images = values.chunks(self.tile() * self.image);
        for (tile, gradient) in gradient.chunks(self.tile() * outputs * width).enumerate() {
            let mut sums = vec![N::default(); width];
            for row in gradient.chunks_exact(width) {
                add(&mut sums, row);
            }
            add(&mut of_biases, &sums);
            let rows = gradient.len() / width;
            let gradient = MatRef::from_row_major_slice(gradient, rows, width);
            let values = images.clone().nth(tile).unwrap_or_default();
            let read = self.patches(values, &mut patches);
            let sum = MatMut::from_row_major_slice_mut(&mut of_weights, fan_in, width);
            matmul(sum, Accum::Add, read.transpose(), gradient, scale, Par::Seq);
            let Some(own) = own.as_deref_mut() else { continue };
            let own = &mut own[tile * self.tile() * self.image..][..values.len()];
            if is_image {
                let back = MatMut::from_row_major_slice_mut(own, rows, fan_in);
                matmul(back, Accum::Replace, gradient, weights.transpose(), scale, Par::Seq);
                continue;
            }
            of_patches.resize(rows * fan_in, N::default());
            let back = match is_transposed {
                true => MatMut::from_row_major_slice_mut(&mut of_patches, fan_in, rows).transpose_mut(),
                false => MatMut::from_row_major_slice_mut(&mut of_patches, rows, fan_in),
            };
            matmul(back, Accum::Replace, gradient, weights.transpose(), scale, Par::Seq);
            let of_images = of_patches.chunks_exact(outputs * fan_in);
            for (image, patches) in own.chunks_exact_mut(self.image).zip(of_images) {
                self.runs.add_back(patches, image);
            }
        }
        (of_weights, of_biases)
    }
}

impl CpuOperation<3> for WindowProduct {
    type Kept = ();

    fn output_shape(&self) -> [usize; 3] {
        [self.batch, self.runs.outputs, self.width]
    }

    fn forward<N: CpuNumber>(&self, [values, weights, biases]: [&[N]; 3]) -> (Vec<N>, ()) {
        let PatchRuns { outputs, fan_in, .. } = self.runs;
        let (of_image, of_member) = (outputs * self.width, self.batch / self.members);
        let mut result = vec![N::default(); self.batch * of_image];
        let members = result.par_chunks_mut((of_member * of_image).max(1)).enumerate();
        members.for_each(|(member, result)| {
            let weights = &weights[member * fan_in * self.width..][..fan_in * self.width];
            let biases: Vec<N> = biases[member * self.width..][..self.width]
                .iter()
                .map(|&bias| bias * N::of(self.bias_scale))
                .collect();
            let tiles = result.par_chunks_mut(self.tile() * of_image).enumerate();
            tiles.for_each_init(Vec::new, |patches, (tile, result)| {
                let first = member * of_member + tile * self.tile();
                let images = &values[first * self.image..][..result.len() / of_image * self.image];
                for row in result.chunks_exact_mut(self.width) {
                    row.copy_from_slice(&biases);
                }
                let rows = result.len() / self.width;
                let result = MatMut::from_row_major_slice_mut(result, rows, self.width);
                let weights = MatRef::from_row_major_slice(weights, fan_in, self.width);
                let patches = self.patches(images, patches);
                matmul(result, Accum::Add, patches, weights, N::of(self.scale), Par::Seq);
            });
        });
        (result, ())
    }

    fn backward<N: CpuNumber>(
        &self,
        Seen { inputs: [values, weights, _], .. }: Seen<'_, N, 3>,
        (): &(),
        gradient: &[N],
        needed: [bool; 3],
    ) -> [Option<Vec<N>>; 3] {
        let (of_weights, of_member) = (self.runs.fan_in * self.width, self.batch / self.members);
        let parts = parts_of(of_weights * size_of::<N>(), self.members);
        let images_of_part = of_member.div_ceil(parts).next_multiple_of(self.tile()).max(1);
        let mut images = needed[0].then(|| vec![N::default(); self.batch * self.image]);
        let mut rest = images.as_deref_mut();
        let mut tasks = Vec::new();
        for member in 0..self.members {
            for start in (0..of_member).step_by(images_of_part) {
                let count = images_of_part.min(of_member - start);
                let own = rest.take().map(|images| {
                    let (own, later) = images.split_at_mut(count * self.image);
                    rest = Some(later);
                    own
                });
                tasks.push((member, member * of_member + start, count, own));
            }
        }
        let sums: Vec<(usize, Vec<N>, Vec<N>)> = tasks
            .into_par_iter()
            .map(|(member, first, count, own)| {
                let values = &values[first * self.image..][..count * self.image];
                let of_image = self.runs.outputs * self.width;
                let gradient = &gradient[first * of_image..][..count * of_image];
                let weights = &weights[member * of_weights..][..of_weights];
                let (weights, biases) = self.part(values, weights, gradient, own);
                (member, weights, biases)
            })
            .collect();
        let mut of_all = vec![N::default(); self.members * of_weights];
        let mut of_biases = vec![N::default(); self.members * self.width];
        for (member, weights, biases) in sums {
            add(&mut of_all[member * of_weights..], &weights);
            add(&mut of_biases[member * self.width..], &biases);
        }
        let bias_scale = N::of(self.bias_scale);
        let of_biases = of_biases.into_iter().map(|bias| bias * bias_scale).collect();
        [images, Some(of_all), Some(of_biases)]
    }
}

fn add<N: CpuNumber>(sums: &mut [N], values: &[N]) {
    for (sum, &value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
