//! Irreps of semidirect products, induced from little groups (Wigner 1939, Mackey 1958).
//!
//! $H$ acts on the characters of $N$ by $(h·χ)(n) = χ(h^{-1}(n))$. For the first character $χ$ of each orbit, its
//! stabiliser $K$ and each irrep $σ$ of $K$ there is one irrep, and these are all. With $t_i$ the first element of
//! $H$ that takes $χ$ to the $i$-th character $χ_i$ of the orbit,
//!
//! $$ M(nh)_{(i,a),(j,b)} = χ_i(n)\,σ(t_i^{-1} h\,t_j)_{ab} \quad\text{if } t_i^{-1} h\,t_j ∈ K,\text{ else } 0. $$

use std::collections::HashMap;
use std::sync::Arc;

use num_complex::Complex64;

use crate::abelian;
use crate::character_orbit::CharacterOrbit;
use crate::error::GroupError;
use crate::irrep::{self, Irrep, IrrepKind, Matrices};
use crate::label::IrrepLabel;
use crate::little_group::LittleGroup;
use crate::real_form::{Conjugation, check_real, conjugation, real_basis};
use crate::semidirect::{Semidirect, generators_of_factors};

/// One induced irrep, before a change of basis.
#[derive(Clone, Debug)]
pub(crate) struct Induced {
    pub(crate) orbit: Arc<CharacterOrbit>,
    /// The index of $σ$ among the irreps of the little group, and the irrep.
    pub(crate) little: usize,
    pub(crate) sigma: Irrep,
    factors: Arc<[usize]>,
}

impl Induced {
    fn dimension(&self) -> usize {
        self.orbit.characters().len() * self.sigma.dimension
    }

    /// Writes $M(g)$ row by row.
    pub(crate) fn write(&self, g: usize, out: &mut [Complex64]) {
        let (d, block) = (self.dimension(), self.sigma.dimension);
        let complement = self.orbit.complement_order();
        let (n, h) = (g / complement, g % complement);
        let mut entries = vec![Complex64::ZERO; block * block];
        out.fill(Complex64::ZERO);
        for (j, place) in self.orbit.places(h).iter().enumerate() {
            self.sigma.write_matrix(place.element as usize, &mut entries);
            let i = place.row as usize;
            let character = irrep::phase_at(&self.factors, self.orbit.characters()[i], n);
            for (a, row) in entries.chunks_exact(block).enumerate() {
                let start = (i * block + a) * d + j * block;
                out[start..start + block].iter_mut().zip(row).for_each(|(to, entry)| *to = character * entry);
            }
        }
    }

    /// The conjugation, by an average over the complement: that over the normal factor leaves the blocks in which a
    /// character stands over its conjugate.
    fn conjugation(&self, irrep: &Irrep, inverse: impl Fn(usize) -> usize) -> Option<Conjugation> {
        let block = self.sigma.dimension;
        let character = |index: usize| self.orbit.characters()[index / block];
        let allowed = |row, column| character(column) == inverse(character(row));
        conjugation(self.dimension(), allowed, || (0..self.orbit.complement_order()).map(|h| irrep.matrix(h)))
    }
}

impl Semidirect {
    /// All irreps: orbits of characters by their first, then irreps of the little group.
    pub(crate) fn irreps(&self) -> Result<Vec<Irrep>, GroupError> {
        let (orbits, orbit_of) = self.orbits()?;
        let factors: Arc<[usize]> = self.normal().factors().into();
        let mut all = Vec::new();
        let mut first_of_orbit = Vec::new();
        for orbit in &orbits {
            first_of_orbit.push(all.len());
            for (little, sigma) in orbit.little().group().irreps()?.iter().enumerate() {
                let (orbit, sigma) = (Arc::clone(orbit), sigma.clone());
                all.push(Induced { orbit, little, sigma, factors: Arc::clone(&factors) });
            }
        }
        let mut irreps: Vec<Irrep> = Vec::new();
        for (index, induced) in all.iter().enumerate() {
            let opposite = self.normal().inverse(induced.orbit.characters()[0]);
            let partner_orbit = orbit_of[opposite];
            let sigma = conjugate_in(induced, &orbits[partner_orbit], opposite, self)?;
            let conjugate = first_of_orbit[partner_orbit] + sigma;
            let mut irrep = Irrep {
                label: IrrepLabel::Name(label(induced)),
                dimension: induced.dimension(),
                kind: if conjugate == index { IrrepKind::Real } else { IrrepKind::Complex },
                conjugate,
                order: self.order(),
                matrices: Matrices::Induced(Arc::new(induced.clone())),
            };
            if conjugate < index {
                irrep.matrices = Matrices::Conjugate(Arc::new(irreps[conjugate].clone()));
            }
            let is_real = induced.sigma.kind == IrrepKind::Real
                && induced.orbit.characters().iter().all(|&k| self.normal().inverse(k) == k);
            if conjugate == index && !is_real {
                let found = induced.conjugation(&irrep, |k| self.normal().inverse(k)).ok_or_else(|| {
                    let reason =
                        format!("`{}` has its own conjugate character but no conjugation", irrep.label);
                    GroupError::IrrepsUnknown { group: self.name(), reason }
                })?;
                if found.is_symmetric {
                    let basis = real_basis(&found.matrix);
                    let shifts = generators_of_factors(self.normal().factors());
                    let checked = shifts.into_iter().map(|n| n * self.complement().order());
                    let checked = checked.chain(self.complement().generators().iter().copied());
                    check_real(
                        &self.name(),
                        &irrep.label.to_string(),
                        &basis,
                        checked.map(|g| irrep.matrix(g)),
                    )?;
                    irrep.matrices = Matrices::RealForm { irrep: Arc::new(irrep.clone()), basis };
                } else {
                    irrep.kind = IrrepKind::Quaternionic;
                }
            }
            irreps.push(irrep);
        }
        Ok(irreps)
    }

    /// The orbits of characters, ascending by their first, and the orbit of each character.
    fn orbits(&self) -> Result<(Vec<Arc<CharacterOrbit>>, Vec<usize>), GroupError> {
        let mut little_groups: HashMap<Vec<usize>, Arc<LittleGroup>> = HashMap::new();
        let (mut orbits, mut orbit_of) = (Vec::new(), vec![usize::MAX; self.normal().order()]);
        for first in 0..self.normal().order() {
            if orbit_of[first] != usize::MAX {
                continue;
            }
            let images: Vec<_> =
                self.complement().elements().map(|h| self.moved_character(h, first)).collect();
            let stabiliser: Vec<_> = self.complement().elements().filter(|&h| images[h] == first).collect();
            let little = match little_groups.get(&stabiliser) {
                Some(little) => Arc::clone(little),
                None => {
                    let little = LittleGroup::recognise(self.complement(), &stabiliser)
                        .ok_or_else(|| self.unknown_stabiliser(first, stabiliser.len()))?;
                    Arc::clone(little_groups.entry(stabiliser).or_insert(Arc::new(little)))
                }
            };
            let orbit = CharacterOrbit::new(self.complement(), little, &images);
            orbit.characters().iter().for_each(|&character| orbit_of[character] = orbits.len());
            orbits.push(Arc::new(orbit));
        }
        Ok((orbits, orbit_of))
    }

    /// The character $h·χ_k$, by its values on the generators of $N$.
    fn moved_character(&self, h: usize, k: usize) -> usize {
        let factors = self.normal().factors();
        let frequencies = abelian::coordinates(factors, k);
        let exponent = factors.iter().copied().fold(1, abelian::least_common_multiple) as u64;
        let back = self.complement().inverse(h);
        let moved: Vec<_> = generators_of_factors(factors)
            .into_iter()
            .zip(factors)
            .map(|(generator, &order)| {
                let image = abelian::coordinates(factors, self.apply(back, generator));
                let turns = frequencies.iter().zip(&image).zip(factors).fold(0, |turns, ((&k, &u), &n)| {
                    (turns + k as u64 * u as u64 % n as u64 * (exponent / n as u64)) % exponent
                });
                (turns / (exponent / order as u64)) as usize
            })
            .collect();
        abelian::index(factors, &moved)
    }

    fn unknown_stabiliser(&self, character: usize, order: usize) -> GroupError {
        let reason = format!(
            "{order} elements of `{}` fix the character `{}`, which form neither a cyclic nor a dihedral nor an abelian \
             group",
            self.complement(),
            Irrep::frequency_label(&abelian::coordinates(self.normal().factors(), character)),
        );
        GroupError::IrrepsUnknown { group: self.name(), reason }
    }
}

/// `k=(1,1):A2`: the orbit by its first character, then the irrep of the little group unless that is trivial.
fn label(induced: &Induced) -> String {
    let character = abelian::coordinates(&induced.factors, induced.orbit.characters()[0]);
    let character = Irrep::frequency_label(&character);
    if induced.orbit.little().group().order() == 1 {
        character.to_string()
    } else {
        format!("{character}:{}", induced.sigma.label)
    }
}

/// Which irrep of the little group of `partner` gives the conjugate of an irrep.
///
/// That is induced from $\barχ$ and $\barσ$. With $h_0·\barχ$ the first character of the partner's orbit it is also
/// induced from that and $k ↦ \barσ(h_0^{-1} k\,h_0)$.
fn conjugate_in(
    induced: &Induced,
    partner: &CharacterOrbit,
    opposite: usize,
    group: &Semidirect,
) -> Result<usize, GroupError> {
    let complement = group.complement();
    let (back, little) = (partner.representative_of(opposite), induced.orbit.little());
    let forth = complement.inverse(back);
    let moved = |&k: &usize| {
        // back = h0⁻¹
        let conjugated = complement.multiply(complement.multiply(back, k), forth);
        induced.sigma.character(little.index_of(conjugated) as usize)
    };
    let members = partner.little().members();
    let characters: Vec<_> = members.iter().map(moved).collect();
    let product = |candidate: &Irrep| -> f64 {
        (0..members.len()).map(|k| (candidate.character(k) * characters[k]).re).sum::<f64>()
            / members.len() as f64
    };
    let candidates = partner.little().group().irreps()?;
    let found = candidates
        .iter()
        .position(|candidate| candidate.dimension == induced.sigma.dimension && product(candidate) > 0.5);
    Ok(found.expect("the conjugate of an irrep of the little group is one of the irreps of its conjugate"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FiniteGroup;

    fn labels(group: &FiniteGroup) -> Vec<String> {
        let name = |irrep: &Irrep| format!("{} {}", irrep.label, irrep.dimension);
        group.irreps().unwrap().iter().map(name).collect()
    }

    #[test]
    fn labels_name_the_orbit_and_the_irrep_of_the_little_group() {
        assert_eq!(
            labels(&FiniteGroup::p4(3).unwrap()),
            ["k=(0,0):k=0 1", "k=(0,0):k=1 1", "k=(0,0):k=2 1", "k=(0,0):k=3 1", "k=(0,1) 4", "k=(1,1) 4"]
        );
        assert_eq!(
            labels(&FiniteGroup::p4m(2).unwrap()),
            [
                "k=(0,0):A1 1",
                "k=(0,0):A2 1",
                "k=(0,0):B1 1",
                "k=(0,0):B2 1",
                "k=(0,0):E 2",
                "k=(0,1):A1 2",
                "k=(0,1):A2 2",
                "k=(0,1):B1 2",
                "k=(0,1):B2 2",
                "k=(1,1):A1 1",
                "k=(1,1):A2 1",
                "k=(1,1):B1 1",
                "k=(1,1):B2 1",
                "k=(1,1):E 2"
            ]
        );
        let p4m = FiniteGroup::p4m(5).unwrap();
        assert!(labels(&p4m).contains(&"k=(1,1):A2 4".to_owned()));
        assert!(labels(&p4m).contains(&"k=(1,2) 8".to_owned()));
    }

    #[test]
    fn kinds_are_those_of_known_groups() {
        let cyclic = |n| FiniteGroup::cyclic(n).unwrap();
        let kinds = |group: &FiniteGroup| -> Vec<_> {
            group.irreps().unwrap().iter().map(|irrep| irrep.kind).collect()
        };
        // Dicyclic of order 12: C3⋊C4, and the Frobenius group of order 21.
        let images: Vec<_> = [1, 2, 1, 2].map(|n| vec![n]).to_vec();
        let dicyclic = FiniteGroup::semidirect_product(&cyclic(3), &cyclic(4), &images).unwrap();
        use IrrepKind::{Complex, Quaternionic, Real};
        assert_eq!(kinds(&dicyclic), [Real, Complex, Real, Complex, Real, Quaternionic]);
        let images: Vec<_> = [1, 2, 4].map(|n| vec![n]).to_vec();
        let frobenius = FiniteGroup::semidirect_product(&cyclic(7), &cyclic(3), &images).unwrap();
        assert_eq!(kinds(&frobenius), [Real, Complex, Complex, Complex, Complex]);
        let p4m = FiniteGroup::p4m(6).unwrap();
        assert!(kinds(&p4m).into_iter().all(|kind| kind == Real));
    }

    #[test]
    fn the_two_irreps_of_a_pair_have_conjugate_matrices_to_the_bit() {
        for group in [FiniteGroup::p4(2).unwrap(), FiniteGroup::p4(4).unwrap()] {
            let irreps = group.irreps().unwrap();
            for irrep in irreps.iter().filter(|irrep| irrep.kind == IrrepKind::Complex) {
                for g in group.elements() {
                    let conjugate = irrep.matrix(g).mapv(|entry| entry.conj());
                    assert_eq!(irreps[irrep.conjugate].matrix(g), conjugate);
                }
            }
        }
    }

    #[test]
    fn a_stabiliser_of_unknown_structure_is_an_error() {
        let (d3, c2) = (FiniteGroup::dihedral(3).unwrap(), FiniteGroup::cyclic(2).unwrap());
        let complement = c2.direct_product(&d3).unwrap().direct_product(&d3).unwrap();
        let images: Vec<_> = complement.elements().map(|h| vec![if h < 36 { 1 } else { 2 }]).collect();
        let c3 = FiniteGroup::cyclic(3).unwrap();
        let group = FiniteGroup::semidirect_product(&c3, &complement, &images).unwrap();
        let error = group.irreps().unwrap_err();
        assert_eq!(
            error.to_string(),
            "irreps of group `C3⋊(C2×D3×D3)` are not known: 36 elements of `C2×D3×D3` fix the character `k=1`, \
             which form neither a cyclic nor a dihedral nor an abelian group"
        );
        assert!(error.hint().unwrap().contains("complement"));
    }
}
