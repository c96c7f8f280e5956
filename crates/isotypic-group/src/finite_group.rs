//! The type of all finite groups here: multiplication is a method, elements are indices.
//!
//! What a group does to images or other data is an action and not part of the group.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::abelian::Abelian;
use crate::cayley_table::CayleyTable;
use crate::conjugacy_classes::ConjugacyClasses;
use crate::dihedral::Dihedral;
use crate::direct_product::DirectProduct;
use crate::error::GroupError;
use crate::generators;
use crate::irrep::Irrep;
use crate::numeric_irreps::numeric_irreps;
use crate::permutations::Permutations;
use crate::polyhedral::{Polyhedral, Solid};
use crate::quaternion;
use crate::semidirect::Semidirect;
use crate::symmetric::Symmetric;

/// The largest order of a group. Sums and products of two indices stay within 64 bits.
pub const MAX_ORDER: usize = 1 << 31;

/// A finite group on the elements `0..order`, with identity `0`.
///
/// Two values are equal when they are the same construction with the same order of elements; isomorphic groups
/// made in different ways are not equal.
///
/// # Panics
///
/// Methods that take an element panic when it is not below the order.
///
/// # Examples
///
/// ```
/// use isotypic_group::FiniteGroup;
///
/// let torus = FiniteGroup::abelian(&[4, 6])?;
/// assert_eq!(torus.to_string(), "C4×C6");
/// let (g, h) = (3 * 6 + 5, 6 + 2); // (3, 5) and (1, 2)
/// assert_eq!(torus.multiply(g, h), 1); // (0, 1)
/// assert_eq!(torus.multiply(g, torus.inverse(g)), torus.identity());
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Clone)]
pub struct FiniteGroup {
    shared: Arc<Shared>,
}

/// What all clones of a group have in common.
struct Shared {
    family: Family,
    irreps: OnceLock<Result<Vec<Irrep>, GroupError>>,
    generators: OnceLock<Vec<usize>>,
    classes: OnceLock<ConjugacyClasses>,
}

/// How the elements multiply: one variant per file of this folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    Abelian(Abelian),
    Dihedral(Dihedral),
    Product(DirectProduct),
    Semidirect(Semidirect),
    Permutations(Permutations),
    Symmetric(Symmetric),
    Quaternion,
    Polyhedral(Polyhedral),
    Table(CayleyTable),
}

impl FiniteGroup {
    /// The cyclic group $C_n$: $r^0, r^1, …, r^{n-1}$.
    ///
    /// # Errors
    /// [`GroupError::OrderZero`] and [`GroupError::TooLarge`] (beyond [`MAX_ORDER`]).
    pub fn cyclic(n: usize) -> Result<Self, GroupError> {
        Self::abelian(&[n])
    }

    /// The direct product of cyclic groups of the given orders, last factor fastest.
    ///
    /// Factors of order one are kept: they show in labels and names.
    ///
    /// # Errors
    /// [`GroupError::NoFactors`], [`GroupError::OrderZero`] and [`GroupError::TooLarge`].
    pub fn abelian(factors: &[usize]) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Abelian(Abelian::new(factors)?)))
    }

    /// The dihedral group $D_n$ of order $2n$: $r^0, …, r^{n-1}$, then $r^0 s, …, r^{n-1} s$ (s acts first), with
    /// $s r s = r^{-1}$.
    ///
    /// # Errors
    /// [`GroupError::OrderZero`] and [`GroupError::TooLarge`].
    pub fn dihedral(n: usize) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Dihedral(Dihedral::new(n)?)))
    }

    /// All products of permutations, each given by its images $g(0), g(1), …$ of the same points.
    ///
    /// Elements ascend lexicographically in their images, products are $(gh)(i) = g(h(i))$.
    ///
    /// # Errors
    /// Generators that are not permutations of the same points, or make more than
    /// [`MAX_CLOSURE`](crate::MAX_CLOSURE) elements (fewer beyond 2,684 points).
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// let group = FiniteGroup::from_permutations(&[vec![1, 2, 3, 4, 0], vec![0, 4, 3, 2, 1]])?;
    /// assert_eq!(group.order(), 10);
    /// assert_eq!(group.permutation(1), Some(vec![0, 4, 3, 2, 1]));
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn from_permutations(generators: &[Vec<usize>]) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Permutations(Permutations::generated_by(generators)?)))
    }

    /// The symmetric group $S_n$ of all permutations of `0..n`, in lexicographic order of their images, with
    /// $(gh)(i) = g(h(i))$.
    ///
    /// # Errors
    /// [`GroupError::DegreeOutOfRange`] beyond [`MAX_DEGREE`](crate::MAX_DEGREE).
    pub fn symmetric(n: usize) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Symmetric(Symmetric::new(n, false)?)))
    }

    /// The alternating group $A_n$ of all even permutations of `0..n`, ordered and multiplied as
    /// [`symmetric`](Self::symmetric).
    ///
    /// # Errors
    /// [`GroupError::DegreeOutOfRange`] beyond [`MAX_DEGREE`](crate::MAX_DEGREE).
    pub fn alternating(n: usize) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Symmetric(Symmetric::new(n, true)?)))
    }

    /// The quaternion group $Q_8$: 1, −1, i, −i, j, −j, k, −k, with $ij = k$.
    ///
    /// Its irreps are A; B1, B2 and B3, which are 1 on i, j and k in turn and −1 on the two others; and the
    /// two-dimensional E, which is quaternionic.
    pub fn quaternion() -> Self {
        Self::of(Family::Quaternion)
    }

    /// The group of four elements that are their own inverses, $C_2 × C_2$.
    pub fn klein_four() -> Self {
        Self::abelian(&[2, 2]).expect("two factors of order two make a group")
    }

    /// The rotations T of a tetrahedron with vertices 0: (1, 1, 1), 1: (1, −1, −1), 2: (−1, 1, −1) and
    /// 3: (−1, −1, 1), in lexicographic order of the permutations they make of these, isomorphic to $A_4$.
    ///
    /// Its irreps are A, the conjugate pair E+ and E-, and T, the rotations themselves. E+ is $\exp(2πi/3)$ where
    /// x goes to y, y to z and z to x.
    pub fn tetrahedral() -> Self {
        Self::of(Family::Polyhedral(Polyhedral::new(Solid::Tetrahedron).expect("four points make a group")))
    }

    /// The rotations O of a cube with axes x, y, z, in lexicographic order of the permutations they make of its four
    /// diagonals, isomorphic to $S_4$; the diagonals are numbered by the vertices of
    /// [`tetrahedral`](Self::tetrahedral).
    ///
    /// Its irreps are A1, A2, E, T1 and T2; T1 has the characters of the rotations themselves.
    pub fn octahedral() -> Self {
        Self::of(Family::Polyhedral(Polyhedral::new(Solid::Cube).expect("four points make a group")))
    }

    /// The rotations I of an icosahedron with vertices (0, ±1, ±φ) and their cyclic shifts, in lexicographic order
    /// of the permutations they make of its five sets of three orthogonal two-fold axes, isomorphic to $A_5$.
    ///
    /// Set 0 is x, y, z. Set `i + 1` is the other one that is kept by the three-fold rotations about vertex `i` of
    /// [`tetrahedral`](Self::tetrahedral). The irreps are A, T1, T2, G and H; T1 has the characters of the rotations
    /// themselves.
    pub fn icosahedral() -> Self {
        Self::of(Family::Polyhedral(Polyhedral::new(Solid::Icosahedron).expect("five points make a group")))
    }

    pub(crate) fn of(family: Family) -> Self {
        Self {
            shared: Arc::new(Shared {
                family,
                irreps: OnceLock::new(),
                generators: OnceLock::new(),
                classes: OnceLock::new(),
            }),
        }
    }

    pub(crate) fn family(&self) -> &Family {
        &self.shared.family
    }

    /// The number of elements.
    pub fn order(&self) -> usize {
        match self.family() {
            Family::Abelian(group) => group.order(),
            Family::Dihedral(group) => group.order(),
            Family::Product(group) => group.order(),
            Family::Semidirect(group) => group.order(),
            Family::Table(group) => group.order(),
            Family::Quaternion => quaternion::ORDER,
            Family::Permutations(_) | Family::Symmetric(_) | Family::Polyhedral(_) => {
                self.permutations().map_or(1, Permutations::order)
            }
        }
    }

    /// All elements in order.
    pub fn elements(&self) -> Range<usize> {
        0..self.order()
    }

    /// The neutral element.
    pub fn identity(&self) -> usize {
        0
    }

    /// The product $gh$.
    pub fn multiply(&self, g: usize, h: usize) -> usize {
        self.assert_contains(g);
        self.assert_contains(h);
        match self.family() {
            Family::Abelian(group) => group.multiply(g, h),
            Family::Dihedral(group) => group.multiply(g, h),
            Family::Product(group) => group.multiply(g, h),
            Family::Semidirect(group) => group.multiply(g, h),
            Family::Permutations(group) => group.multiply(g, h),
            Family::Symmetric(group) => group.elements().multiply(g, h),
            Family::Polyhedral(group) => group.elements().multiply(g, h),
            Family::Table(group) => group.multiply(g, h),
            Family::Quaternion => quaternion::multiply(g, h),
        }
    }

    /// The inverse $g^{-1}$.
    pub fn inverse(&self, g: usize) -> usize {
        self.assert_contains(g);
        match self.family() {
            Family::Abelian(group) => group.inverse(g),
            Family::Dihedral(group) => group.inverse(g),
            Family::Product(group) => group.inverse(g),
            Family::Semidirect(group) => group.inverse(g),
            Family::Permutations(group) => group.inverse(g),
            Family::Symmetric(group) => group.elements().inverse(g),
            Family::Polyhedral(group) => group.elements().inverse(g),
            Family::Table(group) => group.inverse(g),
            Family::Quaternion => quaternion::inverse(g),
        }
    }

    /// The power $g^e$; negative exponents are powers of the inverse.
    pub fn power(&self, g: usize, exponent: i64) -> usize {
        self.assert_contains(g);
        if let Family::Abelian(group) = self.family() {
            return group.power(g, exponent);
        }
        let mut square = if exponent < 0 { self.inverse(g) } else { g };
        let (mut rest, mut power) = (exponent.unsigned_abs(), self.identity());
        while rest > 0 {
            if rest % 2 == 1 {
                power = self.multiply(power, square);
            }
            square = self.multiply(square, square);
            rest /= 2;
        }
        power
    }

    /// The smallest positive $e$ with $g^e = 1$.
    pub fn element_order(&self, g: usize) -> usize {
        self.assert_contains(g);
        if let Family::Abelian(group) = self.family() {
            return group.element_order(g);
        }
        let powers = std::iter::successors(Some(g), |&power| Some(self.multiply(power, g)));
        1 + powers.take_while(|&power| power != self.identity()).count()
    }

    /// Whether all elements commute.
    pub fn is_abelian(&self) -> bool {
        match self.family() {
            Family::Abelian(_) => true,
            Family::Dihedral(group) => group.is_abelian(),
            Family::Product(group) => group.is_abelian(),
            Family::Semidirect(group) => group.is_abelian(),
            _ => self.generators().iter().enumerate().all(|(i, &g)| {
                self.generators()[..i].iter().all(|&h| self.multiply(g, h) == self.multiply(h, g))
            }),
        }
    }

    /// The usual name, such as `C16`, `C28×C28`, `D4×C3`, `C7⋊C3`, `p4m(28)` or `S5`, `G21≤S7` for a group of 21
    /// permutations of 7 points, and `G21` for one that is known by its products; the same as `to_string()`.
    pub fn name(&self) -> String {
        match self.family() {
            Family::Abelian(group) => group.name(),
            Family::Dihedral(group) => group.name(),
            Family::Product(group) => group.name(),
            Family::Semidirect(group) => group.name(),
            Family::Permutations(group) => format!("G{}≤S{}", group.order(), group.degree()),
            Family::Symmetric(group) => group.name(),
            Family::Polyhedral(group) => group.name(),
            Family::Quaternion => "Q8".to_owned(),
            Family::Table(group) => format!("G{}", group.order()),
        }
    }

    /// The orders of the cyclic groups this group was made from as a direct product; `None` if it was made otherwise.
    pub fn cyclic_factors(&self) -> Option<&[usize]> {
        match self.family() {
            Family::Abelian(group) => Some(group.factors()),
            _ => None,
        }
    }

    /// The order $N$ when the group was made as one cyclic group $C_N$.
    pub fn as_cyclic(&self) -> Option<usize> {
        match self.cyclic_factors() {
            Some(&[n]) => Some(n),
            _ => None,
        }
    }

    /// N and H of a group that was made as a semidirect product $N ⋊ H$, such as p4 and p4m: element $n·h$ has index $n·|H| + h$, and N is
    /// a direct product of cyclic groups.
    pub fn as_semidirect(&self) -> Option<(Self, Self)> {
        match self.family() {
            Family::Semidirect(group) => {
                let normal = Self::of(Family::Abelian(group.normal().clone()));
                Some((normal, group.complement().clone()))
            }
            _ => None,
        }
    }

    /// A few elements whose products are all others, the same ones at each call.
    pub fn generators(&self) -> &[usize] {
        self.shared.generators.get_or_init(|| generators::of(self))
    }

    /// The conjugacy classes. Computed at the first call and kept.
    pub fn conjugacy_classes(&self) -> &ConjugacyClasses {
        self.shared.classes.get_or_init(|| ConjugacyClasses::of(self))
    }

    /// The images $g(0), g(1), …$ of the points, for a group that was made of permutations.
    ///
    /// A polyhedral group permutes the parts of its solid that order its elements.
    pub fn permutation(&self, g: usize) -> Option<Vec<usize>> {
        self.assert_contains(g);
        self.permutations().map(|elements| elements.images(g))
    }

    /// The matrix that turns column vectors (x, y, z), for a polyhedral group.
    pub fn rotation_matrix(&self, g: usize) -> Option<[[f64; 3]; 3]> {
        self.assert_contains(g);
        match self.family() {
            Family::Polyhedral(group) => Some(group.rotation(g)),
            _ => None,
        }
    }

    pub(crate) fn permutations(&self) -> Option<&Permutations> {
        match self.family() {
            Family::Permutations(group) => Some(group),
            Family::Symmetric(group) => Some(group.elements()),
            Family::Polyhedral(group) => Some(group.elements()),
            _ => None,
        }
    }

    /// All irreps up to equivalence, both of a conjugate pair included; the first is trivial.
    ///
    /// Computed at the first call and kept, for all clones of the group.
    ///
    /// # Errors
    /// Some groups have irreps that are only known numerically, up to a certain order.
    pub fn irreps(&self) -> Result<&[Irrep], GroupError> {
        let made = self.shared.irreps.get_or_init(|| match self.family() {
            Family::Abelian(group) => Ok(Irrep::characters_of(group)),
            Family::Dihedral(group) => Ok(group.irreps()),
            Family::Product(group) => group.irreps(),
            Family::Semidirect(group) => group.irreps(),
            Family::Symmetric(group) => Ok(group.irreps()),
            Family::Polyhedral(group) => Ok(group.irreps()),
            Family::Quaternion => Ok(quaternion::irreps()),
            Family::Permutations(_) | Family::Table(_) => numeric_irreps(self),
        });
        made.as_deref().map_err(Clone::clone)
    }

    #[track_caller]
    fn assert_contains(&self, g: usize) {
        assert!(g < self.order(), "element {g} is outside group {self} of order {}", self.order());
    }
}

impl PartialEq for FiniteGroup {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared) || self.family() == other.family()
    }
}

impl Eq for FiniteGroup {}

impl Hash for FiniteGroup {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.family().hash(state);
    }
}

impl fmt::Debug for FiniteGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FiniteGroup").field(self.family()).finish()
    }
}

impl fmt::Display for FiniteGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_factors() {
        let c16 = FiniteGroup::cyclic(16).unwrap();
        let torus = FiniteGroup::abelian(&[28, 28]).unwrap();
        assert_eq!(c16.name(), "C16");
        assert_eq!(torus.name(), "C28×C28");
        assert_eq!(c16.direct_product(&torus).unwrap().to_string(), "C16×C28×C28");
        assert_eq!(c16.as_cyclic(), Some(16));
        assert_eq!(torus.as_cyclic(), None);
    }

    #[test]
    fn empty_and_zero_orders_are_refused() {
        assert_eq!(FiniteGroup::cyclic(0), Err(GroupError::OrderZero));
        assert_eq!(FiniteGroup::abelian(&[3, 0]), Err(GroupError::OrderZero));
        assert_eq!(FiniteGroup::abelian(&[]), Err(GroupError::NoFactors));
    }

    #[test]
    #[should_panic(expected = "element 4 is outside group C4 of order 4")]
    fn an_element_outside_the_group_panics() {
        FiniteGroup::cyclic(4).unwrap().inverse(4);
    }
}
