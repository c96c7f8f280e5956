//! What a group looks like: its size, its conjugacy classes and its irreducible representations.

use serde::{Deserialize, Serialize};

use crate::audit_report::to_json;
use crate::error::ReportError;
use crate::finite::all_required;

/// A finite group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupReport {
    /// [`GroupReport::SCHEMA`].
    pub schema: String,
    /// The group as it was asked for, such as `octahedral`.
    pub group: String,
    /// Its usual name, such as `O`.
    pub name: String,
    /// Number of elements.
    pub order: usize,
    /// Whether all elements commute.
    pub is_abelian: bool,
    /// A few elements whose products are all others.
    pub generators: Vec<usize>,
    /// Number of conjugacy classes, which is that of irreps.
    pub class_count: usize,
    /// How many irreps there are of each dimension, ascending.
    pub dimensions: Vec<DimensionCount>,
    /// The classes, by their smallest elements; `None` where there are too many to list.
    pub classes: Option<Vec<GroupClass>>,
    /// The irreps, the trivial one first; `None` where there are too many to list.
    pub irreps: Option<Vec<GroupIrrep>>,
}

/// Irreps of one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DimensionCount {
    /// The size of their matrices.
    pub dimension: usize,
    /// How many there are.
    pub count: usize,
}

/// A conjugacy class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupClass {
    /// Its smallest element.
    pub representative: usize,
    /// Number of its elements.
    pub size: usize,
    /// The smallest power at which its elements are the identity.
    pub element_order: usize,
}

/// An irreducible representation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupIrrep {
    /// Its name within the group, such as `T1`.
    pub irrep: String,
    /// The size of its matrices.
    pub dimension: usize,
    /// `real`, `complex` or `quaternionic`.
    pub kind: String,
    /// Real parts of its character, one per class.
    #[serde(serialize_with = "all_required")]
    pub character_real: Vec<f64>,
    /// Imaginary parts of its character, one per class.
    #[serde(serialize_with = "all_required")]
    pub character_imaginary: Vec<f64>,
}

impl GroupReport {
    /// Name and version of the schema.
    pub const SCHEMA: &'static str = "isotypic.group/1";

    /// The report as indented JSON, keys in the order of the fields, with a newline at the end.
    ///
    /// # Errors
    /// [`ReportError::NotFinite`] if a character is NaN or infinite.
    pub fn to_json(&self) -> Result<String, ReportError> {
        to_json(self)
    }
}
