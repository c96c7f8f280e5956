//! Orbit datasets: rows, subsets, and images that cannot be normalised.

use isotypic_orbit::{ActionSpec, GroupAction, Normalization, OrbitDataset, OrbitError};
use ndarray::{Array3, Array4, Axis};

fn images(n: usize, height: usize, width: usize) -> Array4<f64> {
    Array4::from_shape_fn((n, height, width, 2), |(i, y, x, c)| ((i * 97 + y * 31 + x * 7 + c) as f64).sin())
}

fn action(spec: &str, shape: [usize; 3]) -> Box<dyn GroupAction> {
    ActionSpec::parse(spec).expect("a spec").resolve(shape).expect("an action")
}

#[test]
fn every_row_is_one_image_acted_on_and_normalised() {
    let images = images(3, 6, 6);
    let action = action("rotation:5", [6, 6, 2]);
    let orbits =
        OrbitDataset::sample(&images, &[4, 1, 4], action.as_ref(), &Normalization::default()).unwrap();
    assert_eq!(orbits.points().dim(), (15, 72));
    assert_eq!(orbits.labels(), [4, 1, 4]);
    for row in 0..15 {
        let (seed, element) = orbits.layout().split(row);
        let mut pose = Array3::zeros((6, 6, 2));
        action.act(element, images.index_axis(Axis(0), seed), pose.view_mut());
        let mean = pose.mean().unwrap();
        let norm = pose.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
        for (got, pose) in orbits.points().row(row).iter().zip(&pose) {
            assert!((got - (pose - mean) / norm).abs() < 1e-15);
        }
        assert_eq!(orbits.images().index_axis(Axis(0), row).iter().count(), 72);
    }
}

#[test]
fn coarse_orbits_lie_inside_the_fine_one_to_the_bit() {
    for (family, fine) in [("rotation", 24), ("translation-x", 12), ("translation-y", 12)] {
        let images = images(2, 12, 12);
        let sample = |poses: usize| {
            let action = action(&format!("{family}:{poses}"), [12, 12, 2]);
            OrbitDataset::sample(&images, &[0, 1], action.as_ref(), &Normalization::default()).unwrap()
        };
        let whole = sample(fine);
        for poses in (1..=fine).filter(|poses| fine % poses == 0) {
            let rows = whole.subset_rows(poses).unwrap();
            assert_eq!(whole.points().select(Axis(0), &rows), sample(poses).points(), "{family}:{poses}");
        }
        let error = whole.subset_rows(5).unwrap_err();
        assert_eq!(error.to_string(), format!("`C5` is not a subgroup of `C{fine}`"));
        assert!(whole.subset_rows(0).is_err());
    }
}

#[test]
fn a_constant_image_is_named() {
    let mut images = images(3, 4, 4);
    images.index_axis_mut(Axis(0), 2).fill(0.1);
    let action = action("translation-x:2", [4, 4, 2]);
    let sample = |normalization| OrbitDataset::sample(&images, &[0, 1, 2], action.as_ref(), &normalization);
    let error = sample(Normalization::default()).unwrap_err();
    assert_eq!(error.to_string(), "image 2: all pixels are equal, cannot be normalised");
    assert!(error.hint().unwrap().contains("--normalize none"));
    assert!(sample(Normalization::none()).is_ok());
}

#[test]
fn nan_and_infinite_pixels_are_named() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut images = images(2, 4, 4);
        images[[1, 2, 3, 0]] = bad;
        let action = action("flip", [4, 4, 2]);
        let error =
            OrbitDataset::sample(&images, &[0, 1], action.as_ref(), &Normalization::none()).unwrap_err();
        assert_eq!(error.to_string(), format!("image 1: pixel (row 2, column 3, channel 0) is `{bad}`"));
    }
}

#[test]
fn shapes_and_counts_must_agree() {
    let flip = action("flip", [4, 4, 2]);
    let sample = |images: Array4<f64>, labels: &[usize]| {
        OrbitDataset::sample(&images, labels, flip.as_ref(), &Normalization::none()).unwrap_err()
    };
    assert!(matches!(sample(images(2, 4, 5), &[0, 1]), OrbitError::ImageShape { got: [4, 5, 2], .. }));
    assert_eq!(sample(images(2, 4, 4), &[0]).to_string(), "2 seeds, but 1 labels");
    assert!(matches!(sample(images(0, 4, 4), &[]), OrbitError::NoSeeds));
}

#[test]
fn an_orbit_beyond_memory_is_an_error() {
    let rotation = action("rotation:2147483647", [28, 28, 2]);
    let error = OrbitDataset::sample(&images(1, 28, 28), &[0], rotation.as_ref(), &Normalization::none());
    assert!(matches!(error, Err(OrbitError::TooLarge { order: 2_147_483_647, .. })));
}
