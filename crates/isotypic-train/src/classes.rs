//! The experiment of the paper's Figure 1: one class lacks one pose, and the network is asked for it.

use isotypic_architecture::RandomStream;
use isotypic_work::Cancel;
use ndarray::{Array2, ArrayView3, Axis};

use crate::{EpochMetrics, TrainError, Trainer};

/// All images at all poses, in which one class lacks the first pose (Perin & Deny, JMLR 2025, Figure 1).
///
/// Poses are turns by $360/N$ degrees with the value of the nearest pixel, zero outside; every image is scaled to norm 1, its
/// mean kept. Of the rest one tenth, drawn at random, is set aside.
pub struct ClassesData {
    /// `[examples, pixels]` and one-hot `[examples, classes]`, for training.
    pub train: (Array2<f64>, Array2<f64>),
    /// The tenth that was set aside.
    pub in_distribution: (Array2<f64>, Array2<f64>),
    /// The pose that the class lacks.
    pub held_out: (Array2<f64>, Array2<f64>),
}

/// Accuracies after training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassesOutcome {
    /// On what was set aside.
    pub in_distribution: f64,
    /// On the pose that the class lacks.
    pub held_out: f64,
}

impl ClassesData {
    /// Turns, scales and splits.
    ///
    /// # Shapes
    /// - `images`: `[images, height, width]`, square; `labels`: one below `classes` for each image
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for other shapes and labels, and where an image is blank or no image is of the class left out.
    pub fn new(
        images: ArrayView3<'_, f64>,
        labels: &[usize],
        classes: usize,
        poses: usize,
        left_out: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let (count, height, width) = images.dim();
        let mismatch = |what, expected: String, got: String| TrainError::Mismatch { what, expected, got };
        if height != width {
            return Err(mismatch("images", "squares".to_owned(), format!("{height}×{width}")));
        }
        if labels.len() != count {
            return Err(mismatch("number of labels", count.to_string(), labels.len().to_string()));
        }
        if let Some(label) = labels.iter().find(|&&label| label >= classes) {
            return Err(mismatch("labels", format!("numbers below {classes}"), label.to_string()));
        }
        if poses == 0 || !labels.contains(&left_out) {
            let got = format!("{poses} poses, class {left_out}");
            return Err(mismatch("question", "at least one pose, a class with images".to_owned(), got));
        }
        let (mut seen, mut missing) = (Vec::new(), Vec::new());
        for (image, &label) in labels.iter().enumerate() {
            for pose in 0..poses {
                let place = (image, pose);
                if label == left_out && pose == 0 { missing.push(place) } else { seen.push(place) }
            }
        }
        let order = RandomStream::for_parts(&[seed, 1]).permutation(seen.len());
        let aside = seen.len() / 10;
        if aside == 0 {
            let expected = "at least 10, a tenth of which is set aside".to_owned();
            return Err(mismatch("images at poses", expected, seen.len().to_string()));
        }
        let chosen = |order: &[usize]| order.iter().map(|&place| seen[place]).collect::<Vec<_>>();
        let examples = |places: &[(usize, usize)]| {
            let mut inputs = Array2::zeros((places.len(), height * width));
            let mut targets = Array2::zeros((places.len(), classes));
            for (row, &(image, pose)) in places.iter().enumerate() {
                let turned = turned(images, image, pose, poses);
                let norm = turned.iter().map(|value| value * value).sum::<f64>().sqrt();
                if !(norm > 0.0 && norm.is_finite()) {
                    let expected = "finite values, not all zero".to_owned();
                    return Err(mismatch("an image", expected, format!("image {image} of norm {norm}")));
                }
                for (target, value) in inputs.row_mut(row).iter_mut().zip(turned) {
                    *target = value / norm;
                }
                targets[[row, labels[image]]] = 1.0;
            }
            Ok((inputs, targets))
        };
        Ok(Self {
            train: examples(&chosen(&order[aside..]))?,
            in_distribution: examples(&chosen(&order[..aside]))?,
            held_out: examples(&missing)?,
        })
    }

    /// Trains to the end and asks for both accuracies.
    ///
    /// # Errors
    /// Those of [`Trainer::fit`].
    pub fn train(
        &self,
        trainer: &mut Trainer,
        cancel: &Cancel,
        report: impl FnMut(EpochMetrics),
    ) -> Result<ClassesOutcome, TrainError> {
        trainer.fit((self.train.0.view(), self.train.1.view()), cancel, None, report)?;
        self.accuracies(trainer)
    }

    /// The accuracies of a network as it is.
    ///
    /// # Errors
    /// [`TrainError::Mismatch`] for a network for other images.
    pub fn accuracies(&self, trainer: &Trainer) -> Result<ClassesOutcome, TrainError> {
        let accuracy = |(inputs, targets): &(Array2<f64>, Array2<f64>)| {
            trainer.accuracy((inputs.view(), targets.view()))
        };
        Ok(ClassesOutcome {
            in_distribution: accuracy(&self.in_distribution)?,
            held_out: accuracy(&self.held_out)?,
        })
    }

    /// The accuracy on images of one class among those set aside, if there are any.
    ///
    /// # Errors
    /// As [`accuracies`](Self::accuracies).
    pub fn accuracy_of_class(&self, trainer: &Trainer, class: usize) -> Result<Option<f64>, TrainError> {
        let (inputs, targets) = &self.in_distribution;
        let rows: Vec<usize> = (0..targets.nrows()).filter(|&row| targets[[row, class]] > 0.5).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let (inputs, targets) = (inputs.select(Axis(0), &rows), targets.select(Axis(0), &rows));
        trainer.accuracy((inputs.view(), targets.view())).map(Some)
    }
}

/// One image turned by `pose` of `poses` equal steps about its centre; each pixel takes the value nearest to where it came from.
fn turned(images: ArrayView3<'_, f64>, image: usize, pose: usize, poses: usize) -> Vec<f64> {
    let (_, height, width) = images.dim();
    // Quarter turns exactly, or pixels at the border would fall outside.
    let (sine, cosine) = match (4 * pose) % poses {
        0 => [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)][4 * pose / poses % 4],
        _ => libm::sincos(std::f64::consts::TAU * pose as f64 / poses as f64),
    };
    let centre = ((height - 1) as f64 / 2.0, (width - 1) as f64 / 2.0);
    let source = |row: usize, column: usize| {
        let (y, x) = (row as f64 - centre.0, column as f64 - centre.1);
        let from = ((cosine * y + sine * x + centre.0).round(), (cosine * x - sine * y + centre.1).round());
        let inside = (0.0..height as f64).contains(&from.0) && (0.0..width as f64).contains(&from.1);
        if inside { images[[image, from.0 as usize, from.1 as usize]] } else { 0.0 }
    };
    (0..height * width).map(|place| source(place / width, place % width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn images() -> Array3<f64> {
        Array3::from_shape_fn((20, 5, 5), |(image, row, column)| (1 + image * 25 + row * 5 + column) as f64)
    }

    #[test]
    fn four_quarter_turns_come_back_and_each_moves_every_pixel_once() {
        let images = images();
        let quarter = Array3::from_shape_vec((1, 5, 5), turned(images.view(), 3, 1, 4)).unwrap();
        for ((_, row, column), &value) in quarter.indexed_iter() {
            assert!((value - images[[3, column, 4 - row]]).abs() < 1e-15);
        }
        let whole = (0..3).fold(quarter, |turn, _| {
            Array3::from_shape_vec((1, 5, 5), turned(turn.view(), 0, 1, 4)).unwrap()
        });
        assert_eq!(whole.index_axis(Axis(0), 0), images.index_axis(Axis(0), 3));
        assert_eq!(turned(images.view(), 3, 4, 16), turned(images.view(), 3, 1, 4));
    }

    #[test]
    fn the_class_left_out_lacks_the_first_pose_only() {
        let labels: Vec<usize> = (0..20).map(|image| image % 4).collect();
        let data = ClassesData::new(images().view(), &labels, 4, 8, 2, 0).unwrap();
        let rows = [&data.train, &data.in_distribution, &data.held_out].map(|part| part.0.nrows());
        assert_eq!(rows, [140, 15, 5]);
        assert!(data.held_out.1.column(2).iter().all(|&target| target > 0.5));
        let scaled = images().index_axis(Axis(0), 2).mapv(|value| value * value).sum().sqrt();
        let first = data.held_out.0.row(0);
        assert!((first[0] - 51.0 / scaled).abs() < 1e-15);
        assert!(data.train.0.rows().into_iter().all(|row| (row.dot(&row) - 1.0).abs() < 1e-12));
        assert!(data.train.0.rows().into_iter().all(|row| row != first));
    }

    #[test]
    fn questions_without_an_answer_are_refused() {
        let labels = vec![0; 20];
        let error = ClassesData::new(images().view(), &labels, 2, 4, 1, 0).err().unwrap();
        assert!(error.to_string().starts_with("question: expected at least one pose"), "{error}");
        let error = ClassesData::new(images().view(), &labels[1..], 2, 4, 0, 0).err().unwrap();
        assert_eq!(error.to_string(), "number of labels: expected 20, got 19");
    }
}
