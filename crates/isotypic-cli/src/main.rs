//! The binary `isotypic`.

fn main() {}
