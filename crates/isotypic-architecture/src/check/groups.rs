//! Which layers know functions on groups, and what may stand before lifting.
//!
//! Lifting is of use only on inputs as they are, or on layers that act on each position alike: what mixes positions before it breaks
//! the symmetry for good.

use super::{Builder, End};
use crate::{ArchitectureError, Layer, LayerNorm, NodeId, SymmetryGroup};

impl Builder {
    /// Refuses layers that do not know functions on groups, lifting after layers that mix positions, and group layers without lifting.
    pub(super) fn fits_group(&self, layer: &Layer, end: &End, path: &str) -> Result<(), ArchitectureError> {
        let path = || path.to_owned();
        match (layer, end.group) {
            (Layer::GroupConv(_) | Layer::GroupPool, None) => {
                Err(ArchitectureError::NotOnGroup { path: path(), input: self.shape(end).to_vec() })
            }
            (Layer::GroupLift(_), None) => match end.mixed_since {
                Some(NodeId(since)) => Err(ArchitectureError::LiftedTooLate {
                    path: path(),
                    since: self.nodes[since].path.clone(),
                }),
                None => Ok(()),
            },
            (_, None)
            | (
                Layer::GroupConv(_)
                | Layer::GroupPool
                | Layer::Dense(_)
                | Layer::Activation(_)
                | Layer::Identity
                | Layer::Flatten
                | Layer::LayerNorm(_)
                | Layer::Dropout(_),
                Some(_),
            ) => Ok(()),
            (_, Some(group)) => Err(ArchitectureError::OnGroup { path: path(), group }),
        }
    }

    /// Whether a layer acts on each position alike, where what it reads has this shape: with several positions, or one vector.
    pub(super) fn keeps_positions(layer: &Layer, positions: &[usize]) -> bool {
        match layer {
            Layer::Identity | Layer::Activation(_) | Layer::Dropout(_) => true,
            Layer::Flatten => positions.is_empty(),
            // On a vector, whose coordinates are the positions, both mix them.
            Layer::Dense(_) => !positions.is_empty(),
            Layer::LayerNorm(spec) => !positions.is_empty() && spec.axes.len() == 1,
            _ => false,
        }
    }

    /// The group on which all branches are functions, if they are.
    pub(super) fn common_group(ends: &[End], path: &str) -> Result<Option<SymmetryGroup>, ArchitectureError> {
        let first = ends[0].group;
        let Some(index) = ends.iter().position(|end| end.group != first) else { return Ok(first) };
        let named =
            |group: Option<SymmetryGroup>| group.map_or("none".to_owned(), |group| format!("`{group}`"));
        Err(ArchitectureError::BranchGroups {
            path: path.to_owned(),
            first: named(first),
            other: named(ends[index].group),
            branch: index + 1,
        })
    }
}

/// Refuses normalisation over a part of a group.
pub(super) fn over_the_group(
    norm: &LayerNorm,
    group: Option<SymmetryGroup>,
    positions: &[usize],
    path: &str,
) -> Result<(), ArchitectureError> {
    let axes = norm.spatial_axes.len();
    if group.is_none() || axes == 0 || axes == positions.len() {
        return Ok(());
    }
    let expected = "the channel axis alone, or all axes, on a group";
    Err(ArchitectureError::invalid_option(path, "axes", expected, &format!("{:?}", norm.spatial_axes)))
}
