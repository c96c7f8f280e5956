//! The orbit of a character of the normal factor under the complement of a semidirect product.

use std::sync::Arc;

use crate::finite_group::FiniteGroup;
use crate::little_group::LittleGroup;

/// The characters that the complement makes of one, and its stabiliser.
#[derive(Clone, Debug)]
pub(crate) struct CharacterOrbit {
    /// Indices of the characters $χ_i = t_i·χ$, in the order in which elements of the complement reach them.
    characters: Vec<usize>,
    /// The first element $t_i$ that takes $χ$ to $χ_i$.
    representatives: Vec<usize>,
    little: Arc<LittleGroup>,
    /// For each element $h$ of the complement and each column $j$ of blocks the only block that is not zero.
    places: Vec<Place>,
    complement_order: usize,
}

/// A block of an induced matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The row $i$ with $h\,t_j ∈ t_i K$.
    pub(crate) row: u32,
    /// $t_i^{-1} h\,t_j$ as an element of the little group.
    pub(crate) element: u32,
}

impl CharacterOrbit {
    /// The orbit in which element `h` of the complement takes the first character to `images[h]`.
    pub(crate) fn new(complement: &FiniteGroup, little: Arc<LittleGroup>, images: &[usize]) -> Self {
        let (mut characters, mut representatives, mut coset_of) = (Vec::new(), Vec::new(), Vec::new());
        for (h, &image) in images.iter().enumerate() {
            let known = characters.iter().position(|&character| character == image);
            coset_of.push(known.unwrap_or(characters.len()));
            if known.is_none() {
                characters.push(image);
                representatives.push(h);
            }
        }
        let inverses: Vec<_> = representatives.iter().map(|&t| complement.inverse(t)).collect();
        let mut places = Vec::with_capacity(images.len() * characters.len());
        for h in complement.elements() {
            for &representative in &representatives {
                let moved = complement.multiply(h, representative);
                let row = coset_of[moved];
                let element = little.index_of(complement.multiply(inverses[row], moved));
                // There are at most as many rows as elements of the complement, fewer than 2³².
                places.push(Place { row: row as u32, element });
            }
        }
        Self { characters, representatives, little, places, complement_order: complement.order() }
    }

    pub(crate) fn characters(&self) -> &[usize] {
        &self.characters
    }

    pub(crate) fn little(&self) -> &Arc<LittleGroup> {
        &self.little
    }

    pub(crate) fn complement_order(&self) -> usize {
        self.complement_order
    }

    /// The element $t_i$ for one of the characters.
    ///
    /// # Panics
    /// When the character is not in the orbit.
    pub(crate) fn representative_of(&self, character: usize) -> usize {
        let i = self.characters.iter().position(|&other| other == character);
        self.representatives[i.expect("the character is in the orbit")]
    }

    /// The non-zero block of each column of blocks, for element `h` of the complement.
    pub(crate) fn places(&self, h: usize) -> &[Place] {
        &self.places[h * self.characters.len()..][..self.characters.len()]
    }
}
