//! Conjugacy classes: orbits of the elements under conjugation by generators.

use crate::finite_group::FiniteGroup;

/// The conjugacy classes of a group, ascending by their smallest elements; class 0 is the identity alone.
///
/// # Examples
///
/// ```
/// use isotypic_group::FiniteGroup;
///
/// let group = FiniteGroup::symmetric(3)?;
/// let classes = group.conjugacy_classes();
/// assert_eq!(classes.representatives(), [0, 1, 3]);
/// assert_eq!(classes.sizes(), [1, 3, 2]);
/// assert_eq!(classes.class_of(5), 1);
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConjugacyClasses {
    class_of: Vec<u32>,
    representatives: Vec<usize>,
    sizes: Vec<usize>,
}

impl ConjugacyClasses {
    /// Takes time and memory in proportion to the order, and time to the number of generators.
    pub(crate) fn of(group: &FiniteGroup) -> Self {
        const UNKNOWN: u32 = u32::MAX;
        let mut class_of = vec![UNKNOWN; group.order()];
        let (mut representatives, mut sizes) = (Vec::new(), Vec::new());
        let is_abelian = group.is_abelian();
        let generators: Vec<(usize, usize)> =
            group.generators().iter().map(|&s| (s, group.inverse(s))).collect();
        let mut frontier = Vec::new();
        for g in group.elements() {
            if class_of[g] != UNKNOWN {
                continue;
            }
            let class = representatives.len() as u32;
            class_of[g] = class;
            representatives.push(g);
            let mut size = 1;
            if !is_abelian {
                frontier.push(g);
            }
            while let Some(element) = frontier.pop() {
                for &(s, inverse) in &generators {
                    let conjugate = group.multiply(group.multiply(s, element), inverse);
                    if class_of[conjugate] == UNKNOWN {
                        class_of[conjugate] = class;
                        size += 1;
                        frontier.push(conjugate);
                    }
                }
            }
            sizes.push(size);
        }
        Self { class_of, representatives, sizes }
    }

    /// The number of classes, which is the number of irreps.
    #[allow(clippy::len_without_is_empty)] // the identity makes at least one class
    pub fn len(&self) -> usize {
        self.representatives.len()
    }

    /// The class of an element.
    ///
    /// # Panics
    /// When `g` is not an element of the group.
    pub fn class_of(&self, g: usize) -> usize {
        self.class_of[g] as usize
    }

    /// The smallest element of each class.
    pub fn representatives(&self) -> &[usize] {
        &self.representatives
    }

    /// The number of elements of each class.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }
}

#[cfg(test)]
mod tests {
    use crate::FiniteGroup;

    #[test]
    fn classes_are_closed_under_conjugation_by_everything() {
        for group in [
            FiniteGroup::symmetric(4).unwrap(),
            FiniteGroup::alternating(5).unwrap(),
            FiniteGroup::quaternion(),
            FiniteGroup::dihedral(6).unwrap(),
        ] {
            let classes = group.conjugacy_classes();
            assert_eq!(classes.sizes().iter().sum::<usize>(), group.order());
            assert_eq!(classes.len(), group.irreps().unwrap().len());
            for (g, h) in group.elements().flat_map(|g| group.elements().map(move |h| (g, h))) {
                let conjugate = group.multiply(group.multiply(h, g), group.inverse(h));
                assert_eq!(classes.class_of(conjugate), classes.class_of(g));
                assert!(classes.representatives()[classes.class_of(g)] <= g);
            }
        }
    }

    #[test]
    fn every_element_of_an_abelian_group_is_a_class() {
        let group = FiniteGroup::abelian(&[3, 4]).unwrap();
        assert_eq!(group.conjugacy_classes().sizes(), [1; 12]);
    }
}
