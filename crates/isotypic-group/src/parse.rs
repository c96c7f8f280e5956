//! Groups from text: `cyclic:8`, `flip`, `cyclic:4*cyclic:6`.
//!
//! These are abstract groups. Names that also say how images are moved, such as `rotation:8`, belong to actions.

use std::str::FromStr;

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;

/// What can be computed with, for hints.
pub(crate) const AVAILABLE: &str = "`cyclic:N`, `dihedral:N`, `flip`, `p4:N`, `p4m:N` and their direct products \
    with `*`, such as `cyclic:4*cyclic:6`";

const CYCLIC: &str = "cyclic";
const DIHEDRAL: &str = "dihedral";
const FLIP: &str = "flip";
const P4: &str = "p4";
const P4M: &str = "p4m";

/// Families that have a name but no arithmetic here.
const NOT_AVAILABLE: [&str; 8] = [
    "alternating",
    "icosahedral",
    "klein",
    "octahedral",
    "permutation",
    "quaternion",
    "symmetric",
    "tetrahedral",
];

impl FiniteGroup {
    /// Reads the description of an abstract group.
    ///
    /// `cyclic:N`, `dihedral:N` (order 2N), `flip` (two elements), `p4:N` and `p4m:N` (circular shifts of an N×N picture
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
    match family {
        CYCLIC => FiniteGroup::cyclic(parse_order(factor, parameter)?),
        DIHEDRAL => FiniteGroup::dihedral(parse_order(factor, parameter)?),
        P4 => FiniteGroup::p4(parse_width(factor, parameter)?),
        P4M => FiniteGroup::p4m(parse_width(factor, parameter)?),
        FLIP => match parameter {
            None => FiniteGroup::cyclic(2),
            Some(text) => Err(invalid(factor, "no parameter", &format!("`{text}`"))),
        },
        _ if NOT_AVAILABLE.contains(&family) => Err(GroupError::NotAvailable { factor: factor.to_owned() }),
        _ => Err(GroupError::UnknownFamily {
            factor: factor.to_owned(),
            family: family.to_owned(),
            nearest: nearest_family(family),
        }),
    }
}

fn parse_order(factor: &str, parameter: Option<&str>) -> Result<usize, GroupError> {
    parse_positive(factor, parameter, "an order of at least 1, as in `cyclic:8`")
}

fn parse_width(factor: &str, parameter: Option<&str>) -> Result<usize, GroupError> {
    parse_positive(factor, parameter, "a width of at least 1, as in `p4:6`")
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
    [CYCLIC, DIHEDRAL, FLIP, P4, P4M]
        .into_iter()
        .chain(NOT_AVAILABLE)
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
    fn a_family_that_is_not_available_says_what_is() {
        for name in NOT_AVAILABLE {
            let error = FiniteGroup::parse(&format!("cyclic:2*{name}:4")).unwrap_err();
            assert_eq!(error.to_string(), format!("group `{name}:4` is not available"));
            assert_eq!(error.hint(), Some(format!("available are {AVAILABLE}")));
        }
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
