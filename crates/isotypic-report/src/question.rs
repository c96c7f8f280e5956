//! One question of an audit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A group, what is held out of its orbits, and how many poses an orbit has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedQuestion {
    /// The family (`rotation`) when several numbers of poses are asked, else the group (`translation-x:28`).
    pub group: String,
    /// What is held out, such as `pose:0` or `arc:90-270`.
    pub hold_out: String,
    /// The numbers of poses asked, in the order of the tables.
    pub poses: Vec<usize>,
    /// The number of pairs for each architecture.
    pub pairs: BTreeMap<String, usize>,
    /// How nearly the poses are made by an action, $\max_{g,h} \|g(hx) - (gh)x\| / \|x\|$ at the largest number of poses on
    /// one image; 0 for an exact action, `None` for poses that were made elsewhere.
    pub homomorphism_defect: Option<f64>,
    /// The question in plain words: `rotations, one pose held out`.
    pub title: String,
}
