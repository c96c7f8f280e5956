//! What tests of sampled kernels share.

use isotypic_architecture::{Architecture, LayerGraph};
use isotypic_kernel::{KernelEstimates, KernelMatrices, MonteCarlo, MonteCarloKernel, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayView2, Axis};

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
