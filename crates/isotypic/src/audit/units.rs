//! What is examined together: pairs of seeds one by one, or all classes at once.

use super::class_seeds::ClassSeedSet;

/// The units of an audit.
pub(crate) enum Units {
    /// Two seeds of different classes each, as indices into the dataset.
    Pairs(Vec<(usize, usize)>),
    /// One unit with everything.
    Classes(ClassSeedSet),
}

impl Units {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Pairs(pairs) => pairs.len(),
            Self::Classes(_) => 1,
        }
    }

    /// The seeds of a unit as indices into the dataset; unseen ones last.
    pub(crate) fn seeds(&self, unit: usize) -> Vec<usize> {
        match self {
            Self::Pairs(pairs) => vec![pairs[unit].0, pairs[unit].1],
            Self::Classes(set) => set.all(),
        }
    }

    /// How many seeds a unit has.
    pub(crate) fn seeds_per_unit(&self) -> usize {
        match self {
            Self::Pairs(_) => 2,
            Self::Classes(set) => set.all().len(),
        }
    }

    /// The classes, if they are examined as such.
    pub(crate) fn classes(&self) -> Option<&ClassSeedSet> {
        match self {
            Self::Pairs(_) => None,
            Self::Classes(set) => Some(set),
        }
    }
}
