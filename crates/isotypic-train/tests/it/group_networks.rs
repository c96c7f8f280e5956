//! Networks with a symmetry: what they say about turned images, and whether training helps others.

use isotypic_train::{
    ClassesExperiment, Initialization, Network, NetworkParameters, Optimizer, Precision, TrainingOptions,
};
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
    let network = Network::named(name, &[side, side, 1], 3).unwrap();
    let parameters =
        NetworkParameters::draw(&network, Initialization::KaimingUniform, Precision::Single, seed).unwrap();
    let inputs: Vec<f64> = images.iter().flat_map(|image| image.iter().copied()).collect();
    let outputs = network.forward(&parameters, &inputs, None).unwrap();
    outputs.iter().enumerate().fold(0.0_f64, |most, (at, value)| most.max((value - outputs[at % 3]).abs()))
}

#[test]
fn a_network_with_the_symmetry_says_the_same_of_all_turns_to_1e_5() {
    for side in [14, 15] {
        let all = turned(&image(side));
        assert!(spread("gcnn:c4", &all[..4], 1) < 1e-5);
        assert!(spread("gcnn:d4", &all, 1) < 1e-5);
        // Mirror images are no turns, and other networks have neither.
        assert!(spread("gcnn:c4", &all, 1) > 1e-3);
        assert!(spread("paper-cnn", &all[..4], 1) > 1e-3);
        let mut shifted = image(side);
        for (row, mut line) in shifted.rows_mut().into_iter().enumerate() {
            line.assign(&image(side).row((row + 1) % side));
        }
        assert!(spread("gcnn:c4", &[image(side), shifted], 1) > 1e-3, "shifts are not its symmetry");
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
    let experiment = ClassesExperiment {
        networks: vec!["gcnn:c4".to_owned(), "paper-mlp".to_owned()],
        poses: vec![4],
        left_out: vec![1],
        options: TrainingOptions {
            optimizer: Optimizer::Adam { learning_rate: 1e-2 },
            epochs: 10,
            batch: 6,
            ..TrainingOptions::default()
        },
        ..ClassesExperiment::new(images, (0..12).map(|image| image % 2).collect(), 2)
    };
    let runs = experiment.run(&Monitor::silent()).unwrap();
    assert!(runs[0].held_out > 0.9 && runs[0].train_accuracy > 0.9, "{runs:?}");
    assert!(runs[1].held_out < 0.6 && runs[1].train_accuracy > 0.9, "{runs:?}");
}
