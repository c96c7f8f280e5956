//! Pairs of digits under one network at one number of poses, in the conventions of the authors' scripts.

use isotypic_architecture::Architecture;
use isotypic_gram::Ridge;
use isotypic_orbit::{ActionSpec, HoldOutSpec, Normalization, OrbitDataset};
use isotypic_predict::CircularSpectrum;
use isotypic_report::ReproductionCheck;
use ndarray::{Axis, s};
use rayon::prelude::*;
use serde::Deserialize;

use super::context::Context;
use super::expectation::deviation_checks;
use crate::audit::{AuditGram, Convention, examine_pair, rename_image, select_pairs};
use crate::audit_kernel::AuditKernel;
use crate::model::Model;
use crate::{Error, KernelKind, PairSelection, Precision, orbit_gram};

/// Pairs of one unit of work.
const PAIRS_PER_UNIT: usize = 16;

/// Numbers of one pair.
const NUMBERS: usize = 7;

/// A network, a family of transformations and a number of poses.
pub(super) struct PairStudy {
    name: String,
    network: Model,
    family: String,
    poses: usize,
    inverse_powers: InversePowers,
}

/// How the authors scale the inverse powers that they plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InversePowers {
    /// $1 / |\lambda_k|$.
    Plain,
    /// $1 / |\lambda_k / \sqrt{2N} + 10^{-10} \sqrt{2N}|$: an orthonormal Fourier transform, and a ridge.
    Orthonormal,
}

/// What was found for one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PairRow {
    /// Regression, the mean of leaving out either seed's first pose.
    pub(super) exact: f64,
    /// The averaged formula.
    pub(super) spectral: f64,
    /// The part of the two held-out poses that gets the right class.
    pub(super) right: f64,
    /// $\lambda_N^{-1}$, along the labels.
    pub(super) inverse_label_power: f64,
    /// $\langle \lambda^{-1} \rangle$.
    pub(super) mean_inverse_power: f64,
    /// Squared distance of the orbit means, in pixels of unit norm.
    pub(super) delta_squared: f64,
    /// Mean distance of a pose from its orbit's mean.
    pub(super) radius: f64,
}

/// Numbers of the authors' own program for pairs of one dataset.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthorsPairs {
    pub(super) arch: String,
    pub(super) group: String,
    /// The precision of the numbers.
    pub(super) relative_tolerance: f64,
    /// Two indices into the dataset, spectral and exact error.
    pub(super) pairs: Vec<(usize, usize, f64, f64)>,
}

impl PairStudy {
    /// A named architecture.
    pub(super) fn named(
        arch: &str,
        family: &str,
        poses: usize,
        inverse_powers: InversePowers,
    ) -> Result<Self, Error> {
        Ok(Self {
            name: arch.to_owned(),
            network: Model::parse(arch)?,
            family: family.to_owned(),
            poses,
            inverse_powers,
        })
    }

    /// An architecture as JSON.
    pub(super) fn described(
        json: &str,
        family: &str,
        poses: usize,
        inverse_powers: InversePowers,
    ) -> Result<Self, Error> {
        let network = Model::Network(Architecture::from_json(json)?);
        Ok(Self { name: json.to_owned(), network, family: family.to_owned(), poses, inverse_powers })
    }

    /// The pairs that a figure is about.
    pub(super) fn draw(context: &Context<'_>, count: usize) -> Result<Vec<(usize, usize)>, Error> {
        select_pairs(&PairSelection::Count(count), super::context::SEED, context.images.labels())
    }

    /// Numbers of all pairs, in units that survive.
    pub(super) fn run(&self, context: &Context<'_>, pairs: &[(usize, usize)]) -> Result<Vec<PairRow>, Error> {
        let group = format!("{}:{}", self.family, self.poses);
        context.monitor.stage(&format!("{}, {group}", short_name(&self.name)), pairs.len() as f64);
        let shape = context.images.image_shape();
        let compile = || self.network.compile(&self.name, &shape);
        let kernel = AuditKernel::new(compile, Precision::F64, &self.name)?;
        let action = ActionSpec::parse(&group)?;
        let mut rows = Vec::new();
        for unit in pairs.chunks(PAIRS_PER_UNIT) {
            let description = format!("pairs {} {group} {:?} {unit:?}", self.name, self.inverse_powers);
            let numbers = context.unit(&description, || {
                let rows: Vec<PairRow> = unit
                    .par_iter()
                    .map(|&pair| {
                        context.monitor.check()?;
                        let row = self.examine(context, &kernel, &action, pair)?;
                        context.monitor.advance(1.0);
                        Ok(row)
                    })
                    .collect::<Result<_, Error>>()?;
                Ok(rows.into_iter().flat_map(PairRow::numbers).collect())
            })?;
            rows.extend(numbers.chunks_exact(NUMBERS).map(PairRow::of_numbers));
        }
        Ok(rows)
    }

    fn examine(
        &self,
        context: &Context<'_>,
        kernel: &AuditKernel,
        action: &ActionSpec,
        (a, b): (usize, usize),
    ) -> Result<PairRow, Error> {
        let images = context.images.images(&[a, b])?;
        let action = action.resolve(context.images.image_shape())?;
        let orbits = OrbitDataset::sample(&images, &[0, 1], action.as_ref(), &Normalization::default())
            .map_err(|error| rename_image(error, &[a, b]))?;
        let (points, group) = (orbits.points(), orbits.group());
        let silent = context.monitor.part(0.0, 1.0);
        let permutes = action.is_permutation();
        let gram = orbit_gram::evaluate(kernel, KernelKind::Ntk, points, group, permutes, &silent)?;
        let gram = AuditGram::of(&gram, group)?;
        let hold_out = HoldOutSpec::Pose(group.identity());
        let errors = examine_pair(&gram, Some(points), &hold_out, Ridge::default(), Convention::Paper)?;
        let spectrum = CircularSpectrum::of(&gram.invariant, 0)?;
        let inverse = self.inverse_powers.of(spectrum.eigenvalues());
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        Ok(PairRow {
            exact: number(errors.exact[0].zip(errors.exact[1]).map(|(a, b)| 0.5 * (a + b))),
            spectral: number(errors.spectral.map(|error| error.value)),
            right: errors.correct.iter().filter(|&&correct| correct).count() as f64 / 2.0,
            inverse_label_power: inverse[self.poses],
            mean_inverse_power: inverse.iter().sum::<f64>() / inverse.len() as f64,
            delta_squared: number(errors.delta_squared_input),
            radius: radius(points.slice(s![..self.poses, ..])) / 2.0
                + radius(points.slice(s![self.poses.., ..])) / 2.0,
        })
    }
}

/// Distance of the first pose from the mean of its orbit.
fn radius(orbit: ndarray::ArrayView2<'_, f64>) -> f64 {
    let mean = orbit.mean_axis(Axis(0)).expect("an orbit has poses");
    orbit.row(0).iter().zip(&mean).map(|(value, mean)| (value - mean).powi(2)).sum::<f64>().sqrt()
}

/// A description of a network is too long for a line of progress.
fn short_name(name: &str) -> &str {
    if name.starts_with('{') { "network" } else { name }
}

impl InversePowers {
    fn of(self, eigenvalues: &[f64]) -> Vec<f64> {
        let root = (eigenvalues.len() as f64).sqrt();
        let power = |eigenvalue: f64| match self {
            Self::Plain => eigenvalue,
            Self::Orthonormal => eigenvalue / root + 1e-10 * root,
        };
        eigenvalues.iter().map(|&eigenvalue| power(eigenvalue).abs().recip()).collect()
    }
}

impl PairRow {
    fn numbers(self) -> [f64; NUMBERS] {
        [
            self.exact,
            self.spectral,
            self.right,
            self.inverse_label_power,
            self.mean_inverse_power,
            self.delta_squared,
            self.radius,
        ]
    }

    fn of_numbers(numbers: &[f64]) -> Self {
        Self {
            exact: numbers[0],
            spectral: numbers[1],
            right: numbers[2],
            inverse_label_power: numbers[3],
            mean_inverse_power: numbers[4],
            delta_squared: numbers[5],
            radius: numbers[6],
        }
    }
}

impl AuthorsPairs {
    /// The lists of a file that is part of the program.
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, Error> {
        super::parse_json(text)
    }

    /// The largest relative deviations from the authors' spectral and exact errors; `None` for another dataset than theirs.
    fn deviations(
        &self,
        context: &Context<'_>,
        inverse_powers: InversePowers,
    ) -> Result<Option<[f64; 2]>, Error> {
        if context.hash != super::AUTHORS_DATA {
            return Ok(None);
        }
        let broken =
            || Error::settings(format!("authors' group `{}`", self.group), "this is an error of the program");
        let (family, poses) = self.group.split_once(':').ok_or_else(broken)?;
        let poses = poses.parse().map_err(|_| broken())?;
        let study = PairStudy::named(&self.arch, family, poses, inverse_powers)?;
        let pairs: Vec<_> = self.pairs.iter().map(|&(a, b, ..)| (a, b)).collect();
        let rows = study.run(context, &pairs)?;
        let worst = |of: fn(&PairRow) -> f64, theirs: fn(&(usize, usize, f64, f64)) -> f64| {
            let deviations =
                rows.iter().zip(&self.pairs).map(|(row, pair)| (of(row) / theirs(pair) - 1.0).abs());
            deviations.fold(0.0, f64::max)
        };
        Ok(Some([worst(|row| row.spectral, |pair| pair.2), worst(|row| row.exact, |pair| pair.3)]))
    }

    /// Both deviations held against the precision of the numbers.
    pub(super) fn checks(
        &self,
        context: &Context<'_>,
        inverse_powers: InversePowers,
    ) -> Result<[ReproductionCheck; 2], Error> {
        let found = self.deviations(context, inverse_powers)?;
        let what = format!("{} pairs, `{}`, `{}`", self.pairs.len(), self.arch, self.group);
        Ok(deviation_checks(found, self.relative_tolerance, &what, "pair by pair"))
    }
}
