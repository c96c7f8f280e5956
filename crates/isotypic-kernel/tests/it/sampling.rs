//! What tests of sampled kernels share.

use isotypic_architecture::{Architecture, FiniteNetwork, LayerGraph};
use isotypic_kernel::{KernelEstimates, KernelMatrices, MonteCarlo, MonteCarloKernel, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayD, ArrayView2, Axis};
use rayon::prelude::*;

pub(crate) fn graph(layers: &str, shape: &[usize]) -> LayerGraph {
    Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#)).unwrap().check(shape).unwrap()
}

pub(crate) fn sampled(layers: &str, shape: &[usize], settings: MonteCarlo) -> MonteCarloKernel {
    MonteCarloKernel::compile(&graph(layers, shape), settings).unwrap()
}

pub(crate) fn settings(samples: usize) -> MonteCarlo {
    MonteCarlo { samples, ..MonteCarlo::default() }
}

pub(crate) fn symmetric<T: Real>(kernel: &MonteCarloKernel, x: ArrayView2<'_, T>) -> KernelEstimates<T> {
    let x = kernel.prepare(x).unwrap();
    kernel.symmetric(&x, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

pub(crate) fn cross(
    kernel: &MonteCarloKernel,
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
) -> KernelEstimates {
    let [x, y] = [x, y].map(|points| kernel.prepare(points).unwrap());
    kernel.cross(&x, &y, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

/// NNGP and NTK side by side.
pub(crate) fn both<T: Clone>(matrices: &KernelMatrices<T>) -> [Array2<T>; 2] {
    [matrices.nngp.clone(), matrices.ntk.clone().unwrap()]
}

/// Standard normal numbers.
pub(crate) struct Normal(pub(crate) u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64 + 0.5) / f64::exp2(53.0)
    }

    /// −1 or 1.
    pub(crate) fn sign(&mut self) -> f64 {
        if self.uniform() < 0.5 { -1.0 } else { 1.0 }
    }

    pub(crate) fn draw(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Means over repetitions and their standard errors, of NNGP and NTK, each at three places.
pub(crate) fn mean_and_error(all: &[[[f64; 3]; 2]]) -> ([[f64; 3]; 2], [[f64; 3]; 2]) {
    let count = all.len() as f64;
    let value = |which: usize, entry: usize| all.iter().map(move |one| one[which][entry]);
    let mean = [0, 1].map(|which| [0, 1, 2].map(|entry| value(which, entry).sum::<f64>() / count));
    let error = [0, 1].map(|which| {
        [0, 1, 2].map(|entry| {
            let squares: f64 = value(which, entry).map(|one| (one - mean[which][entry]).powi(2)).sum();
            (squares / (count * (count - 1.0))).sqrt()
        })
    });
    (mean, error)
}

/// Estimates agree with those of a dense twin within four standard errors, which are small.
pub(crate) fn assert_agrees_with_dense(
    estimates: &KernelEstimates,
    (twin, twin_error): ([[f64; 3]; 2], [[f64; 3]; 2]),
    what: &str,
) {
    let (mean, error) = (both(&estimates.mean()), both(&estimates.standard_error()));
    for which in 0..2 {
        for (at, entry) in [[0, 0], [0, 1], [1, 1]].into_iter().enumerate() {
            let bound = 4.0 * error[which][entry].hypot(twin_error[which][at]);
            let (got, expected) = (mean[which][entry], twin[which][at]);
            assert!((got - expected).abs() < bound, "{what} {which} {entry:?}: {got} for {expected}");
            assert!(bound < 0.05 * twin[which][0], "{what} {which} {entry:?}: {bound}");
        }
    }
}

/// Whatever else is asked for, in whichever order and by however many threads, values are the same to the last bit.
pub(crate) fn assert_values_depend_on_two_points(name: &str, kernel: &MonteCarloKernel, x: &Array2<f64>) {
    let whole = symmetric(kernel, x.view());
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(single.install(|| symmetric(kernel, x.view())), whole, "{name}");
    let order: Vec<usize> = (0..19).map(|i| (7 * i + 3) % 19).take(11).collect();
    let some = cross(kernel, x.select(Axis(0), &order).view(), x.view());
    let turned = cross(kernel, x.view(), x.select(Axis(0), &order).view());
    for ((whole, some), turned) in whole.replicates.iter().zip(&some.replicates).zip(&turned.replicates) {
        for (which, whole) in both(whole).iter().enumerate() {
            let (some, turned) = (&both(some)[which], &both(turned)[which]);
            for (row, &i) in order.iter().enumerate() {
                for j in 0..19 {
                    let bits = whole[[i, j]].to_bits();
                    assert_eq!(bits, some[[row, j]].to_bits(), "{name} {which}: {i} {j}");
                    assert_eq!(bits, turned[[j, row]].to_bits(), "{name} {which}: {j} {i}");
                    assert_eq!(bits, whole[[j, i]].to_bits(), "{name} {which}: {i} {j}");
                }
            }
        }
    }
}

/// Inner products of outputs and of their gradients, the latter by derivatives along random directions of signs.
fn of_network(layers: &str, shape: &[usize], x: &Array2<f64>, seed: u64) -> [Array2<f64>; 2] {
    const DIRECTIONS: usize = 5;
    const STEP: f64 = 1e-4;
    let network = FiniteNetwork::sample(&graph(layers, shape), seed).unwrap();
    let outputs = network.forward(x).unwrap();
    let width = outputs.ncols() as f64;
    let parameters: Vec<ArrayD<f64>> = network.parameters().into_iter().map(|one| one.values).collect();
    let mut normal = Normal(seed ^ 0x5851_f42d_4c95_7f2d);
    let mut moved = network.clone();
    let mut ntk = Array2::zeros((x.nrows(), x.nrows()));
    for _ in 0..DIRECTIONS {
        let direction: Vec<ArrayD<f64>> =
            parameters.iter().map(|values| values.mapv(|_| normal.sign())).collect();
        let [ahead, behind] = [STEP, -STEP].map(|step| {
            let values = parameters.iter().zip(&direction).map(|(values, by)| values + &(by * step));
            moved.set_parameters(values.collect()).unwrap();
            moved.forward(x).unwrap()
        });
        let derivative = (ahead - behind) / (2.0 * STEP);
        ntk += &(derivative.dot(&derivative.t()) / width / DIRECTIONS as f64);
    }
    [outputs.dot(&outputs.t()) / width, ntk]
}

/// So many random networks have outputs and gradients with the moments of the sampled kernel, within four standard errors, which are
/// `small` relative to the largest entry: a missing term would show.
pub(crate) fn assert_finite_networks_approach(
    (layers, shape): (&str, &[usize]),
    x: ArrayView2<'_, f64>,
    networks: u64,
    small: f64,
) {
    let estimates = symmetric(&sampled(layers, shape, settings(1024)), x);
    let (mean, error) = (both(&estimates.mean()), both(&estimates.standard_error()));
    let x = x.to_owned();
    let all: Vec<[Array2<f64>; 2]> =
        (0..networks).into_par_iter().map(|seed| of_network(layers, shape, &x, seed)).collect();
    let count = networks as f64;
    for which in 0..2 {
        let largest = mean[which].iter().fold(0.0_f64, |largest, value| largest.max(*value));
        for (at, mean) in mean[which].indexed_iter() {
            let finite = all.iter().map(|one| one[which][at]).sum::<f64>() / count;
            let squares: f64 = all.iter().map(|one| (one[which][at] - finite).powi(2)).sum();
            let bound = 4.0 * error[which][at].hypot((squares / (count - 1.0) / count).sqrt());
            let error = error[which][at];
            assert!(
                (mean - finite).abs() < bound,
                "{layers} {which} {at:?}: {mean} ± {error}, networks {finite} ± {bound}"
            );
            assert!(bound < small * largest, "{layers} {which} {at:?}: {bound} of {largest}");
        }
    }
}
