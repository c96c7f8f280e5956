//! Functions with $\varphi(su) = s\varphi(u)$ for $s \ge 0$: two half lines that meet at 0.
//!
//! The angle of a mapped pair depends on the angle of the pair alone, $E[\varphi(u)^2] = g\,q$ and $E[\varphi'(u)^2] = g$. So there is
//! little to load and little to compute, and the way back to differences is worth being part of the same pass.

use std::fmt::Debug;

use fearless_simd::{Level, dispatch, prelude::*};
use fearless_simd_macros::simd;

use super::arc::ArcFunctions;
use super::{Nonlinearity, PairRun};
use crate::layer_run::{DifferenceRun, differences_through_affine_to_gaps, map_homogeneous};
use crate::terms::Ends;

/// A function made of two half lines that meet at 0.
pub(super) trait Homogeneous: Copy + Debug + Send + Sync {
    /// $g = E[\varphi(u)^2]/q$.
    fn gain(self) -> f64;

    /// The mapped gap, and $w$ with $E[\varphi'(u)\varphi'(v)] = g(1 - w)$, of pairs with the given cosine gap.
    fn on_gap<S: Simd, T: ArcFunctions>(
        self,
        simd: S,
        cosine_gap: T::Native<S>,
    ) -> (T::Native<S>, T::Native<S>);
}

impl<H: Homogeneous> Nonlinearity for H {
    fn variance(&self, q: f64) -> f64 {
        self.gain() * q
    }

    fn derivative_variance(&self, _q: f64) -> f64 {
        self.gain()
    }

    fn keeps_ntk_differences(&self) -> bool {
        true
    }

    fn map(&self, level: Level, run: PairRun<'_, f64>) {
        dispatch!(level, simd => on_pairs(simd, *self, run));
    }

    fn map_single(&self, level: Level, run: PairRun<'_, f32>) {
        dispatch!(level, simd => on_pairs(simd, *self, run));
    }

    fn map_differences(&self, level: Level, run: DifferenceRun<'_, f64>) {
        through_both(level, *self, run);
    }

    fn map_differences_single(&self, level: Level, run: DifferenceRun<'_, f32>) {
        through_both(level, *self, run);
    }
}

#[simd]
fn on_pairs<S: Simd, T: ArcFunctions>(simd: S, function: impl Homogeneous, run: PairRun<'_, T>) {
    map_homogeneous::<false, _, _>(
        simd,
        run.after,
        run.cosine_gap,
        run.ntk_difference,
        T::from_f64(function.gain()),
        #[inline(always)]
        |gap| function.on_gap::<S, T>(simd, gap),
    );
}

/// Both layers on differences: up to the gaps between them, then the rest.
fn through_both<T: ArcFunctions>(level: Level, function: impl Homogeneous, run: DifferenceRun<'_, T>) {
    #[simd]
    fn rest<S: Simd, T: ArcFunctions>(
        simd: S,
        function: impl Homogeneous,
        after: Ends<'_, T>,
        gaps: &mut [T],
        ntk: Option<&mut [T]>,
    ) {
        map_homogeneous::<true, _, _>(
            simd,
            after,
            gaps,
            ntk,
            T::from_f64(function.gain()),
            #[inline(always)]
            |gap| function.on_gap::<S, T>(simd, gap),
        );
    }
    let DifferenceRun { affine, input_has_ntk, before, after, difference, mut ntk_difference } = run;
    let ntk_of_run = (ntk_difference.as_deref_mut(), input_has_ntk);
    differences_through_affine_to_gaps(level, affine, before, difference, ntk_of_run);
    dispatch!(level, simd => rest(simd, function, after, difference, ntk_difference));
}
