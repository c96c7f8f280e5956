//! Groups from text: `cyclic:8`, `flip`, `cyclic:4*cyclic:6`.
//!
//! These are abstract groups. Names that also say how images are moved, such as `rotation:8`, belong to actions.

use std::str::FromStr;

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;

/// What can be computed with, for hints.
pub(crate) const AVAILABLE: &str = "`cyclic:N`, `dihedral:N`, `flip`, `klein`, `quaternion`, `symmetric:N`, \
    `alternating:N`, `tetrahedral`, `octahedral`, `icosahedral`, `p4:N`, `p4m:N` and their direct products with `*`, \
    such as `cyclic:4*cyclic:6`";

/// A way to make a group from its order, degree or width.
type Numbered = (&'static str, &'static str, fn(usize) -> Result<FiniteGroup, GroupError>);

/// A way to make a group that needs no number.
type Fixed = (&'static str, fn() -> Result<FiniteGroup, GroupError>);

const ORDER: &str = "an order of at least 1, as in `cyclic:8`";
const DEGREE: &str = "a degree of at least 1, as in `symmetric:4`";
const WIDTH: &str = "a width of at least 1, as in `p4:6`";

/// Families with a parameter, and what it is.
const NUMBERED: [Numbered; 6] = [
    ("cyclic", ORDER, FiniteGroup::cyclic),
    ("dihedral", ORDER, FiniteGroup::dihedral),
    ("symmetric", DEGREE, FiniteGroup::symmetric),
    ("alternating", DEGREE, FiniteGroup::alternating),
    ("p4", WIDTH, FiniteGroup::p4),
    ("p4m", WIDTH, FiniteGroup::p4m),
];

/// Groups without a parameter.
const FIXED: [Fixed; 6] = [
    ("flip", || FiniteGroup::cyclic(2)),
    ("klein", || Ok(FiniteGroup::klein_four())),
    ("quaternion", || Ok(FiniteGroup::quaternion())),
    ("tetrahedral", || Ok(FiniteGroup::tetrahedral())),
    ("octahedral", || Ok(FiniteGroup::octahedral())),
    ("icosahedral", || Ok(FiniteGroup::icosahedral())),
];

/// A family that has a name but cannot be described in a word: its generators stand in a file.
const PERMUTATION: &str = "permutation";

impl FiniteGroup {
    /// Reads the description of an abstract group.
    ///
    /// `cyclic:N`, `dihedral:N` (order 2N), `symmetric:N`, `alternating:N`, `p4:N`, `p4m:N` (on an N×N torus), `klein`,
    /// `quaternion`, `tetrahedral`, `octahedral`, `icosahedral`, `flip` (two elements), `p4:N` and `p4m:N` (circular shifts of an N×N picture
    /// with quarter turns, and with mirrors) and direct products of these with `*`, last factor fastest. Spaces around
    /// factors are ignored.
    ///
    /// # Errors
    /// A name that is not known, with the nearest one that is; a known family that is not available; a missing,
    /// superfluous or impossible parameter. See [`GroupError::hint`].
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// assert_eq!(FiniteGroup::parse("cyclic:4*flip")?, FiniteGroup::abelian(&[4, 2])?);
    /// let error = FiniteGroup::parse("cylic:4").unwrap_err();
    /// assert_eq!(error.to_string(), "group `cylic:4`: unknown name `cylic`");
    /// assert_eq!(error.hint().as_deref(), Some("did you mean `cyclic`?"));
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn parse(spec: &str) -> Result<Self, GroupError> {
        let mut factors = Vec::new();
        for (i, factor) in spec.split('*').map(str::trim).enumerate() {
            if factor.is_empty() {
                return Err(GroupError::EmptyFactor { spec: spec.to_owned(), position: i + 1 });
            }
            factors.push(parse_factor(factor)?);
        }
        let mut factors = factors.into_iter();
        let first: Self = factors.next().ok_or(GroupError::NoFactors)?;
        factors.try_fold(first, |product, factor| product.direct_product(&factor))
    }
}

impl FromStr for FiniteGroup {
    type Err = GroupError;

    fn from_str(spec: &str) -> Result<Self, GroupError> {
        Self::parse(spec)
    }
}

/// One factor of a product.
fn parse_factor(factor: &str) -> Result<FiniteGroup, GroupError> {
    let (family, parameter) = match factor.split_once(':') {
        Some((family, parameter)) => (family, Some(parameter)),
        None => (factor, None),
    };
    if let Some((_, expected, make)) = NUMBERED.iter().find(|(name, ..)| *name == family) {
        return make(parse_positive(factor, parameter, expected)?);
    }
    if let Some((_, make)) = FIXED.iter().find(|(name, _)| *name == family) {
        return match parameter {
            None => make(),
            Some(text) => Err(invalid(factor, "no parameter", &format!("`{text}`"))),
        };
    }
    if family == PERMUTATION {
        return Err(GroupError::NotAvailable { factor: factor.to_owned() });
    }
    Err(GroupError::UnknownFamily {
        factor: factor.to_owned(),
        family: family.to_owned(),
        nearest: nearest_family(family),
    })
}

fn parse_positive(
    factor: &str,
    parameter: Option<&str>,
    expected: &'static str,
) -> Result<usize, GroupError> {
    let text = parameter.ok_or_else(|| invalid(factor, expected, "nothing"))?;
    match text.parse() {
        Ok(0) | Err(_) => Err(invalid(factor, expected, &format!("`{text}`"))),
        Ok(number) => Ok(number),
    }
}

fn invalid(factor: &str, expected: &'static str, got: &str) -> GroupError {
    GroupError::InvalidParameter { factor: factor.to_owned(), expected, got: got.to_owned() }
}

/// The known family within a third of the name's letters in edits, if any.
fn nearest_family(family: &str) -> Option<&'static str> {
    let numbered = NUMBERED.iter().map(|&(name, ..)| name);
    numbered
        .chain(FIXED.iter().map(|&(name, _)| name))
        .chain([PERMUTATION])
        .map(|name| (strsim::damerau_levenshtein(&family.to_lowercase(), name), name))
        .filter(|(edits, name)| 3 * edits <= name.len().max(3))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_families_and_products_are_read() {
        assert_eq!(FiniteGroup::parse("cyclic:16").unwrap().name(), "C16");
        assert_eq!(FiniteGroup::parse("flip").unwrap().name(), "C2");
        assert_eq!("cyclic:4 * cyclic:6".parse::<FiniteGroup>().unwrap().name(), "C4×C6");
        assert_eq!(FiniteGroup::parse("p4:6").unwrap(), FiniteGroup::p4(6).unwrap());
        assert_eq!(FiniteGroup::parse("flip*dihedral:4*p4m:3").unwrap().name(), "C2×D4×p4m(3)");
    }

    #[test]
    fn names_that_are_near_are_suggested_and_far_ones_are_not() {
        let nearest = |spec| match FiniteGroup::parse(spec) {
            Err(GroupError::UnknownFamily { nearest, .. }) => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("Cyclic:3"), Some("cyclic"));
        assert_eq!(nearest("fliip"), Some("flip"));
        assert_eq!(nearest("dihedrla:3"), Some("dihedral"));
        assert_eq!(nearest("monster"), None);
    }

    #[test]
    fn every_family_is_read_by_its_name() {
        for (name, _, make) in NUMBERED {
            assert_eq!(FiniteGroup::parse(&format!("{name}:3")).unwrap(), make(3).unwrap());
            assert!(AVAILABLE.contains(&format!("`{name}:N`")), "{name}");
        }
        for (name, make) in FIXED {
            assert_eq!(FiniteGroup::parse(name).unwrap(), make().unwrap());
            assert!(AVAILABLE.contains(&format!("`{name}`")), "{name}");
        }
        assert_eq!(FiniteGroup::parse("symmetric:3*quaternion").unwrap().order(), 48);
        assert!(FiniteGroup::parse("symmetric:8").unwrap_err().to_string().contains("degree"));
    }

    #[test]
    fn generators_in_a_file_say_what_is_available() {
        let error = FiniteGroup::parse("cyclic:2*permutation:4").unwrap_err();
        assert_eq!(error.to_string(), "group `permutation:4` is not available");
        assert_eq!(error.hint(), Some(format!("available are {AVAILABLE}")));
    }

    #[test]
    fn wrong_parameters_are_named() {
        let message = |spec| FiniteGroup::parse(spec).unwrap_err().to_string();
        let expected = "expected an order of at least 1, as in `cyclic:8`";
        assert_eq!(message("cyclic"), format!("group `cyclic`: {expected}, got nothing"));
        assert_eq!(message("cyclic:0"), format!("group `cyclic:0`: {expected}, got `0`"));
        assert_eq!(message("cyclic:-3"), format!("group `cyclic:-3`: {expected}, got `-3`"));
        assert_eq!(message("p4"), "group `p4`: expected a width of at least 1, as in `p4:6`, got nothing");
        assert_eq!(message("p4m:x"), "group `p4m:x`: expected a width of at least 1, as in `p4:6`, got `x`");
        assert_eq!(message("flip:2"), "group `flip:2`: expected no parameter, got `2`");
        assert_eq!(message("cyclic:4*"), "group `cyclic:4*`: factor 2 is empty");
        assert_eq!(message(""), "group ``: factor 1 is empty");
        assert_eq!(
            message("cyclic:65536*cyclic:65536"),
            "group `C65536×C65536` has more than 2147483648 elements"
        );
    }
}
