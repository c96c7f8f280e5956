//! Young's orthogonal form: the irreps of the symmetric group by real matrices on standard tableaux.
//!
//! With $r$ the content of the box of $i+1$ less that of $i$ in the tableau $t$ (content: column less row),
//! $ρ(s_i)\,e_t = \frac1r e_t + \sqrt{1 - \frac1{r^2}}\,e_{s_i t}$ for the adjacent transposition $s_i = (i\ i{+}1)$
//! (James & Kerber, The Representation Theory of the Symmetric Group, 3.3). Any element is a product of these,
//! applied to rows one by one; no matrix is stored.

use std::collections::HashMap;

use num_complex::Complex64;

/// The irrep of the symmetric group that belongs to a partition.
#[derive(Clone, Debug)]
pub(crate) struct YoungForm {
    dimension: usize,
    /// What each adjacent transposition does to the basis.
    transpositions: Vec<Transposition>,
    associator: Option<Associator>,
}

/// A reflection of the tableaux space: signs on single tableaux, reflections in planes of two.
#[derive(Clone, Debug, Default)]
struct Transposition {
    /// Tableaux whose vector changes its sign, because $i$ and $i+1$ share a column.
    negated: Vec<usize>,
    /// Two tableaux that differ by $i$ and $i+1$, with $1/r$ of the first.
    planes: Vec<(usize, usize, f64)>,
}

/// For a partition equal to its conjugate: $A e_t = σ(t)\,e_{t'}$ with the transposed tableau and the sign of the
/// permutation that makes $t$. It commutes with even permutations and anticommutes with odd ones.
#[derive(Clone, Debug)]
struct Associator {
    /// One tableau of each pair $t, t'$, with $t'$ and $σ(t')$.
    pairs: Vec<(usize, usize, f64)>,
    /// Whether $A^2 = 1$, else it is $-1$.
    is_involution: bool,
}

/// One of the two irreps of the alternating group that a partition equal to its conjugate makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Half {
    /// The eigenspace of the associator for 1 or i.
    Plus,
    /// The eigenspace of the associator for −1 or −i.
    Minus,
}

impl YoungForm {
    pub(crate) fn new(partition: &[usize]) -> Self {
        let tableaux = standard_tableaux(partition);
        let index: HashMap<&[usize], usize> =
            tableaux.iter().enumerate().map(|(index, rows)| (&rows[..], index)).collect();
        let degree = partition.iter().sum::<usize>();
        let transpositions = (1..degree)
            .map(|later| {
                let mut result = Transposition::default();
                for (first, rows) in tableaux.iter().enumerate() {
                    let columns = columns(rows);
                    let content = |entry: usize| columns[entry] as i64 - rows[entry] as i64;
                    let distance = content(later) - content(later - 1);
                    let mut swapped = rows.clone();
                    swapped.swap(later - 1, later);
                    match distance {
                        1 => (),
                        -1 => result.negated.push(first),
                        _ => {
                            // Both orders of the pair come by; the one with the smaller index is kept.
                            let second = index[&swapped[..]];
                            if first < second {
                                result.planes.push((first, second, 1.0 / distance as f64));
                            }
                        }
                    }
                }
                result
            })
            .collect();
        let associator = (conjugate(partition) == partition && degree > 1).then(|| {
            let transposed = |rows: &[usize]| index[&columns(rows)[..]];
            let pairs: Vec<_> = tableaux
                .iter()
                .enumerate()
                .map(|(t, rows)| (t, transposed(rows)))
                .filter(|(t, other)| t < other)
                .map(|(t, other)| (t, other, if is_odd(&tableaux[other]) { -1.0 } else { 1.0 }))
                .collect();
            let &(t, other, _) = pairs.first().expect("no tableau of two or more boxes is its own transpose");
            Associator { is_involution: is_odd(&tableaux[t]) == is_odd(&tableaux[other]), pairs }
        });
        Self { dimension: tableaux.len(), transpositions, associator }
    }

    /// The number of standard tableaux.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Whether the halves for the alternating group are real, or a conjugate pair; `None` when there are none.
    pub(crate) fn halves_are_real(&self) -> Option<bool> {
        self.associator.as_ref().map(|associator| associator.is_involution)
    }

    /// Writes the matrix of the permutation with the given images, which are sorted on the way.
    pub(crate) fn write(&self, images: &mut [usize], out: &mut [Complex64]) {
        out.fill(Complex64::ZERO);
        out.iter_mut().step_by(self.dimension + 1).for_each(|entry| *entry = Complex64::ONE);
        self.act(images, out, self.dimension);
    }

    /// Writes the matrix of an even permutation on one half, in the basis $(e_t + \bar λ A e_t)/\sqrt 2$ of the
    /// eigenspace of the associator for $λ$.
    ///
    /// With $P$ the projector on it, $2\langle P e_s, ρ P e_t\rangle = ρ_{st} + \bar λ\,σ(s')\,ρ_{s't}$.
    pub(crate) fn write_half(&self, half: Half, images: &mut [usize], out: &mut [Complex64]) {
        let associator =
            self.associator.as_ref().expect("only partitions equal to their conjugates have halves");
        let size = associator.pairs.len();
        let mut columns = vec![Complex64::ZERO; self.dimension * size];
        for (column, &(t, _, _)) in associator.pairs.iter().enumerate() {
            columns[t * size + column] = Complex64::ONE;
        }
        self.act(images, &mut columns, size);
        let eigenvalue = if associator.is_involution { Complex64::ONE } else { Complex64::I };
        let eigenvalue = if half == Half::Plus { eigenvalue } else { -eigenvalue };
        for (row, &(s, other, sign)) in associator.pairs.iter().enumerate() {
            for column in 0..size {
                let (own, partner) = (columns[s * size + column].re, columns[other * size + column].re);
                out[row * size + column] = own + eigenvalue.conj().scale(sign * partner);
            }
        }
    }

    /// Multiplies the rows of a matrix with `width` columns by $ρ(g)$ from the left.
    fn act(&self, images: &mut [usize], matrix: &mut [Complex64], width: usize) {
        // Sorting the images by adjacent swaps: g·s_1·…·s_k = 1, so ρ(g) = ρ(s_k)…ρ(s_1).
        for end in 1..images.len() {
            for i in (0..end).rev() {
                if images[i] < images[i + 1] {
                    break;
                }
                images.swap(i, i + 1);
                self.transpositions[i].apply(matrix, width);
            }
        }
    }
}

impl Transposition {
    fn apply(&self, matrix: &mut [Complex64], width: usize) {
        for &row in &self.negated {
            matrix[row * width..][..width].iter_mut().for_each(|entry| *entry = -*entry);
        }
        for &(first, second, cos) in &self.planes {
            let sin = (1.0 - cos * cos).sqrt();
            let (before, from) = matrix.split_at_mut(second * width);
            let rows = before[first * width..][..width].iter_mut().zip(&mut from[..width]);
            for (a, b) in rows {
                // The forms are real, and imaginary parts stay zero.
                let (upper, lower) = (a.re, b.re);
                a.re = cos * upper + sin * lower;
                b.re = sin * upper - cos * lower;
            }
        }
    }
}

/// All partitions of `n` in descending lexicographic order, from `[n]` to `[1, …, 1]`.
pub(crate) fn partitions(n: usize) -> Vec<Vec<usize>> {
    fn extend(rest: usize, largest: usize, parts: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        if rest == 0 {
            found.push(parts.clone());
        }
        for part in (1..=largest.min(rest)).rev() {
            parts.push(part);
            extend(rest - part, part, parts, found);
            parts.pop();
        }
    }
    let mut found = Vec::new();
    extend(n, n, &mut Vec::new(), &mut found);
    found
}

/// The partition whose parts are the columns of the diagram.
pub(crate) fn conjugate(partition: &[usize]) -> Vec<usize> {
    let longest = partition.first().copied().unwrap_or(0);
    (0..longest).map(|column| partition.iter().filter(|&&part| part > column).count()).collect()
}

/// The standard tableaux, each as the row of every entry, in lexicographic order.
fn standard_tableaux(partition: &[usize]) -> Vec<Vec<usize>> {
    let degree = partition.iter().sum::<usize>();
    let mut grown = vec![(Vec::with_capacity(degree), vec![0; partition.len()])];
    for _ in 0..degree {
        let mut next = Vec::new();
        for (rows, lengths) in &grown {
            for row in 0..partition.len() {
                let fits = lengths[row] < partition[row] && (row == 0 || lengths[row] < lengths[row - 1]);
                if fits {
                    let (mut rows, mut lengths): (Vec<usize>, Vec<usize>) = (rows.clone(), lengths.clone());
                    rows.push(row);
                    lengths[row] += 1;
                    next.push((rows, lengths));
                }
            }
        }
        grown = next;
    }
    grown.into_iter().map(|(rows, _)| rows).collect()
}

/// The column of every entry.
fn columns(rows: &[usize]) -> Vec<usize> {
    (0..rows.len()).map(|entry| rows[..entry].iter().filter(|&&row| row == rows[entry]).count()).collect()
}

/// The sign of the permutation that makes the tableau from the one filled row by row.
fn is_odd(rows: &[usize]) -> bool {
    let inversions = |i: usize| rows[i + 1..].iter().filter(|&&later| later < rows[i]).count();
    (0..rows.len()).map(inversions).sum::<usize>() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_descend_and_squares_of_dimensions_add_up_to_the_factorial() {
        assert_eq!(partitions(4), [vec![4], vec![3, 1], vec![2, 2], vec![2, 1, 1], vec![1; 4]]);
        for (n, factorial) in [(1, 1), (2, 2), (3, 6), (5, 120), (7, 5040)] {
            let squares = |partition: &Vec<usize>| YoungForm::new(partition).dimension().pow(2);
            assert_eq!(partitions(n).iter().map(squares).sum::<usize>(), factorial);
        }
    }

    #[test]
    fn conjugation_reads_columns() {
        assert_eq!(conjugate(&[4, 2, 1]), [3, 2, 1, 1]);
        assert_eq!(conjugate(&[3, 1, 1]), [3, 1, 1]);
    }

    #[test]
    fn halves_are_real_when_half_of_the_boxes_off_the_diagonal_is_even() {
        for n in 2..=7 {
            for partition in partitions(n).iter().filter(|&partition| conjugate(partition) == *partition) {
                let diagonal = partition.iter().enumerate().filter(|(row, part)| part > &row).count();
                let expected = ((n - diagonal) / 2).is_multiple_of(2);
                assert_eq!(YoungForm::new(partition).halves_are_real(), Some(expected), "{partition:?}");
            }
        }
        assert_eq!(YoungForm::new(&[3, 1]).halves_are_real(), None);
    }

    #[test]
    fn the_form_of_two_rows_of_three_is_the_known_one() {
        let form = YoungForm::new(&[2, 1]);
        let mut matrix = [Complex64::ZERO; 4];
        let entries = |matrix: [Complex64; 4]| matrix.map(|entry| entry.re);
        form.write(&mut [1, 0, 2], &mut matrix);
        assert_eq!(entries(matrix), [1.0, 0.0, 0.0, -1.0]);
        form.write(&mut [0, 2, 1], &mut matrix);
        let sin = 0.75_f64.sqrt();
        assert_eq!(entries(matrix), [-0.5, sin, sin, 0.5]);
    }
}
