//! The natural way in which one group stands inside another of the same or a related family.

use crate::abelian::{self, Abelian};
use crate::finite_group::{Family, FiniteGroup};
use crate::semidirect::Semidirect;
use crate::wallpaper::Wallpaper;

impl FiniteGroup {
    /// The elements of `larger` that form this group, one for each element here, when the two are related in a
    /// way that leaves no choice.
    ///
    /// - Equal groups: every element is its own image.
    /// - Direct products of equally many cyclic groups: $r^u ↦ r^{mu}$ in every factor, with $m$ the ratio of the
    ///   orders.
    /// - Dihedral groups: the same, and $s ↦ s$.
    /// - `cyclic(4)` in p4 and p4m: the quarter turns. Dihedral groups in p4m: its turns and mirrors. Products of two cyclic
    ///   groups in p4 and p4m: the shifts, in steps as above.
    /// - p4 and p4m on a torus whose width divides that of `larger`, p4 also in p4m: the same turns and mirrors, shifts in
    ///   steps.
    /// - Direct products of equally many factors (neighbouring abelian factors count as one): factor by factor.
    ///
    /// `None` in all other cases, also where the order of a factor does not divide its counterpart.
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// let fine = FiniteGroup::cyclic(12)?;
    /// assert_eq!(FiniteGroup::cyclic(4)?.embedding_into(&fine), Some(vec![0, 3, 6, 9]));
    /// assert_eq!(FiniteGroup::cyclic(5)?.embedding_into(&fine), None);
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn embedding_into(&self, larger: &Self) -> Option<Vec<usize>> {
        if self == larger {
            return Some(self.elements().collect());
        }
        match (self.family(), larger.family()) {
            (Family::Abelian(coarse), Family::Abelian(fine)) => shifts(coarse, fine),
            (Family::Dihedral(coarse), Family::Dihedral(fine)) => {
                let (m, n) = (coarse.turns(), fine.turns());
                let embed = |g: usize| g % m * (n / m) + g / m * n;
                n.is_multiple_of(m).then(|| self.elements().map(embed).collect())
            }
            (_, Family::Semidirect(larger)) => self.embedding_into_wallpaper(larger),
            (Family::Product(_), Family::Product(_)) => self.embedding_of_factors(larger),
            _ => None,
        }
    }

    fn embedding_into_wallpaper(&self, larger: &Semidirect) -> Option<Vec<usize>> {
        let fast = larger.complement().order();
        match (self.family(), larger.wallpaper()?) {
            // Quarter turns come first in both complements.
            (Family::Abelian(group), _) if group.factors() == [4] => Some((0..4).collect()),
            (Family::Abelian(group), _) => {
                Some(shifts(group, larger.normal())?.into_iter().map(|shift| shift * fast).collect())
            }
            (Family::Dihedral(_), Wallpaper::P4m) => self.embedding_into(larger.complement()),
            (Family::Semidirect(group), wallpaper) if group.wallpaper()? <= wallpaper => {
                let steps = shifts(group.normal(), larger.normal())?;
                let slow = group.complement().order();
                Some(self.elements().map(|g| steps[g / slow] * fast + g % slow).collect())
            }
            _ => None,
        }
    }

    fn embedding_of_factors(&self, larger: &Self) -> Option<Vec<usize>> {
        let (coarse, fine) = (self.factors(), larger.factors());
        if coarse.len() != fine.len() {
            return None;
        }
        let mut images = vec![0];
        for (coarse, fine) in coarse.iter().zip(fine) {
            let factor = coarse.embedding_into(fine)?;
            images = images
                .iter()
                .flat_map(|slow| factor.iter().map(move |fast| slow * fine.order() + fast))
                .collect();
        }
        Some(images)
    }
}

fn shifts(coarse: &Abelian, fine: &Abelian) -> Option<Vec<usize>> {
    let (coarse_factors, fine_factors) = (coarse.factors(), fine.factors());
    let divides = |(m, n): (&usize, &usize)| n % m == 0;
    if coarse_factors.len() != fine_factors.len() || !coarse_factors.iter().zip(fine_factors).all(divides) {
        return None;
    }
    let embed = |g| {
        let mut position = abelian::coordinates(coarse_factors, g);
        for (p, (m, n)) in position.iter_mut().zip(coarse_factors.iter().zip(fine_factors)) {
            *p *= n / m;
        }
        abelian::index(fine_factors, &position)
    };
    Some((0..coarse.order()).map(embed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(spec: &str) -> FiniteGroup {
        FiniteGroup::parse(spec).unwrap()
    }

    #[test]
    fn an_embedding_is_a_homomorphism_one_to_one() {
        for (coarse, fine) in [
            ("cyclic:2*cyclic:3", "cyclic:4*cyclic:9"),
            ("dihedral:2", "dihedral:6"),
            ("dihedral:3", "dihedral:3"),
            ("cyclic:4", "p4:3"),
            ("cyclic:4", "p4m:3"),
            ("dihedral:4", "p4m:3"),
            ("dihedral:2", "p4m:2"),
            ("cyclic:3*cyclic:3", "p4:3"),
            ("cyclic:4*cyclic:2", "p4m:4"),
            ("p4:3", "p4m:3"),
            ("p4:2", "p4:4"),
            ("p4m:1", "p4m:3"),
            ("p4:2", "p4m:4"),
            ("dihedral:2*cyclic:3", "dihedral:4*cyclic:6"),
            ("flip*p4:1", "flip*p4m:2"),
        ] {
            let (coarse, fine) = (parse(coarse), parse(fine));
            let image = coarse.embedding_into(&fine).unwrap();
            let mut distinct = image.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), coarse.order(), "{coarse} in {fine}");
            for g in coarse.elements() {
                for h in coarse.elements() {
                    let product = fine.multiply(image[g], image[h]);
                    assert_eq!(image[coarse.multiply(g, h)], product, "{coarse} in {fine}");
                }
            }
        }
    }

    #[test]
    fn shifts_are_multiplied_and_turns_kept() {
        let image = parse("p4:2").embedding_into(&parse("p4m:4")).unwrap();
        // (0, 1) turned once, and (1, 0).
        assert_eq!((image[4 + 1], image[2 * 4]), (2 * 8 + 1, 8 * 8));
        assert_eq!(parse("flip*flip").embedding_into(&parse("cyclic:4*cyclic:6")), Some(vec![0, 3, 12, 15]));
    }

    #[test]
    fn unrelated_groups_have_no_embedding() {
        for (coarse, fine) in [
            ("flip*cyclic:3", "cyclic:6"),
            ("cyclic:4", "cyclic:2"),
            ("flip", "p4m:2"),
            ("dihedral:4", "p4:2"),
            ("dihedral:3", "p4m:3"),
            ("p4m:2", "p4:2"),
            ("p4:2", "p4:3"),
            ("dihedral:2", "dihedral:3"),
            ("dihedral:2*flip", "dihedral:4*flip*dihedral:2"),
        ] {
            assert_eq!(parse(coarse).embedding_into(&parse(fine)), None, "{coarse} in {fine}");
        }
    }
}
