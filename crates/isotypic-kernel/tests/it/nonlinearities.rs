//! Every nonlinearity against two-dimensional sums of its plain scalar function, and at its limits.

use isotypic_architecture::{Activation, Coefficients, ScalarFunction};
use isotypic_kernel::{CompiledKernel, Outputs};
use isotypic_work::Monitor;
use ndarray::{Array2, array};

use crate::support::{compile, random_points, symmetric};

/// The spelling in an architecture file, and the function.
fn smooth() -> Vec<(&'static str, Activation)> {
    vec![
        (r#""erf""#, Activation::Erf { a: 1.0, b: 1.0, c: 0.0 }),
        (r#"{"erf": {"a": -1.4, "b": 0.7, "c": 0.6}}"#, Activation::Erf { a: -1.4, b: 0.7, c: 0.6 }),
        (r#""sigmoid_like""#, Activation::SigmoidLike),
        (r#""gelu""#, Activation::Gelu { approximate: false }),
        (r#""tanh""#, Activation::Tanh),
        (r#""sigmoid""#, Activation::Sigmoid),
        (r#""softplus""#, Activation::Softplus),
        (r#""silu""#, Activation::Silu),
        (r#"{"sin": {"a": 1.3, "b": 0.7, "c": 0.4}}"#, Activation::Sin { a: 1.3, b: 0.7, c: 0.4 }),
        (r#"{"cos": {"a": 0.7, "b": 1.2, "c": -0.3}}"#, Activation::Cos { a: 0.7, b: 1.2, c: -0.3 }),
        (r#"{"rbf": {"gamma": 0.6}}"#, Activation::Rbf { gamma: 0.6 }),
        (r#"{"exp": {"a": 0.5, "b": -0.6}}"#, Activation::Exp { a: 0.5, b: -0.6 }),
        (r#"{"gaussian": {"a": 1.4, "b": -0.5}}"#, Activation::Gaussian { a: 1.4, b: -0.5 }),
        (r#""gabor""#, Activation::Gabor),
        (
            r#"{"polynomial": {"coef": [0.5, -1, 0, 0.25]}}"#,
            Activation::Polynomial { coef: Coefficients::new(&[0.5, -1.0, 0.0, 0.25]).unwrap() },
        ),
        (
            r#"{"polynomial": {"coef": [-2]}}"#,
            Activation::Polynomial { coef: Coefficients::new(&[-2.0]).unwrap() },
        ),
        (r#"{"hermite": {"degree": 1}}"#, Activation::Hermite { degree: 1 }),
        (r#"{"hermite": {"degree": 4}}"#, Activation::Hermite { degree: 4 }),
        (r#"{"monomial": {"degree": 0}}"#, Activation::Monomial { degree: 0 }),
        (r#"{"monomial": {"degree": 1}}"#, Activation::Monomial { degree: 1 }),
        (r#"{"monomial": {"degree": 5}}"#, Activation::Monomial { degree: 5 }),
    ]
}

/// Those with a kink or a jump, which sums on a grid resolve badly.
fn kinked() -> Vec<(&'static str, Activation)> {
    vec![
        (r#""relu""#, Activation::Relu),
        (r#"{"leaky_relu": {"alpha": 0.2}}"#, Activation::LeakyRelu { alpha: 0.2 }),
        (r#"{"ab_relu": {"a": -0.5, "b": 1.2}}"#, Activation::AbRelu { a: -0.5, b: 1.2 }),
        (r#"{"ab_relu": {"a": 2.0, "b": -0.1}}"#, Activation::AbRelu { a: 2.0, b: -0.1 }),
        (r#""abs""#, Activation::Abs),
        (r#""sign""#, Activation::Sign),
    ]
}

fn all() -> Vec<&'static str> {
    let quadratures = [
        r#"{"elementwise": {"function": "tanh", "quadrature_degree": 7}}"#,
        r#"{"elementwise": {"function": "softplus", "quadrature_degree": 5}}"#,
        r#"{"elementwise": {"function": "gelu", "quadrature_degree": 6}}"#,
        r#"{"rectified_monomial": {"degree": 0}}"#,
        r#"{"rectified_monomial": {"degree": 1}}"#,
        r#"{"rectified_monomial": {"degree": 4}}"#,
        r#""exp_normalized""#,
        r#"{"exp_normalized": {"gamma": 2.5, "shift": 0.3, "do_clip": true}}"#,
    ];
    smooth().iter().chain(&kinked()).map(|case| case.0).chain(quadratures).collect()
}

/// One nonlinearity between affine layers that change nothing: the NTK is NNGP plus c·E[φ'φ'].
fn layer(name: &str) -> String {
    format!(r#"{{"layers": ["dense", {name}, "dense"]}}"#)
}

/// E[f(u) f(v)] by the trapezoidal rule in independent normal coordinates, which converges exponentially for smooth f.
fn expectation(f: impl Fn(f64) -> f64, [x, y, c]: [f64; 3]) -> f64 {
    let step = 0.16;
    let grid: Vec<f64> = (-60..=60).map(|k| step * f64::from(k)).collect();
    let weight = |z: f64| (-0.5 * z * z).exp() * step / (2.0 * std::f64::consts::PI).sqrt();
    let (along, across) = (c / x.sqrt(), (y - c * c / x).max(0.0).sqrt());
    let inner = |z: f64| grid.iter().map(|&w| weight(w) * f(along * z + across * w)).sum::<f64>();
    grid.iter().map(|&z| weight(z) * f(x.sqrt() * z) * inner(z)).sum()
}

/// φ' by the five-point formula.
fn slope(activation: Activation, u: f64) -> f64 {
    let h = 5e-4;
    let f = |k: f64| activation.apply(u + k * h);
    (8.0 * (f(1.0) - f(-1.0)) - (f(2.0) - f(-2.0))) / (12.0 * h)
}

/// Two-dimensional points with several norms and angles.
fn points() -> Array2<f64> {
    array![[1.3, 0.2], [-0.4, 1.1], [0.9, 0.9], [-1.3, -0.1], [0.02, -0.03], [2.0, -1.5]]
}

#[test]
fn smooth_nonlinearities_equal_sums_on_a_fine_grid() {
    let x = points();
    for (name, activation) in smooth() {
        let matrices = symmetric(&compile(&layer(name), &[2]), x.view());
        let ntk = matrices.ntk.unwrap();
        for i in 0..x.nrows() {
            for j in 0..=i {
                let [a, b, c] = [(i, i), (j, j), (i, j)].map(|(i, j)| x.row(i).dot(&x.row(j)) / 2.0);
                let nngp = expectation(|u| activation.apply(u), [a, b, c]);
                let variances = [a, b].map(|q| expectation(|u| activation.apply(u), [q, q, q]));
                let scale = (variances[0] * variances[1]).sqrt();
                // A covariance is a difference of variances: it has the digits of the larger one.
                let rounding = 1e-15 * variances[0].max(variances[1]);
                let error = (matrices.nngp[[i, j]] - nngp).abs();
                assert!(
                    error <= 1e-12 * scale + rounding,
                    "nngp of {name}[{i}, {j}] is off by {error:e} of {scale:e}"
                );
                let derivative = expectation(|u| slope(activation, u), [a, b, c]);
                let expected = nngp + c * derivative;
                let error = (ntk[[i, j]] - expected).abs();
                // The difference formula for the slope is good to 1e-10; a tangent kernel, too, has the digits of the larger one.
                let rounding = 1e-15 * ntk[[i, i]].max(ntk[[j, j]]);
                assert!(
                    error <= 1e-9 * (scale + c.abs() * (1.0 + derivative.abs())) + rounding,
                    "ntk of {name}[{i}, {j}] is {} against {expected}",
                    ntk[[i, j]]
                );
            }
        }
    }
}

/// In polar coordinates the kinks lie on rays: the sum over the angle is the mean of a piecewise smooth function.
#[test]
fn kinked_nonlinearities_equal_sums_over_the_angle() {
    let x = points();
    for (name, activation) in kinked() {
        let matrices = symmetric(&compile(&layer(name), &[2]), x.view());
        for i in 0..x.nrows() {
            for j in 0..=i {
                let count = 20_000;
                // E over the radius of r^(2k) is 2 for homogeneous functions of degree 1 and 1 for degree 0.
                let radial = if activation == Activation::Sign { 1.0 } else { 2.0 };
                let sum: f64 = (0..count)
                    .map(|k| {
                        let (sine, cosine) =
                            (std::f64::consts::TAU * (f64::from(k) + 0.5) / f64::from(count)).sin_cos();
                        let project =
                            |row: usize| (x[[row, 0]] * cosine + x[[row, 1]] * sine) / 2.0_f64.sqrt();
                        activation.apply(project(i)) * activation.apply(project(j))
                    })
                    .sum();
                let expected = radial * sum / f64::from(count);
                let scale = (matrices.nngp[[i, i]] * matrices.nngp[[j, j]]).sqrt();
                let tolerance = if activation == Activation::Sign { 1e-3 } else { 1e-7 };
                assert!(
                    (matrices.nngp[[i, j]] - expected).abs() <= tolerance * scale,
                    "{name}[{i}, {j}]: {} against {expected}",
                    matrices.nngp[[i, j]]
                );
            }
        }
    }
}

#[test]
fn equal_points_have_exactly_the_value_of_the_diagonal_and_nothing_is_nan() {
    for name in all() {
        for scale in [1e-75, 1e-6, 1.0, 1e6, 1e75] {
            let grows = ["monomial", "polynomial", "hermite", "exp\""].iter().any(|one| name.contains(one));
            if grows && scale > 1.0 {
                continue;
            }
            let mut x = random_points(7, 3, 4) * scale;
            let copy = x.row(0).to_owned();
            x.row_mut(3).assign(&copy);
            x.row_mut(4).assign(&-&copy);
            x.row_mut(5).fill(0.0);
            let matrices = symmetric(&compile(&layer(name), &[3]), x.view());
            for matrix in [&matrices.nngp, matrices.ntk.as_ref().unwrap()] {
                assert!(matrix.iter().all(|value| value.is_finite()), "{name} at {scale:e}: {matrix}");
                assert_eq!(matrix[[0, 3]].to_bits(), matrix[[0, 0]].to_bits(), "{name} at {scale:e}");
                assert_eq!(matrix, &matrix.t(), "{name} at {scale:e}");
                for ((i, j), value) in matrix.indexed_iter() {
                    let bound = (matrix[[i, i]] * matrix[[j, j]]).sqrt();
                    assert!(value.abs() <= bound * (1.0 + 1e-6), "{name} at {scale:e}: [{i}, {j}]");
                }
            }
        }
    }
}

#[test]
fn transposes_and_subsets_have_the_same_bits_in_both_parts_of_a_network() {
    let conv = r#"{"conv": {"filter": [3], "padding": "same", "w_std": 1.3, "b_std": 0.2}}"#;
    for name in all() {
        let json = format!(
            r#"{{"layers": [{conv}, {name}, "global_avg_pool", {{"dense": {{"b_std": 0.1}}}}, {name}, "dense"]}}"#
        );
        // After pooling the values are Gaussian only if an affine layer follows, as it does here.
        let kernel: CompiledKernel = compile(&json, &[4, 2]);
        let x = kernel.prepare(random_points(9, 8, 6).view()).unwrap();
        let y = kernel.prepare(random_points(11, 8, 7).view()).unwrap();
        let monitor = Monitor::silent();
        let forward = kernel.cross(&x, &y, Outputs::NngpAndNtk, &monitor).unwrap();
        let backward = kernel.cross(&y, &x, Outputs::NngpAndNtk, &monitor).unwrap();
        for (forward, backward) in
            [(forward.nngp, backward.nngp), (forward.ntk.unwrap(), backward.ntk.unwrap())]
        {
            assert_eq!(forward, backward.t(), "{name}");
            assert!(forward.iter().all(|value| value.is_finite()), "{name}");
        }
    }
}

#[test]
fn quadratures_report_their_error_and_closed_formulas_none() {
    let error = |name: &str| {
        let kernel = compile(&layer(name), &[2]);
        kernel.quadrature_error(&kernel.prepare(points().view()).unwrap())
    };
    assert_eq!(error(r#""gelu""#), 0.0);
    assert!(error(r#""tanh""#) < 1e-13);
    let [coarse, fine] = [9, 40]
        .map(|n| error(&format!(r#"{{"elementwise": {{"function": "tanh", "quadrature_degree": {n}}}}}"#)));
    assert!(coarse > 1e-2 && fine < 0.1 * coarse, "{coarse:e}, {fine:e}");
    // The estimate bounds what the variance is really off.
    let exact = compile(&layer(r#""tanh""#), &[2]);
    let rough = compile(&layer(r#"{"elementwise": {"function": "tanh", "quadrature_degree": 9}}"#), &[2]);
    let [exact, rough] = [exact, rough].map(|kernel| symmetric(&kernel, points().view()).nngp);
    for i in 0..points().nrows() {
        assert!((rough[[i, i]] / exact[[i, i]] - 1.0).abs() <= 1.2 * coarse);
    }
    assert!(ScalarFunction::from_name("tanh").is_some());
}
