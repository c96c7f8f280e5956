//! Kernels in `f32`: the same contract of bits as in `f64`, digits where they are easily lost, and numbers that only `f64` can hold.

use isotypic_kernel::{CompiledKernel, KernelError, KernelMatrices, Outputs, Real, SinglePrecisionKernel};
use isotypic_work::Monitor;
use ndarray::{Array2, Axis, array};

use crate::support::{compile, random_points};

const MLP: &str =
    r#"{"layers": [{"dense": {"b_std": 0.4}}, "relu", {"dense": {"w_std": 1.3}}, "relu", {"dense": {}}]}"#;

fn symmetric<T: Real>(kernel: &CompiledKernel, x: &Array2<T>) -> KernelMatrices<T> {
    let x = kernel.prepare(x.view()).unwrap();
    kernel.symmetric(&x, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

fn cross(kernel: &CompiledKernel, x: &Array2<f32>, y: &Array2<f32>) -> KernelMatrices<f32> {
    let (x, y) = (kernel.prepare(x.view()).unwrap(), kernel.prepare(y.view()).unwrap());
    kernel.cross(&x, &y, Outputs::NngpAndNtk, &Monitor::silent()).unwrap()
}

/// Architectures that take every path, with shapes and numbers of points beyond one tile.
fn cases() -> Vec<(String, Vec<usize>, usize)> {
    let dense = r#"{"dense": {"w_std": 1.1, "b_std": 0.4}}"#;
    let conv = r#"{"conv": {"filter": [3, 3], "padding": "same", "w_std": 1.3, "b_std": 0.2}}"#;
    let branches = format!(r#"{{"sum": [[{dense}], [{dense}, "relu", {dense}]]}}, "erf", {dense}"#);
    vec![
        (format!(r#"{{"layers": [{dense}, "relu", {branches}]}}"#), vec![97], 300),
        (
            format!(
                r#"{{"layers": [{{"product": [[{dense}, "relu"], [{dense}, "gelu"]]}}, {dense}, "relu", {dense}]}}"#
            ),
            vec![33],
            140,
        ),
        (format!(r#"{{"layers": [{conv}, "relu", "flatten", {branches}]}}"#), vec![5, 4, 2], 37),
        (format!(r#"{{"layers": [{conv}, "relu", "global_avg_pool", {dense}]}}"#), vec![4, 4, 1], 37),
    ]
}

fn points(n: usize, length: usize) -> Array2<f32> {
    let mut points = random_points(n, length, 3).mapv(|value| value as f32);
    // Duplicates, opposites, near duplicates and zeros take the careful branches.
    let copy = points.row(0).to_owned();
    points.row_mut(5).assign(&copy);
    points.row_mut(7).assign(&(-&copy));
    points.row_mut(9).assign(&(&copy * 1.000_001));
    points.row_mut(11).assign(&(&copy * 3.0));
    points.row_mut(13).fill(0.0);
    points
}

fn assert_same_bits(a: &Array2<f32>, b: &Array2<f32>, what: &str) {
    assert_eq!(a.dim(), b.dim());
    for ((at, a), b) in a.indexed_iter().zip(b) {
        assert!(a.is_finite(), "{what}{at:?} is {a}");
        assert_eq!(a.to_bits(), b.to_bits(), "{what}{at:?}: {a:e} against {b:e}");
    }
}

#[test]
fn permutations_subsets_transposes_and_threads_change_no_bit() {
    for (json, shape, n) in cases() {
        let kernel = compile(&json, &shape);
        let x = points(n, kernel.point_length());
        let whole = symmetric(&kernel, &x);
        let of = |pick: fn(&KernelMatrices<f32>) -> &Array2<f32>| {
            let whole = pick(&whole);
            let order: Vec<usize> = (0..n).map(|i| (i * 11 + 4) % n).collect();
            let permuted = symmetric(&kernel, &x.select(Axis(0), &order));
            let expected = whole.select(Axis(0), &order).select(Axis(1), &order);
            assert_same_bits(pick(&permuted), &expected, &format!("permutation of {json}"));

            let (some, others): (Vec<usize>, Vec<usize>) =
                (vec![13, 2, 7, 9, 0], (0..n).rev().step_by(2).collect());
            let (a, b) = (x.select(Axis(0), &some), x.select(Axis(0), &others));
            let expected = whole.select(Axis(0), &some).select(Axis(1), &others);
            assert_same_bits(pick(&cross(&kernel, &a, &b)), &expected, &format!("subset of {json}"));
            let transposed = pick(&cross(&kernel, &b, &a)).t().to_owned();
            assert_same_bits(&transposed, &expected, &format!("transpose of {json}"));

            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            let threads = pool.install(|| symmetric(&kernel, &x));
            assert_same_bits(pick(&threads), whole, &format!("threads of {json}"));
            assert_eq!(whole[[0, 5]].to_bits(), whole[[0, 0]].to_bits(), "duplicates of {json}");
        };
        of(|matrices| &matrices.nngp);
        of(|matrices| matrices.ntk.as_ref().unwrap());
    }
}

#[test]
fn tangent_kernels_alone_are_those_that_come_with_the_nngp() {
    for (json, shape, n) in cases() {
        let kernel = compile(&json, &shape);
        let x = points(n, kernel.point_length());
        let prepared = kernel.prepare(x.view()).unwrap();
        let alone = kernel.symmetric(&prepared, Outputs::Ntk, &Monitor::silent()).unwrap();
        assert_eq!(alone.nngp.dim(), (0, 0));
        assert_same_bits(&alone.ntk.unwrap(), &symmetric(&kernel, &x).ntk.unwrap(), &json);
    }
}

#[test]
fn nearly_parallel_points_keep_their_digits_and_opposite_ones_half_of_them() {
    // No bias: the tangent kernel falls with the angle itself, of which a cosine in single precision would lose half of the digits.
    let kernel = compile(
        r#"{"layers": [{"dense": {"w_std": 1.4142135623730951}}, "relu", {"dense": {"w_std": 1.4142135623730951}}]}"#,
        &[64],
    );
    let base = random_points(2, 64, 4);
    let mut x = Array2::zeros((9, 64));
    for (i, mut row) in x.outer_iter_mut().enumerate() {
        row.assign(&base.row(0));
        let step = [0.0, 1e-5, 1e-4, 1e-3, 1e-2][i % 5];
        row.scaled_add(step, &base.row(1));
        if i >= 5 {
            row *= -1.0;
        }
    }
    let x = x.mapv(|value| value as f32);
    let (single, double) = (symmetric(&kernel, &x), symmetric(&kernel, &x.mapv(f64::from)));
    let (single, double) = (single.ntk.unwrap(), double.ntk.unwrap());
    for ((i, j), value) in single.indexed_iter() {
        let error = (f64::from(*value) - double[[i, j]]).abs() / double[[0, 0]];
        // Gaps next to 2 lie 1.2e-7 apart, which angles next to π feel as √(2 · 1.2e-7).
        let bound = if (i < 5) == (j < 5) { 3e-7 } else { f64::sqrt(2.4e-7) / std::f64::consts::PI };
        assert!(error <= bound, "[{i}, {j}]: {value:e} against {:e}", double[[i, j]]);
    }
}

#[test]
fn products_beyond_the_range_are_computed_in_double_precision() {
    // Sums of 64 products of 1e37 overflow, the variances do not.
    let kernel = compile(r#"{"layers": [{"dense": {}}, "relu", {"dense": {}}]}"#, &[64]);
    let x = random_points(20, 64, 6).mapv(|value| value as f32 * 6e18);
    let (single, double) = (symmetric(&kernel, &x), symmetric(&kernel, &x.mapv(f64::from)));
    for (value, expected) in single.ntk.unwrap().iter().zip(&double.ntk.unwrap()) {
        assert!((f64::from(*value) / expected - 1.0).abs() < 1e-5, "{value:e} against {expected:e}");
    }
}

#[test]
fn what_single_precision_cannot_hold_is_named() {
    let kernel = compile(MLP, &[2]);
    let far: Array2<f64> = array![[1.0, 2.0], [1e20, 0.0]];
    assert!(kernel.prepare(far.view()).is_ok());
    let error = kernel.prepare(far.mapv(|value| value as f32).view()).unwrap_err();
    assert!(matches!(error, KernelError::VarianceOutOfRange { row: 1, state: 0, .. }), "{error}");
    let not_a_number = array![[1.0_f32, f32::NAN]];
    let error = kernel.prepare(not_a_number.view()).unwrap_err();
    assert!(matches!(error, KernelError::NotFinite { row: 0, column: 1, .. }), "{error}");
}

#[test]
fn tangent_kernels_out_of_range_matter_only_where_they_are_wanted() {
    // Without nonlinearities variances stay and tangent kernels grow by one variance with each layer.
    let kernel = compile(r#"{"layers": [{"dense": {}}, {"dense": {}}, {"dense": {}}]}"#, &[1]);
    let x = kernel.prepare(array![[1.0_f64], [3.3e153]].view()).unwrap();
    let y = kernel.prepare(array![[1.0_f64]].view()).unwrap();
    let monitor = Monitor::silent();
    assert!(
        kernel.symmetric(&x, Outputs::Nngp, &monitor).unwrap().nngp.iter().all(|value| value.is_finite())
    );
    for outputs in [Outputs::Ntk, Outputs::NngpAndNtk] {
        for result in [kernel.symmetric(&x, outputs, &monitor), kernel.cross(&y, &x, outputs, &monitor)] {
            let error = result.unwrap_err();
            assert!(
                matches!(error, KernelError::TangentKernelOutOfRange { row: 1, state: 3, .. }),
                "{error}"
            );
            assert!(error.hint().is_some());
        }
    }
}

/// Networks with the digits that they lose of distances: none, some where all positions are pooled, all that a value loses.
fn distance_cases() -> Vec<(String, Vec<usize>, f64)> {
    let conv = r#"{"conv": {"filter": [3, 3], "padding": "same", "w_std": 1.3, "b_std": 0.2}}"#;
    let image = vec![6, 5, 1];
    let product = format!(r#"{{"product": [[{conv}, "relu"], [{conv}, "abs"]]}}"#);
    let pool = r#"{"avg_pool": {"window": [2, 2], "strides": [2, 2]}}"#;
    let layers = |layers: &str| format!(r#"{{"layers": [{layers}, {{"dense": {{}}}}]}}"#);
    vec![
        (MLP.to_owned(), vec![30], 2e-6),
        (layers(r#"{"dense": {"b_std": 0.4}}"#), vec![30], 2e-6),
        (
            layers(&format!(
                r#"{conv}, {{"residual": ["relu", {conv}]}}, "layer_norm", {conv}, "relu", {product}, "flatten""#
            )),
            image.clone(),
            5e-6,
        ),
        (layers(&format!(r#"{conv}, "relu", {conv}, "relu", "global_avg_pool""#)), image.clone(), 3e-3),
        (layers(&format!(r#"{conv}, "relu", {pool}, {conv}, "relu", "flatten""#)), image.clone(), f64::NAN),
        (layers(r#"{"dense": {"b_std": 0.4}}, "erf""#), vec![30], f64::NAN),
    ]
}

/// Points on the unit sphere, close together: kernel values agree to four digits and more.
fn close_points(n: usize, length: usize) -> Array2<f64> {
    let base = random_points(1, length, 8);
    let mut points = random_points(n, length, 9) * 0.01 + base.row(0);
    for mut point in points.rows_mut() {
        let norm = point.dot(&point).sqrt();
        point.mapv_inplace(|value| f64::from((value / norm) as f32));
    }
    let copy = points.row(0).to_owned();
    points.row_mut(3).assign(&copy);
    points
}

#[test]
fn single_precision_knows_distances_to_their_own_digits() {
    for (json, shape, digits) in distance_cases() {
        let points = close_points(20, shape.iter().product());
        let double = symmetric(&compile(&json, &shape), &points);
        let kernel = SinglePrecisionKernel::new(compile(&json, &shape)).unwrap();
        let inputs = kernel.prepare(points.view()).unwrap();
        let single = kernel.symmetric(&inputs, Outputs::NngpAndNtk, &Monitor::silent()).unwrap();
        let other = kernel.cross(&inputs, &inputs, Outputs::NngpAndNtk, &Monitor::silent()).unwrap();
        assert_eq!(single, other, "{json}");
        let pairs = [(double.nngp, single.nngp), (double.ntk.unwrap(), single.ntk.unwrap())];
        for (kernel, (double, single)) in ["nngp", "ntk"].into_iter().zip(pairs) {
            assert_eq!(single[[0, 3]].to_bits(), single[[0, 0]].to_bits(), "{kernel} of {json}");
            for ((i, j), value) in single.indexed_iter() {
                let distance = double[[i, i]] + double[[j, j]] - 2.0 * double[[i, j]];
                let bound = if digits.is_nan() { 1e-6 * double[[i, i]] } else { digits * distance };
                let error = (value - double[[i, j]]).abs();
                assert!(
                    error <= bound + 4e-15 * double[[i, i]],
                    "{kernel} of {json}[{i}, {j}]: off by {error:e} of {distance:e}"
                );
                assert!(i == j || distance < 0.02 * double[[i, i]], "points are not close");
            }
        }
    }
}

#[test]
fn the_stated_resolution_is_the_error() {
    for (json, shape, digits) in distance_cases() {
        let points = close_points(20, shape.iter().product());
        let double = symmetric(&compile(&json, &shape), &points).ntk.unwrap();
        let kernel = SinglePrecisionKernel::new(compile(&json, &shape)).unwrap();
        let inputs = kernel.prepare(points.view()).unwrap();
        let single = kernel.symmetric(&inputs, Outputs::Ntk, &Monitor::silent()).unwrap().ntk.unwrap();
        let resolution = kernel.resolution(single.view(), &inputs, true);
        let errors = &single - &double;
        let typical = (errors.mapv(|error| error * error).sum() / errors.len() as f64).sqrt();
        assert!(typical <= resolution, "{json}: {typical:e} above {resolution:e}");
        // Where it goes by values it is a bound, and generous for points that are close to each other.
        let tightness = if shape.len() > 1 || digits.is_nan() { 1e-6 } else { 0.02 };
        assert!(typical >= tightness * resolution, "{json}: {typical:e} far below {resolution:e}");
    }
}

#[test]
fn kernels_on_features_have_no_single_precision() {
    assert!(SinglePrecisionKernel::new(CompiledKernel::on_features("linear".parse().unwrap(), 3)).is_none());
}
