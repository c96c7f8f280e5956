//! The options of one layer, taken out one by one; every mistake names the layer and the option.

use crate::activation_spec::list_of_functions;
use crate::document::Document;
use crate::{
    ArchitectureError, EmbeddingDecay, ExplicitPadding, Padding, Parameterization, ScalarFunction,
    SymmetryGroup,
};

/// Options that are left to read, all of them known by name.
pub(crate) struct Options {
    path: String,
    table: Vec<(String, Document)>,
}

impl Options {
    /// Accepts the value beside a layer's name, if it is a table with no other keys than `allowed`.
    pub(crate) fn new(
        path: String,
        document: Document,
        allowed: &'static [&'static str],
    ) -> Result<Self, ArchitectureError> {
        let Document::Table(table) = document else {
            return Err(wrong_kind(&path, "a table of options", &document));
        };
        match table.iter().find(|(option, _)| !allowed.contains(&option.as_str())) {
            None => Ok(Self { path, table }),
            Some((option, _)) => Err(ArchitectureError::UnknownOption {
                path,
                option: option.escape_debug().to_string(),
                allowed,
            }),
        }
    }

    /// An option without default.
    pub(crate) fn required<T>(&self, option: &'static str, value: Option<T>) -> Result<T, ArchitectureError> {
        value.ok_or_else(|| ArchitectureError::MissingOption { path: self.path.clone(), option })
    }

    /// A number.
    pub(crate) fn number(&mut self, option: &str) -> Result<Option<f64>, ArchitectureError> {
        self.take(option, "a number", as_number)
    }

    /// A number, or the absence of one spelled `null`.
    pub(crate) fn number_or_null(&mut self, option: &str) -> Result<Option<f64>, ArchitectureError> {
        let value = self.take(option, "a number, or `null` for none", |document| match document {
            Document::Null => Some(None),
            other => as_number(other).map(Some),
        })?;
        Ok(value.flatten())
    }

    /// Two numbers.
    pub(crate) fn two_numbers(&mut self, option: &str) -> Result<Option<[f64; 2]>, ArchitectureError> {
        self.take(option, "a list of two numbers", |document| match document {
            Document::List(items) => match items.as_slice() {
                [first, second] => Some([as_number(first)?, as_number(second)?]),
                _ => None,
            },
            _ => None,
        })
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, option: &str) -> Result<Option<bool>, ArchitectureError> {
        self.take(option, "`true` or `false`", |document| match document {
            Document::Boolean(value) => Some(*value),
            _ => None,
        })
    }

    /// A scalar function by name.
    pub(crate) fn scalar_function(
        &mut self,
        option: &str,
    ) -> Result<Option<ScalarFunction>, ArchitectureError> {
        self.take(option, &list_of_functions(), |document| match document {
            Document::Text(name) => ScalarFunction::from_name(name),
            _ => None,
        })
    }

    /// A positive integer.
    pub(crate) fn extent(&mut self, option: &str) -> Result<Option<usize>, ArchitectureError> {
        self.take(option, "a positive integer", as_extent)
    }

    /// An integer of at least 0.
    pub(crate) fn count(&mut self, option: &str) -> Result<Option<usize>, ArchitectureError> {
        self.take(option, "an integer of at least 0", |document| match *document {
            Document::Integer(value) => usize::try_from(value).ok(),
            _ => None,
        })
    }

    /// Between one and `most` numbers.
    pub(crate) fn numbers(
        &mut self,
        option: &str,
        expected: &str,
        most: usize,
    ) -> Result<Option<Vec<f64>>, ArchitectureError> {
        self.take(option, expected, |document| match document {
            Document::List(items) if (1..=most).contains(&items.len()) => {
                items.iter().map(as_number).collect()
            }
            _ => None,
        })
    }

    /// Positive integers.
    pub(crate) fn extents(&mut self, option: &str) -> Result<Option<Vec<usize>>, ArchitectureError> {
        self.take(option, "a list of positive integers", |document| match document {
            Document::List(items) => items.iter().map(as_extent).collect(),
            _ => None,
        })
    }

    /// A list, entry by entry.
    pub(crate) fn list<T>(
        &mut self,
        option: &str,
        expected: &str,
        read: impl Fn(&Document) -> Option<T>,
    ) -> Result<Option<Vec<T>>, ArchitectureError> {
        self.take(option, expected, |document| match document {
            Document::List(items) => items.iter().map(&read).collect(),
            _ => None,
        })
    }

    /// A parameterization by name.
    pub(crate) fn parameterization(&mut self) -> Result<Option<Parameterization>, ArchitectureError> {
        self.take("parameterization", "`ntk` or `standard`", |document| match document {
            Document::Text(name) => Parameterization::from_name(name),
            _ => None,
        })
    }

    /// A group by name.
    pub(crate) fn symmetry_group(
        &mut self,
        option: &str,
    ) -> Result<Option<SymmetryGroup>, ArchitectureError> {
        self.take(option, "`p4`, `p4m`, or `cyclic:N` or `dihedral:N` with N from 1 to 4096", |document| {
            match document {
                Document::Text(name) => SymmetryGroup::from_name(name),
                _ => None,
            }
        })
    }

    /// One of several names.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        option: &str,
        expected: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ArchitectureError> {
        self.take(option, expected, |document| match document {
            Document::Text(text) => choices.iter().find(|(name, _)| name == text).map(|&(_, value)| value),
            _ => None,
        })
    }

    /// One axis, of either sign.
    pub(crate) fn axis(&mut self, option: &str) -> Result<Option<i64>, ArchitectureError> {
        self.take(option, "an integer", as_whole)
    }

    /// Axes, of either sign; a single integer is a list of one.
    pub(crate) fn axes(&mut self, option: &str) -> Result<Option<Vec<i64>>, ArchitectureError> {
        self.take(option, "a list of integers", |document| match document {
            Document::List(items) => items.iter().map(as_whole).collect(),
            single => as_whole(single).map(|axis| vec![axis]),
        })
    }

    /// How correlations fall with distance: a table with the law as its only key and the rate beside it; `null` for none.
    pub(crate) fn decay(&mut self, option: &str) -> Result<Option<EmbeddingDecay>, ArchitectureError> {
        let expected = "a table such as `{\"exponential\": 0.5}` or `{\"rational\": 1.0}`";
        let value = self.take(option, expected, |document| match document {
            Document::Null => Some(None),
            Document::Table(table) => match table.as_slice() {
                [(law, rate)] if law == "exponential" => {
                    as_number(rate).map(|rate| Some(EmbeddingDecay::Exponential(rate)))
                }
                [(law, rate)] if law == "rational" => {
                    as_number(rate).map(|rate| Some(EmbeddingDecay::Rational(rate)))
                }
                _ => None,
            },
            _ => None,
        })?;
        Ok(value.flatten())
    }

    /// A table of options inside this one; `null` for none.
    pub(crate) fn nested(
        &mut self,
        option: &str,
        allowed: &'static [&'static str],
    ) -> Result<Option<Self>, ArchitectureError> {
        match self.document(option) {
            None | Some(Document::Null) => Ok(None),
            Some(document) => {
                Self::new(format!("{}: option `{option}`", self.path), document, allowed).map(Some)
            }
        }
    }

    /// The value of an option as it stands, to be read elsewhere.
    pub(crate) fn document(&mut self, option: &str) -> Option<Document> {
        let index = self.table.iter().position(|(name, _)| name == option)?;
        Some(self.table.swap_remove(index).1)
    }

    /// A padding by name, or in numbers.
    pub(crate) fn padding(&mut self) -> Result<Option<Padding>, ArchitectureError> {
        let expected =
            "`circular`, `same`, `valid` or a list of pairs, zeros before and after, for each spatial axis";
        self.take("padding", expected, |document| match document {
            Document::Text(name) => Padding::from_name(name),
            Document::List(axes) => {
                let pairs = axes.iter().map(as_pair).collect::<Option<Vec<_>>>()?;
                ExplicitPadding::new(&pairs).map(Padding::Explicit)
            }
            _ => None,
        })
    }

    /// Reads one option, `None` if it is absent.
    fn take<T>(
        &mut self,
        option: &str,
        expected: &str,
        read: impl FnOnce(&Document) -> Option<T>,
    ) -> Result<Option<T>, ArchitectureError> {
        let Some(document) = self.document(option) else {
            return Ok(None);
        };
        match read(&document) {
            Some(value) => Ok(Some(value)),
            None => Err(wrong_kind(&format!("{}: option `{option}`", self.path), expected, &document)),
        }
    }
}

/// A value of the wrong kind at `place`.
pub(crate) fn wrong_kind(place: &str, expected: &str, got: &Document) -> ArchitectureError {
    ArchitectureError::WrongKind {
        place: place.to_owned(),
        expected: expected.to_owned(),
        got: got.to_string(),
    }
}

pub(crate) fn as_number(document: &Document) -> Option<f64> {
    match *document {
        Document::Number(value) => Some(value),
        Document::Integer(value) => Some(value as f64),
        _ => None,
    }
}

/// A whole number of either sign.
pub(crate) fn as_whole(document: &Document) -> Option<i64> {
    match *document {
        Document::Integer(value) => i64::try_from(value).ok(),
        _ => None,
    }
}

/// Two whole numbers of at least 0.
fn as_pair(document: &Document) -> Option<[usize; 2]> {
    let Document::List(items) = document else { return None };
    let [before, after] = items.as_slice() else { return None };
    let count = |document| as_whole(document).and_then(|value| usize::try_from(value).ok());
    Some([count(before)?, count(after)?])
}

fn as_extent(document: &Document) -> Option<usize> {
    match *document {
        Document::Integer(value) if value > 0 => usize::try_from(value).ok(),
        _ => None,
    }
}
