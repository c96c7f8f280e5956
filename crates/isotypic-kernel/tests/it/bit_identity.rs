//! A value is a function of its two points: permuting, subsetting and transposing the inputs changes no bit.

use ndarray::{Array2, Axis};

use crate::support::{compile, cross, random_points, symmetric};

/// Architectures that take every path: dot products, slices of both kinds, pooling, layers after pooling.
fn cases() -> Vec<(String, Vec<usize>, usize)> {
    let conv = |padding: &str, strides: &str| {
        format!(
            r#"{{"conv": {{"filter": [3, 3], "padding": "{padding}", "strides": {strides}, "w_std": 1.3, "b_std": 0.2}}}}"#
        )
    };
    let dense = r#"{"dense": {"w_std": 1.1, "b_std": 0.4}}"#;
    vec![
        (format!(r#"{{"layers": [{dense}, "relu", {dense}, "erf", {dense}]}}"#), vec![784], 300),
        (
            format!(
                r#"{{"layers": [{}, "relu", "global_sum_pool", {dense}, "layer_norm", "relu", {dense}]}}"#,
                conv("same", "[1, 2]")
            ),
            vec![4, 5, 2],
            21,
        ),
        (
            format!(r#"{{"layers": [{}, "relu", "flatten", {dense}]}}"#, conv("circular", "[1, 1]")),
            vec![7, 6, 2],
            37,
        ),
        (
            format!(r#"{{"layers": [{}, "relu", "global_avg_pool", {dense}]}}"#, conv("circular", "[1, 1]")),
            vec![6, 6, 2],
            21,
        ),
        (
            format!(
                r#"{{"layers": [{}, "relu", {}, "relu", "global_avg_pool", {dense}, "relu", {dense}]}}"#,
                conv("same", "[2, 2]"),
                conv("circular", "[2, 2]")
            ),
            vec![9, 7, 1],
            21,
        ),
    ]
}

fn points(n: usize, length: usize) -> Array2<f64> {
    let mut points = random_points(n, length, 3);
    // Duplicates, opposites, near duplicates and zeros take the careful branches.
    let copy = points.row(0).to_owned();
    points.row_mut(5).assign(&copy);
    points.row_mut(7).assign(&(-&copy));
    points.row_mut(9).assign(&(&copy * (1.0 + 1e-9)));
    points.row_mut(11).assign(&(&copy * 3.0));
    points.row_mut(13).fill(0.0);
    points
}

fn assert_same_bits(a: &Array2<f64>, b: &Array2<f64>, what: &str) {
    assert_eq!(a.dim(), b.dim());
    for ((at, a), b) in a.indexed_iter().zip(b) {
        assert!(a.is_finite(), "{what}{at:?} is {a}");
        assert_eq!(a.to_bits(), b.to_bits(), "{what}{at:?}: {a:e} against {b:e}");
    }
}

#[test]
fn permuting_the_points_permutes_the_matrix() {
    for (json, shape, n) in cases() {
        let kernel = compile(&json, &shape);
        let x = points(n, kernel.point_length());
        let order: Vec<usize> = (0..n).map(|i| (i * 11 + 4) % n).collect();
        let (plain, permuted) =
            (symmetric(&kernel, x.view()), symmetric(&kernel, x.select(Axis(0), &order).view()));
        for (plain, permuted, what) in [
            (&plain.nngp, &permuted.nngp, "nngp"),
            (plain.ntk.as_ref().unwrap(), permuted.ntk.as_ref().unwrap(), "ntk"),
        ] {
            let expected = plain.select(Axis(0), &order).select(Axis(1), &order);
            assert_same_bits(permuted, &expected, &format!("{what} of {json}"));
        }
    }
}

#[test]
fn subsets_and_transposes_are_parts_of_the_same_matrix() {
    for (json, shape, n) in cases() {
        let kernel = compile(&json, &shape);
        let x = points(n, kernel.point_length());
        let whole = symmetric(&kernel, x.view()).ntk.unwrap();
        let (some, others): (Vec<usize>, Vec<usize>) =
            (vec![13, 2, 7, 9, 0], (0..n).rev().step_by(2).collect());
        let (a, b) = (x.select(Axis(0), &some), x.select(Axis(0), &others));
        let expected = whole.select(Axis(0), &some).select(Axis(1), &others);
        let forward = cross(&kernel, a.view(), b.view()).ntk.unwrap();
        assert_same_bits(&forward, &expected, &format!("subset of {json}"));
        let backward = cross(&kernel, b.view(), a.view()).ntk.unwrap();
        assert_same_bits(&backward.t().to_owned(), &forward, &format!("transpose of {json}"));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (json, shape, n) in cases() {
        let kernel = compile(&json, &shape);
        let x = points(n, kernel.point_length());
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| symmetric(&kernel, x.view()).ntk.unwrap())
        };
        assert_same_bits(&with(1), &with(3), &json);
    }
}
