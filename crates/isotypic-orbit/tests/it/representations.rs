//! Permutations and matrices on vectors, points and channels.

use std::path::Path;
use std::sync::Arc;

use isotypic_group::FiniteGroup;
use isotypic_orbit::{
    ActionSpec, GroupAction, LinearAction, MatrixGroup, OrbitError, PermutationAction, PermutedAxis,
    Polyhedron, homomorphism_defect,
};
use ndarray::{Array2, Array3, ArrayView2, Axis, array, s};

fn image(shape: [usize; 3]) -> Array3<f64> {
    Array3::from_shape_fn(shape, |(y, x, c)| ((100 * y + 10 * x + c) as f64 * 0.37).sin())
}

fn act(action: &dyn GroupAction, element: usize, image: &Array3<f64>) -> Array3<f64> {
    let mut out = Array3::from_elem(image.raw_dim(), f64::NAN);
    action.act(element, image.view(), out.view_mut());
    out
}

/// A spec whose file has this content.
fn spec(text: &str, content: &str) -> Result<ActionSpec, OrbitError> {
    ActionSpec::parse_with(text, &|_: &Path| Ok(content.as_bytes().to_vec()))
}

fn resolve(text: &str, shape: [usize; 3]) -> Result<Box<dyn GroupAction>, OrbitError> {
    ActionSpec::parse(text)?.resolve(shape)
}

const ROTATE_THREE: &str = r#"{"generators": [[1, 2, 0]]}"#;

#[test]
fn what_stands_at_place_i_goes_to_place_g_of_i() {
    // Pixels 0 1 2 / 3 4 5 of two channels: 0 goes to 3, 3 to 5, 5 to 0.
    let action = spec("permutation:f.json", r#"{"generators": [[3, 1, 2, 5, 4, 0]]}"#).unwrap();
    let action = action.resolve([2, 3, 2]).unwrap();
    assert_eq!(action.group().order(), 3);
    let image = image([2, 3, 2]);
    for element in action.group().elements() {
        let images = action.group().permutation(element).unwrap();
        let moved = act(action.as_ref(), element, &image);
        for (place, target) in images.into_iter().enumerate() {
            for c in 0..2 {
                assert_eq!(moved[[target / 3, target % 3, c]], image[[place / 3, place % 3, c]]);
            }
        }
    }
    // Lexicographic order of images: the identity, then the one given.
    assert_eq!(action.group().permutation(1).unwrap(), [3, 1, 2, 5, 4, 0]);
    assert_eq!(homomorphism_defect(action.as_ref(), image.view()).value, 0.0);
}

#[test]
fn permutations_move_coordinates_points_or_channels_by_the_shape_of_the_data() {
    let vector = array![[[1.0, 2.0, 3.0]]];
    let points = Array3::from_shape_fn((3, 2, 1), |(p, d, _)| (10 * p + d) as f64);
    let colours = Array3::from_shape_fn((2, 4, 3), |(y, x, c)| (100 * y + 10 * x + c) as f64);
    // Element 1 of a cyclic group takes each place to the next, so the last comes first.
    let cyclic = |data: &Array3<f64>| {
        let (h, w, c) = data.dim();
        act(resolve("cyclic:3", [h, w, c]).unwrap().as_ref(), 1, data)
    };
    assert_eq!(cyclic(&vector), array![[[3.0, 1.0, 2.0]]]);
    assert_eq!(cyclic(&points).index_axis(Axis(2), 0), array![[20.0, 21.0], [0.0, 1.0], [10.0, 11.0]]);
    assert_eq!(cyclic(&colours).slice(s![1, 2, ..]), array![122.0, 120.0, 121.0]);
    // The same points with their coordinates as channels.
    let as_channels = points.to_shape((3, 1, 2)).unwrap().to_owned();
    assert_eq!(cyclic(&as_channels).into_raw_vec_and_offset(), cyclic(&points).into_raw_vec_and_offset());
    // A file that says so moves channels.
    let file = r#"{"generators": [[1, 2, 0]], "axis": "channels"}"#;
    let channels = spec("permutation:f.json", file).unwrap();
    for data in [&vector, &colours] {
        let (h, w, c) = data.dim();
        let action = channels.resolve([h, w, c]).unwrap();
        assert!(action.is_permutation() && action.permutation(1).is_none());
        assert_eq!(act(action.as_ref(), 1, data), cyclic(data));
    }
}

#[test]
fn all_exact_actions_of_permutations_have_no_defect_at_all() {
    let shapes = [("cyclic:5", [1, 1, 5]), ("symmetric:4", [1, 1, 4]), ("alternating:4", [2, 3, 4])];
    let clouds = [("symmetric:5", [5, 3, 1]), ("alternating:5", [5, 1, 3]), ("cyclic:6", [6, 2, 1])];
    for (text, shape) in shapes.into_iter().chain(clouds) {
        let action = resolve(text, shape).unwrap();
        let defect = homomorphism_defect(action.as_ref(), image(shape).view());
        assert_eq!(defect.value, 0.0, "{text}: {defect:?}");
        assert_eq!(act(action.as_ref(), 0, &image(shape)), image(shape), "{text}");
    }
    let rotation =
        homomorphism_defect(resolve("rotation:8", [9, 9, 1]).unwrap().as_ref(), image([9, 9, 1]).view());
    assert!(rotation.value > 0.1 && rotation.is_exhaustive && rotation.pairs == 64, "{rotation:?}");
}

#[test]
fn degrees_that_fit_nothing_are_named_with_both_numbers() {
    let message = |text: &str, shape| resolve(text, shape).err().unwrap().to_string();
    assert_eq!(
        message("symmetric:4", [1, 1, 5]),
        "group `symmetric:4` permutes 4 coordinates, but data of shape [1, 1, 5] have 5"
    );
    assert_eq!(
        message("cyclic:16", [28, 28, 1]),
        "group `cyclic:16` permutes 16 coordinates, but data of shape [28, 28, 1] have 28 rows, 784 pixels and 1 channel"
    );
    // A grayscale image is no cloud of points, nor are its pixels coordinates, however many.
    for text in ["cyclic:28", "symmetric:6", "cyclic:784"] {
        let error = resolve(text, [28, 28, 1]).err().unwrap();
        assert!(matches!(error, OrbitError::DegreeMismatch { .. }), "{text}");
        assert!(error.hint().unwrap().contains("`rotation:N`"), "{text}");
    }
    let file = spec("permutation:f.json", ROTATE_THREE).unwrap();
    let error = file.resolve([2, 2, 1]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "group `permutation:f.json` permutes 3 coordinates, but data of shape [2, 2, 1] have 2 rows, 4 pixels and 1 channel"
    );
    let channels = r#"{"generators": [[1, 2, 0]], "axis": "channels"}"#;
    let error = spec("permutation:f.json", channels).unwrap().resolve([3, 1, 4]).err().unwrap();
    assert!(error.to_string().contains("permutes 3 coordinates"), "{error}");
    assert_eq!(
        message("octahedral", [28, 28, 1]),
        "group `octahedral` acts on 3 coordinates, but data of shape [28, 28, 1] have 28 columns of 1 channel"
    );
    assert_eq!(
        message("icosahedral", [4, 3, 2]),
        "group `icosahedral` acts on 3 coordinates, but data of shape [4, 3, 2] have 2 channels"
    );
    let group = FiniteGroup::dihedral(4).unwrap();
    let error = PermutationAction::new("any", group, PermutedAxis::Channels, [1, 1, 4]).unwrap_err();
    assert_eq!(error.to_string(), "group `any`: `D4` is not given by permutations");
}

/// The quarter turn and a mirror image of the plane, as text.
const SQUARE: &str = r#"{"generators": [[[0, -1], [1, 0]], [[-1, 0], [0, 1]]]}"#;

#[test]
fn matrices_generate_breadth_first_from_the_identity() {
    let ActionSpec::Linear { matrices, .. } = spec("linear:f.json", SQUARE).unwrap() else { panic!() };
    let turn = array![[0.0, -1.0], [1.0, 0.0]];
    let mirror = array![[-1.0, 0.0], [0.0, 1.0]];
    let expected: [Array2<f64>; 8] = [
        Array2::eye(2),
        turn.clone(),
        mirror.clone(),
        turn.dot(&turn),
        mirror.dot(&turn),
        turn.dot(&mirror),
        turn.dot(&turn).dot(&turn),
        mirror.dot(&turn).dot(&turn),
    ];
    assert_eq!(matrices.group().order(), 8);
    for (element, expected) in expected.iter().enumerate() {
        assert_eq!(matrices.matrix(element), expected, "element {element}");
    }
    // The abstract group multiplies as the matrices do.
    for g in 0..8 {
        for h in 0..8 {
            let product = matrices.matrix(g).dot(&matrices.matrix(h));
            assert_eq!(product, matrices.matrix(matrices.group().multiply(g, h)), "{g}·{h}");
        }
    }
}

#[test]
fn matrices_act_on_the_coordinates_of_each_point() {
    let action = spec("linear:f.json", SQUARE).unwrap();
    for shape in [[1, 1, 2], [3, 4, 2], [5, 2, 1], [5, 1, 2]] {
        let image = image(shape);
        let resolved = action.resolve(shape).unwrap();
        assert_eq!(homomorphism_defect(resolved.as_ref(), image.view()).value, 0.0);
        assert_eq!(act(resolved.as_ref(), 0, &image), image);
        assert!(!resolved.is_permutation());
        // The quarter turn: (x, y) becomes (−y, x).
        let turned = act(resolved.as_ref(), 1, &image);
        let points = |data: &Array3<f64>| data.to_shape((data.len() / 2, 2)).unwrap().to_owned();
        for (before, after) in points(&image).outer_iter().zip(points(&turned).outer_iter()) {
            assert_eq!((after[0], after[1]), (-before[1], before[0]), "{shape:?}");
        }
    }
}

#[test]
fn seventh_turns_close_within_rounding_and_in_order() {
    let (sine, cosine) = (std::f64::consts::TAU / 7.0).sin_cos();
    let turns = MatrixGroup::generated_by("turns", &array![[[cosine, -sine], [sine, cosine]]]).unwrap();
    assert_eq!(turns.group().order(), 7);
    let action = LinearAction::of("turns", Arc::new(turns), [4, 2, 1]).unwrap();
    let defect = homomorphism_defect(&action, image([4, 2, 1]).view());
    assert!(defect.value <= 1e-15, "{defect:?}");
}

#[test]
fn matrices_without_an_end_and_without_an_inverse_are_refused() {
    let error = |content: &str| spec("linear:f.json", content).unwrap_err();
    let infinite = error(r#"{"generators": [[[1, 1], [0, 1]]]}"#);
    assert_eq!(
        infinite.to_string(),
        "group `linear:f.json`: not closed within 4,096 elements: the matrices may generate an infinite group"
    );
    assert!(infinite.hint().unwrap().contains("unit matrix"));
    assert!(matches!(error(r#"{"generators": [[[2]]]}"#), OrbitError::NotClosed { limit: 4096, .. }));
    for singular in ["[[0]]", "[[0.5]]", "[[1, 0], [0, 0]]", "[[0, 1], [0, 0]]"] {
        let error = error(&format!("{{\"generators\": [{singular}]}}"));
        assert_eq!(
            error.to_string(),
            "group `linear:f.json`: matrix 0 is not invertible within the group it generates",
            "{singular}"
        );
    }
    // Five digits of a third of a turn: not closed to 1e-8.
    let coarse = error(r#"{"generators": [[[-0.5, -0.86603], [0.86603, -0.5]]]}"#);
    assert!(matches!(coarse, OrbitError::NotClosed { .. }), "{coarse}");
    assert!(coarse.hint().unwrap().contains("more digits"));
    // Nine digits close, but the products of elements deviate by more than 1e-9.
    let nearly = error(r#"{"generators": [[[-0.5, -0.866025402], [0.866025402, -0.5]]]}"#);
    assert!(matches!(nearly, OrbitError::NotAnAction { .. }), "{nearly}");
    assert!(nearly.hint().unwrap().contains("more digits"));
    let shape = MatrixGroup::generated_by("m", &Array3::zeros((1, 2, 3))).unwrap_err();
    assert_eq!(
        shape.to_string(),
        "group `m`: expected at least one square matrix, got matrices of shape [1, 2, 3]"
    );
    let nan = MatrixGroup::generated_by("m", &array![[[1.0]], [[f64::NAN]]]).unwrap_err();
    assert_eq!(nan.to_string(), "group `m`: entry (0, 0) of matrix 1 is `NaN`");
}

#[test]
fn matrices_of_a_given_group_must_multiply_like_its_elements() {
    let group = FiniteGroup::cyclic(3).unwrap();
    let error = LinearAction::new(group.clone(), array![[[1.0]], [[-1.0]], [[1.0]]], [1, 1, 1]).unwrap_err();
    let OrbitError::NotAnAction { ref spec, g, h, defect } = error else { panic!("{error}") };
    assert_eq!((spec.as_str(), g, h, defect), ("C3", 1, 2, 2.0));
    assert_eq!(
        error.to_string(),
        "group `C3`: not an action: element 2 and then element 1 differ by 2.0e0 from their product"
    );
    assert!(error.hint().unwrap().contains("the map of gh"));
    // Zeros multiply like any group, but the identity does something.
    let error = LinearAction::new(group.clone(), Array3::zeros((3, 2, 2)), [1, 1, 2]).unwrap_err();
    assert!(matches!(error, OrbitError::NotAnAction { g: 0, h: 0, defect: 1.0, .. }), "{error}");
    let error = LinearAction::new(group, Array3::ones((2, 1, 1)), [1, 1, 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "group `C3`: expected one square matrix for each of 3 elements, got matrices of shape [2, 1, 1]"
    );
}

/// Five points of three coordinates.
fn cloud(shift: f64) -> Array3<f64> {
    Array3::from_shape_fn((5, 3, 1), |(p, d, _)| ((7 * p + 3 * d) as f64 + shift).sin())
}

#[test]
fn turning_both_clouds_keeps_their_inner_product() {
    let (x, y) = (cloud(0.0), cloud(0.5));
    let product = |a: &Array3<f64>, b: &Array3<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for (text, order) in [("tetrahedral", 12), ("octahedral", 24), ("icosahedral", 60)] {
        let action = resolve(text, [5, 3, 1]).unwrap();
        assert_eq!(action.group().order(), order);
        for g in action.group().elements() {
            let moved = product(&act(action.as_ref(), g, &x), &act(action.as_ref(), g, &y));
            // Relative to the product of norms, about 7.5.
            let scale = (product(&x, &x) * product(&y, &y)).sqrt();
            assert!((moved - product(&x, &y)).abs() <= 1e-15 * scale, "{text}: {g}");
        }
        let defect = homomorphism_defect(action.as_ref(), x.view());
        assert!(defect.value <= 1e-15 && defect.is_exhaustive, "{text}: {defect:?}");
        let exact = text != "icosahedral";
        assert!(!exact || defect.value == 0.0, "{text}: {defect:?}");
    }
}

#[test]
fn a_solid_turns_by_proper_rotations() {
    fn determinant(m: ArrayView2<'_, f64>) -> f64 {
        m[[0, 0]] * (m[[1, 1]] * m[[2, 2]] - m[[1, 2]] * m[[2, 1]])
            - m[[0, 1]] * (m[[1, 0]] * m[[2, 2]] - m[[1, 2]] * m[[2, 0]])
            + m[[0, 2]] * (m[[1, 0]] * m[[2, 1]] - m[[1, 1]] * m[[2, 0]])
    }
    for solid in [Polyhedron::Tetrahedral, Polyhedron::Octahedral, Polyhedron::Icosahedral] {
        let matrices = solid.matrices().unwrap();
        for g in matrices.group().elements() {
            let m = matrices.matrix(g);
            let defect = m.dot(&m.t()) - Array2::<f64>::eye(3);
            assert!(defect.iter().all(|entry| entry.abs() < 1e-15), "{solid:?}: {g}");
            assert!((determinant(m) - 1.0).abs() < 1e-15, "{solid:?}: {g}");
        }
    }
}

#[test]
fn products_act_one_after_the_other_and_must_commute() {
    let action = resolve("translation-x:2*octahedral", [3, 4, 3]).unwrap();
    assert_eq!(action.group().order(), 48);
    let image = image([3, 4, 3]);
    assert_eq!(homomorphism_defect(action.as_ref(), image.view()).value, 0.0);
    let (shift, turn) =
        (resolve("translation-x:2", [3, 4, 3]).unwrap(), resolve("octahedral", [3, 4, 3]).unwrap());
    for element in action.group().elements() {
        let expected = act(shift.as_ref(), element / 24, &act(turn.as_ref(), element % 24, &image));
        assert_eq!(act(action.as_ref(), element, &image), expected, "{element}");
    }
    let torus = resolve("translation-y:3*translation-x:4", [3, 4, 3]).unwrap();
    assert_eq!(torus.group(), resolve("translation:3x4", [3, 4, 3]).unwrap().group());
    for (text, shape) in [
        ("rotation:4*translation:6x6", [6, 6, 1]),
        ("flip*translation-x:6", [6, 6, 1]),
        ("symmetric:3*cyclic:3", [1, 1, 3]),
        ("flip*translation-y:2*rotation:4", [4, 4, 1]),
    ] {
        let error = resolve(text, shape).err().unwrap();
        let OrbitError::NotCommuting { ref spec, ref left, ref right, g, h, defect } = error else {
            panic!("{text}: {error}")
        };
        assert_eq!(spec, text);
        assert!(defect > 1e-2, "{text}: {defect}");
        let (first, second) = (resolve(left, shape).unwrap(), resolve(right, shape).unwrap());
        let image = self::image(shape);
        let one = act(first.as_ref(), g, &act(second.as_ref(), h, &image));
        assert_ne!(one, act(second.as_ref(), h, &act(first.as_ref(), g, &image)), "{text}: {g}, {h}");
    }
    assert!(resolve("flip*translation-y:28", [28, 28, 1]).is_ok());
    assert!(resolve("rotation:8*cyclic:3", [9, 9, 3]).is_ok());
}
