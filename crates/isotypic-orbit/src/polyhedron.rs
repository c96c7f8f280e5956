//! The rotations of regular solids, as groups of matrices.

use std::sync::{Arc, OnceLock};

use isotypic_group::FiniteGroup;
use ndarray::Array3;

use crate::{MatrixGroup, OrbitError};

/// A group of rotations of space about the origin that takes a regular solid to itself.
///
/// It acts on the three coordinates of points; see [`LinearAction`](crate::LinearAction).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Polyhedron {
    /// 12 rotations.
    Tetrahedral,
    /// 24 rotations, those of the cube and the octahedron.
    Octahedral,
    /// 60 rotations, those of the icosahedron and the dodecahedron.
    Icosahedral,
}

impl Polyhedron {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tetrahedral => "tetrahedral",
            Self::Octahedral => "octahedral",
            Self::Icosahedral => "icosahedral",
        }
    }

    /// The abstract group.
    ///
    /// # Errors
    /// None in practice.
    pub fn group(self) -> Result<FiniteGroup, OrbitError> {
        Ok(self.matrices()?.group().clone())
    }

    /// The rotations as orthogonal matrices `[order, 3, 3]`, made once.
    ///
    /// # Errors
    /// None in practice.
    pub fn matrices(self) -> Result<Arc<MatrixGroup>, OrbitError> {
        static MADE: [OnceLock<Arc<MatrixGroup>>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
        let place = &MADE[self as usize];
        if let Some(matrices) = place.get() {
            return Ok(matrices.clone());
        }
        let group = match self {
            Self::Tetrahedral => FiniteGroup::tetrahedral(),
            Self::Octahedral => FiniteGroup::octahedral(),
            Self::Icosahedral => FiniteGroup::icosahedral(),
        };
        let mut matrices = Array3::zeros((group.order(), 3, 3));
        for ((element, row, column), entry) in matrices.indexed_iter_mut() {
            let rotation = group.rotation_matrix(element).expect("polyhedral groups are rotations");
            *entry = rotation[row][column];
        }
        let matrices = Arc::new(MatrixGroup::new(self.name(), group, matrices)?);
        Ok(place.get_or_init(|| matrices).clone())
    }
}
