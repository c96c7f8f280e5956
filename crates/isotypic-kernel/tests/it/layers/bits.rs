//! A value is a function of its two points, bit for bit, in both types: permutations, subsets and transposes of lists.

use isotypic_kernel::{CompiledKernel, KernelMatrices, Outputs, Real};
use isotypic_work::Monitor;
use ndarray::{Array2, Axis};

use super::{Case, for_each};
use crate::support::random_points;

fn symmetric<T: Real>(kernel: &CompiledKernel, x: &Array2<T>) -> KernelMatrices<T> {
    let x = kernel.prepare(x.view()).unwrap();
    kernel.symmetric(&x, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

fn cross<T: Real>(kernel: &CompiledKernel, x: &Array2<T>, y: &Array2<T>) -> KernelMatrices<T> {
    let (x, y) = (kernel.prepare(x.view()).unwrap(), kernel.prepare(y.view()).unwrap());
    kernel.cross(&x, &y, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

/// Generic points with duplicates, opposites, near duplicates, multiples and zeros among them.
fn points<T: Real>(n: usize, length: usize) -> Array2<T> {
    let mut points = random_points(n, length, 3);
    let copy = points.row(0).to_owned();
    points.row_mut(3).assign(&copy);
    points.row_mut(4).assign(&(-&copy));
    points.row_mut(5).assign(&(&copy * (1.0 + 1e-6)));
    points.row_mut(6).assign(&(&copy * 3.0));
    points.row_mut(7).fill(0.0);
    points.mapv(T::from_f64)
}

/// The first entry with other bits, signs of zero included. A matrix entry is given by `None` where it may be anything.
fn other_bits<T: Real>(
    got: &Array2<T>,
    expected: impl Fn(usize, usize) -> Option<T>,
    what: &str,
) -> Option<String> {
    let bits = |value: T| value.to_f64().to_bits();
    let wrong = got.indexed_iter().find(|&((i, j), &got)| {
        !got.to_f64().is_finite() || expected(i, j).is_some_and(|expected| bits(expected) != bits(got))
    });
    wrong.map(|((i, j), got)| format!("{what}[{i}, {j}]: {got:e} against {:?}", expected(i, j)))
}

fn check<T: Real>(case: &Case, kernel: &CompiledKernel, complaints: &mut Vec<String>) {
    // More than the lanes of one group.
    let n = T::LANES + 2;
    let x = points::<T>(n, kernel.point_length());
    let whole = symmetric(kernel, &x);
    let order: Vec<usize> = (0..n).map(|i| (i * 7 + 4) % n).collect();
    let permuted = symmetric(kernel, &x.select(Axis(0), &order));
    let some = [7, 2, 4, 5, 0, 3];
    let others: Vec<usize> = (0..n).rev().step_by(2).collect();
    let (a, b) = (x.select(Axis(0), &some), x.select(Axis(0), &others));
    let (forward, backward) = (cross(kernel, &a, &b), cross(kernel, &b, &a));
    let masks = case.draws_masks();
    for name in ["nngp", "ntk"] {
        let [whole, permuted, forward, backward] = [&whole, &permuted, &forward, &backward]
            .map(|matrices| if name == "nngp" { &matrices.nngp } else { matrices.ntk.as_ref().unwrap() });
        let name = |what: &str| format!("{name} {} {what}", std::any::type_name::<T>());
        let twin = |i: usize, j: usize| Some(whole[[order[i], order[j]]]);
        complaints.extend(other_bits(permuted, twin, &name("permuted")));
        complaints.extend(other_bits(whole, |i, j| Some(whole[[j, i]]), &name("transposed")));
        // With masks a point in two lists is two forward passes, on the diagonal it is one.
        let part = |i: usize, j: usize| {
            let (i, j) = (some[i], others[j]);
            (!masks || i != j).then(|| whole[[i, j]])
        };
        complaints.extend(other_bits(forward, part, &name("subset")));
        complaints.extend(other_bits(forward, |i, j| Some(backward[[j, i]]), &name("turned around")));
        // Rows 0 and 3 are equal points.
        let same = |i: usize, j: usize| match (i, j) {
            (0 | 3, 0 | 3) if masks => (i != j).then(|| whole[[0, 3]]),
            (3, _) => Some(whole[[0, j]]),
            _ => None,
        };
        complaints.extend(other_bits(whole, same, &name("duplicates")));
    }
}

#[test]
fn permutations_subsets_and_transposes_have_the_same_bits_in_f64() {
    for_each(check::<f64>);
}

#[test]
fn permutations_subsets_and_transposes_have_the_same_bits_in_f32() {
    for_each(check::<f32>);
}
