//! Which elements of a group form a subgroup that is given by name or by a list.

use isotypic_group::{FiniteGroup, GroupError, Subgroup};

use crate::abstract_group::abstract_group_with;
use crate::{ActionSpec, OrbitError};

/// A subgroup as a person writes it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SubgroupSpec {
    /// By the name of an action, such as `rotation:4` or `p4`.
    Action(ActionSpec),
    /// By the name of an abstract group, such as `klein`.
    Abstract(FiniteGroup),
    /// By its elements, as indices of the larger group.
    Elements(Vec<usize>),
}

impl SubgroupSpec {
    /// Reads a name, or `elements:0,2,4`; files named in it are read by `read`.
    pub(crate) fn parse(text: &str, read: crate::action_parse::Read<'_>) -> Result<Self, OrbitError> {
        if let Some(list) = text.strip_prefix("elements:") {
            let elements = list.split(',').map(|element| {
                let element = element.trim();
                element.parse().map_err(|_| OrbitError::HoldOutSyntax {
                    spec: format!("outside:{text}"),
                    expected: "group elements, counted from 0, as in `outside:elements:0,2`",
                    got: if element.is_empty() { "nothing".into() } else { format!("`{element}`") },
                })
            });
            return Ok(Self::Elements(elements.collect::<Result<_, _>>()?));
        }
        match ActionSpec::parse_with(text, read) {
            Ok(action) => Ok(Self::Action(action)),
            Err(error) => match abstract_group_with(text, read) {
                Ok(group) => Ok(Self::Abstract(group)),
                Err(other) if matches!(error, OrbitError::AbstractGroup { .. }) => Err(other),
                Err(_) => Err(error),
            },
        }
    }

    /// The elements of `group` that form this subgroup; `name` is how it was written.
    ///
    /// # Errors
    /// [`OrbitError::NotASubgroup`]; for a list [`OrbitError::ElementOutOfRange`] and [`OrbitError::NotClosedList`].
    pub fn elements_in(&self, name: &str, group: &FiniteGroup) -> Result<Vec<usize>, OrbitError> {
        let found = match self {
            Self::Elements(elements) => return closed(name, elements, group),
            Self::Abstract(subgroup) => subgroup.embedding_into(group),
            Self::Action(action) => match related(action, group) {
                Related::As(elements) => elements,
                Related::ByGroup => action_group(action, group)?.embedding_into(group),
            },
        };
        found.ok_or_else(|| OrbitError::NotASubgroup { subgroup: name.into(), group: group.name() })
    }
}

/// The group of an action; p4 and p4m without a number have as many shifts as the larger group.
fn action_group(action: &ActionSpec, larger: &FiniteGroup) -> Result<FiniteGroup, OrbitError> {
    match (action, torus(larger)) {
        (&ActionSpec::Wallpaper { mirrors, shifts: None }, Some((side, _))) => {
            ActionSpec::Wallpaper { mirrors, shifts: Some(side) }.group()
        }
        _ => action.group(),
    }
}

/// What the name of an action says about its elements in a larger group.
enum Related {
    /// These do the same, or none do.
    As(Option<Vec<usize>>),
    /// Nothing; the groups alone decide.
    ByGroup,
}

/// The elements of dihedral groups, p4 and p4m that turn, mirror or shift as the action does.
///
/// The names of actions say more than their groups: that of `flip` is cyclic of order 2, and those groups have several such
/// subgroups.
fn related(action: &ActionSpec, group: &FiniteGroup) -> Related {
    let steps = |count: usize, all: usize, stride: usize| {
        let elements = || (0..count).map(|step| step * (all / count) * stride).collect();
        Related::As(all.is_multiple_of(count).then(elements))
    };
    if let Some(turns) = dihedral(group) {
        return match *action {
            ActionSpec::Rotation { poses: count } | ActionSpec::Cyclic { places: count } => {
                steps(count, turns, 1)
            }
            ActionSpec::Flip => Related::As(Some(vec![0, turns])),
            _ => Related::ByGroup,
        };
    }
    let Some((side, point_order)) = torus(group) else { return Related::ByGroup };
    match *action {
        ActionSpec::Rotation { poses } => steps(poses, 4, 1),
        ActionSpec::Flip => Related::As((point_order == 8).then(|| vec![0, 4])),
        ActionSpec::TranslationX { poses } => steps(poses, side, point_order),
        ActionSpec::TranslationY { poses } => steps(poses, side, side * point_order),
        _ => Related::ByGroup,
    }
}

/// The number of turns of a dihedral group.
pub(crate) fn dihedral(group: &FiniteGroup) -> Option<usize> {
    let turns = group.order() / 2;
    FiniteGroup::dihedral(turns).is_ok_and(|same| same == *group).then_some(turns)
}

/// The number of shifts along each axis of p4 or p4m, and the order of its turns and mirror images.
fn torus(group: &FiniteGroup) -> Option<(usize, usize)> {
    [4, 8].into_iter().find_map(|point_order| {
        let side = (group.order() / point_order).isqrt();
        if side == 0 || side * side * point_order != group.order() {
            return None;
        }
        let same = if point_order == 4 { FiniteGroup::p4(side) } else { FiniteGroup::p4m(side) };
        same.is_ok_and(|same| same == *group).then_some((side, point_order))
    })
}

/// Listed elements, once they are a subgroup.
fn closed(name: &str, elements: &[usize], group: &FiniteGroup) -> Result<Vec<usize>, OrbitError> {
    match Subgroup::from_elements(group, elements) {
        Ok(_) => Ok(elements.to_vec()),
        Err(GroupError::NoElement { element, order }) => {
            Err(OrbitError::ElementOutOfRange { element, order })
        }
        Err(GroupError::NotClosed { g, h, product }) => {
            Err(OrbitError::NotClosedList { spec: format!("outside:{name}"), g, h, product })
        }
        Err(error) => Err(error.into()),
    }
}
