//! Chooses the transform for a group and keeps it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::abelian_fourier::AbelianFourier;
use crate::cyclic_fourier::CyclicFourier;
use crate::finite_group::FiniteGroup;
use crate::fourier::GroupFourier;

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
/// assert!(Arc::ptr_eq(&planner.plan(&torus), &planner.plan(&torus)));
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
    pub fn plan(&self, group: &FiniteGroup) -> Arc<dyn GroupFourier> {
        // A panic elsewhere cannot leave the map half-changed, so a poisoned lock is still good.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(plans.entry(group.clone()).or_insert_with(|| make(group)))
    }
}

fn make(group: &FiniteGroup) -> Arc<dyn GroupFourier> {
    let checked = "the factors are those of a group that exists";
    match group.as_cyclic() {
        Some(n) => Arc::new(CyclicFourier::new(n).expect(checked)),
        None => Arc::new(AbelianFourier::new(group.cyclic_factors()).expect(checked)),
    }
}

impl fmt::Debug for FourierPlanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FourierPlanner").finish_non_exhaustive()
    }
}
