//! Characters of all irreps on all conjugacy classes.

use ndarray::Array2;
use num_complex::Complex64;

use crate::conjugacy_classes::ConjugacyClasses;
use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::irrep::Irrep;

/// The largest number of irreps of a group whose character table is made: 2,048 take 64 MiB.
const MAX_CLASSES: usize = 2048;

/// The character table of a group.
///
/// # Examples
///
/// ```
/// use isotypic_group::FiniteGroup;
/// use num_complex::Complex64;
///
/// let group = FiniteGroup::symmetric(4)?;
/// let table = group.character_table()?;
/// assert_eq!(table.values().dim(), (5, 5));
/// // The four points themselves: the trivial irrep, and that of the tetrahedron's corners.
/// let fixed_points = |g: usize| (0..4).filter(|&i| group.permutation(g).is_some_and(|image| image[i] == i)).count();
/// let character: Vec<_> = group.conjugacy_classes().representatives().iter()
///     .map(|&g| Complex64::from(fixed_points(g) as f64)).collect();
/// let multiplicities = table.multiplicities(&character);
/// let labels: Vec<_> = group.irreps()?.iter().zip(&multiplicities).filter(|(_, m)| **m > 0.5)
///     .map(|(irrep, _)| irrep.label.to_string()).collect();
/// assert_eq!(labels, ["[4]", "[3,1]"]);
/// # Ok::<(), isotypic_group::GroupError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CharacterTable<'a> {
    group: &'a FiniteGroup,
    irreps: &'a [Irrep],
    values: Array2<Complex64>,
}

impl CharacterTable<'_> {
    /// Characters.
    ///
    /// # Shapes
    /// result: `[irreps, classes]`, in the order of [`FiniteGroup::irreps`] and [`FiniteGroup::conjugacy_classes`]
    pub fn values(&self) -> &Array2<Complex64> {
        &self.values
    }

    /// The irreps, one per row.
    pub fn irreps(&self) -> &[Irrep] {
        self.irreps
    }

    /// The classes, one per column.
    pub fn classes(&self) -> &ConjugacyClasses {
        self.group.conjugacy_classes()
    }

    /// How often each irrep stands in a representation with the given character:
    /// $\frac1{|G|}\sum_C |C|\,\chi(C)\,\overline{\chi_ρ(C)}$, which rounding leaves near a whole number.
    ///
    /// # Shapes
    /// - `character`: `[classes]`
    ///
    /// # Panics
    /// If there are not as many values as classes.
    pub fn multiplicities(&self, character: &[Complex64]) -> Vec<f64> {
        let sizes = self.classes().sizes();
        assert_eq!(character.len(), sizes.len(), "one value per class");
        let multiplicity = |row: ndarray::ArrayView1<'_, Complex64>| {
            let terms = row.iter().zip(character).zip(sizes);
            let sum: Complex64 = terms.map(|((own, value), &size)| value * own.conj() * size as f64).sum();
            sum.re / self.group.order() as f64
        };
        self.values.rows().into_iter().map(multiplicity).collect()
    }
}

impl FiniteGroup {
    /// The character table.
    ///
    /// # Errors
    /// Those of [`irreps`](Self::irreps); [`GroupError::TooManyClasses`] beyond 2,048 conjugacy classes.
    pub fn character_table(&self) -> Result<CharacterTable<'_>, GroupError> {
        let classes = self.conjugacy_classes();
        if classes.len() > MAX_CLASSES {
            let (group, classes) = (self.name(), classes.len());
            return Err(GroupError::TooManyClasses { group, classes, limit: MAX_CLASSES });
        }
        let irreps = self.irreps()?;
        let values = Array2::from_shape_fn((irreps.len(), classes.len()), |(irrep, class)| {
            irreps[irrep].character(classes.representatives()[class])
        });
        Ok(CharacterTable { group: self, irreps, values })
    }
}
