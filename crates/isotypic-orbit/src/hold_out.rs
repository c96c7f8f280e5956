//! Which poses are held out, once group and seeds are known.

use crate::{HeldOutSet, OrbitError, OrbitLayout};

/// A resolved hold-out: the same poses for each seed in turn, or one fixed set of points.
///
/// Made by [`HoldOutSpec::resolve`](crate::HoldOutSpec::resolve).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldOut(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Distinct elements, ascending; at least one, and not all.
    EachSeed {
        layout: OrbitLayout,
        elements: Vec<usize>,
    },
    Fixed(HeldOutSet),
}

impl HoldOut {
    /// Elements that are distinct, ascending, at least one and not all.
    pub(crate) fn each_seed(layout: OrbitLayout, elements: Vec<usize>) -> Self {
        Self(Kind::EachSeed { layout, elements })
    }

    pub(crate) fn fixed(set: HeldOutSet) -> Self {
        Self(Kind::Fixed(set))
    }

    /// The group elements held out of each seed in turn, ascending; `None` for a fixed set of points.
    #[must_use]
    pub fn elements(&self) -> Option<&[usize]> {
        match &self.0 {
            Kind::EachSeed { elements, .. } => Some(elements),
            Kind::Fixed(_) => None,
        }
    }

    /// The points held out when it is the turn of `seed`; the fixed set for every seed.
    ///
    /// # Errors
    /// [`OrbitError::SeedOutOfRange`].
    pub fn for_seed(&self, seed: usize) -> Result<HeldOutSet, OrbitError> {
        self.for_seeds(&[seed])
    }

    /// The points held out when several seeds have their turn together, such as all seeds of a class; the fixed set for
    /// any seeds.
    ///
    /// # Errors
    /// [`OrbitError::SeedOutOfRange`]; [`OrbitError::ListedTwice`] for the same seed twice;
    /// [`OrbitError::NothingHeldOut`] for no seeds.
    pub fn for_seeds(&self, seeds: &[usize]) -> Result<HeldOutSet, OrbitError> {
        match &self.0 {
            Kind::EachSeed { layout, elements } => {
                let points: Vec<_> = seeds
                    .iter()
                    .flat_map(|&seed| elements.iter().map(move |&element| (seed, element)))
                    .collect();
                HeldOutSet::new(*layout, &points)
            }
            Kind::Fixed(set) => Ok(set.clone()),
        }
    }

    /// All sets that are held out, one after the other: one per seed, or the fixed one.
    #[must_use]
    pub fn sets(&self) -> Vec<HeldOutSet> {
        match &self.0 {
            Kind::EachSeed { layout, elements } => (0..layout.seeds())
                .map(|seed| {
                    let rows = elements.iter().map(|&element| layout.row(seed, element)).collect();
                    HeldOutSet::from_checked_rows(*layout, rows)
                })
                .collect(),
            Kind::Fixed(set) => vec![set.clone()],
        }
    }
}
