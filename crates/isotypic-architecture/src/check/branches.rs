//! Where branches meet: shapes that fit, and outputs whose covariances are those that kernels assume.
//!
//! The covariance of a sum is the sum of covariances only if no two branches are correlated. Branches that pass on units of
//! different origins are independent given what the origins read, so they are uncorrelated if one of the two is centred,
//! as Gaussian outputs are. The same holds for the blocks that `concat` puts beside one another along a spatial axis.
//! Products need independence but no centring. Along channels `concat` needs neither: the next layer reads products
//! within one channel only.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Builder, End};
use crate::axis::{axis_range, resolve_axis};
use crate::{ArchitectureError, ConcatAxis, Node, NodeId, Operation};

impl Builder {
    /// Adds the sum of `ends`.
    pub(super) fn sum(&mut self, ends: Vec<End>, path: String) -> Result<End, ArchitectureError> {
        let output_shape = self.common_shape(&ends, &path)?;
        at_most_one_not_gaussian(&ends, &path)?;
        let origins = self.disjoint_origins(&ends, &path)?;
        let not_gaussian_since = ends.iter().find_map(|end| end.not_gaussian_since);
        self.join(ends, Operation::Sum, output_shape, path, not_gaussian_since, origins)
    }

    /// Adds the product of `ends`; it is not Gaussian.
    pub(super) fn product(&mut self, ends: Vec<End>, path: String) -> Result<End, ArchitectureError> {
        let output_shape = self.common_shape(&ends, &path)?;
        let origins = self.disjoint_origins(&ends, &path)?;
        let this = NodeId(self.nodes.len());
        self.join(ends, Operation::Product, output_shape, path, Some(this), origins)
    }

    /// Joins `ends` along an axis.
    pub(super) fn concat(
        &mut self,
        ends: Vec<End>,
        axis: i64,
        path: String,
    ) -> Result<End, ArchitectureError> {
        let mut output_shape = self.shape(&ends[0]).to_vec();
        let rank = output_shape.len();
        let Some(axis) = resolve_axis(axis, rank) else {
            return Err(ArchitectureError::invalid_option(&path, "axis", axis_range(rank), &axis));
        };
        for (index, end) in ends.iter().enumerate().skip(1) {
            let other = self.shape(end);
            let fits = other.len() == rank
                && (0..rank)
                    .all(|other_axis| other_axis == axis || other[other_axis] == output_shape[other_axis]);
            if !fits {
                return Err(ArchitectureError::BranchShapes {
                    path,
                    expected: "shapes that differ along the axis only",
                    first: self.shape(&ends[0]).to_vec(),
                    other: other.to_vec(),
                    branch: index + 1,
                });
            }
            output_shape[axis] = output_shape[axis].saturating_add(other[axis]);
        }
        if let (Some(group), true) = (ends[0].group, axis + 1 < rank) {
            return Err(ArchitectureError::OnGroup { path, group });
        }
        let this = NodeId(self.nodes.len());
        let (operation, not_gaussian_since, origins) = if axis + 1 == rank {
            let mut origins = BTreeSet::new();
            ends.iter().for_each(|end| origins.extend(end.origins.iter().copied()));
            // Channels of different branches have different variances.
            (Operation::Concat(ConcatAxis::Channels), Some(this), origins)
        } else {
            at_most_one_not_gaussian(&ends, &path)?;
            let origins = self.disjoint_origins(&ends, &path)?;
            let not_gaussian_since = ends.iter().find_map(|end| end.not_gaussian_since);
            (Operation::Concat(ConcatAxis::Spatial(axis)), not_gaussian_since, origins)
        };
        self.join(ends, operation, output_shape, path, not_gaussian_since, origins)
    }

    fn join(
        &mut self,
        ends: Vec<End>,
        operation: Operation,
        output_shape: Vec<usize>,
        path: String,
        not_gaussian_since: Option<NodeId>,
        origins: BTreeSet<NodeId>,
    ) -> Result<End, ArchitectureError> {
        let group = Self::common_group(&ends, &path)?;
        let mut mixed_since = ends.iter().find_map(|end| end.mixed_since);
        if let Operation::Concat(ConcatAxis::Spatial(_)) = operation {
            mixed_since.get_or_insert(NodeId(self.nodes.len()));
        }
        let input_shape = self.shape(&ends[0]).to_vec();
        let inputs = ends.into_iter().map(|end| end.node).collect();
        let node = self.push(Node { operation, inputs, input_shape, output_shape, path })?;
        Ok(End { node, not_gaussian_since, origins: Rc::new(origins), group, mixed_since })
    }

    pub(super) fn shape(&self, end: &End) -> &[usize] {
        &self.nodes[end.node.0].output_shape
    }

    /// The shape that all branches give.
    fn common_shape(&self, ends: &[End], path: &str) -> Result<Vec<usize>, ArchitectureError> {
        let first = self.shape(&ends[0]);
        match ends.iter().position(|end| self.shape(end) != first) {
            None => Ok(first.to_vec()),
            Some(index) => Err(ArchitectureError::BranchShapes {
                path: path.to_owned(),
                expected: "equal shapes",
                first: first.to_vec(),
                other: self.shape(&ends[index]).to_vec(),
                branch: index + 1,
            }),
        }
    }

    /// The origins of all branches together, if no two have one in common.
    fn disjoint_origins(&self, ends: &[End], path: &str) -> Result<BTreeSet<NodeId>, ArchitectureError> {
        let mut all = BTreeSet::new();
        for (second, end) in ends.iter().enumerate() {
            for &origin in end.origins.iter() {
                if !all.insert(origin) {
                    let first = ends.iter().position(|other| other.origins.contains(&origin)).unwrap_or(0);
                    return Err(ArchitectureError::DependentBranches {
                        path: path.to_owned(),
                        first: first + 1,
                        second: second + 1,
                        shared: self.nodes[origin.0].path.clone(),
                    });
                }
            }
        }
        Ok(all)
    }
}

/// Refuses two branches with outputs that are not centred.
fn at_most_one_not_gaussian(ends: &[End], path: &str) -> Result<(), ArchitectureError> {
    let mut not_gaussian = ends
        .iter()
        .enumerate()
        .filter(|(_, end)| end.not_gaussian_since.is_some())
        .map(|(index, _)| index + 1);
    match (not_gaussian.next(), not_gaussian.next()) {
        (Some(first), Some(second)) => {
            Err(ArchitectureError::NotGaussianBranches { path: path.to_owned(), first, second })
        }
        _ => Ok(()),
    }
}
