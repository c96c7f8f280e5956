//! Symmetric and alternating groups of small degree, with their irreps in closed form.

use std::sync::Arc;

use num_complex::Complex64;

use crate::error::GroupError;
use crate::irrep::{Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;
use crate::permutations::Permutations;
use crate::young_form::{Half, YoungForm, conjugate, partitions};

/// The largest degree of [`FiniteGroup::symmetric`](crate::FiniteGroup::symmetric) and
/// [`FiniteGroup::alternating`](crate::FiniteGroup::alternating).
pub const MAX_DEGREE: usize = 7;

/// All permutations of `0..degree`, or all even ones, in lexicographic order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Symmetric {
    even: bool,
    elements: Arc<Permutations>,
}

/// The matrices of an irrep of a symmetric group, or of one that restriction to even permutations leaves.
#[derive(Clone, Debug)]
pub(crate) struct YoungMatrices {
    form: Arc<YoungForm>,
    half: Option<Half>,
    elements: Arc<Permutations>,
}

impl Symmetric {
    /// The group of all permutations, or of the even ones.
    pub(crate) fn new(degree: usize, even: bool) -> Result<Self, GroupError> {
        if !(1..=MAX_DEGREE).contains(&degree) {
            return Err(GroupError::DegreeOutOfRange { name: name(degree, even), degree });
        }
        let generators: Vec<Vec<usize>> = match even {
            _ if degree == 1 => vec![vec![0]],
            false => (1..degree).map(|i| cycle(degree, &[i - 1, i])).collect(),
            true if degree == 2 => vec![vec![0, 1]],
            true => (2..degree).map(|i| cycle(degree, &[0, 1, i])).collect(),
        };
        Ok(Self { even, elements: Arc::new(Permutations::generated_by(&generators)?) })
    }

    pub(crate) fn elements(&self) -> &Permutations {
        &self.elements
    }

    pub(crate) fn name(&self) -> String {
        name(self.elements.degree(), self.even)
    }

    /// Two elements that generate the group, fewer where that suffices.
    pub(crate) fn generators(&self) -> Vec<usize> {
        let degree = self.elements.degree();
        // A cycle of all points, or of all but the first when that is the even one.
        let start = usize::from(self.even && degree.is_multiple_of(2));
        let long: Vec<usize> = (start..degree).collect();
        let short: &[usize] = if self.even { &[0, 1, 2] } else { &[0, 1] };
        let mut generators = Vec::new();
        for points in [short, &long] {
            if points.len() >= short.len() && degree >= short.len() {
                let generator =
                    self.elements.find(&cycle(degree, points)).expect("the cycle has the right sign");
                if !generators.contains(&generator) {
                    generators.push(generator);
                }
            }
        }
        generators
    }

    /// One for each partition of the degree, in descending lexicographic order, by Young's orthogonal form.
    ///
    /// Of an alternating group one for each pair of conjugate partitions, the first in that order, and two halves
    /// for each that is its own conjugate.
    pub(crate) fn irreps(&self) -> Vec<Irrep> {
        let mut irreps = Vec::new();
        let degree = self.elements.degree();
        for partition in partitions(degree) {
            let conjugate = conjugate(&partition);
            if self.even && conjugate > partition {
                continue;
            }
            let form = Arc::new(YoungForm::new(&partition));
            let halves = form.halves_are_real().filter(|_| self.even);
            let index = irreps.len();
            let mut push = |label, half, dimension, kind, conjugate| {
                let elements = Arc::clone(&self.elements);
                let matrices = Matrices::Young(YoungMatrices { form: Arc::clone(&form), half, elements });
                irreps.push(Irrep {
                    label,
                    dimension,
                    kind,
                    conjugate,
                    order: self.elements.order(),
                    matrices,
                });
            };
            match halves {
                None => {
                    push(IrrepLabel::Partition(partition), None, form.dimension(), IrrepKind::Real, index);
                }
                Some(real) => {
                    let kind = if real { IrrepKind::Real } else { IrrepKind::Complex };
                    for (place, half) in [Half::Plus, Half::Minus].into_iter().enumerate() {
                        let conjugate = index + if real { place } else { 1 - place };
                        let label = IrrepLabel::HalfPartition {
                            partition: partition.clone(),
                            plus: half == Half::Plus,
                        };
                        push(label, Some(half), form.dimension() / 2, kind, conjugate);
                    }
                }
            }
        }
        irreps
    }
}

impl YoungMatrices {
    /// Writes $ρ(g)$ row by row.
    pub(crate) fn write(&self, g: usize, out: &mut [Complex64]) {
        let mut images = self.elements.images(g);
        match self.half {
            None => self.form.write(&mut images, out),
            Some(half) => self.form.write_half(half, &mut images, out),
        }
    }
}

fn name(degree: usize, even: bool) -> String {
    format!("{}{degree}", if even { "A" } else { "S" })
}

/// The images of the permutation that moves each of the points to the next.
fn cycle(degree: usize, points: &[usize]) -> Vec<usize> {
    let mut images: Vec<usize> = (0..degree).collect();
    for (place, &point) in points.iter().enumerate() {
        images[point] = points[(place + 1) % points.len()];
    }
    images
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    fn labels(group: &FiniteGroup) -> Vec<String> {
        group.irreps().unwrap().iter().map(|irrep| irrep.label.to_string()).collect()
    }

    #[test]
    fn orders_names_and_labels_follow_the_degree() {
        let s4 = FiniteGroup::symmetric(4).unwrap();
        assert_eq!((s4.order(), s4.to_string()), (24, "S4".to_owned()));
        assert_eq!(labels(&s4), ["[4]", "[3,1]", "[2,2]", "[2,1,1]", "[1,1,1,1]"]);
        let a5 = FiniteGroup::alternating(5).unwrap();
        assert_eq!((a5.order(), a5.to_string()), (60, "A5".to_owned()));
        assert_eq!(labels(&a5), ["[5]", "[4,1]", "[3,2]", "[3,1,1]+", "[3,1,1]-"]);
        assert_eq!(labels(&FiniteGroup::alternating(1).unwrap()), ["[1]"]);
        assert_eq!(labels(&FiniteGroup::alternating(2).unwrap()), ["[2]"]);
        assert_eq!(labels(&FiniteGroup::alternating(3).unwrap()), ["[3]", "[2,1]+", "[2,1]-"]);
    }

    #[test]
    fn the_last_irrep_of_a_symmetric_group_is_the_sign() {
        for degree in 2..=6 {
            let group = Symmetric::new(degree, false).unwrap();
            let irreps = group.irreps();
            for g in 0..group.elements().order() {
                let sign = if group.elements().is_odd(g) { -1.0 } else { 1.0 };
                assert_eq!(irreps.last().unwrap().character(g), Complex64::from(sign));
            }
        }
    }

    #[test]
    fn the_second_irrep_counts_fixed_points() {
        for even in [false, true] {
            let group = Symmetric::new(6, even).unwrap();
            let standard = &group.irreps()[1];
            for g in 0..group.elements().order() {
                let images = group.elements().images(g);
                let fixed = images.iter().enumerate().filter(|(point, image)| point == *image).count();
                assert!((standard.character(g) - (fixed as f64 - 1.0)).norm() < 1e-13);
            }
        }
    }

    #[test]
    fn degrees_outside_the_range_are_refused() {
        let error = FiniteGroup::symmetric(8).unwrap_err();
        assert_eq!(error.to_string(), "group `S8`: expected a degree from 1 to 7, got 8");
        assert!(error.hint().unwrap().contains("from_permutations"));
        assert!(FiniteGroup::alternating(0).is_err());
    }
}
