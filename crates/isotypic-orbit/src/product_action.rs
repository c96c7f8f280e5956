//! Actions that commute, one after the other.
//!
//! The element $(g_1, g_2, …)$ of the direct product acts as $g_1(g_2(…x))$; the last factor is fastest in the order of
//! elements. That is an action if each factor is one and the factors commute, which is measured.

use isotypic_group::FiniteGroup;
use ndarray::{Array3, ArrayView3, ArrayViewMut3};

use crate::element_pairs::element_pairs;
use crate::homomorphism_defect::{norm, probe, relative};
use crate::{GroupAction, OrbitError};

/// Pairs of elements of two factors that are compared, generators first.
const MOST_PAIRS: usize = 256;

/// A direct product of actions on images of one shape.
pub struct ProductAction {
    group: FiniteGroup,
    factors: Vec<Box<dyn GroupAction>>,
}

impl ProductAction {
    /// The largest $\|g(hx) - h(gx)\| / \|x\|$ for actions that commute.
    pub const TOLERANCE: f64 = 1e-9;

    /// Actions and the description of each, which stands in errors; at least one.
    ///
    /// For each two factors 256 pairs of elements are compared (all, if there are no more; else those of generators
    /// first, then pairs drawn by a fixed sequence), on a fixed pseudo-random image.
    ///
    /// # Errors
    /// [`OrbitError::NotCommuting`] with the worst pair of the first two factors that do not commute;
    /// [`OrbitError::Group`] if the product is too large.
    ///
    /// # Panics
    /// If there are no factors, or they are for images of different shapes.
    pub fn new(factors: Vec<(String, Box<dyn GroupAction>)>) -> Result<Self, OrbitError> {
        let shape = factors.first().map(|(_, factor)| factor.image_shape()).expect("at least one factor");
        assert!(
            factors.iter().all(|(_, factor)| factor.image_shape() == shape),
            "factors for images of one shape"
        );
        let specs: Vec<&str> = factors.iter().map(|(spec, _)| spec.as_str()).collect();
        let image = probe(shape);
        for (later, (right, second)) in factors.iter().enumerate() {
            for (left, first) in &factors[..later] {
                let (defect, g, h) = commutator_defect(first.as_ref(), second.as_ref(), &image);
                if defect > Self::TOLERANCE || defect.is_nan() {
                    let (spec, left, right) = (specs.join("*"), left.clone(), right.clone());
                    return Err(OrbitError::NotCommuting { spec, left, right, g, h, defect });
                }
            }
        }
        let mut groups = factors.iter().map(|(_, factor)| factor.group());
        let first = groups.next().expect("at least one factor").clone();
        let group = groups.try_fold(first, |product, factor| product.direct_product(factor))?;
        Ok(Self { group, factors: factors.into_iter().map(|(_, factor)| factor).collect() })
    }

    /// The factors and the element of each, the last factor first.
    fn steps(&self, element: usize) -> impl Iterator<Item = (&dyn GroupAction, usize)> {
        assert!(element < self.group.order(), "element {element} of a group of {}", self.group.order());
        let mut rest = element;
        self.factors.iter().rev().map(move |factor| {
            let order = factor.group().order();
            let step = rest % order;
            rest /= order;
            (factor.as_ref(), step)
        })
    }
}

/// The largest deviation of two orders, relative to the image, and the elements of both.
fn commutator_defect(
    first: &dyn GroupAction,
    second: &dyn GroupAction,
    image: &Array3<f64>,
) -> (f64, usize, usize) {
    let size = norm(image.iter().copied());
    let [mut step, mut one, mut other] = [(); 3].map(|()| Array3::zeros(image.raw_dim()));
    let mut worst = (0.0, 0, 0);
    for (g, h) in element_pairs(first.group(), second.group(), MOST_PAIRS) {
        second.act(h, image.view(), step.view_mut());
        first.act(g, step.view(), one.view_mut());
        first.act(g, image.view(), step.view_mut());
        second.act(h, step.view(), other.view_mut());
        let defect = relative(&one.view().into_dyn(), &other.view().into_dyn(), size);
        if defect > worst.0 || defect.is_nan() {
            worst = (defect, g, h);
        }
    }
    worst
}

impl GroupAction for ProductAction {
    fn group(&self) -> &FiniteGroup {
        &self.group
    }

    fn image_shape(&self) -> [usize; 3] {
        self.factors[0].image_shape()
    }

    fn act(&self, element: usize, image: ArrayView3<'_, f64>, mut out: ArrayViewMut3<'_, f64>) {
        let mut current = image.to_owned();
        for (factor, step) in self.steps(element) {
            factor.act(step, current.view(), out.view_mut());
            current.assign(&out);
        }
    }

    fn permutation(&self, element: usize) -> Option<Vec<usize>> {
        let [height, width, _] = self.image_shape();
        let mut sources: Vec<usize> = (0..height * width).collect();
        for (factor, step) in self.steps(element) {
            sources = factor.permutation(step)?.into_iter().map(|place| sources[place]).collect();
        }
        Some(sources)
    }

    fn is_permutation(&self) -> bool {
        self.factors.iter().all(|factor| factor.is_permutation())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::{CircularShift, Flip, Rotation, homomorphism_defect};

    fn product(
        factors: impl IntoIterator<Item = (&'static str, Box<dyn GroupAction>)>,
    ) -> Result<ProductAction, OrbitError> {
        ProductAction::new(factors.into_iter().map(|(spec, factor)| (spec.to_owned(), factor)).collect())
    }

    #[test]
    fn the_last_factor_is_fastest() {
        let shape = [2, 3, 1];
        let flip = Box::new(Flip::new([2, 3, 1]).unwrap());
        let action = product([
            ("flip", flip as Box<dyn GroupAction>),
            ("translation-y:2", Box::new(CircularShift::along_y(2, shape).unwrap())),
        ]);
        let action = action.unwrap();
        let image = array![[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]];
        let mut out = Array3::zeros((2, 3, 1));
        let expected = [
            [1., 2., 3., 4., 5., 6.],
            [4., 5., 6., 1., 2., 3.],
            [3., 2., 1., 6., 5., 4.],
            [6., 5., 4., 3., 2., 1.],
        ];
        for (element, expected) in expected.into_iter().enumerate() {
            action.act(element, image.view(), out.view_mut());
            assert_eq!(out.as_slice().unwrap(), expected, "element {element}");
            let moved: Vec<f64> =
                action.permutation(element).unwrap().into_iter().map(|p| (p + 1) as f64).collect();
            assert_eq!(moved, expected, "element {element}");
        }
        assert!(action.is_permutation());
        assert_eq!(homomorphism_defect(&action, image.view()).value, 0.0);
    }

    #[test]
    fn actions_that_do_not_commute_are_refused_with_their_elements() {
        let shape = [6, 6, 1];
        let turns: Box<dyn GroupAction> = Box::new(Rotation::new(4, shape).unwrap());
        let shifts: Box<dyn GroupAction> = Box::new(CircularShift::both(6, 6, shape).unwrap());
        let error = product([("rotation:4", turns), ("translation:6x6", shifts)]).err().unwrap();
        let OrbitError::NotCommuting { defect, .. } = &error else { panic!("{error}") };
        assert!(*defect > 0.1);
        assert!(
            error
                .to_string()
                .starts_with("group `rotation:4*translation:6x6`: the actions do not commute: element")
        );
        assert!(error.hint().unwrap().contains("`p4`"));
        let turns: Box<dyn GroupAction> = Box::new(Rotation::new(3, shape).unwrap());
        let flip: Box<dyn GroupAction> = Box::new(Flip::new(shape).unwrap());
        let error = product([("flip", flip), ("rotation:3", turns)]).err().unwrap();
        assert!(error.hint().unwrap().contains("`dihedral:N`"));
    }
}
