//! The one error type of this crate.

use isotypic_group::GroupError;
use thiserror::Error;

/// Why an action, an orbit or a held-out set could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OrbitError {
    /// No action of this name.
    #[error("group `{spec}`: unknown action `{name}`")]
    UnknownAction {
        /// The whole description.
        spec: String,
        /// The name in it.
        name: String,
    },
    /// A group that has no action on images, vectors or points.
    #[error("group `{spec}` does not say how it moves images")]
    AbstractGroup {
        /// The whole description.
        spec: String,
    },
    /// A product with no text for one of its factors.
    #[error("group `{spec}`: factor {position} is empty")]
    EmptyFactor {
        /// The whole description.
        spec: String,
        /// Which factor, counted from 1.
        position: usize,
    },
    /// A product of actions of which the order matters.
    #[error(
        "group `{spec}`: the actions do not commute: element {g} of `{left}` and element {h} of `{right}` differ by {defect:.1e} in their order"
    )]
    NotCommuting {
        /// The whole description.
        spec: String,
        /// The factor before.
        left: String,
        /// The factor behind.
        right: String,
        /// Element of the factor before.
        g: usize,
        /// Element of the factor behind.
        h: usize,
        /// $\|g(hx) - h(gx)\| / \|x\|$ on the image it was measured on.
        defect: f64,
    },
    /// Maps that do not multiply like the elements of the group.
    #[error(
        "group `{spec}`: not an action: element {h} and then element {g} differ by {defect:.1e} from their product"
    )]
    NotAnAction {
        /// The group.
        spec: String,
        /// The element that acts second.
        g: usize,
        /// The element that acts first.
        h: usize,
        /// By how much they differ.
        defect: f64,
    },
    /// A group whose order depends on the images.
    #[error("group `{spec}`: its order depends on the size of the images")]
    NeedsImageShape {
        /// The group.
        spec: String,
    },
    /// Quarter turns of a whole image that is not square.
    #[error("group `{spec}` needs square images, got {height}×{width} pixels")]
    NotSquare {
        /// The group.
        spec: String,
        /// Pixels along y.
        height: usize,
        /// Pixels along x.
        width: usize,
    },
    /// More or fewer coordinates than the group acts on.
    #[error("group `{spec}` {verb} {degree} coordinates, but data of shape {shape:?} have {sizes}")]
    DegreeMismatch {
        /// The group.
        spec: String,
        /// `permutes` or `acts on`.
        verb: &'static str,
        /// How many it acts on.
        degree: usize,
        /// `[H, W, C]`.
        shape: [usize; 3],
        /// How many there are.
        sizes: String,
    },
    /// A group that is made of something else than permutations.
    #[error("group `{spec}`: `{group}` is not given by permutations")]
    NotPermutations {
        /// The whole description.
        spec: String,
        /// The group.
        group: String,
    },
    /// Matrices of the wrong number or shape.
    #[error("group `{spec}`: expected {expected}, got matrices of shape {got:?}")]
    MatrixShape {
        /// The group.
        spec: String,
        /// What should have come.
        expected: String,
        /// `[count, rows, columns]`.
        got: [usize; 3],
    },
    /// NaN or infinity in a matrix.
    #[error("group `{spec}`: entry ({row}, {column}) of matrix {matrix} is `{value}`")]
    MatrixNotFinite {
        /// The group.
        spec: String,
        /// Which matrix, from 0.
        matrix: usize,
        /// Row of the entry.
        row: usize,
        /// Column of the entry.
        column: usize,
        /// The entry.
        value: f64,
    },
    /// A generator that makes different elements equal.
    #[error("group `{spec}`: matrix {generator} is not invertible within the group it generates")]
    NotInvertible {
        /// The group.
        spec: String,
        /// Which matrix, from 0.
        generator: usize,
    },
    /// Products of matrices that never come to an end.
    #[error("group `{spec}`: not closed within {} elements: the matrices may generate an infinite group", thousands(*limit))]
    NotClosed {
        /// The group.
        spec: String,
        /// The most elements that were allowed.
        limit: usize,
    },
    /// A file of generators that cannot be read.
    #[error("group `{spec}`: {message}")]
    GeneratorFile {
        /// The group with its file.
        spec: String,
        /// What is wrong.
        message: String,
    },
    /// An action with a missing, superfluous or impossible parameter.
    #[error("group `{spec}`: expected {expected}, got {got}")]
    ActionParameter {
        /// The whole description.
        spec: String,
        /// What the action takes.
        expected: &'static str,
        /// What stood there.
        got: String,
    },
    /// A number of poses other than the order of a fixed group.
    #[error("group `{spec}` has {order} poses, not {poses}")]
    FixedOrder {
        /// The group.
        spec: String,
        /// Its order.
        order: usize,
        /// The number of poses asked for.
        poses: usize,
    },
    /// Shifts by a fraction of a pixel.
    #[error("group `{spec}`: {steps} shifts do not divide the image {axis} of {size} pixels")]
    NotDividing {
        /// The group.
        spec: String,
        /// `height` or `width`.
        axis: &'static str,
        /// Pixels along that axis.
        size: usize,
        /// Shifts asked for.
        steps: usize,
    },
    /// An image without pixels.
    #[error("images of shape {shape:?} have no pixels")]
    NoPixels {
        /// `[H, W, C]`.
        shape: [usize; 3],
    },
    /// The group itself cannot be made.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A step of normalisation that is not known.
    #[error("normalisation `{spec}`: unknown step `{step}`")]
    UnknownNormalization {
        /// The whole description.
        spec: String,
        /// The step in it.
        step: String,
    },
    /// An image that cannot be divided by its norm.
    #[error("image {image}: {}, cannot be normalised", if *constant { "all pixels are equal" } else { "its norm is zero or not finite" })]
    NotNormalizable {
        /// Position of the image among the seeds.
        image: usize,
        /// Whether all its pixels are equal.
        constant: bool,
    },
    /// NaN or infinity among the pixels.
    #[error("image {image}: pixel (row {row}, column {column}, channel {channel}) is `{value}`")]
    NotFinite {
        /// Position of the image among the seeds.
        image: usize,
        /// Row of the pixel.
        row: usize,
        /// Column of the pixel.
        column: usize,
        /// Channel of the pixel.
        channel: usize,
        /// The pixel.
        value: f64,
    },
    /// No seeds.
    #[error("an orbit dataset needs at least one seed")]
    NoSeeds,
    /// Not one label per seed.
    #[error("{seeds} seeds, but {labels} labels")]
    LabelCount {
        /// Number of seeds.
        seeds: usize,
        /// Number of labels.
        labels: usize,
    },
    /// Images of another shape than the action is for.
    #[error("the action is for images of shape {expected:?}, got {got:?}")]
    ImageShape {
        /// `[H, W, C]` of the action.
        expected: [usize; 3],
        /// `[H, W, C]` of the images.
        got: [usize; 3],
    },
    /// More points than can be held.
    #[error("{seeds} seeds × {order} poses × {values} values do not fit into memory")]
    TooLarge {
        /// Number of seeds.
        seeds: usize,
        /// Number of group elements.
        order: usize,
        /// Values per point.
        values: usize,
    },
    /// A table of products that cannot be read.
    #[error("group `{spec}`: {message}")]
    TableFile {
        /// The description that names it.
        spec: String,
        /// What is wrong.
        message: String,
    },
    /// A group that is no subgroup of another in the ordering of elements used here.
    #[error("`{subgroup}` is not a subgroup of `{group}`")]
    NotASubgroup {
        /// The smaller group.
        subgroup: String,
        /// The larger group.
        group: String,
    },
    /// Listed elements that are no subgroup.
    #[error("hold-out `{spec}`: not a subgroup: {g}·{h} is element {product}, which is not listed")]
    NotClosedList {
        /// The whole specification.
        spec: String,
        /// The left factor.
        g: usize,
        /// The right factor.
        h: usize,
        /// Their product.
        product: usize,
    },
    /// A held-out specification that cannot be read.
    #[error("hold-out `{spec}`: expected {expected}, got {got}")]
    HoldOutSyntax {
        /// The whole specification.
        spec: String,
        /// What should have stood there.
        expected: &'static str,
        /// What stood there.
        got: String,
    },
    /// A held-out file that cannot be read.
    #[error("hold-out file `{file}`: {message}")]
    HoldOutFile {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// Angles asked for in a group that has none.
    #[error("hold-out `{spec}`: `{group}` is neither cyclic nor dihedral, its elements have no angles")]
    NoAngles {
        /// The whole specification.
        spec: String,
        /// The group.
        group: String,
    },
    /// A pose beyond the order of the group.
    #[error("hold-out: pose {element} is out of range: the group has {order} elements")]
    ElementOutOfRange {
        /// The group element.
        element: usize,
        /// Order of the group.
        order: usize,
    },
    /// A seed beyond the number of seeds.
    #[error("hold-out: seed {seed} is out of range: there are {seeds} seeds")]
    SeedOutOfRange {
        /// The seed.
        seed: usize,
        /// Number of seeds.
        seeds: usize,
    },
    /// The same point twice.
    #[error("hold-out: seed {seed} at pose {element} is listed twice")]
    ListedTwice {
        /// The seed.
        seed: usize,
        /// The group element.
        element: usize,
    },
    /// Nothing is held out.
    #[error("hold-out `{spec}` holds out none of the {order} poses")]
    NothingHeldOut {
        /// The whole specification.
        spec: String,
        /// Order of the group.
        order: usize,
    },
    /// Nothing is left to learn from.
    #[error("hold-out `{spec}` holds out {what}: nothing is left to learn from")]
    NothingObserved {
        /// The whole specification.
        spec: String,
        /// What is held out.
        what: String,
    },
}

/// A number with commas between thousands.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}
