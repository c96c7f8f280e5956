//! The seeds of an audit of classes, checked.

use isotypic_data::Labels;
use ndarray::Array2;

use super::settings::{ClassSeeds, ClassSelection, Together};
use crate::Error;

/// Seeds of at least two classes, ordered by class, as indices into the dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClassSeedSet {
    /// Names of the classes, in the order of the outputs.
    pub(crate) classes: Vec<String>,
    /// Seeds that training sees.
    pub(crate) seen: Vec<usize>,
    /// The class of each of them, as an index into `classes`.
    pub(crate) class_of_seen: Vec<usize>,
    /// Seeds that it never sees.
    pub(crate) unseen: Vec<usize>,
    /// The class of each of these.
    pub(crate) class_of_unseen: Vec<usize>,
    /// What is held out together.
    pub(crate) together: Together,
}

impl ClassSeedSet {
    /// Looks the seeds up.
    pub(crate) fn select(selection: &ClassSelection, labels: &Labels) -> Result<Self, Error> {
        let classes = class_indices(selection, labels)?;
        let mut set = Self {
            classes: classes.iter().map(|&class| labels.classes()[class].clone()).collect(),
            seen: Vec::new(),
            class_of_seen: Vec::new(),
            unseen: Vec::new(),
            class_of_unseen: Vec::new(),
            together: selection.together,
        };
        for (output, &class) in classes.iter().enumerate() {
            let members = labels.members(class);
            let seen: Vec<usize> = match &selection.seeds {
                ClassSeeds::PerClass(0) => {
                    return Err(Error::settings(
                        "seeds per class: expected at least 1, got 0",
                        "pass `--seeds-per-class 13`",
                    ));
                }
                ClassSeeds::PerClass(count) => labels.first_of_class(&set.classes[output], *count)?,
                ClassSeeds::List(seeds) => {
                    seeds.iter().copied().filter(|seed| labels.indices().get(*seed) == Some(&class)).collect()
                }
            };
            let rest: Vec<usize> = members.into_iter().filter(|member| !seen.contains(member)).collect();
            if rest.len() < selection.unseen_per_class {
                return Err(Error::settings(
                    format!(
                        "unseen seeds: class `{}` has {} left besides the {} that training sees, {} were asked for",
                        set.classes[output],
                        rest.len(),
                        seen.len(),
                        selection.unseen_per_class
                    ),
                    "ask for fewer with `--unseen-per-class` or `--seeds-per-class`",
                ));
            }
            let unseen = &rest[..selection.unseen_per_class];
            set.class_of_seen.extend(std::iter::repeat_n(output, seen.len()));
            set.class_of_unseen.extend(std::iter::repeat_n(output, unseen.len()));
            set.seen.extend(seen);
            set.unseen.extend(unseen);
        }
        Ok(set)
    }

    /// All seeds: those that training sees, then the others.
    pub(crate) fn all(&self) -> Vec<usize> {
        [self.seen.as_slice(), self.unseen.as_slice()].concat()
    }

    /// One output per class: +1 for the own, −1 for the others.
    ///
    /// # Shapes
    /// `[seeds that training sees, classes]`
    pub(crate) fn labels(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.seen.len(), self.classes.len()), |(seed, class)| {
            if self.class_of_seen[seed] == class { 1.0 } else { -1.0 }
        })
    }

    /// How many sets are held out one after the other, for hold-outs that are the same for all.
    pub(crate) fn turns_at_most(&self) -> usize {
        match self.together {
            Together::Class => self.classes.len(),
            Together::Seed => self.seen.len(),
        }
    }

    /// The seeds of a class, as positions among those that training sees.
    pub(crate) fn members(&self, class: usize) -> Vec<usize> {
        (0..self.seen.len()).filter(|&seed| self.class_of_seen[seed] == class).collect()
    }
}

/// The classes asked for, as indices into those of the labels.
fn class_indices(selection: &ClassSelection, labels: &Labels) -> Result<Vec<usize>, Error> {
    let mut classes: Vec<usize> = Vec::new();
    for name in &selection.classes {
        let class = labels.class_index(name)?;
        if classes.contains(&class) {
            return Err(Error::settings(format!("classes: `{name}` is given twice"), "give each class once"));
        }
        classes.push(class);
    }
    if let ClassSeeds::List(seeds) = &selection.seeds {
        check_list(seeds, labels, &classes)?;
        if classes.is_empty() {
            classes = (0..labels.classes().len())
                .filter(|class| seeds.iter().any(|&seed| labels.indices()[seed] == *class))
                .collect();
        }
    }
    if classes.is_empty() {
        classes = (0..labels.classes().len()).collect();
    }
    if classes.len() < 2 {
        return Err(Error::settings(
            format!("classes: expected at least 2, got {}", classes.len()),
            "a class is told from others: give at least two, as in `--classes 3,5`",
        ));
    }
    Ok(classes)
}

fn check_list(seeds: &[usize], labels: &Labels, classes: &[usize]) -> Result<(), Error> {
    for (at, &seed) in seeds.iter().enumerate() {
        if seed >= labels.len() {
            return Err(Error::settings(
                format!("seeds: index {seed} is out of range, the dataset has {} items", labels.len()),
                "indices count from 0, in file order",
            ));
        }
        if let Some(first) = seeds[..at].iter().position(|&other| other == seed) {
            return Err(Error::settings(
                format!("seeds: item {seed} is listed twice, at places {first} and {at}"),
                "list each seed once",
            ));
        }
        if !classes.is_empty() && !classes.contains(&labels.indices()[seed]) {
            let class = labels.name(seed).unwrap_or_default();
            return Err(Error::settings(
                format!("seeds: item {seed} is of class `{class}`, which is not among the classes asked for"),
                "leave out `--classes`, or list it",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels::from_integers(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0]).unwrap()
    }

    fn selection(classes: &[&str], seeds: ClassSeeds, unseen_per_class: usize) -> ClassSelection {
        ClassSelection {
            classes: classes.iter().map(ToString::to_string).collect(),
            seeds,
            unseen_per_class,
            together: Together::Class,
        }
    }

    #[test]
    fn the_first_of_each_class_are_seen_and_the_next_are_not() {
        let set =
            ClassSeedSet::select(&selection(&["2", "0"], ClassSeeds::PerClass(2), 1), &labels()).unwrap();
        assert_eq!(
            (set.seen.as_slice(), set.class_of_seen.as_slice()),
            (&[2, 5, 0, 3][..], &[0, 0, 1, 1][..])
        );
        assert_eq!((set.unseen.as_slice(), set.class_of_unseen.as_slice()), (&[8, 6][..], &[0, 1][..]));
        assert_eq!(set.all(), [2, 5, 0, 3, 8, 6]);
        assert_eq!(set.members(1), [2, 3]);
        assert_eq!(set.labels().row(2).to_vec(), [-1.0, 1.0]);
    }

    #[test]
    fn a_list_brings_its_classes() {
        let set =
            ClassSeedSet::select(&selection(&[], ClassSeeds::List(vec![9, 4, 0]), 0), &labels()).unwrap();
        assert_eq!(
            (set.classes.as_slice(), set.seen.as_slice()),
            (&["0".to_owned(), "1".to_owned()][..], &[9, 0, 4][..])
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let message = |selection: &ClassSelection| {
            let error = ClassSeedSet::select(selection, &labels()).unwrap_err();
            error.to_string()
        };
        let list = |seeds: &[usize]| ClassSeeds::List(seeds.to_vec());
        assert!(message(&selection(&["7", "0"], ClassSeeds::PerClass(1), 0)).contains('7'));
        assert!(message(&selection(&["1", "0"], ClassSeeds::PerClass(4), 0)).contains('4'));
        assert_eq!(
            message(&selection(&["1"], ClassSeeds::PerClass(1), 0)),
            "classes: expected at least 2, got 1"
        );
        assert_eq!(
            message(&selection(&["1", "1"], ClassSeeds::PerClass(1), 0)),
            "classes: `1` is given twice"
        );
        assert!(
            message(&selection(&["1", "0"], ClassSeeds::PerClass(3), 1))
                .starts_with("unseen seeds: class `1` has 0 left")
        );
        assert!(message(&selection(&[], list(&[0, 10]), 0)).contains("index 10 is out of range"));
        assert_eq!(
            message(&selection(&[], list(&[0, 1, 0]), 0)),
            "seeds: item 0 is listed twice, at places 0 and 2"
        );
        assert!(message(&selection(&["0", "1"], list(&[0, 1, 2]), 0)).contains("item 2 is of class `2`"));
    }
}
