//! Subgroups, their cosets and the quotients by normal ones.

use crate::cayley_table::{CayleyTable, MAX_TABLE_ORDER};
use crate::cosets::Cosets;
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};
use crate::generators;

/// A subgroup of a [`FiniteGroup`], as a set of its elements.
///
/// # Examples
///
/// ```
/// use isotypic_group::{FiniteGroup, Subgroup};
///
/// let square = FiniteGroup::dihedral(4)?;
/// let half_turns = Subgroup::generated_by(&square, &[2]);
/// assert_eq!(half_turns.elements(), [0, 2]);
/// assert!(half_turns.is_normal());
/// let (quotient, projection) = half_turns.quotient()?;
/// assert_eq!(quotient.order(), 4);
/// assert!(quotient.elements().all(|g| quotient.multiply(g, g) == 0)); // Klein's four-group
/// assert_eq!(projection[3], projection[1]);
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subgroup {
    group: FiniteGroup,
    elements: Vec<usize>,
    generators: Vec<usize>,
}

impl Subgroup {
    /// All products of the given elements.
    ///
    /// # Panics
    /// When one of them is not an element of the group.
    pub fn generated_by(group: &FiniteGroup, elements: &[usize]) -> Self {
        let generators = generators::greedy(group, elements.iter().copied());
        let is_reached = generators::closure(group, &generators);
        let elements = group.elements().filter(|&g| is_reached[g]).collect();
        Self { group: group.clone(), elements, generators }
    }

    /// Elements that are known to be all of a subgroup; in any order, repetitions allowed.
    ///
    /// # Errors
    /// [`GroupError::NoElement`] for an index outside the group, [`GroupError::NotClosed`] with two elements whose product
    /// is not listed.
    pub fn from_elements(group: &FiniteGroup, elements: &[usize]) -> Result<Self, GroupError> {
        let order = group.order();
        let mut is_listed = vec![false; order];
        for &element in elements {
            *is_listed.get_mut(element).ok_or(GroupError::NoElement { element, order })? = true;
        }
        let listed: Vec<usize> = group.elements().filter(|&g| is_listed[g]).collect();
        let generators = generators::greedy(group, listed.iter().copied());
        // A finite set is a subgroup if it is closed under multiplication by elements that generate it.
        for &g in &listed {
            for &h in &generators {
                let product = group.multiply(g, h);
                if !is_listed[product] {
                    return Err(GroupError::NotClosed { g, h, product });
                }
            }
        }
        if listed.is_empty() {
            return Err(GroupError::NotClosed { g: 0, h: 0, product: 0 });
        }
        Ok(Self { group: group.clone(), elements: listed, generators })
    }

    /// The elements that commute with all others.
    pub fn center(group: &FiniteGroup) -> Self {
        let commutes =
            |g: usize| group.generators().iter().all(|&s| group.multiply(g, s) == group.multiply(s, g));
        let center: Vec<usize> = group.elements().filter(|&g| commutes(g)).collect();
        Self::generated_by(group, &center)
    }

    /// The smallest normal subgroup with an abelian quotient: all products of commutators $ghg^{-1}h^{-1}$.
    ///
    /// The index of it is the number of one-dimensional irreps.
    pub fn commutators(group: &FiniteGroup) -> Self {
        let commutator = |g: usize, h: usize| {
            let product = group.multiply(group.multiply(g, h), group.inverse(g));
            group.multiply(product, group.inverse(h))
        };
        let of_generators: Vec<usize> = group
            .generators()
            .iter()
            .flat_map(|&g| group.generators().iter().map(move |&h| commutator(g, h)))
            .collect();
        Self::generated_by(group, &of_generators).normal_closure()
    }

    /// The smallest normal subgroup that contains this one.
    #[must_use]
    pub fn normal_closure(&self) -> Self {
        let mut closure = self.clone();
        while let Some((.., outside)) = closure.conjugate_outside() {
            let wider: Vec<usize> = closure.generators.iter().copied().chain([outside]).collect();
            closure = Self::generated_by(&self.group, &wider);
        }
        closure
    }

    /// The group that this is a part of.
    pub fn group(&self) -> &FiniteGroup {
        &self.group
    }

    /// The number of elements.
    pub fn order(&self) -> usize {
        self.elements.len()
    }

    /// The number of cosets, $|G| / |H|$.
    pub fn index(&self) -> usize {
        self.group.order() / self.order()
    }

    /// The elements, ascending; the identity is the first.
    pub fn elements(&self) -> &[usize] {
        &self.elements
    }

    /// A few elements whose products are all others; none for the trivial subgroup.
    pub fn generators(&self) -> &[usize] {
        &self.generators
    }

    /// Whether an element of the group belongs to the subgroup.
    pub fn contains(&self, g: usize) -> bool {
        self.elements.binary_search(&g).is_ok()
    }

    /// Whether $gHg^{-1} = H$ for all $g$.
    pub fn is_normal(&self) -> bool {
        self.conjugate_outside().is_none()
    }

    /// Generators $g$ of the group and $h$ of the subgroup, and $ghg^{-1}$, if that lies outside.
    fn conjugate_outside(&self) -> Option<(usize, usize, usize)> {
        let group = &self.group;
        let pairs = group.generators().iter().flat_map(|&g| self.generators.iter().map(move |&h| (g, h)));
        pairs
            .map(|(g, h)| (g, h, group.multiply(group.multiply(g, h), group.inverse(g))))
            .find(|&(.., conjugate)| !self.contains(conjugate))
    }

    /// The sets $gH$.
    pub fn left_cosets(&self) -> Cosets {
        Cosets::of(&self.group, |g, h| self.group.multiply(g, h), &self.elements)
    }

    /// The sets $Hg$.
    pub fn right_cosets(&self) -> Cosets {
        Cosets::of(&self.group, |g, h| self.group.multiply(h, g), &self.elements)
    }

    /// The subgroup as a group of its own; its element `i` is `elements()[i]`.
    ///
    /// # Errors
    /// [`GroupError::TableTooLarge`] beyond [`MAX_TABLE_ORDER`] elements.
    pub fn to_group(&self) -> Result<FiniteGroup, GroupError> {
        let order = self.order();
        if order > MAX_TABLE_ORDER {
            return Err(GroupError::TableTooLarge { group: format!("a subgroup of {}", self.group), order });
        }
        let multiply = |a: usize, b: usize| {
            let product = self.group.multiply(self.elements[a], self.elements[b]);
            self.elements.partition_point(|&element| element < product)
        };
        Ok(FiniteGroup::of(Family::Table(CayleyTable::of_group(order, multiply))))
    }

    /// The group of cosets of a normal subgroup, and for each element of the large group the coset it lies in.
    ///
    /// Cosets are numbered as by [`left_cosets`](Self::left_cosets).
    ///
    /// # Errors
    /// [`GroupError::NotNormal`] with a conjugate that lies outside; [`GroupError::TableTooLarge`] beyond
    /// [`MAX_TABLE_ORDER`] cosets.
    pub fn quotient(&self) -> Result<(FiniteGroup, Vec<usize>), GroupError> {
        if let Some((g, h, conjugate)) = self.conjugate_outside() {
            return Err(GroupError::NotNormal { g, h, conjugate });
        }
        let order = self.index();
        if order > MAX_TABLE_ORDER {
            return Err(GroupError::TableTooLarge { group: format!("a quotient of {}", self.group), order });
        }
        let cosets = self.left_cosets();
        let first = cosets.representatives();
        let multiply = |a: usize, b: usize| cosets.coset_of(self.group.multiply(first[a], first[b]));
        let quotient = FiniteGroup::of(Family::Table(CayleyTable::of_group(order, multiply)));
        Ok((quotient, self.group.elements().map(|g| cosets.coset_of(g)).collect()))
    }
}
