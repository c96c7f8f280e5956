//! Reading the fixtures in the repository's root folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use isotypic_architecture::{Architecture, ArchitectureError};
use ndarray::{Array2, ArrayD, Axis, IxDyn, OwnedRepr};
use ndarray_npy::NpzReader;
use serde_json::Value;

fn kernels_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/kernels")
}

/// Every architecture of `fixtures/kernels/cases.json` by name, as JSON.
pub(crate) fn cases() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(kernels_folder().join("cases.json")).unwrap();
    let cases: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    cases.into_iter().map(|(name, case)| (name, case["architecture"].clone())).collect()
}

/// One architecture of the cases, parsed.
pub(crate) fn case(name: &str) -> Result<Architecture, ArchitectureError> {
    Architecture::from_json(&cases()[name].to_string())
}

/// One array of a case; `x1` and `x2` are the inputs, `nngp_12` and `ntk_12` the kernels between them.
pub(crate) fn array(case: &str, name: &str) -> ArrayD<f64> {
    let file = File::open(kernels_folder().join(format!("{case}.npz"))).unwrap();
    NpzReader::new(file).unwrap().by_name::<OwnedRepr<f64>, IxDyn>(name).unwrap()
}

/// The shape of one input of a case.
pub(crate) fn input_shape(case: &str) -> Vec<usize> {
    array(case, "x1").shape()[1..].to_vec()
}

/// Inputs of a case as rows.
pub(crate) fn rows(case: &str, name: &str) -> Array2<f64> {
    let inputs = array(case, name);
    let count = inputs.len_of(Axis(0));
    let size = inputs.len() / count;
    inputs.into_shape_clone((count, size)).unwrap()
}
