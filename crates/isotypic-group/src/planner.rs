//! Chooses the transform for a group and keeps it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::abelian_fourier::AbelianFourier;
use crate::cyclic_fourier::CyclicFourier;
use crate::dihedral_fourier::DihedralFourier;
use crate::direct_fourier::DirectFourier;
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};
use crate::fourier::GroupFourier;
use crate::product_fourier::ProductFourier;
use crate::semidirect_fourier::SemidirectFourier;

/// Makes Fourier transforms, each at most once.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use isotypic_group::{FiniteGroup, FourierPlanner};
///
/// let planner = FourierPlanner::new();
/// let torus = FiniteGroup::abelian(&[28, 28])?;
/// assert!(Arc::ptr_eq(&planner.plan(&torus)?, &planner.plan(&torus)?));
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Default)]
pub struct FourierPlanner {
    plans: Mutex<HashMap<FiniteGroup, Arc<dyn GroupFourier>>>,
}

impl FourierPlanner {
    /// A planner with no transforms yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fastest transform known for `group`.
    ///
    /// # Errors
    /// Those of [`FiniteGroup::irreps`].
    pub fn plan(&self, group: &FiniteGroup) -> Result<Arc<dyn GroupFourier>, GroupError> {
        // A panic elsewhere cannot leave the map half-changed, so a poisoned lock is still good.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(group) {
            return Ok(Arc::clone(plan));
        }
        let plan = make(group)?;
        plans.insert(group.clone(), Arc::clone(&plan));
        Ok(plan)
    }
}

/// Makes the transform anew.
pub(crate) fn make(group: &FiniteGroup) -> Result<Arc<dyn GroupFourier>, GroupError> {
    Ok(match group.family() {
        Family::Abelian(abelian) => match abelian.factors() {
            &[n] => Arc::new(CyclicFourier::new(n)?),
            factors => Arc::new(AbelianFourier::new(factors)?),
        },
        Family::Dihedral(dihedral) => Arc::new(DihedralFourier::new(dihedral.turns())?),
        Family::Product(_) => Arc::new(ProductFourier::new(group)?),
        Family::Semidirect(_) => Arc::new(SemidirectFourier::new(group)?),
        _ => Arc::new(DirectFourier::new(group.clone())?),
    })
}

impl fmt::Debug for FourierPlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FourierPlanner").finish_non_exhaustive()
    }
}
