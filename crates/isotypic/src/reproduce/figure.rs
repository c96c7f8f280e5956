//! The figures that can be made, by name.

use super::context::{Context, Findings};
use super::{
    classes, cnn_rotations, cnn_shifts, mlp, orbits, seeds, spectrum_sketch, toy_poses, toy_separation,
};
use crate::Error;

/// A figure of the paper.
#[derive(Clone, Copy)]
pub struct PaperFigure {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// What the paper shows.
    pub paper: &'static str,
    pub(super) expected: &'static str,
    pub(super) run: Run,
}

/// How a figure is made.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Without training.
    Kernel(fn(&Context<'_>) -> Result<Findings, Error>),
    /// By training networks.
    #[cfg(feature = "train")]
    Trained(fn(&Context<'_>) -> Result<Findings, Error>),
    /// By training networks, which this program was built without.
    #[cfg(not(feature = "train"))]
    NeedsTraining,
}

impl PaperFigure {
    /// All figures, in the order of the paper.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &FIGURES
    }

    /// Whether it is made by training networks, which takes the cargo feature `train`.
    #[must_use]
    pub fn is_trained(&self) -> bool {
        !matches!(self.run, Run::Kernel(_))
    }
}

#[cfg(feature = "train")]
macro_rules! trained {
    ($run:path) => {
        Run::Trained($run)
    };
}

#[cfg(not(feature = "train"))]
macro_rules! trained {
    ($run:path) => {
        Run::NeedsTraining
    };
}

const FIGURES: [PaperFigure; 13] = [
    PaperFigure {
        name: "figure-1",
        title: "Trained networks on rotated digits: accuracy at the pose that one class lacks",
        paper: "Figure 1: networks that get most of what they were shown right fail at the pose that one class lacks, unless rotations are \
                dense.",
        expected: include_str!("figure_1.json"),
        run: trained!(super::figure_1::run),
    },
    PaperFigure {
        name: "spectrum-sketch",
        title: "From distances and kernel of two orbits to the inverse spectrum",
        paper: "A sketch of how the circulant kernel of two circles becomes a spectrum, whose highest frequency carries the labels.",
        expected: spectrum_sketch::EXPECTED,
        run: Run::Kernel(spectrum_sketch::run),
    },
    PaperFigure {
        name: "toy-poses",
        title: "Toy model: the error falls with the number of poses",
        paper: "Denser orbits lower the error; the averaged formula agrees with regression.",
        expected: toy_poses::EXPECTED,
        run: Run::Kernel(toy_poses::run),
    },
    PaperFigure {
        name: "toy-separation",
        title: "Toy model: the error falls with the distance of the classes",
        paper: "Classes further apart lower the error; the averaged formula agrees with regression.",
        expected: toy_separation::EXPECTED,
        run: Run::Kernel(toy_separation::run),
    },
    PaperFigure {
        name: "orbits",
        title: "Orbits of two digits in their principal components",
        paper: "Orbits are closed curves that wind through several dimensions.",
        expected: orbits::EXPECTED,
        run: Run::Kernel(orbits::run),
    },
    PaperFigure {
        name: "mlp",
        title: "Fully connected network with one hidden layer on rotated digits",
        paper: "The spectral error predicts the error of kernel regression; it is a ratio of inverse powers that depend on the distance of \
                the classes and on the radius of the orbits.",
        expected: mlp::EXPECTED,
        run: Run::Kernel(mlp::run),
    },
    PaperFigure {
        name: "mlp-deep",
        title: "Fully connected network with five hidden layers on rotated digits",
        paper: "The same for a deep network.",
        expected: mlp::EXPECTED_DEEP,
        run: Run::Kernel(mlp::run_deep),
    },
    PaperFigure {
        name: "mlp-trained",
        title: "Trained fully connected networks on rotated digits",
        paper: "The spectral error, which knows nothing of the training, predicts the error of finite trained networks.",
        expected: include_str!("mlp_trained.json"),
        run: trained!(super::mlp_trained::run),
    },
    PaperFigure {
        name: "cnn-rotations",
        title: "Convolutional networks on rotated digits",
        paper: "A symmetry other than that of the architecture is not learned either; the spectral error predicts the error.",
        expected: cnn_rotations::EXPECTED,
        run: Run::Kernel(cnn_rotations::run),
    },
    PaperFigure {
        name: "cnn-shifts",
        title: "Convolutional networks on shifted digits",
        paper: "A network that pools over all positions has the symmetry built in: its orbits collapse and every pose is right.",
        expected: cnn_shifts::EXPECTED,
        run: Run::Kernel(cnn_shifts::run),
    },
    PaperFigure {
        name: "seeds",
        title: "Thirteen seeds per class, one pose missing",
        paper: "With several seeds the spectral error, averaged over pairs of seeds, still follows the error of regression.",
        expected: seeds::EXPECTED,
        run: Run::Kernel(seeds::run),
    },
    PaperFigure {
        name: "classes",
        title: "Ten classes, one against the rest",
        paper: "With ten classes the share of wrong poses falls with the number of rotations, for regression as for the spectral error.",
        expected: classes::EXPECTED,
        run: Run::Kernel(classes::run),
    },
    PaperFigure {
        name: "classes-trained",
        title: "Ten classes: trained networks, regression and spectral error",
        paper: "Networks trained on ten classes get as many poses wrong as regression says.",
        expected: include_str!("classes_trained.json"),
        run: trained!(super::classes_trained::run),
    },
];
