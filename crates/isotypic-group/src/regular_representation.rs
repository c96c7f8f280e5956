//! The left regular representation, $(L(g)f)(x) = f(g^{-1}x)$, split into real invariant subspaces.
//!
//! What commutes with it are the right translations, $(R(h)f)(x) = f(xh)$. The eigenspaces of a random symmetric
//! combination $\sum_h a(h) R(h)$, $a(h) = a(h^{-1})$, are invariant, and irreducible over the reals unless
//! eigenvalues meet by accident, which their characters show.

use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd;
use faer::{Mat, Par, Spec};

use crate::conjugacy_classes::ConjugacyClasses;
use crate::finite_group::FiniteGroup;

/// Multiplication by lookup, for computations that use all products many times.
pub(crate) struct RegularRepresentation<'a> {
    pub(crate) group: &'a FiniteGroup,
    pub(crate) order: usize,
    products: Vec<u32>,
    inverses: Vec<usize>,
}

/// A real invariant subspace.
pub(crate) struct InvariantSpace {
    /// Its dimension over the reals.
    pub(crate) dimension: usize,
    /// An orthonormal basis as columns: `[order, dimension]`, row-major.
    pub(crate) basis: Vec<f64>,
    /// Its character on each class.
    pub(crate) character: Vec<f64>,
    /// The distance of its eigenvalue from the others.
    pub(crate) gap: f64,
}

/// Eigenvalues this near, relative to the largest, are taken for one.
const NEAR: f64 = 1e-10;

impl<'a> RegularRepresentation<'a> {
    pub(crate) fn new(group: &'a FiniteGroup) -> Self {
        let order = group.order();
        let products = group
            .elements()
            .flat_map(|g| group.elements().map(move |h| group.multiply(g, h) as u32))
            .collect();
        let inverses = group.elements().map(|g| group.inverse(g)).collect();
        Self { group, order, products, inverses }
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        self.products[g * self.order + h] as usize
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        self.inverses[g]
    }

    /// The eigenspaces of a random symmetric combination of right translations; `None` if the eigenvalues could not
    /// be computed.
    pub(crate) fn split(
        &self,
        classes: &ConjugacyClasses,
        random: &mut SplitMix64,
    ) -> Option<Vec<InvariantSpace>> {
        let n = self.order;
        let mut weights = vec![0.0; n];
        for h in 0..n {
            let inverse = self.inverse(h);
            weights[h] = if inverse < h { weights[inverse] } else { random.symmetric() };
        }
        let operator = Mat::from_fn(n, n, |x, y| weights[self.multiply(self.inverse(x), y)]);
        let mut values = Diag::<f64>::zeros(n);
        let mut vectors = Mat::<f64>::zeros(n, n);
        let wanted = evd::ComputeEigenvectors::Yes;
        let mut memory =
            MemBuffer::new(evd::self_adjoint_evd_scratch::<f64>(n, wanted, Par::Seq, Spec::default()));
        evd::self_adjoint_evd(
            operator.as_ref(),
            values.as_mut(),
            Some(vectors.as_mut()),
            Par::Seq,
            MemStack::new(&mut memory),
            Spec::default(),
        )
        .ok()?;
        let values: Vec<f64> = values.column_vector().iter().copied().collect();
        let scale = values.iter().fold(f64::MIN_POSITIVE, |scale, value| scale.max(value.abs()));
        let mut starts: Vec<usize> =
            (0..n).filter(|&i| i == 0 || values[i] - values[i - 1] > NEAR * scale).collect();
        starts.push(n);
        let spaces = starts.windows(2).map(|ends| {
            let (start, end) = (ends[0], ends[1]);
            let dimension = end - start;
            let basis: Vec<f64> = (0..n)
                .flat_map(|x| (start..end).map(|column| vectors[(x, column)]).collect::<Vec<_>>())
                .collect();
            let below = if start == 0 { f64::INFINITY } else { values[start] - values[start - 1] };
            let above = if end == n { f64::INFINITY } else { values[end] - values[end - 1] };
            let character = character(&basis, dimension, classes);
            InvariantSpace { dimension, basis, character, gap: below.min(above) }
        });
        Some(spaces.collect())
    }
}

/// The character of $L$ on an invariant space with the projector $P(x, y) = p(x^{-1}y)$, from
/// $\mathrm{tr}\,P L(g) = \sum_x p(x^{-1}gx)$.
fn character(basis: &[f64], dimension: usize, classes: &ConjugacyClasses) -> Vec<f64> {
    let order = basis.len() / dimension;
    let identity = &basis[..dimension];
    let mut sums = vec![0.0; classes.len()];
    for (g, row) in basis.chunks_exact(dimension).enumerate() {
        sums[classes.class_of(g)] += identity.iter().zip(row).map(|(a, b)| a * b).sum::<f64>();
    }
    sums.iter().zip(classes.sizes()).map(|(sum, &size)| sum * order as f64 / size as f64).collect()
}

/// The generator of Steele, Lea and Flood (2014): the same numbers on every machine.
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number between −1 and 1.
    pub(crate) fn symmetric(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A number below `bound`, which is far below $2^{64}$.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenspaces_are_invariant_and_their_characters_are_traces() {
        let group = FiniteGroup::octahedral();
        let regular = RegularRepresentation::new(&group);
        let classes = group.conjugacy_classes();
        let spaces = regular.split(classes, &mut SplitMix64(1)).unwrap();
        assert_eq!(spaces.iter().map(|space| space.dimension).sum::<usize>(), 24);
        assert_eq!(spaces.len(), 1 + 1 + 2 + 3 + 3);
        for space in &spaces {
            let d = space.dimension;
            let entry = |x: usize, column: usize| space.basis[x * d + column];
            for g in group.elements() {
                let moved = |x: usize, column: usize| entry(group.multiply(group.inverse(g), x), column);
                let product =
                    |i: usize, j: usize| group.elements().map(|x| entry(x, i) * moved(x, j)).sum::<f64>();
                let trace: f64 = (0..d).map(|i| product(i, i)).sum();
                assert!((trace - space.character[classes.class_of(g)]).abs() < 1e-12);
                for (x, column) in group.elements().flat_map(|x| (0..d).map(move |column| (x, column))) {
                    let back: f64 = (0..d).map(|i| entry(x, i) * product(i, column)).sum();
                    assert!((back - moved(x, column)).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn splitmix_starts_as_published() {
        let mut random = SplitMix64(0);
        assert_eq!(random.next(), 0xe220_a839_7b1d_cdaf);
        assert!((0..100).all(|_| random.symmetric().abs() <= 1.0));
    }
}
