//! The rotation groups of the tetrahedron, the cube and the icosahedron, with their matrices.
//!
//! Each is a group of permutations of a few parts of its solid, so that its irreps come from Young's form. The
//! cube has its axes along x, y, z. The vertices of the tetrahedron are $v_0 = (1,1,1)$, $v_1 = (1,-1,-1)$,
//! $v_2 = (-1,1,-1)$, $v_3 = (-1,-1,1)$; those of the icosahedron $(0, ±1, ±φ)$ and their cyclic shifts, with
//! $φ = (1 + \sqrt 5)/2$.

use crate::error::GroupError;
use crate::exact_rotation::ExactRotation;
use crate::irrep::Irrep;
use crate::label::IrrepLabel;
use crate::permutations::Permutations;
use crate::symmetric::Symmetric;

/// Which regular solid is turned into itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Solid {
    Tetrahedron,
    Cube,
    Icosahedron,
}

/// A rotation group; elements ascend lexicographically in the permutations they make.
///
/// Tetrahedron: of its vertices. Cube: of its diagonals, diagonal `i` through $v_i$. Icosahedron: of the five sets
/// of three orthogonal two-fold axes; set 0 is x, y, z and set `i + 1` the other one that the three-fold rotations
/// about $v_i$ keep.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Polyhedral {
    solid: Solid,
    permutations: Symmetric,
    rotations: Vec<ExactRotation>,
}

/// $v_0, …, v_3$.
const VERTICES: [[i64; 3]; 4] = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]];

impl Polyhedral {
    pub(crate) fn new(solid: Solid) -> Result<Self, GroupError> {
        let permutations = match solid {
            Solid::Tetrahedron => Symmetric::new(4, true)?,
            Solid::Cube => Symmetric::new(4, false)?,
            Solid::Icosahedron => Symmetric::new(5, true)?,
        };
        let elements = permutations.elements();
        let rotations = match solid {
            Solid::Icosahedron => icosahedral_rotations(elements),
            _ => (0..elements.order()).map(|g| cubic_rotation(elements, g)).collect(),
        };
        Ok(Self { solid, permutations, rotations })
    }

    pub(crate) fn elements(&self) -> &Permutations {
        self.permutations.elements()
    }

    pub(crate) fn generators(&self) -> Vec<usize> {
        self.permutations.generators()
    }

    pub(crate) fn rotation(&self, g: usize) -> [[f64; 3]; 3] {
        self.rotations[g].to_f64()
    }

    pub(crate) fn name(&self) -> String {
        let letter = match self.solid {
            Solid::Tetrahedron => "T",
            Solid::Cube => "O",
            Solid::Icosahedron => "I",
        };
        letter.to_owned()
    }

    /// The irreps of the permutations under Mulliken's names, from small to large.
    ///
    /// Of T: A, E+, E-, T. Of O: A1, A2, E, T1, T2. Of I: A, T1, T2, G, H. The rotation matrices are T or T1.
    /// E+ is $\exp(2πi/3)$ at the rotation by a third of a turn about $v_0$, counterclockwise as seen from $v_0$.
    pub(crate) fn irreps(&self) -> Vec<Irrep> {
        // The position in the list of the permutation group, and the name.
        let choice: &[(usize, &str)] = match self.solid {
            // [4], [3,1], [2,2]+, [2,2]-
            Solid::Tetrahedron => &[(0, "A"), (2, "E+"), (3, "E-"), (1, "T")],
            // [4], [3,1], [2,2], [2,1,1], [1,1,1,1]
            Solid::Cube => &[(0, "A1"), (4, "A2"), (2, "E"), (3, "T1"), (1, "T2")],
            // [5], [4,1], [3,2], [3,1,1]+, [3,1,1]-
            Solid::Icosahedron => &[(0, "A"), (3, "T1"), (4, "T2"), (1, "G"), (2, "H")],
        };
        let all = self.permutations.irreps();
        let place =
            |old: usize| choice.iter().position(|&(from, _)| from == old).expect("every irrep is chosen");
        let rename = |&(old, name): &(usize, &str)| Irrep {
            label: IrrepLabel::Name(name.to_owned()),
            conjugate: place(all[old].conjugate),
            ..all[old].clone()
        };
        choice.iter().map(rename).collect()
    }
}

/// The rotation that permutes the lines through the tetrahedron's vertices as given.
///
/// $\sum_i v_i v_i^T = 4$, so $\sum_i v_{π(i)} v_i^T / 4$ permutes the vertices themselves; it mirrors when $π$ is
/// odd, and its negative is then the rotation.
fn cubic_rotation(elements: &Permutations, g: usize) -> ExactRotation {
    let sign = if elements.is_odd(g) { -1 } else { 1 };
    ExactRotation::from_fn(|row, column| {
        let products = (0..4).map(|i| VERTICES[elements.image(g, i)][row] * VERTICES[i][column]);
        (sign * products.sum::<i64>() / 4, 0)
    })
}

fn icosahedral_rotations(elements: &Permutations) -> Vec<ExactRotation> {
    let axes = [ExactRotation::CYCLE, ExactRotation::HALF_TURN, ExactRotation::FIFTH_TURN];
    let mut all = vec![ExactRotation::IDENTITY];
    let mut next = 0;
    while next < all.len() {
        for axis in &axes {
            let product = axis.times(&all[next]);
            if !all.contains(&product) {
                all.push(product);
            }
        }
        next += 1;
    }
    // A set of axes is named by a rotation that takes x, y, z to it.
    let moves = |rotation: &ExactRotation, from: &ExactRotation, to: &ExactRotation| {
        to.transpose().times(&rotation.times(from)).permutes_the_axes()
    };
    let mut sets = vec![ExactRotation::IDENTITY];
    for vertex in &VERTICES {
        let keeps = |rotation: &&ExactRotation| {
            rotation.permutes_the_axes() && rotation.fixes(vertex) && **rotation != ExactRotation::IDENTITY
        };
        let third = all.iter().find(keeps).expect("each vertex of the tetrahedron is on a three-fold axis");
        let other = |set: &&ExactRotation| !set.permutes_the_axes() && moves(third, set, set);
        sets.push(*all.iter().find(other).expect("a three-cycle of five sets keeps two"));
    }
    let mut rotations = vec![ExactRotation::IDENTITY; all.len()];
    for rotation in &all {
        let image = |from| sets.iter().position(|to| moves(rotation, from, to)).expect("sets go to sets");
        let images: Vec<usize> = sets.iter().map(image).collect();
        let g = elements.find(&images).expect("rotations make even permutations");
        rotations[g] = *rotation;
    }
    rotations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    fn groups() -> [FiniteGroup; 3] {
        [FiniteGroup::tetrahedral(), FiniteGroup::octahedral(), FiniteGroup::icosahedral()]
    }

    fn labels(group: &FiniteGroup) -> Vec<String> {
        group.irreps().unwrap().iter().map(|irrep| irrep.label.to_string()).collect()
    }

    #[test]
    fn names_orders_and_labels_are_the_usual_ones() {
        let [t, o, i] = groups();
        assert_eq!([t.name(), o.name(), i.name()], ["T", "O", "I"]);
        assert_eq!([t.order(), o.order(), i.order()], [12, 24, 60]);
        assert_eq!(labels(&t), ["A", "E+", "E-", "T"]);
        assert_eq!(labels(&o), ["A1", "A2", "E", "T1", "T2"]);
        assert_eq!(labels(&i), ["A", "T1", "T2", "G", "H"]);
    }

    #[test]
    fn matrices_are_a_homomorphism_into_the_rotations() {
        for group in groups() {
            let matrices: Vec<_> = group.elements().map(|g| group.rotation_matrix(g).unwrap()).collect();
            let product = |a: &[[f64; 3]; 3], b: &[[f64; 3]; 3], row: usize, column: usize| {
                (0..3).map(|k| a[row][k] * b[k][column]).sum::<f64>()
            };
            for (g, h) in group.elements().flat_map(|g| group.elements().map(move |h| (g, h))) {
                let expected = matrices[group.multiply(g, h)];
                for (row, column) in (0..9).map(|entry| (entry / 3, entry % 3)) {
                    let found = product(&matrices[g], &matrices[h], row, column);
                    assert!((found - expected[row][column]).abs() < 1e-15, "{group}: {g}·{h}");
                }
            }
            for [x, y, z] in &matrices {
                let determinant = x[0] * (y[1] * z[2] - y[2] * z[1]) - x[1] * (y[0] * z[2] - y[2] * z[0])
                    + x[2] * (y[0] * z[1] - y[1] * z[0]);
                assert!((determinant - 1.0).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn the_vector_irrep_has_the_trace_of_the_rotation() {
        for (group, vector) in groups().iter().zip([3, 3, 1]) {
            let irrep = &group.irreps().unwrap()[vector];
            for g in group.elements() {
                let matrix = group.rotation_matrix(g).unwrap();
                let trace = matrix[0][0] + matrix[1][1] + matrix[2][2];
                assert!((irrep.character(g) - trace).norm() < 1e-14, "{group}: {g}");
            }
        }
    }

    #[test]
    fn permutations_are_those_of_vertices_and_diagonals() {
        let [t, o, _] = groups();
        for (group, lines) in [(t, false), (o, true)] {
            for g in group.elements() {
                let (matrix, images) = (group.rotation_matrix(g).unwrap(), group.permutation(g).unwrap());
                for (i, vertex) in VERTICES.iter().enumerate() {
                    let turned = matrix.map(|row| (0..3).map(|k| row[k] * vertex[k] as f64).sum::<f64>());
                    let image = VERTICES[images[i]].map(|entry| entry as f64);
                    assert!(turned == image || lines && turned == image.map(|entry| 0.0 - entry));
                }
            }
        }
    }

    #[test]
    fn icosahedral_rotations_keep_the_vertices_and_the_sets_of_axes() {
        let group = FiniteGroup::icosahedral();
        let golden = (1.0 + 5.0_f64.sqrt()) / 2.0;
        for g in group.elements() {
            let (matrix, images) = (group.rotation_matrix(g).unwrap(), group.permutation(g).unwrap());
            let mut turned: Vec<f64> = matrix.iter().map(|row| (row[1] + golden * row[2]).abs()).collect();
            turned.sort_by(f64::total_cmp);
            let vertex = [0.0, 1.0, golden];
            assert!(turned.iter().zip(vertex).all(|(a, b)| (a - b).abs() < 1e-15));
            let keeps_axes = matrix.iter().flatten().all(|entry| entry.fract() == 0.0);
            assert_eq!(images[0] == 0, keeps_axes);
            let vector =
                |row: &[f64; 3], vertex: &[i64; 3]| (0..3).map(|k| row[k] * vertex[k] as f64).sum::<f64>();
            for (i, vertex) in VERTICES.iter().enumerate() {
                let fixes =
                    (0..3).all(|row| (vector(&matrix[row], vertex) - vertex[row] as f64).abs() < 1e-14);
                if fixes {
                    assert_eq!((images[0], images[i + 1]), (0, i + 1));
                }
            }
        }
    }

    #[test]
    fn e_plus_is_positive_at_the_counterclockwise_third_of_a_turn() {
        let group = FiniteGroup::tetrahedral();
        // x to y to z to x
        let third = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let g = group.elements().find(|&g| group.rotation_matrix(g) == Some(third)).unwrap();
        assert!(group.irreps().unwrap()[1].character(g).im > 0.8);
    }
}
