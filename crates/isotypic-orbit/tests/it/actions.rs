//! Group axioms, exactness, and naive twins of the actions.

use isotypic_orbit::{ActionSpec, GroupAction, Rotation};
use ndarray::{Array3, Array4, Axis};
use proptest::prelude::*;

/// A pixel value that tells its place.
fn image(shape: [usize; 3]) -> Array3<f64> {
    Array3::from_shape_fn(shape, |(y, x, c)| ((100 * y + 10 * x + c) as f64 * 0.37).sin())
}

fn act(action: &dyn GroupAction, element: usize, image: &Array3<f64>) -> Array3<f64> {
    let mut out = Array3::from_elem(image.raw_dim(), f64::NAN);
    action.act(element, image.view(), out.view_mut());
    out
}

fn resolve(spec: &str, shape: [usize; 3]) -> Box<dyn GroupAction> {
    ActionSpec::parse(spec).expect("a spec").resolve(shape).expect("an action")
}

const PERMUTATIONS: [(&str, [usize; 3]); 20] = [
    ("translation:3x2", [6, 4, 2]),
    ("translation-x:5", [3, 5, 1]),
    ("translation-y:3", [6, 4, 3]),
    ("flip", [3, 4, 2]),
    ("flip", [2, 5, 1]),
    ("rotation:4", [5, 5, 2]),
    ("rotation:4", [6, 6, 1]),
    ("rotation:2", [3, 6, 1]),
    ("rotation:1", [2, 3, 1]),
    ("dihedral:1", [3, 4, 2]),
    ("dihedral:2", [3, 4, 1]),
    ("dihedral:4", [5, 5, 2]),
    ("dihedral:4", [4, 4, 1]),
    ("p4", [3, 3, 2]),
    ("p4:2", [6, 6, 1]),
    ("p4m", [4, 4, 1]),
    ("p4m:1", [3, 3, 1]),
    ("symmetric:4", [4, 1, 2]),
    ("flip*translation-y:2", [4, 3, 2]),
    ("translation-x:2*translation-y:3*cyclic:2", [3, 4, 2]),
];

#[test]
fn permutations_compose_like_the_group_to_the_bit() {
    for (spec, shape) in PERMUTATIONS {
        let (action, image) = (resolve(spec, shape), image(shape));
        assert!(action.is_permutation(), "{spec}");
        let group = action.group().clone();
        assert_eq!(act(action.as_ref(), group.identity(), &image), image);
        for g in group.elements() {
            for h in group.elements() {
                let twice = act(action.as_ref(), g, &act(action.as_ref(), h, &image));
                assert_eq!(act(action.as_ref(), group.multiply(g, h), &image), twice, "{spec}: {g}, {h}");
            }
        }
    }
}

#[test]
fn the_permutation_says_where_each_pixel_comes_from() {
    for (spec, shape) in PERMUTATIONS {
        let (action, image) = (resolve(spec, shape), image(shape));
        let [_, width, _] = shape;
        for g in action.group().elements() {
            let moved = act(action.as_ref(), g, &image);
            // Elements that move channels move no pixels.
            let Some(sources) = action.permutation(g) else {
                assert!(spec.contains("cyclic") && g % 2 == 1, "{spec}: {g}");
                continue;
            };
            assert_eq!(sources.len(), shape[0] * shape[1]);
            for (p, source) in sources.into_iter().enumerate() {
                for c in 0..shape[2] {
                    assert_eq!(moved[[p / width, p % width, c]], image[[source / width, source % width, c]]);
                }
            }
        }
    }
}

#[test]
fn the_orbit_is_every_element_acting_once() {
    let specs = PERMUTATIONS.into_iter().chain([("rotation:7", [5, 6, 2]), ("dihedral:5", [6, 5, 2])]);
    for (spec, shape) in specs {
        let (action, image) = (resolve(spec, shape), image(shape));
        let order = action.group().order();
        let mut orbit = Array4::from_elem((order, shape[0], shape[1], shape[2]), f64::NAN);
        action.orbit(image.view(), orbit.view_mut());
        for (g, pose) in orbit.axis_iter(Axis(0)).enumerate() {
            assert_eq!(pose, act(action.as_ref(), g, &image), "{spec}: {g}");
        }
    }
}

#[test]
fn rotations_that_interpolate_are_no_permutations() {
    for (spec, shape) in [("rotation:8", [6, 6, 1]), ("rotation:3", [5, 5, 1]), ("rotation:4", [4, 6, 1])] {
        let action = resolve(spec, shape);
        assert!(!action.is_permutation(), "{spec}");
        assert!(action.permutation(1).is_none());
    }
    let action = resolve("rotation:8", [6, 6, 1]);
    let moved: Vec<_> = (0..8).filter(|&g| action.permutation(g).is_some()).collect();
    assert_eq!(moved, [0, 2, 4, 6]);
}

#[test]
fn a_quarter_turn_is_counterclockwise() {
    let image = Array3::from_shape_vec((2, 2, 1), vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let turned = act(resolve("rotation:4", [2, 2, 1]).as_ref(), 1, &image);
    assert_eq!(turned.into_raw_vec_and_offset().0, [2.0, 4.0, 1.0, 3.0]);
}

#[test]
fn an_orbit_of_rotations_is_a_union_of_exact_orbits_of_quarter_turns() {
    for size in [5, 8] {
        let image = image([size, size, 2]);
        let (fine, quarter) =
            (resolve("rotation:24", [size, size, 2]), resolve("rotation:4", [size, size, 2]));
        for k in 0..24 {
            let turned = act(quarter.as_ref(), 1, &act(fine.as_ref(), k, &image));
            assert_eq!(act(fine.as_ref(), (k + 6) % 24, &image), turned, "{k}");
        }
    }
}

#[test]
fn equal_angles_give_equal_bits() {
    let image = image([7, 9, 1]);
    let fine = Rotation::new(60, [7, 9, 1]).unwrap();
    for n in [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] {
        let coarse = Rotation::new(n, [7, 9, 1]).unwrap();
        for k in 0..n {
            assert_eq!(act(&coarse, k, &image), act(&fine, k * 60 / n, &image), "{k}/{n}");
        }
    }
}

#[test]
fn shifts_need_a_number_that_divides_the_image() {
    for (spec, size) in
        [("translation-x:3", 4), ("translation-y:5", 6), ("translation:6x3", 4), ("translation:4x6", 6)]
    {
        let error = ActionSpec::parse(spec).unwrap().resolve([6, 4, 1]).err().unwrap();
        assert!(error.to_string().contains("do not divide the image"), "{error}");
        assert!(error.hint().unwrap().starts_with(&format!("{size} can be divided into 1, 2")), "{error}");
    }
}

#[test]
fn images_without_pixels_are_refused() {
    for spec in [
        "rotation:4",
        "dihedral:4",
        "translation-x:1",
        "translation-y:1",
        "translation:1x1",
        "flip",
        "p4",
        "p4m:1",
        "cyclic:3",
        "symmetric:3",
        "octahedral",
        "flip*cyclic:3",
    ] {
        for shape in [[0, 3, 1], [3, 0, 1], [3, 3, 0]] {
            let error = ActionSpec::parse(spec).unwrap().resolve(shape).err().unwrap();
            assert_eq!(error.to_string(), format!("images of shape {shape:?} have no pixels"), "{spec}");
        }
    }
}

#[test]
fn a_group_beyond_any_size_is_an_error() {
    let spec = ActionSpec::parse("rotation:99999999999").unwrap();
    assert!(spec.group().is_err());
    assert!(spec.resolve([28, 28, 1]).is_err());
    for spec in
        ["dihedral:99999999999", "symmetric:99", "alternating:99", "p4:99999999", "cyclic:99999999999"]
    {
        assert!(ActionSpec::parse(spec).unwrap().group().is_err(), "{spec}");
    }
}

proptest! {
    #[test]
    fn shifts_equal_rolling_one_pixel_at_a_time(
        rows in 1..4usize, columns in 1..4usize, dy in 1..3usize, dx in 1..3usize, pick in 0..16usize,
    ) {
        let (height, width) = (rows * dy, columns * dx);
        let action = resolve(&format!("translation:{rows}x{columns}"), [height, width, 1]);
        let element = pick % (rows * columns);
        let mut rolled: Vec<Vec<f64>> =
            image([height, width, 1]).outer_iter().map(|row| row.iter().copied().collect()).collect();
        for _ in 0..element / columns * dy {
            rolled.rotate_right(1);
        }
        for row in &mut rolled {
            for _ in 0..element % columns * dx {
                row.rotate_right(1);
            }
        }
        let moved = act(action.as_ref(), element, &image([height, width, 1]));
        prop_assert_eq!(moved.into_raw_vec_and_offset().0, rolled.concat());
    }
}
