//! The floating-point type of a kernel matrix.

use std::fmt;

/// The floating-point type in which a kernel is computed and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// Double precision, for everything that is inverted later.
    #[default]
    F64,
    /// Single precision: half the memory and about half the time.
    F32,
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        })
    }
}
