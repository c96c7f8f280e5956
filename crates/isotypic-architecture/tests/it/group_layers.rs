//! Layers over groups: graphs, mistakes, and forward passes that move with their inputs.

use isotypic_architecture::{Architecture, ArchitectureError, FiniteNetwork, LayerGraph, SymmetryGroup};
use ndarray::{Array2, ArrayView1, Axis};

fn check(layers: &str, shape: &[usize]) -> Result<LayerGraph, ArchitectureError> {
    Architecture::from_json(&format!(r#"{{"layers": [{layers}]}}"#))?.check(shape)
}

/// Message of the first error, reading or checking.
fn message(layers: &str, shape: &[usize]) -> String {
    let error = check(layers, shape).unwrap_err();
    assert!(error.hint().is_some(), "{error}");
    error.to_string()
}

const LIFT: &str = r#"{"group_lift": {"group": "p4", "filter": [3, 3], "width": 2}}"#;
const CONV: &str = r#"{"group_conv": {"filter": [3, 3], "width": 2}}"#;

#[test]
fn shapes_have_an_axis_of_turns() {
    let shapes = |layers: &str, shape: &[usize]| -> Vec<Vec<usize>> {
        let graph = check(layers, shape).unwrap();
        graph.nodes().iter().map(|node| node.output_shape.clone()).collect()
    };
    let image = shapes(&format!(r#"{LIFT}, "relu", {CONV}, "group_pool", "dense""#), &[5, 5, 3]);
    let expected: [&[usize]; 6] = [&[5, 5, 3], &[5, 5, 4, 2], &[5, 5, 4, 2], &[5, 5, 4, 2], &[2], &[1]];
    assert_eq!(image, expected);
    let vector =
        shapes(r#"{"group_lift": {"group": "dihedral:3", "width": 5}}, "group_conv", "flatten""#, &[6]);
    assert_eq!(vector, [&[6][..], &[6, 5], &[6, 1], &[6]]);
    // Layers that act on positions alike may come before, and branches between.
    let branches = format!(
        r#""dense", "relu", "dense", {LIFT}, {{"residual": ["relu", {CONV}]}}, {{"layer_norm": {{"axes": [1, 2, 3, -1]}}}},
           {{"concat": {{"branches": [["relu"], [{CONV}]]}}}}, "flatten", "dense""#
    );
    let shapes = shapes(&branches, &[3, 3, 1]);
    assert_eq!(shapes[shapes.len() - 3..], [vec![3, 3, 4, 4], vec![144], vec![1]]);
}

#[test]
fn misfits_are_named_with_their_place() {
    let image: &[usize] = &[8, 8, 3];
    for (layers, shape, expected) in [
        (
            LIFT.to_owned(),
            &[8, 6, 3][..],
            "layer 1 (`group_lift`): group `p4`: expected square images `[side, side, channels]`, got an input of shape \
             `[8, 6, 3]`",
        ),
        (
            LIFT.to_owned(),
            &[64],
            "layer 1 (`group_lift`): group `p4`: expected square images `[side, side, channels]`, got an input of shape `[64]`",
        ),
        (
            r#"{"group_lift": {"group": "cyclic:5"}}"#.to_owned(),
            &[12],
            "layer 1 (`group_lift`): group `cyclic:5`: expected a vector of a multiple of 5 numbers, got an input of shape \
             `[12]`",
        ),
        (
            r#"{"group_lift": {"group": "dihedral:8"}}"#.to_owned(),
            image,
            "layer 1 (`group_lift`): group `dihedral:8`: expected a vector of a multiple of 8 numbers, got an input of shape \
             `[8, 8, 3]`",
        ),
        (r#""group_lift""#.to_owned(), image, "layer 1 (`group_lift`): option `group` is missing"),
        (
            r#"{"group_lift": {"group": "p6", "filter": [3, 3]}}"#.to_owned(),
            image,
            "layer 1 (`group_lift`): option `group`: expected `p4`, `p4m`, or `cyclic:N` or `dihedral:N` with N from 1 to 4096, \
             got `\"p6\"`",
        ),
        (
            r#"{"group_lift": {"group": "p4"}}"#.to_owned(),
            image,
            "layer 1 (`group_lift`): option `filter` is missing",
        ),
        (
            r#"{"group_lift": {"group": "p4", "filter": [3, 5]}}"#.to_owned(),
            image,
            "layer 1 (`group_lift`): option `filter`: expected an odd number twice, so that turns map the filter on itself, got \
             `[3, 5]`",
        ),
        (
            format!(r#"{LIFT}, {{"group_conv": {{"filter": [2, 2]}}}}"#),
            image,
            "layer 2 (`group_conv`): option `filter`: expected an odd number twice, so that turns map the filter on itself, got \
             `[2, 2]`",
        ),
        (
            r#"{"group_lift": {"group": "cyclic:4", "filter": [3]}}"#.to_owned(),
            &[4],
            "layer 1 (`group_lift`): option `filter`: expected none, since on vectors filters cover the whole group, got `[3]`",
        ),
        (
            r#""dense", "group_pool""#.to_owned(),
            image,
            "layer 2 (`group_pool`): expected a function on a group, got shape `[8, 8, 1]`",
        ),
        (
            CONV.to_owned(),
            image,
            "layer 1 (`group_conv`): expected a function on a group, got shape `[8, 8, 3]`",
        ),
        (
            format!(r#"{LIFT}, "group_pool", {CONV}"#),
            image,
            "layer 3 (`group_conv`): expected a function on a group, got shape `[2]`",
        ),
        (
            format!(r#"{LIFT}, {{"conv": {{"filter": [3, 3, 1]}}}}"#),
            image,
            "layer 2 (`conv`): expected an image or a vector, got a function on the group `p4`",
        ),
        (
            format!(r#"{LIFT}, "global_avg_pool""#),
            image,
            "layer 2 (`global_avg_pool`): expected an image or a vector, got a function on the group `p4`",
        ),
        (
            format!(r#"{LIFT}, {LIFT}"#),
            image,
            "layer 2 (`group_lift`): expected an image or a vector, got a function on the group `p4`",
        ),
        (
            format!(r#"{LIFT}, {{"concat": {{"axis": 3, "branches": [[{CONV}], [{CONV}]]}}}}"#),
            image,
            "layer 2 (`concat`): expected an image or a vector, got a function on the group `p4`",
        ),
        (
            format!(r#"{LIFT}, {{"layer_norm": {{"axes": [1, 2, -1]}}}}"#),
            image,
            "layer 2 (`layer_norm`): option `axes`: expected the channel axis alone, or all axes, on a group, got `[0, 1]`",
        ),
        (
            format!(r#"{{"conv": {{"filter": [3, 3], "padding": "same"}}}}, "relu", {LIFT}"#),
            image,
            "layer 3 (`group_lift`): expected the input, or layers that act on each position alike, got the output of \
             layer 1 (`conv`)",
        ),
        (
            r#""dense", {"group_lift": {"group": "cyclic:1"}}"#.to_owned(),
            &[4],
            "layer 2 (`group_lift`): expected the input, or layers that act on each position alike, got the output of \
             layer 1 (`dense`)",
        ),
        (
            r#"{"sum": [[{"group_lift": {"group": "cyclic:4"}}], [{"group_lift": {"group": "dihedral:2"}}]]}"#
                .to_owned(),
            &[4],
            "layer 1 (`sum`): expected branches with functions on one group, got `cyclic:4` of branch 1 and `dihedral:2` of \
             branch 2",
        ),
        (
            LIFT.to_owned(),
            &[4, 4, 1],
            "layer 1 (`group_lift`): expected the network to end in a vector, got shape `[4, 4, 4, 2]`",
        ),
    ] {
        assert_eq!(message(&layers, shape), expected, "{layers}");
    }
}

/// The input moved by an element: $(g x)(g p) = x(p)$, for plane groups after a shift.
fn moved(
    group: SymmetryGroup,
    turn: usize,
    shift: [usize; 2],
    side: usize,
    row: ArrayView1<'_, f64>,
) -> Vec<f64> {
    let mut out = vec![f64::NAN; row.len()];
    let places = group.points().unwrap_or(side * side);
    let channels = row.len() / places;
    for place in 0..places {
        let to = match group.points() {
            Some(_) => group.turned_point(turn, place),
            None => {
                let [y, x] = group.turned_offset(turn, [place / side, place % side].map(|at| at as isize));
                let wrap = |at: isize, by: usize| (at + by as isize).rem_euclid(side as isize) as usize;
                wrap(y, shift[0]) * side + wrap(x, shift[1])
            }
        };
        for channel in 0..channels {
            out[to * channels + channel] = row[place * channels + channel];
        }
    }
    out
}

/// A function on the group moved by an element from the left, written from the definition $(g f)(g h) = f(h)$.
fn moved_function(
    group: SymmetryGroup,
    turn: usize,
    shift: [usize; 2],
    side: usize,
    row: ArrayView1<'_, f64>,
) -> Vec<f64> {
    let turns = group.turns();
    let positions = if group.points().is_some() { 1 } else { side * side };
    let channels = row.len() / (positions * turns);
    let mut out = vec![f64::NAN; row.len()];
    for position in 0..positions {
        let to = match group.points() {
            Some(_) => 0,
            None => {
                let [y, x] =
                    group.turned_offset(turn, [position / side, position % side].map(|at| at as isize));
                let wrap = |at: isize, by: usize| (at + by as isize).rem_euclid(side as isize) as usize;
                wrap(y, shift[0]) * side + wrap(x, shift[1])
            }
        };
        for inner in 0..turns {
            let to = to * turns + group.multiply(turn, inner);
            for channel in 0..channels {
                out[to * channels + channel] = row[(position * turns + inner) * channels + channel];
            }
        }
    }
    out
}

fn rows(points: &Array2<f64>, map: impl Fn(ArrayView1<'_, f64>) -> Vec<f64>) -> Array2<f64> {
    let all: Vec<f64> = points.outer_iter().flat_map(map).collect();
    Array2::from_shape_vec((points.nrows(), all.len() / points.nrows()), all).unwrap()
}

fn inputs(length: usize) -> Array2<f64> {
    Array2::from_shape_fn((3, length), |(row, column)| ((row * 31 + column * column * 7) as f64 * 0.37).sin())
}

fn largest(values: &Array2<f64>) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

#[test]
fn outputs_on_the_group_move_with_the_input_and_pooled_ones_stay() {
    let cases = [
        (SymmetryGroup::P4, vec![5, 5, 2], "[3, 3]"),
        (SymmetryGroup::P4, vec![4, 4, 1], "[5, 5]"),
        (SymmetryGroup::P4m, vec![4, 4, 2], "[3, 3]"),
        (SymmetryGroup::P4m, vec![3, 3, 1], "[3, 3]"),
        (SymmetryGroup::Cyclic(6), vec![12], ""),
        (SymmetryGroup::Dihedral(5), vec![10], ""),
    ];
    for (group, shape, filter) in cases {
        let filter = if filter.is_empty() { String::new() } else { format!(r#", "filter": {filter}"#) };
        let on_group = format!(
            r#"{{"group_lift": {{"group": "{group}", "width": 3, "b_std": 0.3{filter}}}}}, "relu",
               {{"sum": [[{{"dense": {{"width": 2}}}}], [{{"group_conv": {{"width": 2, "b_std": 0.1{filter}}}}}]]}},
               {{"layer_norm": {{"epsilon": 0.1}}}}, "erf", {{"group_conv": {{"width": 2{filter}}}}}"#
        );
        let network = |end: &str| {
            FiniteNetwork::sample(&check(&format!("{on_group}, {end}"), &shape).unwrap(), 5).unwrap()
        };
        let (flat, pooled) = (network(r#""flatten""#), network(r#""group_pool", {"dense": {"width": 4}}"#));
        let x = inputs(shape.iter().product());
        let side = if shape.len() == 3 { shape[0] } else { 1 };
        let (still, invariant) = (flat.forward(&x).unwrap(), pooled.forward(&x).unwrap());
        for turn in 0..group.turns() {
            for shift in [[0, 0], [1, 2]] {
                let gx = rows(&x, |row| moved(group, turn, shift, side, row));
                let expected = rows(&still, |row| moved_function(group, turn, shift, side, row));
                let error = largest(&(&flat.forward(&gx).unwrap() - &expected));
                assert!(error < 1e-13 * largest(&expected), "{group}, turn {turn}: off by {error:e}");
                let error = largest(&(&pooled.forward(&gx).unwrap() - &invariant));
                assert!(error < 1e-13 * largest(&invariant), "{group}, turn {turn}: off by {error:e}");
            }
        }
        // Moved one at a time, outputs are those of other inputs.
        let gx = rows(&x, |row| moved(group, 1, [0, 0], side, row));
        assert!(largest(&(&flat.forward(&gx).unwrap() - &still)) > 1e-3 * largest(&still), "{group}");
    }
}

/// On one place of a filter that covers one position everything is written out by hand.
#[test]
fn a_lifting_filter_is_turned_and_a_group_filter_permuted_too() {
    let graph = check(
        r#"{"group_lift": {"group": "p4", "filter": [3, 3]}}, {"group_conv": {"filter": [1, 1]}}, "flatten""#,
        &[5, 5, 1],
    );
    let graph = graph.unwrap();
    let mut network = FiniteNetwork::sample(&graph, 0).unwrap();
    let ids: Vec<_> = graph.ids().collect();
    // The lifting filter sees the position below its own: tap (2, 1).
    let mut lift = network.weights_mut(ids[1]).unwrap();
    lift.fill(0.0);
    lift[[7, 0]] = 3.0;
    // The group filter takes what lies one turn further.
    let mut conv = network.weights_mut(ids[2]).unwrap();
    conv.fill(0.0);
    conv[[1, 0]] = 2.0;
    let image = inputs(25).select(Axis(0), &[0]);
    let got = network.forward(&image).unwrap();
    for y in 0..5 {
        for x in 0..5 {
            for turn in 0..4 {
                // Below, right … of the position for the turns r⁰, r¹ …: r(1, 0) = (0, 1), and one turn further.
                let [dy, dx] = [[1, 0], [0, 1], [4, 0], [0, 4]][(turn + 1) % 4];
                let expected = 3.0 / 3.0 * 2.0 / 2.0 * image[[0, (y + dy) % 5 * 5 + (x + dx) % 5]];
                let got = got[[0, (y * 5 + x) * 4 + turn]];
                assert!((got - expected).abs() < 1e-15, "{y}, {x}, {turn}: {got} against {expected}");
            }
        }
    }
}
