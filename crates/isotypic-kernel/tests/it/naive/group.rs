//! Layers over groups, for all pairs of elements: on images those of positions and turns, $(H^2 |K|)^2$ numbers.

use isotypic_architecture::{GroupConv, LayerParameterization};
use ndarray::Array2;

use super::{Pair, affine};

/// The turns as 2×2 matrices, rotations before mirror images.
fn matrices(count: usize) -> Vec<[[isize; 2]; 2]> {
    let rotations = [[[1, 0], [0, 1]], [[0, -1], [1, 0]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]]];
    let mirrored = rotations.map(|[first, second]| [[first[0], -first[1]], [second[0], -second[1]]]);
    rotations.into_iter().chain(mirrored).take(count).collect()
}

fn product(a: [[isize; 2]; 2], b: [[isize; 2]; 2]) -> [[isize; 2]; 2] {
    std::array::from_fn(|i| std::array::from_fn(|j| (0..2).map(|k| a[i][k] * b[k][j]).sum()))
}

/// $g(p) = M p + v$ on a torus.
#[derive(Clone, Copy)]
struct Element {
    turn: usize,
    position: [usize; 2],
}

struct Plane {
    side: usize,
    turns: Vec<[[isize; 2]; 2]>,
}

impl Plane {
    /// Elements in the order of values: positions, then turns.
    fn elements(&self) -> Vec<Element> {
        let places = 0..self.side * self.side * self.turns.len();
        let element = |place: usize| {
            let position = place / self.turns.len();
            Element { turn: place % self.turns.len(), position: [position / self.side, position % self.side] }
        };
        places.map(element).collect()
    }

    fn position(&self, [y, x]: [usize; 2]) -> usize {
        y * self.side + x
    }

    fn moved(&self, element: Element, by: [isize; 2]) -> [usize; 2] {
        let matrix = self.turns[element.turn];
        std::array::from_fn(|axis| {
            let at = matrix[axis][0] * by[0] + matrix[axis][1] * by[1] + element.position[axis] as isize;
            at.rem_euclid(self.side as isize) as usize
        })
    }

    fn turned(&self, element: Element, turn: usize) -> usize {
        let matrix = product(self.turns[element.turn], self.turns[turn]);
        self.turns.iter().position(|&other| other == matrix).unwrap()
    }
}

/// Offsets of a square filter.
fn offsets(side: usize) -> Vec<[isize; 2]> {
    let reach = (side / 2) as isize;
    (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| [y, x])).collect()
}

/// $\Sigma'(g, h) = $ mean over $q$ of $\Sigma(g q, h q)$ on images.
pub(super) fn lift(state: &Pair, conv: &GroupConv, extents: &[usize]) -> Pair {
    let plane = Plane { side: extents[0], turns: matrices(extents[2]) };
    let reads = |element| {
        offsets(conv.side.unwrap()).iter().map(|&q| plane.position(plane.moved(element, q))).collect()
    };
    filter(state, conv, extents, plane.elements().into_iter().map(reads).collect())
}

/// $\Sigma'(g, h) = $ mean over $f$ of $\Sigma(g f, h f)$.
pub(super) fn conv(state: &Pair, conv: &GroupConv, extents: &[usize]) -> Pair {
    let Some(side) = conv.side else {
        // g f runs over the whole group with f; so does the mean over f, in the order of f.
        let elements: Vec<Vec<usize>> = (0..extents[0]).map(|g| circle(extents[0], conv, g)).collect();
        return filter(state, conv, extents, elements);
    };
    let plane = Plane { side: extents[0], turns: matrices(extents[2]) };
    let reads = |element| {
        let mut all = Vec::new();
        for &q in &offsets(side) {
            for turn in 0..plane.turns.len() {
                let position = plane.position(plane.moved(element, q));
                all.push(position * plane.turns.len() + plane.turned(element, turn));
            }
        }
        all
    };
    filter(state, conv, extents, plane.elements().into_iter().map(reads).collect())
}

/// The permutation $f \mapsto g f$ of the elements of a group on a circle.
fn circle(order: usize, conv: &GroupConv, g: usize) -> Vec<usize> {
    let points = conv.group.points().unwrap();
    let permutations: Vec<Vec<usize>> = (0..order).map(|element| on_points(points, element)).collect();
    let product = |f: &Vec<usize>| -> usize {
        let moved: Vec<usize> = f.iter().map(|&point| permutations[g][point]).collect();
        // With one or two points mirror images move points as rotations do: they are told apart by their place.
        let mirrored =
            (g / points + permutations.iter().position(|p| std::ptr::eq(p, f)).unwrap() / points) % 2;
        let of_kind = mirrored * points..(mirrored + 1) * points;
        of_kind.clone().find(|&element| permutations[element] == moved).unwrap()
    };
    permutations.iter().map(product).collect()
}

/// Rotations $i \mapsto i + a$, then mirror images $i \mapsto a - i$.
fn on_points(points: usize, element: usize) -> Vec<usize> {
    let a = element % points;
    (0..points).map(|i| if element < points { (a + i) % points } else { (a + points - i) % points }).collect()
}

/// $\Sigma'(g, h) = $ mean over points $i$ of $\langle x_{g i}, y_{h i} \rangle$ / channels.
pub(super) fn lift_vector(conv: &GroupConv, x: &[f64], y: &[f64], order: usize) -> Pair {
    let points = conv.group.points().unwrap();
    let channels = x.len() / points;
    let covariance = Array2::from_shape_fn((order, order), |(g, h)| {
        let (g, h) = (on_points(points, g), on_points(points, h));
        let at = |i: usize, c: usize| x[g[i] * channels + c] * y[h[i] * channels + c];
        (0..points).flat_map(|i| (0..channels).map(move |c| (i, c))).map(|(i, c)| at(i, c)).sum::<f64>()
            / x.len() as f64
    });
    let state = Pair { extents: vec![order], ntk: Array2::zeros(covariance.dim()), covariance };
    weigh(&state, conv)
}

/// The mean over all pairs of elements.
pub(super) fn pool(state: &Pair) -> Pair {
    state.map(&[], |matrix| Array2::from_elem((1, 1), matrix.mean().unwrap()))
}

fn filter(state: &Pair, conv: &GroupConv, extents: &[usize], reads: Vec<Vec<usize>>) -> Pair {
    let mean = state.map(extents, |matrix| {
        Array2::from_shape_fn((reads.len(), reads.len()), |(g, h)| {
            let pairs = reads[g].iter().zip(&reads[h]);
            pairs.map(|(&g, &h)| matrix[[g, h]]).sum::<f64>() / reads[g].len() as f64
        })
    });
    weigh(&mean, conv)
}

fn weigh(mean: &Pair, conv: &GroupConv) -> Pair {
    let parameterization: LayerParameterization = conv.parameterization;
    affine::weigh(mean, conv.weight_variance, conv.bias_variance, parameterization, conv.taps)
}
