//! The numbers of `scipy.ndimage.rotate` and `numpy.roll`; see `tests/fixtures/README.md`.

use std::fs::File;
use std::path::Path;

use isotypic_orbit::{ActionSpec, GroupAction, Normalization, OrbitDataset, Rotation};
use ndarray::{Array3, Array4, ArrayD, ArrayRef3, Axis, Ix3, Ix4, s};
use ndarray_npy::{NpzReader, ReadableElement};

/// Of pixels up to 1.2; the largest difference seen is 8.4e-15.
const TOLERANCE: f64 = 2e-14;

fn fixture<T: ReadableElement>(file: &str, array: &str) -> ArrayD<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    let mut archive = NpzReader::new(File::open(path).expect("a fixture")).expect("an archive");
    archive.by_name(array).expect("an array")
}

/// Three digits `[3, 28, 28, 1]` with pixels from 0 to 1.
fn digits() -> Array4<f64> {
    let bytes: ArrayD<u8> = fixture("digits.npz", "raw");
    let digits = bytes.mapv(|value| f64::from(value) / 255.0);
    digits.into_dimensionality::<Ix3>().expect("three axes").insert_axis(Axis(3))
}

fn act(action: &dyn GroupAction, element: usize, image: &ArrayRef3<f64>) -> Array3<f64> {
    let mut out = Array3::from_elem(image.raw_dim(), f64::NAN);
    action.act(element, image.view(), out.view_mut());
    out
}

fn assert_close(got: &ArrayRef3<f64>, expected: &ArrayRef3<f64>, what: &str) {
    assert_eq!(got.shape(), expected.shape());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= TOLERANCE, "{what}: {got} instead of {expected}");
    }
}

/// 0, 5.625, 11.25, 22.5, 33.3, 45, 90, 123.4, 180, 225, 270 and 348.75 degrees.
const DIGIT_TURNS: [(usize, usize); 12] = [
    (0, 1),
    (1, 64),
    (1, 32),
    (1, 16),
    (37, 400),
    (1, 8),
    (1, 4),
    (617, 1800),
    (1, 2),
    (5, 8),
    (3, 4),
    (31, 32),
];

#[test]
fn digits_turn_as_in_scipy() {
    let expected = fixture::<f64>("digits.npz", "rotated").into_dimensionality::<Ix4>().unwrap();
    for (i, &(k, n)) in DIGIT_TURNS.iter().enumerate() {
        let action = Rotation::new(n, [28, 28, 1]).unwrap();
        for (digit, expected) in digits().axis_iter(Axis(0)).zip(expected.axis_iter(Axis(0))) {
            let expected = expected.index_axis(Axis(0), i).insert_axis(Axis(2));
            assert_close(&act(&action, k, &digit), &expected, &format!("{k}/{n}"));
        }
    }
}

#[test]
fn planes_of_any_size_with_channels_and_bright_borders_turn_as_in_scipy() {
    const TURNS: [(usize, usize); 9] =
        [(0, 1), (1, 12), (1, 8), (1, 4), (1, 3), (3, 7), (1, 2), (3, 4), (11, 12)];
    for size in ["7x10", "6x5", "9x9", "1x8", "2x3"] {
        let image =
            fixture::<f64>("planes.npz", &format!("image_{size}")).into_dimensionality::<Ix3>().unwrap();
        let expected =
            fixture::<f64>("planes.npz", &format!("rotated_{size}")).into_dimensionality::<Ix4>().unwrap();
        let (height, width, channels) = image.dim();
        for (&(k, n), expected) in TURNS.iter().zip(expected.axis_iter(Axis(0))) {
            let action = Rotation::new(n, [height, width, channels]).unwrap();
            assert_close(&act(&action, k, &image), &expected, &format!("{size}, {k}/{n}"));
        }
    }
}

#[test]
fn normalised_rotations_are_those_of_the_reference() {
    let expected = fixture::<f64>("digits.npz", "rotated_normalized").into_dimensionality::<Ix3>().unwrap();
    let digit = digits().slice_move(s![1..2, .., .., ..]);
    for (&(k, n), expected) in DIGIT_TURNS.iter().zip(expected.axis_iter(Axis(0))) {
        let action = ActionSpec::Rotation { poses: n }.resolve([28, 28, 1]).unwrap();
        let mut pose = act(action.as_ref(), k, &digit.index_axis(Axis(0), 0));
        Normalization::default().apply(0, pose.as_slice_mut().unwrap()).unwrap();
        assert_close(&pose, &expected.insert_axis(Axis(2)), &format!("{k}/{n}"));
    }
}

#[test]
fn normalised_shifts_are_those_of_the_reference() {
    let expected = fixture::<f64>("digits.npz", "shifted_normalized").into_dimensionality::<Ix3>().unwrap();
    let digit = digits().slice_move(s![1..2, .., .., ..]);
    let action = ActionSpec::parse("translation-x:28").unwrap().resolve([28, 28, 1]).unwrap();
    let orbits = OrbitDataset::sample(&digit, &[0], action.as_ref(), &Normalization::default()).unwrap();
    for (element, expected) in [0, 1, 5, 27].into_iter().zip(expected.axis_iter(Axis(0))) {
        let pose = orbits.images().index_axis_move(Axis(0), element).to_owned();
        assert_close(&pose, &expected.insert_axis(Axis(2)), &format!("shift {element}"));
    }
}

#[test]
fn a_power_of_two_in_the_pixels_cancels_to_the_bit() {
    let digit = digits().slice_move(s![0..1, .., .., ..]);
    let action = ActionSpec::Rotation { poses: 16 }.resolve([28, 28, 1]).unwrap();
    let sample = |images: &Array4<f64>| {
        OrbitDataset::sample(images, &[0], action.as_ref(), &Normalization::default()).unwrap()
    };
    assert_eq!(sample(&digit).points(), sample(&digit.mapv(|value| 256.0 * value)).points());
}
