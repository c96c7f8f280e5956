//! Makes the files in `data/` from the original MNIST training files.
//!
//! ```text
//! cargo run --release -p isotypic-data --example mini_mnist -- MNIST_FOLDER crates/isotypic-data/data
//! ```
//!
//! MNIST_FOLDER holds `train-images-idx3-ubyte` and `train-labels-idx1-ubyte`, plain or gzip.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use isotypic_data::{DataSource, Pixels, Split};
use ndarray::Axis;
use sha2::{Digest, Sha256};

const PER_CLASS: usize = 100;
const TRAINING_IMAGES_SHA256: &str = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db";
const TRAINING_LABELS_SHA256: &str = "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5";

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [mnist, out] = folders.as_slice() else {
        return Err("usage: mini_mnist MNIST_FOLDER OUT_FOLDER".into());
    };
    let training = DataSource::IdxFolder(mnist.clone()).load(Split::Train, None)?;
    let Pixels::U8(pixels) = training.pixels() else {
        return Err("MNIST pixels are bytes".into());
    };
    let labels = training.labels();
    // The classes 0 to 9 stand in order, so that the index of a class is its digit.
    let digits: Vec<u8> = labels.indices().iter().map(|&class| class as u8).collect();
    check(&idx(0x803, &[training.len(), 28, 28], pixels.iter().copied()), TRAINING_IMAGES_SHA256)?;
    check(&idx(0x801, &[training.len()], digits.iter().copied()), TRAINING_LABELS_SHA256)?;

    let mut origins = Vec::new();
    for class in labels.classes() {
        origins.extend(labels.first_of_class(class, PER_CLASS)?);
    }
    origins.sort_unstable();
    let count = origins.len();
    let images = origins.iter().flat_map(|&origin| pixels.index_axis(Axis(0), origin)).copied();
    write(out, "mini-mnist-images-idx3-ubyte.gz", &idx(0x803, &[count, 28, 28], images))?;
    let chosen = origins.iter().map(|&origin| digits[origin]);
    write(out, "mini-mnist-labels-idx1-ubyte.gz", &idx(0x801, &[count], chosen))?;
    let positions = origins.iter().flat_map(|&origin| (origin as u32).to_be_bytes());
    write(out, "mini-mnist-origins-idx1-int.gz", &idx(0xc01, &[count], positions))
}

/// The bytes of an IDX file.
fn idx(magic: u32, sizes: &[usize], data: impl Iterator<Item = u8>) -> Vec<u8> {
    let sizes = sizes.iter().flat_map(|&size| (size as u32).to_be_bytes());
    magic.to_be_bytes().into_iter().chain(sizes).chain(data).collect()
}

fn check(bytes: &[u8], expected: &str) -> Result<(), Box<dyn Error>> {
    let got: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if got == expected { Ok(()) } else { Err(format!("not the original file: sha256 {got}").into()) }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut file = GzBuilder::new().mtime(0).write(File::create(folder.join(name))?, Compression::best());
    file.write_all(bytes)?;
    file.finish()?;
    Ok(())
}
