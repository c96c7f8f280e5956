//! Files become labelled images, features and Gram matrices, checked once and trusted afterwards.
//!
//! | to read | use |
//! |---|---|
//! | a dataset by name or path (`mini-mnist`, a folder of IDX files, `.npz`, `.npy`) | [`DataSource::parse`], then [`DataSource::load`] |
//! | labels, inline (`+1,-1,cat`) or from a file | [`Labels::parse`] |
//! | frozen features of any network, `[seeds, poses, d]` | [`Features::load`] |
//! | a Gram matrix from anywhere | [`GramMatrix::load`] |
//! | inputs of any shape | [`load_array`] |
//!
//! A dataset that is published elsewhere is fetched once by [`DatasetFetch`], checked and kept in the [`DatasetCache`]; from then on its
//! name is enough.
//!
//! Every type of this crate is checked when it is made: pixels and entries are finite, counts agree, nothing is empty.
//! Code that holds one does not look again.
//!
//! # Conventions
//! Images are `[n, H, W, C]` in C order. Vectors `[n, d]` are read as images `[n, 1, 1, d]`, points in space `[n, P, d]` as images
//! of one channel, `[n, P, d, 1]`; an archive may name them `images`, `vectors` or `points`. Pixels keep the scale of their file (0 to 255 for bytes); normalisation
//! comes later, after a group has acted. Readers bound every allocation by the size of the file, so that a
//! malformed header is an error rather than an exhausted machine.
//!
//! # What it does not do
//! Nothing but [`DatasetFetch::run`] opens a network connection or writes a file.

mod arrays;
mod catalogue;
mod dataset_cache;
mod error;
mod features;
mod fetch;
mod file_bytes;
mod gram_matrix;
mod idx;
mod idx_folder;
mod input_array;
mod label_spec;
mod labelled_images;
mod labels;
mod mini_mnist;
mod npy;
mod npz;
mod pixels;
mod source;
mod split;

pub use catalogue::{CatalogueEntry, catalogue};
pub use dataset_cache::DatasetCache;
pub use error::DataError;
pub use features::Features;
pub use fetch::{DatasetFetch, Fetched, RemoteDataset, RemoteFile};
pub use gram_matrix::GramMatrix;
pub use input_array::{load_array, parse_array};
pub use labelled_images::LabelledImages;
pub use labels::Labels;
pub use mini_mnist::mini_mnist;
pub use pixels::Pixels;
pub use source::DataSource;
pub use split::Split;
