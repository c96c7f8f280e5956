//! Pictures of seeds and of their orbits, as PNG files in base64.

use serde::{Deserialize, Serialize};

/// The pictures of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedImages {
    /// Many seeds in one picture.
    pub seeds: SeedSheet,
    /// The orbits of the example pairs.
    pub orbits: Vec<OrbitStrip>,
}

/// Small pictures of seeds in rows of [`columns`](Self::columns).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedSheet {
    /// The seeds shown, as indices into the dataset, row by row.
    pub indices: Vec<usize>,
    /// Pictures in a row.
    pub columns: usize,
    /// Width of one picture in pixels.
    pub width: usize,
    /// Height of one picture in pixels.
    pub height: usize,
    /// A PNG file in base64.
    pub png: String,
}

/// Some poses of a seed side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrbitStrip {
    /// Index into [`questions`](crate::AuditReport::questions).
    pub question: usize,
    /// Index of the seed in the dataset.
    pub seed: usize,
    /// Its class.
    pub label: String,
    /// The group, such as `rotation:16`.
    pub group: String,
    /// Poses of the orbit.
    pub poses: usize,
    /// The elements shown, from left to right.
    pub elements: Vec<usize>,
    /// Those of them that are held out.
    pub held_out: Vec<usize>,
    /// Width of one pose in pixels.
    pub width: usize,
    /// Height of one pose in pixels.
    pub height: usize,
    /// A PNG file in base64.
    pub png: String,
}
