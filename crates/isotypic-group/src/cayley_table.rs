//! Groups given by all their products.

use std::fmt;

use ndarray::{Array2, ArrayView2};

use crate::error::GroupError;
use crate::finite_group::{Family, FiniteGroup};

/// The largest order of a group that is given by, or kept as, a table: 4,096 elements take 32 MiB.
pub const MAX_TABLE_ORDER: usize = 4096;

/// All products, row after row, and the inverses.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct CayleyTable {
    inverses: Vec<u16>,
    products: Vec<u16>,
}

impl CayleyTable {
    /// Checks a table of products: entry $(g, h)$ is $gh$.
    ///
    /// Associativity is checked by Light's method: $(xs)y = x(sy)$ for all $x, y$ and for every $s$ of a generating set
    /// suffices. The elements $s$ for which it holds form a group, so each further generator at least doubles it, and the
    /// check takes $O(n^2 \log n)$ products.
    ///
    /// # Errors
    /// [`GroupError::TableShape`], [`GroupError::TableEntry`], [`GroupError::TableIdentity`], [`GroupError::TableRepeats`],
    /// [`GroupError::NotAssociative`].
    pub(crate) fn new(table: ArrayView2<'_, usize>) -> Result<Self, GroupError> {
        let (order, columns) = table.dim();
        if order == 0 || order != columns || order > MAX_TABLE_ORDER {
            return Err(GroupError::TableShape { rows: order, columns });
        }
        if let Some(((g, h), &product)) = table.indexed_iter().find(|&(_, &product)| product >= order) {
            return Err(GroupError::TableEntry { g, h, product, order });
        }
        let is_identity = |e: usize| (0..order).all(|g| table[[e, g]] == g && table[[g, e]] == g);
        if !is_identity(0) {
            return Err(GroupError::TableIdentity { identity: (1..order).find(|&e| is_identity(e)) });
        }
        let products: Vec<u16> = table.iter().map(|&product| product as u16).collect();
        let mut inverses = vec![0; order];
        for (g, row) in products.chunks_exact(order).enumerate() {
            let mut factor = vec![None; order];
            for (h, &product) in row.iter().enumerate() {
                if let Some(first) = factor[product as usize].replace(h) {
                    return Err(GroupError::TableRepeats { g, first, second: h, product: product.into() });
                }
                if product == 0 {
                    inverses[g] = h as u16;
                }
            }
        }
        let checked = Self { inverses, products };
        checked.check_associativity()?;
        Ok(checked)
    }

    /// The table of a group, from its multiplication, which is not checked again.
    pub(crate) fn of_group(order: usize, multiply: impl Fn(usize, usize) -> usize) -> Self {
        let mut inverses = vec![0; order];
        let mut products = Vec::with_capacity(order * order);
        for (g, inverse) in inverses.iter_mut().enumerate() {
            for h in 0..order {
                let product = multiply(g, h);
                if product == 0 {
                    *inverse = h as u16;
                }
                products.push(product as u16);
            }
        }
        Self { inverses, products }
    }

    fn check_associativity(&self) -> Result<(), GroupError> {
        let order = self.order();
        let mut generators: Vec<usize> = Vec::new();
        let mut is_reached = vec![false; order];
        is_reached[0] = true;
        while let Some(middle) = is_reached.iter().position(|&reached| !reached) {
            for (g, k) in (0..order).flat_map(|g| (0..order).map(move |k| (g, k))) {
                let left = self.multiply(self.multiply(g, middle), k);
                let right = self.multiply(g, self.multiply(middle, k));
                if left != right {
                    return Err(GroupError::NotAssociative { g, h: middle, k, left, right });
                }
            }
            generators.push(middle);
            let mut frontier: Vec<usize> = (0..order).filter(|&g| is_reached[g]).collect();
            while let Some(g) = frontier.pop() {
                for &s in &generators {
                    let product = self.multiply(g, s);
                    if !is_reached[product] {
                        is_reached[product] = true;
                        frontier.push(product);
                    }
                }
            }
        }
        Ok(())
    }

    pub(crate) fn order(&self) -> usize {
        self.inverses.len()
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        self.products[g * self.order() + h].into()
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        self.inverses[g].into()
    }
}

impl fmt::Debug for CayleyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CayleyTable").field("order", &self.order()).finish_non_exhaustive()
    }
}

impl FiniteGroup {
    /// A group by all its products: entry $(g, h)$ of the table is $gh$, and element 0 is the identity.
    ///
    /// # Shapes
    /// - `table`: `[order, order]`
    ///
    /// # Errors
    /// A table that is not square or has more than [`MAX_TABLE_ORDER`] rows, an entry that is no element, an identity that
    /// is not element 0, a row with a repeated product, three elements that are not associative.
    ///
    /// # Examples
    ///
    /// ```
    /// use isotypic_group::FiniteGroup;
    /// use ndarray::array;
    ///
    /// let group = FiniteGroup::from_cayley_table(&array![[0, 1, 2], [1, 2, 0], [2, 0, 1]])?;
    /// assert_eq!(group.irreps()?.len(), 3);
    /// let error = FiniteGroup::from_cayley_table(&array![[0, 1, 2], [1, 0, 0], [2, 0, 1]]).unwrap_err();
    /// assert_eq!(error.to_string(), "cayley table, row 1: 1·1 and 1·2 are both 0");
    /// # Ok::<(), isotypic_group::GroupError>(())
    /// ```
    pub fn from_cayley_table(table: &Array2<usize>) -> Result<Self, GroupError> {
        Ok(Self::of(Family::Table(CayleyTable::new(table.view())?)))
    }
}
