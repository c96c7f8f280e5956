//! What every figure is made from: data, counts, a place for finished units, and a monitor.

use isotypic_data::{DataSource, LabelledImages, Split};
use isotypic_report::{Figure, ReproductionCheck};
use isotypic_work::{ContentHash, Monitor, UnitState, UnitStore};

use super::settings::{Counts, ReproductionSettings};
use crate::Error;

/// Seed of everything that is drawn.
pub(super) const SEED: u64 = 0;

pub(super) struct Context<'a> {
    pub(super) images: LabelledImages,
    /// SHA-256 of the images and labels.
    pub(super) hash: String,
    /// As `--data` takes it.
    pub(super) data: String,
    pub(super) counts: Counts,
    pub(super) is_reduced: bool,
    pub(super) monitor: &'a Monitor,
    store: Option<UnitStore>,
}

/// What a figure found.
#[derive(Default)]
pub(super) struct Findings {
    /// What was computed.
    pub(super) setting: String,
    /// Numbers by the names that expectations have for them.
    pub(super) quantities: Vec<(String, f64)>,
    /// What was held already against numbers that come with their precision.
    pub(super) checks: Vec<ReproductionCheck>,
    /// What else a reader must know.
    pub(super) notes: Vec<String>,
    pub(super) pictures: Vec<Figure>,
}

impl<'a> Context<'a> {
    pub(super) fn new(settings: &ReproductionSettings, monitor: &'a Monitor) -> Result<Self, Error> {
        let (counts, is_reduced) = (settings.counts()?, settings.is_reduced()?);
        let data = match &settings.data {
            Some(data) => data.clone(),
            None if !settings.is_quick && DataSource::parse("mnist").is_ok() => "mnist".to_owned(),
            None => "mini-mnist".to_owned(),
        };
        let images = DataSource::parse(&data)?.load(Split::Train, None)?;
        let hash = images.content_hash();
        let store = settings.units.as_ref().map(UnitStore::open).transpose()?;
        Ok(Self { images, hash, data, counts, is_reduced, monitor, store })
    }

    /// What stands on every picture of a reduced reproduction.
    pub(super) fn note(&self, counts: &str) -> Option<String> {
        self.is_reduced.then(|| format!("reduced: {counts}, data {}", self.data))
    }

    /// A unit of work: its numbers from an earlier run, or computed and kept. `description` says everything that they depend on
    /// besides the data and the version of the program.
    pub(super) fn unit(
        &self,
        description: &str,
        compute: impl FnOnce() -> Result<Vec<f64>, Error>,
    ) -> Result<Vec<f64>, Error> {
        let Some(store) = &self.store else { return compute() };
        let version = env!("CARGO_PKG_VERSION");
        let key =
            ContentHash::of_bytes(format!("reproduce {version} {} {description}", self.hash).as_bytes());
        if let UnitState::Present(bytes) = store.get(&key)? {
            let numbers = bytes.chunks_exact(8).map(|bytes| bytes.try_into().map(f64::from_le_bytes));
            return Ok(numbers.collect::<Result<_, _>>().expect("chunks of eight bytes"));
        }
        let numbers = compute()?;
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        store.put(&key, &bytes)?;
        Ok(numbers)
    }
}

impl Findings {
    /// Adds a number, if the setting gives it.
    pub(super) fn add(&mut self, quantity: impl Into<String>, value: Option<f64>) {
        self.quantities.extend(value.map(|value| (quantity.into(), value)));
    }
}
