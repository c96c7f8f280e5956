//! Maxima over windows on the processor, channel by channel: the place of each maximum is kept, and its gradient goes there.

use burn_tensor::Tensor;
use rayon::prelude::*;

use crate::cpu_operation::{CpuNumber, CpuOperation, Reads, Seen, compute};
use crate::window_table::WindowTable;

/// The largest value in each window, `[batch, outputs, channels]`, with gradients: that of several equal ones which comes first in
/// the window. `None` where the processor does not have the values. Windows do not reach beyond the border.
pub(crate) fn window_maxima(values: &Tensor<3>, windows: &WindowTable) -> Option<Tensor<3>> {
    let [batch, positions, channels] = values.dims();
    let table = windows.table.iter().map(|&position| position as usize).collect();
    let maxima = WindowMaxima { table, taps: windows.taps, batch, positions, channels };
    compute(maxima, [values.clone()])
}

#[derive(Debug)]
struct WindowMaxima {
    table: Vec<usize>,
    taps: usize,
    batch: usize,
    positions: usize,
    channels: usize,
}

impl WindowMaxima {
    fn outputs(&self) -> usize {
        self.table.len() / self.taps
    }
}

impl CpuOperation<1> for WindowMaxima {
    /// For each maximum the tap that it was read by.
    type Kept = Vec<u32>;

    const READS: Reads = Reads::Nothing;

    fn output_shape(&self) -> [usize; 3] {
        [self.batch, self.outputs(), self.channels]
    }

    fn forward<N: CpuNumber>(&self, [values]: [&[N]; 1]) -> (Vec<N>, Vec<u32>) {
        let of_image = self.outputs() * self.channels;
        let mut largest = vec![N::default(); self.batch * of_image];
        let mut places = vec![0_u32; self.batch * of_image];
        let images = values.par_chunks_exact(self.positions * self.channels);
        images
            .zip(largest.par_chunks_exact_mut(of_image))
            .zip(places.par_chunks_exact_mut(of_image))
            .for_each(|((image, largest), places)| {
                let windows = self.table.chunks_exact(self.taps);
                let outputs =
                    largest.chunks_exact_mut(self.channels).zip(places.chunks_exact_mut(self.channels));
                for (window, (largest, places)) in windows.zip(outputs) {
                    let row = |position: usize| &image[position * self.channels..][..self.channels];
                    largest.copy_from_slice(row(window[0]));
                    for (tap, &position) in window.iter().enumerate().skip(1) {
                        let candidates = row(position).iter().zip(largest.iter_mut()).zip(places.iter_mut());
                        for ((&value, largest), place) in candidates {
                            // What is not a number is passed on.
                            #[allow(clippy::eq_op)]
                            let is_larger = value > *largest || value != value;
                            *largest = if is_larger { value } else { *largest };
                            *place = if is_larger { tap as u32 } else { *place };
                        }
                    }
                }
            });
        (largest, places)
    }

    fn backward<N: CpuNumber>(
        &self,
        _: Seen<'_, N, 1>,
        places: &Vec<u32>,
        gradient: &[N],
        _: [bool; 1],
    ) -> [Option<Vec<N>>; 1] {
        let of_image = self.outputs() * self.channels;
        let mut result = vec![N::default(); self.batch * self.positions * self.channels];
        let gradients = gradient.par_chunks_exact(of_image).zip(places.par_chunks_exact(of_image));
        result.par_chunks_exact_mut(self.positions * self.channels).zip(gradients).for_each(
            |(image, (gradient, places))| {
                let windows = self.table.chunks_exact(self.taps);
                let outputs = gradient.chunks_exact(self.channels).zip(places.chunks_exact(self.channels));
                for (window, (gradient, places)) in windows.zip(outputs) {
                    for (channel, (&gradient, &tap)) in gradient.iter().zip(places).enumerate() {
                        image[window[tap as usize] * self.channels + channel] += gradient;
                    }
                }
            },
        );
        [Some(result)]
    }
}
