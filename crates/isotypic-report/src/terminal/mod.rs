//! Reports as tables and sentences for people. Plain text: no colour, no control characters, nothing wider than asked
//! except where a single word is.

mod audit;
mod comparison;
mod extras;
mod group;
mod number;
mod remarks;
mod spectrum;
mod table;
mod training;
mod wrap;

pub(crate) use extras::Section;
pub(crate) use number::{decimal, percent};
pub(crate) use wrap::wrap;

pub use audit::render_terminal;
pub use comparison::render_comparison;
pub use group::render_group;
pub use spectrum::render_spectrum;
pub use training::{render_classes, render_empirical, render_trained, render_width};
