//! Semidirect products $N ⋊ H$ of an abelian group with any group that acts on it.
//!
//! Element $(n, h)$ stands for the product $n·h$ and has index $n·|H| + h$: the complement is fastest. Since
//! $h\,n\,h^{-1} = h(n)$ the product is $(n, h)(n', h') = (n·h(n'),\ h h')$.

use std::fmt;
use std::sync::Arc;

use crate::abelian::{self, Abelian};
use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup, MAX_ORDER};
use crate::wallpaper::Wallpaper;

/// The largest table of automorphisms, one entry for each element of the group.
pub(crate) const MAX_TABLE: usize = 1 << 28;

/// An abelian group and the automorphisms by which another group acts on it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Semidirect {
    normal: Abelian,
    complement: FiniteGroup,
    /// The image of `n` under `h`, at `h * normal.order() + n`.
    automorphisms: Arc<[u32]>,
    /// Which named family the group was made as.
    wallpaper: Option<Wallpaper>,
}

impl FiniteGroup {
    /// The semidirect product $N ⋊ H$ of a direct product of cyclic groups with any group that acts on it.
    ///
    /// `generator_images[h][j]` is the element of `normal` to which $h$ sends the generator of the cyclic factor $j$.
    /// Element $(n, h)$ stands for $n·h$ and has index $n·|H| + h$, and
    /// $(n, h)(n', h') = (n·h(n'),\ h h')$.
    ///
    /// Its irreps are known where the elements of the complement that fix a character of $N$ are always all of them, or
    /// a cyclic, dihedral or abelian group; see the crate's documentation for their order and labels.
    ///
    /// # Shapes
    /// - `generator_images`: `[complement.order()]` rows of `[normal.cyclic_factors().len()]` elements
    ///
    /// # Errors
    /// [`GroupError::NormalNotAbelian`]; [`GroupError::AutomorphismCount`] and
    /// [`GroupError::GeneratorImageCount`] for a table of another shape; [`GroupError::ImageOutside`],
    /// [`GroupError::ImageOrder`] and [`GroupError::NotInjective`] where $h$ is not an automorphism;
    /// [`GroupError::NotAnAction`] where $g(h(n)) ≠ (gh)(n)$; [`GroupError::TooLarge`] and
    /// [`GroupError::TooManyImages`].
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    ///
    /// // C3 multiplies the seven residues by 1, 2 and 4.
    /// let (residues, powers) = (FiniteGroup::cyclic(7)?, FiniteGroup::cyclic(3)?);
    /// let group = FiniteGroup::semidirect_product(&residues, &powers, &[vec![1], vec![2], vec![4]])?;
    /// assert_eq!(group.to_string(), "C7⋊C3");
    /// // (0, r)·(1, 1) = (2, r)
    /// assert_eq!(group.multiply(1, 3), 2 * 3 + 1);
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn semidirect_product(
        normal: &Self,
        complement: &Self,
        generator_images: &[Vec<usize>],
    ) -> Result<Self, GroupError> {
        let Family::Abelian(normal) = normal.family() else {
            return Err(GroupError::NormalNotAbelian { normal: normal.name() });
        };
        let group = Semidirect::new(normal, complement, generator_images, None)?;
        Ok(Self::of(Family::Semidirect(group)))
    }
}

impl Semidirect {
    pub(crate) fn new(
        normal: &Abelian,
        complement: &FiniteGroup,
        generator_images: &[Vec<usize>],
        wallpaper: Option<Wallpaper>,
    ) -> Result<Self, GroupError> {
        let name = name(normal, complement, wallpaper);
        check_size(&name, normal.order(), complement.order())?;
        let expected = complement.order();
        if generator_images.len() != expected {
            let complement = complement.name();
            return Err(GroupError::AutomorphismCount { complement, expected, got: generator_images.len() });
        }
        let mut automorphisms = Vec::with_capacity(normal.order() * complement.order());
        for (h, images) in generator_images.iter().enumerate() {
            append_automorphism(normal, h, images, &mut automorphisms)?;
        }
        let group = Self {
            normal: normal.clone(),
            complement: complement.clone(),
            automorphisms: automorphisms.into(),
            wallpaper,
        };
        group.check_action()?;
        Ok(group)
    }

    /// It is enough that $g(h(n)) = (gh)(n)$ for all $g$, generators $h$ and generators $n$.
    fn check_action(&self) -> Result<(), GroupError> {
        for h in self.complement.generators().iter().copied().chain([0]) {
            for g in self.complement.elements() {
                let product = self.complement.multiply(g, h);
                for n in generators_of_factors(self.normal.factors()) {
                    let (twice, once) = (self.apply(g, self.apply(h, n)), self.apply(product, n));
                    if twice != once {
                        return Err(GroupError::NotAnAction { g, h, n, twice, product, once });
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn normal(&self) -> &Abelian {
        &self.normal
    }

    pub(crate) fn complement(&self) -> &FiniteGroup {
        &self.complement
    }

    pub(crate) fn wallpaper(&self) -> Option<Wallpaper> {
        self.wallpaper
    }

    /// The image $h(n)$.
    pub(crate) fn apply(&self, h: usize, n: usize) -> usize {
        self.automorphisms[h * self.normal.order() + n] as usize
    }

    pub(crate) fn order(&self) -> usize {
        self.automorphisms.len()
    }

    pub(crate) fn name(&self) -> String {
        name(&self.normal, &self.complement, self.wallpaper)
    }

    pub(crate) fn is_abelian(&self) -> bool {
        let fixes_all =
            |h| generators_of_factors(self.normal.factors()).into_iter().all(|n| self.apply(h, n) == n);
        self.complement.is_abelian() && self.complement.elements().all(fixes_all)
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        let fast = self.complement.order();
        let (n, a) = (g / fast, g % fast);
        let (m, b) = (h / fast, h % fast);
        self.normal.multiply(n, self.apply(a, m)) * fast + self.complement.multiply(a, b)
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        let fast = self.complement.order();
        let back = self.complement.inverse(g % fast);
        self.apply(back, self.normal.inverse(g / fast)) * fast + back
    }
}

impl fmt::Debug for Semidirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semidirect").field("name", &self.name()).finish_non_exhaustive()
    }
}

fn name(normal: &Abelian, complement: &FiniteGroup, wallpaper: Option<Wallpaper>) -> String {
    match wallpaper {
        Some(family) => format!("{family}({})", normal.factors()[0]),
        None => format!("{}⋊{}", in_parentheses(normal.name()), in_parentheses(complement.name())),
    }
}

fn in_parentheses(name: String) -> String {
    if name.contains(['×', '⋊']) { format!("({name})") } else { name }
}

/// Refuses orders and tables that are too large, before any element of the table is made.
pub(crate) fn check_size(name: &str, normal: usize, complement: usize) -> Result<(), GroupError> {
    match normal.checked_mul(complement).filter(|&order| order <= MAX_ORDER) {
        None => Err(GroupError::TooLarge { name: name.to_owned() }),
        Some(images) if images > MAX_TABLE => {
            Err(GroupError::TooManyImages { name: name.to_owned(), images })
        }
        Some(_) => Ok(()),
    }
}

/// Checks that `images` extend to an automorphism and appends its values.
fn append_automorphism(
    normal: &Abelian,
    h: usize,
    images: &[usize],
    table: &mut Vec<u32>,
) -> Result<(), GroupError> {
    let (factors, start) = (normal.factors(), table.len());
    if images.len() != factors.len() {
        return Err(GroupError::GeneratorImageCount { h, expected: factors.len(), got: images.len() });
    }
    for ((&image, &order), n) in images.iter().zip(factors).zip(generators_of_factors(factors)) {
        if image >= normal.order() {
            return Err(GroupError::ImageOutside { h, n, image, order: normal.order() });
        }
        let image_order = normal.element_order(image);
        if order % image_order != 0 {
            return Err(GroupError::ImageOrder { h, n, order, image, image_order });
        }
    }
    let mut preimages: Vec<Option<usize>> = vec![None; normal.order()];
    for n in 0..normal.order() {
        let image = abelian::coordinates(factors, n)
            .into_iter()
            .zip(images)
            .fold(0, |product, (exponent, &image)| {
                normal.multiply(product, normal.power(image, exponent as i64))
            });
        if let Some(first) = preimages[image].replace(n) {
            return Err(GroupError::NotInjective { h, first, second: n, image });
        }
        // An image is below the order, which MAX_TABLE bounds.
        table.push(image as u32);
    }
    debug_assert_eq!(table.len(), start + normal.order());
    Ok(())
}

/// The generators of the cyclic factors as elements; the neutral element for a factor of order one.
pub(crate) fn generators_of_factors(factors: &[usize]) -> Vec<usize> {
    (0..factors.len()).map(|j| if factors[j] == 1 { 0 } else { factors[j + 1..].iter().product() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(normal: &[usize], complement: usize, images: &[&[usize]]) -> Result<FiniteGroup, GroupError> {
        let images: Vec<_> = images.iter().map(|row| row.to_vec()).collect();
        FiniteGroup::semidirect_product(
            &FiniteGroup::abelian(normal)?,
            &FiniteGroup::cyclic(complement)?,
            &images,
        )
    }

    #[test]
    fn the_complement_acts_by_conjugation() {
        let group = product(&[7], 3, &[&[1], &[2], &[4]]).unwrap();
        for h in 0..3 {
            for n in 0..7 {
                let conjugate = group.multiply(group.multiply(h, 3 * n), group.inverse(h));
                assert_eq!(conjugate, 3 * (n * [1, 2, 4][h] % 7));
            }
        }
        assert!(!group.is_abelian());
        assert!(product(&[4], 2, &[&[1], &[1]]).unwrap().is_abelian());
    }

    #[test]
    fn inversion_gives_the_dihedral_group() {
        let group = product(&[5], 2, &[&[1], &[4]]).unwrap();
        let dihedral = FiniteGroup::dihedral(5).unwrap();
        let image = |g: usize| g / 2 + 5 * (g % 2);
        for g in group.elements() {
            for h in group.elements() {
                assert_eq!(image(group.multiply(g, h)), dihedral.multiply(image(g), image(h)));
            }
        }
    }

    #[test]
    fn names_show_what_acts_on_what() {
        let group = product(&[3, 3], 2, &[&[3, 1], &[1, 3]]).unwrap();
        assert_eq!(group.to_string(), "(C3×C3)⋊C2");
        assert_eq!(group.order(), 18);
        assert_eq!(group.cyclic_factors(), None);
    }

    #[test]
    fn what_is_no_automorphism_is_named() {
        let message = |result: Result<FiniteGroup, GroupError>| {
            let error = result.unwrap_err();
            assert!(error.hint().is_some());
            error.to_string()
        };
        let d3 = FiniteGroup::dihedral(3).unwrap();
        assert_eq!(
            message(FiniteGroup::semidirect_product(&d3, &d3, &[])),
            "semidirect product: expected a direct product of cyclic groups as the normal factor, got `D3`"
        );
        assert_eq!(
            message(product(&[7], 3, &[&[1], &[2]])),
            "semidirect product: expected one automorphism for each of the 3 elements of `C3`, got 2"
        );
        assert_eq!(
            message(product(&[3, 3], 2, &[&[3, 1], &[1]])),
            "automorphism of element 1: expected one image for each of 2 cyclic factors, got 1"
        );
        assert_eq!(
            message(product(&[7], 3, &[&[1], &[2], &[7]])),
            "automorphism of element 2: the image 7 of 1 is outside a group of order 7"
        );
        assert_eq!(
            message(product(&[2, 4], 1, &[&[1, 4]])),
            "automorphism of element 0: 4 has order 2, but its image 1 has order 4"
        );
        assert_eq!(
            message(product(&[4], 2, &[&[1], &[2]])),
            "automorphism of element 1: 0 and 2 have the same image 0"
        );
        assert_eq!(
            message(product(&[7], 3, &[&[1], &[2], &[2]])),
            "automorphisms: 1 sends the image of 1 under 1 to 4, but their product 2 sends it to 2"
        );
        assert_eq!(
            message(product(&[7], 1, &[&[2]])),
            "automorphisms: 0 sends the image of 1 under 0 to 4, but their product 0 sends it to 2"
        );
    }

    #[test]
    fn sizes_are_checked_before_the_table_is_made() {
        let (half, two) = (FiniteGroup::cyclic(MAX_ORDER / 2).unwrap(), FiniteGroup::cyclic(2).unwrap());
        let error = FiniteGroup::semidirect_product(&half, &two, &[]).unwrap_err();
        assert!(matches!(error, GroupError::TooManyImages { images: MAX_ORDER, .. }));
        let error = FiniteGroup::semidirect_product(&half, &half, &[]).unwrap_err();
        assert!(matches!(error, GroupError::TooLarge { .. }));
    }

    #[test]
    fn a_factor_of_order_one_is_generated_by_the_identity() {
        assert_eq!(generators_of_factors(&[2, 1, 5]), [5, 0, 1]);
    }
}
