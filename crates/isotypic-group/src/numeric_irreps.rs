//! Irreps of any group of moderate order, from its regular representation.
//!
//! Of the invariant spaces found by [`RegularRepresentation::split`] one of each character is kept. The norm of the
//! character, 1, 2 or 4, tells real from complex from quaternionic; in the latter two a complex structure, that is
//! an antisymmetric $J$ with $J^2 = -1$ which commutes with the group, picks half of the space.
//!
//! With an orthonormal basis $W$ of a space that is off by an angle $δ$ from an invariant one,
//! $ρ(g) = W^† L(g) W$ is off by $δ^2$ only, because $L(g)$ keeps the complement, too. So matrices are as exact as
//! the sums, and nothing else needs polish. All promises are then verified.

use std::sync::Arc;

use num_complex::Complex64;

use crate::error::GroupError;
use crate::finite_group::FiniteGroup;
use crate::irrep::{Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;
use crate::numeric_basis::{complex_basis, orthonormalise, real_basis};
use crate::regular_representation::{InvariantSpace, RegularRepresentation, SplitMix64};
use crate::stored_matrices::StoredMatrices;
use crate::verify_irreps::verify;

/// The largest order for which irreps without a closed form are computed.
pub const MAX_NUMERIC_ORDER: usize = 1024;

/// Random splittings to try; one practically always suffices.
const ATTEMPTS: u64 = 4;

/// One irrep before it has its name and place.
pub(crate) struct Found {
    pub(crate) dimension: usize,
    pub(crate) kind: IrrepKind,
    /// All matrices, element after element, row-major.
    pub(crate) matrices: Vec<Complex64>,
    /// The character on each class.
    pub(crate) character: Vec<Complex64>,
}

/// All irreps, computed.
///
/// They ascend by dimension; irreps of one dimension descend by the real parts of their characters, compared class
/// by class, then by the imaginary parts. So the first is trivial and conjugate pairs stand together. The basis of
/// an irrep is arbitrary, but the same at each call.
///
/// Names are Mulliken's letters for the dimension (A, E, T, G, H, then `d6` and so on), numbered from 1 where there
/// are several.
pub(crate) fn numeric_irreps(group: &FiniteGroup) -> Result<Vec<Irrep>, GroupError> {
    let order = group.order();
    if order > MAX_NUMERIC_ORDER {
        return Err(GroupError::IrrepsNotKnown { group: group.name(), order, limit: MAX_NUMERIC_ORDER });
    }
    let regular = RegularRepresentation::new(group);
    let mut last = String::new();
    for seed in 0..ATTEMPTS {
        match attempt(&regular, &mut SplitMix64(seed)) {
            Ok(found) => return Ok(listed(found, order)),
            Err(promise) => last = promise,
        }
    }
    Err(GroupError::IrrepsNotComputed { group: group.name(), promise: last })
}

fn attempt(regular: &RegularRepresentation<'_>, random: &mut SplitMix64) -> Result<Vec<Found>, String> {
    let classes = regular.group.conjugacy_classes();
    let spaces = regular.split(classes, random).ok_or("the eigenvalues converge")?;
    let words = words(regular, random);
    let mut found = Vec::new();
    for (space, kind) in one_of_each(spaces, classes.sizes(), regular.order)? {
        let mut basis = match kind {
            IrrepKind::Real => real_basis(&space),
            _ => complex_basis(regular, &space, random).ok_or("there is a complex structure")?,
        };
        let dimension = if kind == IrrepKind::Real { space.dimension } else { space.dimension / 2 };
        orthonormalise(&mut basis, dimension);
        let matrices = matrices(regular, &basis, dimension, &words);
        let trace = |&g: &usize| {
            let matrix = &matrices[g * dimension * dimension..][..dimension * dimension];
            matrix.iter().step_by(dimension + 1).sum()
        };
        let character = classes.representatives().iter().map(trace).collect();
        found.push(Found { dimension, kind, matrices, character });
    }
    verify(regular, &found)?;
    Ok(found)
}

/// For each character the space that is best separated from the others, with its kind.
fn one_of_each(
    spaces: Vec<InvariantSpace>,
    sizes: &[usize],
    order: usize,
) -> Result<Vec<(InvariantSpace, IrrepKind)>, String> {
    // Characters of spaces that are not equivalent are orthogonal, so they differ by much more than rounding.
    const SAME: f64 = 1e-5;
    let mut kept: Vec<(InvariantSpace, IrrepKind)> = Vec::new();
    for space in spaces {
        let terms = space.character.iter().zip(sizes).map(|(value, &size)| value * value * size as f64);
        let norm = terms.sum::<f64>() / order as f64;
        let kind = [(1.0, IrrepKind::Real), (2.0, IrrepKind::Complex), (4.0, IrrepKind::Quaternionic)]
            .into_iter()
            .find(|(expected, _)| (norm - expected).abs() < SAME)
            .map(|(_, kind)| kind)
            .ok_or("eigenspaces are irreducible")?;
        let same = |other: &InvariantSpace| {
            let mut pairs = other.character.iter().zip(&space.character);
            other.dimension == space.dimension && pairs.all(|(a, b)| (a - b).abs() < SAME)
        };
        match kept.iter_mut().find(|(other, _)| same(other)) {
            Some((other, _)) if other.gap < space.gap => *other = space,
            Some(_) => (),
            None => kept.push((space, kind)),
        }
    }
    Ok(kept)
}

/// How each element is made: directly, or as the product of an earlier one and a direct one.
///
/// The direct ones are the generators and random elements, so that words are short and rounding does not add up.
fn words(regular: &RegularRepresentation<'_>, random: &mut SplitMix64) -> Vec<Word> {
    let n = regular.order;
    let mut known = vec![false; n];
    known[0] = true;
    let mut direct = Vec::new();
    let mut words = vec![Word { element: 0, factors: None }];
    let random_elements = (0..2 * n.isqrt()).map(|_| random.below(n));
    for element in regular.group.generators().iter().copied().chain(random_elements) {
        if !std::mem::replace(&mut known[element], true) {
            direct.push(element);
            words.push(Word { element, factors: None });
        }
    }
    let mut next = 0;
    while next < words.len() {
        let first = words[next].element;
        for &second in &direct {
            let element = regular.multiply(first, second);
            if !std::mem::replace(&mut known[element], true) {
                words.push(Word { element, factors: Some((first, second)) });
            }
        }
        next += 1;
    }
    words
}

struct Word {
    element: usize,
    factors: Option<(usize, usize)>,
}

/// $W^† L(g) W$ for the direct elements, products for the others.
fn matrices(
    regular: &RegularRepresentation<'_>,
    basis: &[Complex64],
    dimension: usize,
    words: &[Word],
) -> Vec<Complex64> {
    let square = dimension * dimension;
    let mut all = vec![Complex64::ZERO; regular.order * square];
    let mut out = vec![Complex64::ZERO; square];
    for word in words {
        out.fill(Complex64::ZERO);
        match word.factors {
            _ if word.element == 0 => {
                out.iter_mut().step_by(dimension + 1).for_each(|entry| *entry = Complex64::ONE);
            }
            None => {
                let inverse = regular.inverse(word.element);
                for (x, row) in basis.chunks_exact(dimension).enumerate() {
                    let moved = &basis[regular.multiply(inverse, x) * dimension..][..dimension];
                    for (out, left) in out.chunks_exact_mut(dimension).zip(row) {
                        let left = left.conj();
                        out.iter_mut().zip(moved).for_each(|(out, right)| *out += left * right);
                    }
                }
            }
            Some((first, second)) => {
                multiply_add(
                    &all[first * square..][..square],
                    &all[second * square..][..square],
                    dimension,
                    &mut out,
                );
            }
        }
        all[word.element * square..][..square].copy_from_slice(&out);
    }
    all
}

/// `out += left · right`, all row-major.
pub(crate) fn multiply_add(left: &[Complex64], right: &[Complex64], dimension: usize, out: &mut [Complex64]) {
    for (out, left) in out.chunks_exact_mut(dimension).zip(left.chunks_exact(dimension)) {
        for (factor, right) in left.iter().zip(right.chunks_exact(dimension)) {
            out.iter_mut().zip(right).for_each(|(out, right)| *out += factor * right);
        }
    }
}

/// The irreps in their order, with names; conjugate pairs share their matrices.
fn listed(found: Vec<Found>, order: usize) -> Vec<Irrep> {
    struct Entry {
        dimension: usize,
        key: (Vec<i64>, Vec<i64>),
        kind: IrrepKind,
        matrices: StoredMatrices,
    }
    // Far coarser than rounding and far finer than the differences between irreps.
    let rounded = |value: f64| (value * -1e8).round() as i64;
    let mut entries = Vec::new();
    for irrep in found {
        let Found { dimension, kind, matrices, character } = irrep;
        let real: Vec<i64> = character.iter().map(|value| rounded(value.re)).collect();
        let imaginary: Vec<i64> = character.iter().map(|value| rounded(value.im)).collect();
        if kind == IrrepKind::Real {
            let matrices = StoredMatrices::Real(matrices.iter().map(|entry| entry.re).collect());
            entries.push(Entry { dimension, key: (real, imaginary), kind, matrices });
            continue;
        }
        let shared: Arc<[Complex64]> = matrices.into();
        if kind == IrrepKind::Complex {
            let key = (real.clone(), imaginary.iter().map(|value| -value).collect());
            let matrices = StoredMatrices::Conjugated(Arc::clone(&shared));
            entries.push(Entry { dimension, key, kind, matrices });
        }
        let matrices = StoredMatrices::Complex(shared);
        entries.push(Entry { dimension, key: (real, imaginary), kind, matrices });
    }
    entries.sort_by(|a, b| (a.dimension, &a.key).cmp(&(b.dimension, &b.key)));
    let count = |dimension: usize| entries.iter().filter(|entry| entry.dimension == dimension).count();
    let mut irreps: Vec<Irrep> = Vec::with_capacity(entries.len());
    let mut number = 0;
    for (index, entry) in entries.iter().enumerate() {
        let dimension = entry.dimension;
        let follows = irreps.last().is_some_and(|previous| previous.dimension == dimension);
        number = if follows { number + 1 } else { 1 };
        let conjugate = match entry.kind {
            IrrepKind::Complex => {
                let before = index > 0
                    && entries[index - 1].key.0 == entry.key.0
                    && irreps[index - 1].conjugate == index;
                if before { index - 1 } else { index + 1 }
            }
            _ => index,
        };
        irreps.push(Irrep {
            label: IrrepLabel::Name(name(dimension, (count(dimension) > 1).then_some(number))),
            dimension,
            kind: entry.kind,
            conjugate,
            order,
            matrices: Matrices::Stored(entry.matrices.clone()),
        });
    }
    irreps
}

fn name(dimension: usize, number: Option<usize>) -> String {
    let number = number.map(|number| number.to_string()).unwrap_or_default();
    match dimension {
        1 => format!("A{number}"),
        2 => format!("E{number}"),
        3 => format!("T{number}"),
        4 => format!("G{number}"),
        5 => format!("H{number}"),
        _ if number.is_empty() => format!("d{dimension}"),
        _ => format!("d{dimension}_{number}"),
    }
}
