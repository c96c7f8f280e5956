//! Names of irreps, as people and files see them.

use std::fmt;

/// The name of an irrep within its group: `k=3` for a cyclic group, `k=(1,2)` for a product of cyclic groups, `E1`
/// for a dihedral group, `[3,1,1]` for a symmetric group, `k=(1,1):A2` for p4m, `A1⊗k=3` for a direct product.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IrrepLabel {
    /// The frequency `k` of a character $\exp(2πi\,ku/N)$ of a cyclic group.
    Frequency(usize),
    /// One frequency for each factor of a direct product of cyclic groups.
    Frequencies(Vec<usize>),
    /// A name such as `A1` or `E`, explained at the group it belongs to.
    Name(String),
    /// A partition of the degree, `[3,1,1]`, for an irrep of a symmetric group or its restriction to an alternating
    /// one.
    Partition(Vec<usize>),
    /// One of the two irreps of an alternating group, `[3,1,1]+` and `[3,1,1]-`, for a partition equal to its
    /// conjugate.
    HalfPartition {
        /// The partition.
        partition: Vec<usize>,
        /// Which of the two.
        plus: bool,
    },
}

impl fmt::Display for IrrepLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Frequency(k) => write!(f, "k={k}"),
            Self::Frequencies(ks) => write!(f, "k=({})", list(ks)),
            Self::Partition(partition) => write!(f, "[{}]", list(partition)),
            Self::HalfPartition { partition, plus } => {
                write!(f, "[{}]{}", list(partition), if *plus { "+" } else { "-" })
            }
        }
    }
}

/// Numbers with commas between.
fn list(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_print_as_documented() {
        assert_eq!(IrrepLabel::Frequency(3).to_string(), "k=3");
        assert_eq!(IrrepLabel::Frequencies(vec![1, 2]).to_string(), "k=(1,2)");
        let partition = vec![3, 1, 1];
        assert_eq!(IrrepLabel::Partition(partition.clone()).to_string(), "[3,1,1]");
        assert_eq!(IrrepLabel::HalfPartition { partition, plus: false }.to_string(), "[3,1,1]-");
    }
}
