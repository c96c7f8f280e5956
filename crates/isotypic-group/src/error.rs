//! What can go wrong when a group is described.

use thiserror::Error;

use crate::cayley_table::MAX_TABLE_ORDER;
use crate::direct_product::MAX_FACTORS;
use crate::finite_group::MAX_ORDER;
use crate::parse::AVAILABLE;
use crate::permutations::MAX_CLOSURE;
use crate::semidirect::MAX_TABLE;
use crate::symmetric::MAX_DEGREE;

/// A group that cannot be made as asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// A cyclic group or factor of order zero.
    #[error("a cyclic group has at least 1 element, got 0")]
    OrderZero,

    /// A direct product of nothing.
    #[error("a direct product needs at least one factor, got none")]
    NoFactors,

    /// More elements than element indices are allowed to number.
    #[error("group `{name}` has more than {MAX_ORDER} elements")]
    TooLarge {
        /// The group's name, such as `C65536×C65536`.
        name: String,
    },

    /// A direct product of more groups than are kept apart.
    #[error("a direct product of {factors} groups has more than {MAX_FACTORS} factors")]
    TooManyFactors {
        /// How many were given.
        factors: usize,
    },

    /// A semidirect product whose automorphisms make too large a table.
    #[error("group `{name}` has {images} images of elements under automorphisms, more than {MAX_TABLE}")]
    TooManyImages {
        /// The group's name, such as `p4m(6000)`.
        name: String,
        /// The length of the table, the order of the group.
        images: usize,
    },

    /// A semidirect product whose normal factor is not given as a direct product of cyclic groups.
    #[error(
        "semidirect product: expected a direct product of cyclic groups as the normal factor, got `{normal}`"
    )]
    NormalNotAbelian {
        /// The name of what was given.
        normal: String,
    },

    /// Another number of automorphisms than the complement has elements.
    #[error(
        "semidirect product: expected one automorphism for each of the {expected} elements of `{complement}`, \
         got {got}"
    )]
    AutomorphismCount {
        /// The name of the complement.
        complement: String,
        /// Its order.
        expected: usize,
        /// How many were given.
        got: usize,
    },

    /// An automorphism with another number of images than the normal factor has cyclic factors.
    #[error(
        "automorphism of element {h}: expected one image for each of {expected} cyclic factors, got {got}"
    )]
    GeneratorImageCount {
        /// The element of the complement.
        h: usize,
        /// The number of cyclic factors.
        expected: usize,
        /// How many images were given.
        got: usize,
    },

    /// An image that is not an element of the normal factor.
    #[error("automorphism of element {h}: the image {image} of {n} is outside a group of order {order}")]
    ImageOutside {
        /// The element of the complement.
        h: usize,
        /// The generator of a cyclic factor.
        n: usize,
        /// Its image.
        image: usize,
        /// The order of the normal factor.
        order: usize,
    },

    /// An image of a generator that does not satisfy the generator's relation.
    #[error(
        "automorphism of element {h}: {n} has order {order}, but its image {image} has order {image_order}"
    )]
    ImageOrder {
        /// The element of the complement.
        h: usize,
        /// The generator of a cyclic factor.
        n: usize,
        /// Its order.
        order: usize,
        /// Its image.
        image: usize,
        /// The order of the image, which does not divide that of the generator.
        image_order: usize,
    },

    /// A map of the normal factor to itself that is not one to one.
    #[error("automorphism of element {h}: {first} and {second} have the same image {image}")]
    NotInjective {
        /// The element of the complement.
        h: usize,
        /// An element of the normal factor.
        first: usize,
        /// Another one.
        second: usize,
        /// The image of both.
        image: usize,
    },

    /// Automorphisms that do not multiply as the elements of the complement do.
    #[error(
        "automorphisms: {g} sends the image of {n} under {h} to {twice}, but their product {product} sends it to {once}"
    )]
    NotAnAction {
        /// The left factor in the complement.
        g: usize,
        /// The right factor, which acts first.
        h: usize,
        /// An element of the normal factor.
        n: usize,
        /// $g(h(n))$.
        twice: usize,
        /// $gh$.
        product: usize,
        /// $(gh)(n)$.
        once: usize,
    },

    /// A group whose irreps cannot be computed.
    #[error("irreps of group `{group}` are not known: {reason}")]
    IrrepsUnknown {
        /// The group's name.
        group: String,
        /// What stands in the way.
        reason: String,
    },

    /// A transform of semidirect products asked of another group.
    #[error("expected a semidirect product, got `{group}`")]
    NotSemidirect {
        /// The group's name.
        group: String,
    },

    /// A transform of direct products asked of a group that is none, or one of cyclic groups.
    #[error("expected a direct product that is not abelian, got `{group}`")]
    NotAProduct {
        /// The group's name.
        group: String,
    },

    /// A symmetric or alternating group of no points or of too many.
    #[error("group `{name}`: expected a degree from 1 to {MAX_DEGREE}, got {degree}")]
    DegreeOutOfRange {
        /// The group's name, such as `S8`.
        name: String,
        /// The degree asked for.
        degree: usize,
    },

    /// A permutation group of unknown degree.
    #[error("a permutation group needs at least one generator, got none")]
    NoGenerators,

    /// Generators that permute different sets of points.
    #[error("generator {generator} permutes {got} points, generator 0 permutes {expected}")]
    UnequalDegrees {
        /// The index of the generator at fault.
        generator: usize,
        /// The degree of generator 0.
        expected: usize,
        /// Its own degree.
        got: usize,
    },

    /// A generator that takes a point to no point.
    #[error("generator {generator} is not a permutation: image {image} is outside 0..{degree}")]
    ImageOutOfRange {
        /// The index of the generator at fault.
        generator: usize,
        /// The image at fault.
        image: usize,
        /// The number of points.
        degree: usize,
    },

    /// A generator that takes two points to one.
    #[error("generator {generator} is not a permutation: image {image} is repeated")]
    ImageRepeated {
        /// The index of the generator at fault.
        generator: usize,
        /// The image that stands twice.
        image: usize,
    },

    /// Generators with more products than are kept.
    #[error("the generators on {degree} points make more than {limit} elements")]
    ClosureTooLarge {
        /// The number of points.
        degree: usize,
        /// The largest number of elements on as many points.
        limit: usize,
    },

    /// A group whose irreps are neither known in closed form nor few enough to compute.
    #[error(
        "the irreps of group `{group}` of order {order} are not known in closed form, and computed only up to order {limit}"
    )]
    IrrepsNotKnown {
        /// The group's name.
        group: String,
        /// Its order.
        order: usize,
        /// The largest order for which irreps are computed.
        limit: usize,
    },

    /// Irreps that were computed, but not to the accuracy that is promised.
    #[error("the irreps of group `{group}` could not be computed: they fail the check that {promise}")]
    IrrepsNotComputed {
        /// The group's name.
        group: String,
        /// What was checked, and by how much it is off.
        promise: String,
    },

    /// A Cayley table that is not square, empty or too large.
    #[error(
        "cayley table: expected as many rows as columns, from 1 to {MAX_TABLE_ORDER}, got {rows} × {columns}"
    )]
    TableShape {
        /// Its rows.
        rows: usize,
        /// Its columns.
        columns: usize,
    },

    /// A product that is no element.
    #[error("cayley table: {g}·{h} is {product}, outside a group of order {order}")]
    TableEntry {
        /// The left factor.
        g: usize,
        /// The right factor.
        h: usize,
        /// The product as listed.
        product: usize,
        /// The number of rows.
        order: usize,
    },

    /// A Cayley table in which element 0 is not neutral.
    #[error("cayley table: element 0 is not the identity")]
    TableIdentity {
        /// The element that is, if there is one.
        identity: Option<usize>,
    },

    /// A row of a Cayley table that is not a permutation.
    #[error("cayley table, row {g}: {g}·{first} and {g}·{second} are both {product}")]
    TableRepeats {
        /// The left factor.
        g: usize,
        /// The first right factor.
        first: usize,
        /// Another one.
        second: usize,
        /// Both products.
        product: usize,
    },

    /// Three elements of a Cayley table that break associativity.
    #[error("cayley table: ({g}·{h})·{k} is {left}, but {g}·({h}·{k}) is {right}")]
    NotAssociative {
        /// The left factor.
        g: usize,
        /// The middle factor.
        h: usize,
        /// The right factor.
        k: usize,
        /// $(gh)k$.
        left: usize,
        /// $g(hk)$.
        right: usize,
    },

    /// A group that would have to be kept as a table of products, and has too many elements.
    #[error(
        "{group} has {order} elements, more than the {MAX_TABLE_ORDER} of which a table of products is kept"
    )]
    TableTooLarge {
        /// What it is.
        group: String,
        /// Its order.
        order: usize,
    },

    /// An index that is no element.
    #[error("element {element} is outside a group of order {order}")]
    NoElement {
        /// The index.
        element: usize,
        /// The order of the group.
        order: usize,
    },

    /// Listed elements that are no subgroup.
    #[error("not a subgroup: {g}·{h} is element {product}, which is not listed")]
    NotClosed {
        /// The left factor.
        g: usize,
        /// The right factor.
        h: usize,
        /// Their product.
        product: usize,
    },

    /// A subgroup that has no quotient.
    #[error("not a normal subgroup: it contains {h}, but not {conjugate}, the conjugate of {h} by {g}")]
    NotNormal {
        /// An element of the group.
        g: usize,
        /// An element of the subgroup.
        h: usize,
        /// $ghg^{-1}$.
        conjugate: usize,
    },

    /// A character table that would be too large.
    #[error("group `{group}` has {classes} conjugacy classes, more than the {limit} of a character table")]
    TooManyClasses {
        /// The group's name.
        group: String,
        /// The number of its classes.
        classes: usize,
        /// The largest number.
        limit: usize,
    },

    /// A factor of a product with no text, as in `cyclic:4*`.
    #[error("group `{spec}`: factor {position} is empty")]
    EmptyFactor {
        /// The whole description.
        spec: String,
        /// Which factor, counted from 1.
        position: usize,
    },

    /// A family followed by something that is not its parameter.
    #[error("group `{factor}`: expected {expected}, got {got}")]
    InvalidParameter {
        /// The factor of the description at fault.
        factor: String,
        /// What the family takes, such as ``an order, as in `cyclic:8` ``.
        expected: &'static str,
        /// What stood there.
        got: String,
    },

    /// A name that no family of groups has.
    #[error("group `{factor}`: unknown name `{family}`")]
    UnknownFamily {
        /// The factor of the description at fault.
        factor: String,
        /// The name as written.
        family: String,
        /// The known name that looks most like it, if any is near.
        nearest: Option<&'static str>,
    },

    /// A family that is known by name but cannot be computed with.
    #[error("group `{factor}` is not available")]
    NotAvailable {
        /// The factor of the description at fault.
        factor: String,
    },
}

impl GroupError {
    /// What the user can do about it, if anything is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFamily { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::UnknownFamily { nearest: None, .. } | Self::NotAvailable { .. } => {
                Some(format!("available are {AVAILABLE}"))
            }
            Self::EmptyFactor { .. } => Some("factors are joined by `*`, as in `cyclic:4*cyclic:6`".into()),
            Self::TooManyFactors { .. } => Some("drop factors of order 1".into()),
            Self::TooManyImages { .. } => Some("take coarser shifts".into()),
            Self::NormalNotAbelian { .. } => Some("make it by `FiniteGroup::abelian`".into()),
            Self::AutomorphismCount { .. } | Self::GeneratorImageCount { .. } => Some(
                "give one row for each element of the complement, with the images of all generators".into(),
            ),
            Self::ImageOutside { .. } => Some("images are indices of elements of the normal factor".into()),
            Self::ImageOrder { .. } => Some("the order of an image must divide that of the generator".into()),
            Self::NotInjective { .. } => Some("an automorphism takes every element as a value once".into()),
            Self::NotAnAction { .. } => {
                Some("row gh must be row g applied to the images in row h, and row 0 the identity".into())
            }
            Self::IrrepsUnknown { .. } => {
                Some("take a complement all subgroups of which are cyclic, dihedral or abelian".into())
            }
            Self::NotSemidirect { .. } | Self::NotAProduct { .. } => {
                Some("`FourierPlanner` chooses the transform of any group".into())
            }
            Self::DegreeOutOfRange { .. } => Some(format!(
                "`FiniteGroup::from_permutations` makes groups of up to {MAX_CLOSURE} elements on any number of points"
            )),
            Self::NoGenerators => Some("the identity alone generates the trivial group".into()),
            Self::UnequalDegrees { .. } => Some("list the images of fixed points too".into()),
            Self::ImageOutOfRange { .. } | Self::ImageRepeated { .. } => {
                Some("a generator lists the image of every point; points are counted from 0".into())
            }
            Self::ClosureTooLarge { .. } => Some(
                "leave generators out for a subgroup; fewer points allow more elements up to 100,000".into(),
            ),
            Self::IrrepsNotKnown { .. } => {
                Some("use a smaller group, or one of the families with irreps in closed form".into())
            }
            Self::TableShape { .. } | Self::TableEntry { .. } => {
                Some("entry (g, h) is the index of the product g·h, elements count from 0".into())
            }
            Self::TableIdentity { identity: Some(element) } => {
                Some(format!("element {element} is; list it first"))
            }
            Self::TableIdentity { identity: None } => {
                Some("no element is: some row and its column must list 0, 1, 2, …".into())
            }
            Self::TableRepeats { .. } => Some("every row of a group's table lists each element once".into()),
            Self::NotAssociative { .. } => Some("at least one of the four products is wrong".into()),
            Self::TableTooLarge { .. } => {
                Some("take a smaller subgroup, or a group made of permutations".into())
            }
            Self::NoElement { .. } => Some("elements count from 0".into()),
            Self::NotClosed { .. } => {
                Some("list all products, or give generators to `Subgroup::generated_by`".into())
            }
            Self::NotNormal { .. } => Some("`normal_closure` adds what is missing".into()),
            Self::TooManyClasses { .. } => Some("`Irrep::character` gives the values one by one".into()),
            Self::IrrepsNotComputed { .. } => {
                Some("list the elements in another order, and report the group".into())
            }
            _ => Some(format!("available are {AVAILABLE}")),
        }
    }
}
