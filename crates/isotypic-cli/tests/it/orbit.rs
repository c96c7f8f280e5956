use ndarray::{Array5, s};

use crate::workplace::{SIDE, Workplace, images};

#[test]
fn an_orbit_has_one_image_per_pose() {
    let place = Workplace::with_images();
    let run = place
        .run("orbit --data images.npz --group translation-x:3 --indices 4,1 --normalize none --out o.npy");
    assert_eq!((run.code(), run.stdout()), (0, "translation-x:3, 2×3×6×6×1, o.npy\n".to_owned()));
    let orbit: Array5<f64> = place.read_array("o.npy");
    for (seed, image) in [4, 1].into_iter().enumerate() {
        for pose in 0..3usize {
            for ((y, x, c), &pixel) in orbit.slice(s![seed, pose, .., .., ..]).indexed_iter() {
                // A shift by two pixels moves the content to the right.
                assert_eq!(pixel, images()[[image, y, (x + SIDE - 2 * pose) % SIDE, c]]);
            }
        }
    }
}

#[test]
fn images_are_normalised_after_acting_unless_told_otherwise() {
    let place = Workplace::with_images();
    let document = place.json("orbit --data images.npz --group rotation:8 --out o.npy");
    assert_eq!(document["shape"], serde_json::json!([8, 8, 6, 6, 1]));
    let orbit: Array5<f64> = place.read_array("o.npy");
    for seed in orbit.outer_iter() {
        for pose in seed.outer_iter() {
            assert!(pose.sum().abs() < 1e-13 && (pose.mapv(|v| v * v).sum() - 1.0).abs() < 1e-13);
        }
    }
}
