//! Finite groups, their unitary irreducible representations and Fourier transforms.
//!
//! A [`FiniteGroup`] multiplies by a method, not by a table. Its [`Irrep`]s are unitary, and a
//! [`GroupFourier`] transform, made by [`FourierPlanner`], takes real functions on the group to their
//! coefficients and back. [`DirectFourier`] sums the definition term by term and is the public control
//! for the fast transforms.
//!
//! There are cyclic, dihedral, symmetric and alternating groups, the quaternion group, the rotations of the regular solids,
//! semidirect products with an abelian normal factor such as [`FiniteGroup::p4`], direct products of all these, and any group
//! from [permutations](FiniteGroup::from_permutations) or a [table of products](FiniteGroup::from_cayley_table). Of each:
//! [`ConjugacyClasses`], the [`CharacterTable`], [`Subgroup`]s with their [`Cosets`] and quotients.
//!
//! # Elements
//!
//! Elements are indices `0..order`; the identity is `0`. A cyclic group lists $r^0, r^1, …, r^{N-1}$. In a
//! direct product the last factor is fastest: element $(u_1, u_2)$ of $C_m × C_n$ has index $u_1 n + u_2$.
//! Irreps are listed in the same way by their frequencies. In a semidirect product $N ⋊ H$ element $(n, h)$ stands for
//! $n·h$ and has index $n|H| + h$. Groups of permutations ascend lexicographically in their images; the polyhedral ones are
//! among them.
//!
//! # Irreps
//!
//! The first irrep is trivial. An irrep of real kind has real matrices, imaginary parts exactly zero; the two of a complex
//! pair have matrices that are exact conjugates. They are listed, and labelled, by family:
//!
//! - products of cyclic groups: by frequencies, `k=3` or `k=(1,2)`;
//! - dihedral groups: `A1`, `A2`, for even polygons `B1`, `B2`, then `E1`, `E2`, … (`E` if it is alone);
//! - semidirect products: by orbits of the complement on the characters of the normal factor, each known by its
//!   first character, then by irreps of the little group, those elements of the complement that fix it: `k=(1,2)`
//!   where that is trivial, otherwise `k=(1,1):A2` with the label of the little group's irrep. A little group is the
//!   complement itself, cyclic, dihedral (a mirror alone has A1 and A2) or a product of cyclic groups;
//! - symmetric groups: by partitions of the number of points, `[3,1]`, in Young's orthogonal form; alternating groups by those
//!   and, where a partition is its own transpose, its two halves;
//! - polyhedral groups and the quaternion group: by Mulliken's names, stated at [`FiniteGroup::icosahedral`] and its neighbours;
//! - groups from permutations or tables: by Mulliken's letters for the dimension, computed from the regular representation up
//!   to [`MAX_NUMERIC_ORDER`] elements, verified before they are used, the same ones at every call;
//! - direct products: tensor products, the last factor fastest, with labels joined as in `A1⊗k=3`. Neighbouring
//!   cyclic factors count as one: `A1⊗k=(1,2)`.
//!
//! # Phases
//!
//! The character of frequency $k$ is $ρ_k(r^u) = \exp(+2πi\,ku/N)$; in a product the characters multiply.
//! The product $ku$ is reduced modulo $N$ in integers before any angle is formed, and multiples of a quarter
//! turn are exactly $1, i, -1, -i$.
//!
//! # Normalization
//!
//! The forward transform has no factor, the inverse divides by the order:
//!
//! $$ \hat f(ρ) = \sum_u f(u)\,ρ(u), \qquad
//!    f(u) = \frac{1}{|G|} \sum_ρ d_ρ\,\mathrm{tr}\bigl(\hat f(ρ)\,ρ(u)^†\bigr). $$
//!
//! So `inverse(forward(f))` is `f`, Parseval's identity reads
//! $\sum_u |f(u)|^2 = \frac{1}{|G|} \sum_ρ d_ρ \|\hat f(ρ)\|_F^2$, and the transform of
//! $(f * h)(u) = \sum_v f(v)\,h(v^{-1}u)$ is $\hat f(ρ)\,\hat h(ρ)$.
//!
//! # Ordering
//!
//! The input is real, so conjugate irreps have conjugate coefficients and only one of each pair is kept: the
//! one with the smaller index. Each kept irrep is an [`IrrepSlot`]; slots ascend by irrep index and slot 0 is
//! the trivial irrep. For $C_N$ these are $k = 0, 1, …, ⌊N/2⌋$. A slot stands for `weight` irreps, one or two,
//! so that a sum over all irreps is a sum over slots with weights; its coefficient is a $d_ρ × d_ρ$ matrix,
//! row-major, and the slots follow one another without gaps. Coefficients of real irreps have an imaginary part
//! of exactly zero.
//!
//! # Examples
//!
//! ```
//! use isotypic_group::{FiniteGroup, FourierPlanner};
//! use num_complex::Complex64;
//!
//! let group = FiniteGroup::cyclic(4)?;
//! let transform = FourierPlanner::new().plan(&group)?;
//! let mut coefficients = vec![Complex64::ZERO; transform.coefficients_len()];
//! transform.forward(&[0.0, 1.0, 0.0, 0.0], &mut coefficients);
//! assert_eq!(coefficients, [Complex64::new(1.0, 0.0), Complex64::new(0.0, 1.0), Complex64::new(-1.0, 0.0)]);
//! # Ok::<(), isotypic_group::GroupError>(())
//! ```

mod abelian;
mod abelian_fourier;
mod basis_change;
mod cayley_table;
mod character_orbit;
mod character_table;
mod conjugacy_classes;
mod cosets;
mod cyclic_fourier;
mod dihedral;
mod dihedral_fourier;
mod direct_fourier;
mod direct_product;
mod embedding;
mod error;
mod exact_rotation;
mod finite_group;
mod fourier;
mod generators;
mod induced;
mod irrep;
mod label;
mod little_group;
mod numeric_basis;
mod numeric_irreps;
mod parse;
mod permutations;
mod planner;
mod polyhedral;
mod product_fourier;
mod quaternion;
mod real_form;
mod regular_representation;
mod root_of_unity;
mod semidirect;
mod semidirect_fourier;
mod stored_matrices;
mod subgroup;
mod symmetric;
mod tensor;
mod verify_irreps;
mod wallpaper;
mod young_form;

pub use abelian_fourier::AbelianFourier;
pub use cayley_table::MAX_TABLE_ORDER;
pub use character_table::CharacterTable;
pub use conjugacy_classes::ConjugacyClasses;
pub use cosets::Cosets;
pub use cyclic_fourier::CyclicFourier;
pub use dihedral_fourier::DihedralFourier;
pub use direct_fourier::DirectFourier;
pub use error::GroupError;
pub use finite_group::{FiniteGroup, MAX_ORDER};
pub use fourier::{FourierScratch, GroupFourier, IrrepSlot};
pub use irrep::{Irrep, IrrepKind};
pub use label::IrrepLabel;
pub use numeric_irreps::MAX_NUMERIC_ORDER;
pub use permutations::MAX_CLOSURE;
pub use planner::FourierPlanner;
pub use product_fourier::ProductFourier;
pub use semidirect_fourier::SemidirectFourier;
pub use subgroup::Subgroup;
pub use symmetric::MAX_DEGREE;
