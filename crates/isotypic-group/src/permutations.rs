//! Sets of permutations that are closed under products: the storage behind all groups of permutations.
//!
//! No Cayley table: a product is looked up among the sorted elements, point by point, until one is left.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use crate::error::GroupError;

/// The largest number of elements that generators may have in their closure.
pub const MAX_CLOSURE: usize = 100_000;

/// The largest number of images stored for one group: elements times points.
const MAX_IMAGES: usize = 1 << 28;

/// A group of permutations of `0..degree`, ascending in their images (g(0), g(1), …).
///
/// Products are $(gh)(i) = g(h(i))$. The identity is the least of all permutations, so it has index 0.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Permutations {
    degree: usize,
    order: usize,
    images: Images,
}

/// The images of one element after the other, as narrow as the degree allows.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Images {
    Narrow(Vec<u8>),
    Medium(Vec<u16>),
    Wide(Vec<u32>),
}

/// A point as it is stored.
trait Point: Copy + Ord + Hash {
    fn from_index(index: usize) -> Self;
    fn index(self) -> usize;
}

macro_rules! point {
    ($($stored:ty),*) => {$(
        impl Point for $stored {
            fn from_index(index: usize) -> Self {
                index as Self
            }
            fn index(self) -> usize {
                self as usize
            }
        }
    )*};
}

point!(u8, u16, u32);

impl Permutations {
    /// All products of the generators.
    ///
    /// # Errors
    /// Generators that are not permutations of the same points, none at all, or more than [`MAX_CLOSURE`] elements.
    pub(crate) fn generated_by(generators: &[Vec<usize>]) -> Result<Self, GroupError> {
        let degree = generators.first().ok_or(GroupError::NoGenerators)?.len();
        for (index, generator) in generators.iter().enumerate() {
            check(index, generator, degree)?;
        }
        let limit = MAX_CLOSURE.min(MAX_IMAGES / degree.max(1)).max(1);
        let too_large = || GroupError::ClosureTooLarge { degree, limit };
        let images = match degree {
            0..=0x100 => Images::Narrow(closure(degree, generators, limit).ok_or_else(too_large)?),
            0x101..=0x1_0000 => Images::Medium(closure(degree, generators, limit).ok_or_else(too_large)?),
            0x1_0001..=0x1_0000_0000 => {
                Images::Wide(closure(degree, generators, limit).ok_or_else(too_large)?)
            }
            _ => return Err(too_large()),
        };
        let stored = match &images {
            Images::Narrow(images) => images.len(),
            Images::Medium(images) => images.len(),
            Images::Wide(images) => images.len(),
        };
        Ok(Self { degree, order: stored.checked_div(degree).unwrap_or(1), images })
    }

    pub(crate) fn degree(&self) -> usize {
        self.degree
    }

    pub(crate) fn order(&self) -> usize {
        self.order
    }

    /// $g(i)$.
    pub(crate) fn image(&self, g: usize, point: usize) -> usize {
        let place = g * self.degree + point;
        match &self.images {
            Images::Narrow(images) => images[place].index(),
            Images::Medium(images) => images[place].index(),
            Images::Wide(images) => images[place].index(),
        }
    }

    /// $g(0), g(1), …$
    pub(crate) fn images(&self, g: usize) -> Vec<usize> {
        (0..self.degree).map(|point| self.image(g, point)).collect()
    }

    /// Whether an odd number of pairs changes its order: points less cycles is odd.
    pub(crate) fn is_odd(&self, g: usize) -> bool {
        let mut seen = vec![false; self.degree];
        let mut moves = 0;
        for start in 0..self.degree {
            let mut point = start;
            while !seen[point] {
                seen[point] = true;
                point = self.image(g, point);
                moves += usize::from(point != start);
            }
        }
        moves % 2 == 1
    }

    pub(crate) fn multiply(&self, g: usize, h: usize) -> usize {
        self.only_with(|point| self.image(g, self.image(h, point)))
    }

    pub(crate) fn inverse(&self, g: usize) -> usize {
        let mut inverse = vec![0; self.degree];
        for point in 0..self.degree {
            inverse[self.image(g, point)] = point;
        }
        self.only_with(|point| inverse[point])
    }

    /// The element with these images, if it is one.
    pub(crate) fn find(&self, images: &[usize]) -> Option<usize> {
        let is_it = |&g: &usize| (0..self.degree).all(|point| self.image(g, point) == images[point]);
        (images.len() == self.degree).then(|| self.only_with(|point| images[point])).filter(is_it)
    }

    /// The element with these images, which must be in the group.
    fn only_with(&self, image: impl Fn(usize) -> usize) -> usize {
        // Elements low..high agree with it on all points before this one, so they ascend in the image of this one.
        let (mut low, mut high) = (0, self.order);
        for point in 0..self.degree {
            if high - low <= 1 {
                break;
            }
            let wanted = image(point);
            let start = self.first(low, high, |g| self.image(g, point) >= wanted);
            high = self.first(start, high, |g| self.image(g, point) > wanted);
            low = start;
        }
        low.min(self.order - 1)
    }

    /// The first of `low..high` that is beyond a boundary; `high` if none is.
    fn first(&self, low: usize, high: usize, beyond: impl Fn(usize) -> bool) -> usize {
        let (mut low, mut high) = (low, high);
        while low < high {
            let middle = low + (high - low) / 2;
            if beyond(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

impl fmt::Debug for Permutations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permutations")
            .field("degree", &self.degree)
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// Whether generator number `index` permutes `0..degree`.
fn check(index: usize, generator: &[usize], degree: usize) -> Result<(), GroupError> {
    if generator.len() != degree {
        return Err(GroupError::UnequalDegrees { generator: index, expected: degree, got: generator.len() });
    }
    let mut seen = vec![false; degree];
    for &image in generator {
        match seen.get_mut(image) {
            None => return Err(GroupError::ImageOutOfRange { generator: index, image, degree }),
            Some(true) => return Err(GroupError::ImageRepeated { generator: index, image }),
            Some(place) => *place = true,
        }
    }
    Ok(())
}

/// The images of all products of the generators, sorted; `None` beyond `limit` elements.
fn closure<T: Point>(degree: usize, generators: &[Vec<usize>], limit: usize) -> Option<Vec<T>> {
    let identity: Box<[T]> = (0..degree).map(T::from_index).collect();
    let mut known = HashSet::from([identity.clone()]);
    let mut frontier = vec![identity];
    while let Some(element) = frontier.pop() {
        for generator in generators {
            let product: Box<[T]> =
                element.iter().map(|&image| T::from_index(generator[image.index()])).collect();
            if known.contains(&product) {
                continue;
            }
            if known.len() == limit {
                return None;
            }
            frontier.push(product.clone());
            known.insert(product);
        }
    }
    let mut sorted: Vec<Box<[T]>> = known.into_iter().collect();
    sorted.sort_unstable();
    Some(sorted.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    fn error(generators: &[&[usize]]) -> GroupError {
        let generators: Vec<Vec<usize>> = generators.iter().map(|images| images.to_vec()).collect();
        FiniteGroup::from_permutations(&generators).unwrap_err()
    }

    #[test]
    fn elements_ascend_in_their_images_and_the_right_factor_acts_first() {
        let group = FiniteGroup::from_permutations(&[vec![1, 2, 0], vec![1, 0, 2]]).unwrap();
        let images: Vec<_> = group.elements().map(|g| group.permutation(g).unwrap()).collect();
        assert_eq!(
            images,
            [vec![0, 1, 2], vec![0, 2, 1], vec![1, 0, 2], vec![1, 2, 0], vec![2, 0, 1], vec![2, 1, 0]]
        );
        for (g, h) in group.elements().flat_map(|g| group.elements().map(move |h| (g, h))) {
            let product: Vec<usize> = images[h].iter().map(|&i| images[g][i]).collect();
            assert_eq!(images[group.multiply(g, h)], product);
        }
        assert_eq!(group.name(), "G6≤S3");
    }

    #[test]
    fn points_are_stored_as_narrow_as_the_degree_allows() {
        for degree in [255, 256, 257, 65_536, 65_537] {
            let cycle: Vec<usize> = (0..degree).map(|i| if i < 3 { (i + 1) % 3 } else { i }).collect();
            let swap: Vec<usize> =
                (0..degree).map(|i| if i + 2 >= degree { 2 * degree - 3 - i } else { i }).collect();
            let group = Permutations::generated_by(&[cycle.clone(), swap.clone()]).unwrap();
            assert_eq!(group.order(), 6);
            let (g, h) = (group.find(&cycle).unwrap(), group.find(&swap).unwrap());
            assert_eq!(group.multiply(g, h), group.multiply(h, g));
            assert_eq!(group.inverse(h), h);
            assert_eq!(group.inverse(g), group.multiply(g, g));
            assert_eq!((group.is_odd(g), group.is_odd(h)), (false, true));
            let outside: Vec<usize> = (0..degree).map(|i| (i + 1) % degree).collect();
            assert_eq!(group.find(&outside), None);
        }
    }

    #[test]
    fn what_is_not_a_permutation_is_named() {
        let message = |generators: &[&[usize]]| error(generators).to_string();
        assert_eq!(message(&[]), "a permutation group needs at least one generator, got none");
        assert_eq!(message(&[&[0, 1], &[1, 1]]), "generator 1 is not a permutation: image 1 is repeated");
        assert_eq!(message(&[&[0, 2]]), "generator 0 is not a permutation: image 2 is outside 0..2");
        assert_eq!(message(&[&[1, 0], &[0, 1, 2]]), "generator 1 permutes 3 points, generator 0 permutes 2");
        assert!(error(&[&[0, 2]]).hint().unwrap().contains("counted from 0"));
    }

    #[test]
    fn a_closure_beyond_the_limit_is_refused() {
        let cycle: Vec<usize> = (0..9).map(|i| (i + 1) % 9).collect();
        let error = error(&[&cycle, &[1, 0, 2, 3, 4, 5, 6, 7, 8]]);
        assert_eq!(error, GroupError::ClosureTooLarge { degree: 9, limit: MAX_CLOSURE });
        assert_eq!(error.to_string(), "the generators on 9 points make more than 100000 elements");
    }

    #[test]
    fn a_permutation_of_nothing_makes_the_trivial_group() {
        let group = FiniteGroup::from_permutations(&[vec![]]).unwrap();
        assert_eq!((group.order(), group.multiply(0, 0), group.inverse(0)), (1, 0, 0));
    }
}
