//! Networks with a symmetry: what they say about turned images, and whether training helps others.

use isotypic_train::{ClassesExperiment, Network, NetworkParameters, Optimizer, Precision, TrainingOptions};
use isotypic_work::Monitor;
use ndarray::{Array2, Array3};

/// Row by row and column by column, without any symmetry.
fn image(side: usize) -> Array2<f64> {
    Array2::from_shape_fn((side, side), |(row, column)| {
        (1.3 * row as f64 + 0.7 * (column * column) as f64 + 0.1 * (row * column) as f64).sin()
    })
}

/// All turns, then all turns of the mirror image; written with loops of their own.
fn turned(image: &Array2<f64>) -> Vec<Array2<f64>> {
    let side = image.nrows();
    let turn = |image: &Array2<f64>| {
        Array2::from_shape_fn((side, side), |(row, column)| image[[column, side - 1 - row]])
    };
    let mirror = Array2::from_shape_fn((side, side), |(row, column)| image[[row, side - 1 - column]]);
    let mut all = Vec::new();
    for start in [image.clone(), mirror] {
        let mut one = start;
        for _ in 0..4 {
            all.push(one.clone());
            one = turn(&one);
        }
    }
    all
}

/// Largest difference of the outputs for these images from those for the first.
fn spread(name: &str, images: &[Array2<f64>], seed: u64) -> f64 {
    let side = images[0].nrows();
    let (network, initialization) = Network::resolve(name, &[side, side, 1], 3, 8).unwrap();
    let parameters = NetworkParameters::draw(&network, initialization, Precision::Single, seed).unwrap();
    let inputs: Vec<f64> = images.iter().flat_map(|image| image.iter().copied()).collect();
    let outputs = network.forward(&parameters, &inputs, None).unwrap();
    outputs.iter().enumerate().fold(0.0_f64, |most, (at, value)| most.max((value - outputs[at % 3]).abs()))
}

#[test]
fn a_network_with_the_symmetry_says_the_same_of_all_turns_to_1e_5() {
    for side in [14, 15] {
        let all = turned(&image(side));
        for depth in ["", ":2"] {
            let (c4, d4) = (format!("gcnn:c4{depth}"), format!("gcnn:d4{depth}"));
            assert!(spread(&c4, &all[..4], 1) < 1e-5, "{c4}");
            assert!(spread(&d4, &all, 1) < 1e-5, "{d4}");
            // Shifts belong to both groups, mirror images to one of them.
            let moved = Array2::from_shape_fn((side, side), |(row, column)| {
                all[0][[(row + 3) % side, (column + 5) % side]]
            });
            assert!(spread(&c4, &[all[0].clone(), moved], 1) < 1e-5, "{c4}");
            assert!(spread(&c4, &all, 1) > 1e-3, "mirror images are not its symmetry");
        }
        assert!(spread("cnn-gap:2", &all[..4], 1) > 1e-3);
    }
}

#[test]
fn the_pose_that_a_class_lacks_is_recognised_with_the_symmetry_and_not_without() {
    // Two strokes that no quarter turn takes into each other, at places and of strengths that differ.
    let images = Array3::from_shape_fn((12, 14, 14), |(image, row, column)| {
        let (y, x) = (row as f64 - 4.0 - (image / 4) as f64, column as f64 - 8.0 + ((image / 2) % 2) as f64);
        let stroke = if image % 2 == 0 {
            y.abs() < 1.2 && (-1.0..4.0).contains(&x)
        } else {
            (y - x).abs() < 1.2 && y > 0.0 && y < 4.0
        };
        f64::from(u8::from(stroke)) + 0.02 * ((image * 5 + row + column * 3) % 7) as f64
    });
    let run = |network: &str, learning_rate, epochs| {
        let experiment = ClassesExperiment {
            networks: vec![network.to_owned()],
            poses: vec![4],
            left_out: vec![1],
            options: TrainingOptions {
                optimizer: Optimizer::Adam { learning_rate },
                epochs,
                batch: 6,
                width: 8,
                ..TrainingOptions::default()
            },
            ..ClassesExperiment::new(images.clone(), (0..12).map(|image| image % 2).collect(), 2)
        };
        experiment.run(&Monitor::silent()).unwrap().remove(0)
    };
    // Weights of variance 1 want larger steps than those of variance 1/fan-in.
    let with = run("gcnn:c4:2", 0.1, 30);
    assert!(with.held_out > 0.9 && with.train_accuracy > 0.9, "{with:?}");
    let without = run("paper-mlp", 1e-2, 10);
    assert!(without.held_out < 0.6 && without.train_accuracy > 0.9, "{without:?}");
}
