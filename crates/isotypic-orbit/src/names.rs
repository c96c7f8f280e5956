//! The names that stand for groups and actions, for errors and hints.

/// The actions there are, for hints.
pub(crate) const AVAILABLE: &str = "`rotation:N`, `dihedral:N`, `translation:HxW`, `translation-x:N`, \
    `translation-y:N`, `flip`, `p4` and `p4m` on images; `cyclic:N`, `symmetric:N`, `alternating:N`, \
    `permutation:FILE` and `linear:FILE` on vectors, points and channels; `tetrahedral`, `octahedral` and \
    `icosahedral` on points in space; and products of these that commute, with `*`";

/// Every name that stands for a group or an action.
pub(crate) const KNOWN: &[&str] = &[
    "rotation",
    "dihedral",
    "translation",
    "translation-x",
    "translation-y",
    "flip",
    "p4",
    "p4m",
    "cyclic",
    "symmetric",
    "alternating",
    "permutation",
    "linear",
    "tetrahedral",
    "octahedral",
    "icosahedral",
    "quaternion",
    "klein",
    "table",
];

/// The candidate closest to `name`, if it is close enough to be a slip of the pen.
pub(crate) fn nearest(name: &str, candidates: &[&'static str]) -> Option<&'static str> {
    candidates
        .iter()
        .map(|&candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
