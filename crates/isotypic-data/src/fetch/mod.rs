//! Datasets from public mirrors: fetched once, checked, kept in a folder of the user.
//!
//! A file is received in a folder beside its place, one partial file per mirror, so that a cut connection or a stopped program goes on
//! where it was (HTTP ranges, RFC 9110 section 14). It is unpacked under a temporary name, and takes its own name once its SHA-256 is
//! right: what stands in the cache is whole.

mod download;
mod partial_file;
mod remote_dataset;
mod unpack;

pub use download::{DatasetFetch, Fetched};
pub use remote_dataset::{RemoteDataset, RemoteFile};
