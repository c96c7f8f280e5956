//! One thousand handwritten digits inside the program: the first 100 of each class of the MNIST training set.
//!
//! MNIST is by Yann LeCun, Corinna Cortes and Chris Burges, CC BY-SA 3.0. `data/README.md` says where the files came
//! from and how the selection was made.

use crate::{DataError, LabelledImages, Labels, Pixels, idx};

/// 1,000 digits of 28×28 pixels (0 to 255), 100 of each class, in the order of the MNIST training set.
///
/// [`LabelledImages::origins`] gives the position of each among the 60,000 training images.
///
/// # Errors
/// None in a sound build: the files are part of the program.
///
/// # Examples
/// ```
/// let digits = isotypic_data::mini_mnist()?;
/// assert_eq!(digits.len(), 1000);
/// assert_eq!(digits.image_shape(), [28, 28, 1]);
/// # Ok::<(), isotypic_data::DataError>(())
/// ```
pub fn mini_mnist() -> Result<LabelledImages, DataError> {
    let images = idx::images(
        "mini-mnist-images-idx3-ubyte.gz",
        include_bytes!("../data/mini-mnist-images-idx3-ubyte.gz"),
    )?;
    let digits = idx::labels(
        "mini-mnist-labels-idx1-ubyte.gz",
        include_bytes!("../data/mini-mnist-labels-idx1-ubyte.gz"),
    )?;
    let origins = idx::indices(
        "mini-mnist-origins-idx1-int.gz",
        include_bytes!("../data/mini-mnist-origins-idx1-int.gz"),
    )?;
    let labels = Labels::from_integers(&digits.into_iter().map(i64::from).collect::<Vec<_>>())?;
    LabelledImages::new("mini-mnist", Pixels::U8(images), labels)?.with_origins(origins)
}
