//! Will your network learn that symmetry? The whole pipeline as one library.
