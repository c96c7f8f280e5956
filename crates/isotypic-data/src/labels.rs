//! Class labels: one per image or seed.
//!
//! Labels are names. Whole numbers lose signs and zeros that carry no meaning (`+1` and `01` are the class `1`), so
//! that labels from the command line, a text file and an integer array mean the same. Classes are ordered whole
//! numbers first, by value, then names alphabetically; the order does not depend on the order of the data.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::DataError;

/// One class label per item, at least one item.
///
/// # Examples
/// ```
/// use isotypic_data::Labels;
///
/// let labels = Labels::parse("+1,-1,1")?;
/// assert_eq!(labels.classes(), ["-1", "1"]);
/// assert_eq!(labels.indices(), [1, 0, 1]);
/// # Ok::<(), isotypic_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    classes: Vec<String>,
    indices: Vec<usize>,
}

impl Labels {
    /// Labels from names, in the order given. Spaces around a name are dropped.
    ///
    /// # Errors
    /// [`DataError::EmptyLabel`] if a name is blank, or if there are no names at all.
    pub fn from_names<I>(names: I) -> Result<Self, DataError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::from_names_at("labels", names)
    }

    /// As [`Labels::from_names`], with the place to be named in errors.
    pub(crate) fn from_names_at<I>(place: &str, names: I) -> Result<Self, DataError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let names: Vec<ClassName> = names.into_iter().map(|name| ClassName::new(name.as_ref())).collect();
        let blank = if names.is_empty() { Some(0) } else { names.iter().position(ClassName::is_blank) };
        if let Some(position) = blank {
            return Err(DataError::EmptyLabel { place: place.into(), position });
        }
        let mut order: BTreeMap<&ClassName, usize> = names.iter().map(|name| (name, 0)).collect();
        for (index, value) in order.values_mut().enumerate() {
            *value = index;
        }
        let indices = names.iter().map(|name| order[name]).collect();
        let classes = order.keys().map(ToString::to_string).collect();
        Ok(Self { classes, indices })
    }

    /// Labels from whole numbers.
    ///
    /// # Errors
    /// [`DataError::EmptyLabel`] if there are none.
    pub fn from_integers(values: &[i64]) -> Result<Self, DataError> {
        Self::from_names(values.iter().map(i64::to_string))
    }

    /// Number of labels, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// The distinct classes, in order.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Class of each item, as an index into [`Labels::classes`].
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Name of the class of an item; `None` beyond the end.
    #[must_use]
    pub fn name(&self, item: usize) -> Option<&str> {
        self.indices.get(item).map(|&class| self.classes[class].as_str())
    }

    /// The labels as numbers, if every class is one.
    #[must_use]
    pub fn numeric(&self) -> Option<Vec<f64>> {
        let values: Vec<f64> = self
            .classes
            .iter()
            .map(|name| name.parse().ok().filter(|value: &f64| value.is_finite()))
            .collect::<Option<_>>()?;
        Some(self.indices.iter().map(|&class| values[class]).collect())
    }

    /// Index of the class with this name.
    ///
    /// # Errors
    /// [`DataError::UnknownClass`]; its hint names the nearest class.
    pub fn class_index(&self, name: &str) -> Result<usize, DataError> {
        let wanted = ClassName::new(name).to_string();
        self.classes
            .iter()
            .position(|class| *class == wanted)
            .ok_or_else(|| DataError::UnknownClass { name: wanted, classes: self.classes.clone() })
    }

    /// The items of one class, in file order. Empty if there is no such class.
    #[must_use]
    pub fn members(&self, class: usize) -> Vec<usize> {
        (0..self.len()).filter(|&item| self.indices[item] == class).collect()
    }

    /// The first `count` items of the class with this name, in file order.
    ///
    /// # Errors
    /// [`DataError::UnknownClass`], [`DataError::TooFewInClass`].
    pub fn first_of_class(&self, name: &str, count: usize) -> Result<Vec<usize>, DataError> {
        let class = self.class_index(name)?;
        let mut members = self.members(class);
        if members.len() < count {
            return Err(DataError::TooFewInClass {
                class: self.classes[class].clone(),
                wanted: count,
                found: members.len(),
            });
        }
        members.truncate(count);
        Ok(members)
    }

    /// One label per orbit of `poses` points each, from labels that have one per point (the pose fastest) or already
    /// one per orbit.
    ///
    /// # Errors
    /// [`DataError::LabelVaries`] where the points of one orbit have different labels;
    /// [`DataError::CountMismatch`] if their number fits neither.
    pub fn per_orbit(&self, place: &str, orbits: usize, poses: usize) -> Result<Self, DataError> {
        if self.len() == orbits {
            return Ok(self.clone());
        }
        if Some(self.len()) != orbits.checked_mul(poses) {
            let labels = self.len();
            return Err(DataError::CountMismatch {
                place: place.into(),
                items: "seeds",
                count: orbits,
                labels,
            });
        }
        for (orbit, indices) in self.indices.chunks_exact(poses).enumerate() {
            if let Some(pose) = indices.iter().position(|&class| class != indices[0]) {
                let (first, other) = (&self.classes[indices[0]], &self.classes[indices[pose]]);
                let (first, other) = (first.clone(), other.clone());
                return Err(DataError::LabelVaries { place: place.into(), orbit, pose, first, other });
            }
        }
        self.select(&(0..orbits).map(|orbit| orbit * poses).collect::<Vec<_>>())
    }

    /// The labels of some items, in the order asked for. Classes keep their indices.
    ///
    /// # Errors
    /// [`DataError::OutOfRange`]; [`DataError::EmptyLabel`] if no item is asked for.
    pub fn select(&self, items: &[usize]) -> Result<Self, DataError> {
        if items.is_empty() {
            return Err(DataError::EmptyLabel { place: "labels".into(), position: 0 });
        }
        let pick = |&index: &usize| {
            self.indices.get(index).copied().ok_or_else(|| DataError::OutOfRange {
                place: "labels".into(),
                index,
                count: self.len(),
                items: "labels",
            })
        };
        let indices = items.iter().map(pick).collect::<Result<_, _>>()?;
        Ok(Self { classes: self.classes.clone(), indices })
    }
}

/// A class name with its order.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ClassName {
    Number(i64),
    Text(String),
}

impl ClassName {
    fn new(text: &str) -> Self {
        let text = text.trim();
        text.parse().map_or_else(|_| Self::Text(text.into()), Self::Number)
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl std::fmt::Display for ClassName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => value.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl Ord for ClassName {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for ClassName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ordered_by_value_then_by_name() {
        let labels = Labels::from_names(["b", "10", "a", "2", "-3"]).unwrap();
        assert_eq!(labels.classes(), ["-3", "2", "10", "a", "b"]);
        assert_eq!(labels.indices(), [4, 2, 3, 1, 0]);
        assert_eq!(labels.name(2), Some("a"));
        assert_eq!(labels.name(5), None);
    }

    #[test]
    fn numbers_written_differently_are_one_class() {
        let labels = Labels::from_names(["+1", "1", " 01 "]).unwrap();
        assert_eq!(labels.classes(), ["1"]);
        assert_eq!(labels.class_index("+1").unwrap(), 0);
    }

    #[test]
    fn numeric_labels_keep_their_values_and_names_have_none() {
        assert_eq!(Labels::from_names(["+1", "-1", "0.5"]).unwrap().numeric(), Some(vec![1.0, -1.0, 0.5]));
        assert_eq!(Labels::from_names(["1", "cat"]).unwrap().numeric(), None);
        assert_eq!(Labels::from_names(["1", "nan"]).unwrap().numeric(), None);
    }

    #[test]
    fn no_label_and_a_blank_label_are_errors() {
        assert!(matches!(Labels::from_integers(&[]), Err(DataError::EmptyLabel { position: 0, .. })));
        assert!(matches!(Labels::from_names(["a", " "]), Err(DataError::EmptyLabel { position: 1, .. })));
    }

    #[test]
    fn the_first_of_a_class_come_in_file_order() {
        let labels = Labels::from_integers(&[3, 7, 3, 3, 7]).unwrap();
        assert_eq!(labels.first_of_class("3", 2).unwrap(), [0, 2]);
        let error = labels.first_of_class("7", 3).unwrap_err();
        assert_eq!(error.to_string(), "class `7`: 3 members asked for, 2 found");
    }

    #[test]
    fn an_unknown_class_lists_the_known_ones_and_suggests_the_nearest() {
        let labels = Labels::from_names(["shirt", "shoe"]).unwrap();
        let error = labels.class_index("shirts").unwrap_err();
        assert_eq!(error.to_string(), "unknown class `shirts`; there are `shirt`, `shoe`");
        assert_eq!(error.hint().unwrap(), "did you mean `shirt`?");
    }

    #[test]
    fn a_selection_keeps_the_class_indices() {
        let labels = Labels::from_names(["a", "b", "c"]).unwrap();
        let chosen = labels.select(&[2, 1]).unwrap();
        assert_eq!(chosen.indices(), [2, 1]);
        assert!(matches!(labels.select(&[3]), Err(DataError::OutOfRange { index: 3, count: 3, .. })));
        assert!(matches!(labels.select(&[]), Err(DataError::EmptyLabel { .. })));
    }
}
