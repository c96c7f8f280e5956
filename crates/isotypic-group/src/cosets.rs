//! The cosets of a subgroup.

use crate::finite_group::FiniteGroup;

/// How the cosets of a subgroup divide a group; ascending by their smallest elements, so that coset 0 is the subgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosets {
    coset_of: Vec<u32>,
    representatives: Vec<usize>,
}

impl Cosets {
    /// The cosets $\{\text{translate}(g, h) : h \in H\}$.
    pub(crate) fn of(
        group: &FiniteGroup,
        translate: impl Fn(usize, usize) -> usize,
        subgroup: &[usize],
    ) -> Self {
        const UNKNOWN: u32 = u32::MAX;
        let mut coset_of = vec![UNKNOWN; group.order()];
        let mut representatives = Vec::new();
        for g in group.elements() {
            if coset_of[g] == UNKNOWN {
                for &h in subgroup {
                    coset_of[translate(g, h)] = representatives.len() as u32;
                }
                representatives.push(g);
            }
        }
        Self { coset_of, representatives }
    }

    /// The number of cosets: the index of the subgroup.
    #[allow(clippy::len_without_is_empty)] // the subgroup is a coset
    pub fn len(&self) -> usize {
        self.representatives.len()
    }

    /// The coset that an element lies in.
    ///
    /// # Panics
    /// When `g` is not an element of the group.
    pub fn coset_of(&self, g: usize) -> usize {
        self.coset_of[g] as usize
    }

    /// The smallest element of each coset.
    pub fn representatives(&self) -> &[usize] {
        &self.representatives
    }

    /// The elements of one coset, ascending.
    pub fn members(&self, coset: usize) -> impl Iterator<Item = usize> {
        self.coset_of.iter().enumerate().filter(move |&(_, &of)| of as usize == coset).map(|(g, _)| g)
    }
}
