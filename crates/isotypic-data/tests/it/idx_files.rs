//! IDX files: what is read, and what is refused.

use isotypic_data::{DataError, DataSource, LabelledImages, Labels, Split};

use crate::support::{Folder, gzip, idx};

const IMAGES: u32 = 0x803;
const LABELS: u32 = 0x801;

fn two_images() -> Vec<u8> {
    idx(IMAGES, &[2, 1, 3], &[10, 20, 30, 40, 50, 60])
}

fn two_labels() -> Vec<u8> {
    idx(LABELS, &[2], &[7, 3])
}

fn load(folder: &Folder) -> Result<LabelledImages, DataError> {
    DataSource::IdxFolder(folder.path().into()).load(Split::Train, None)
}

/// Loads a folder with these two files under their usual names.
fn load_bytes(images: &[u8], labels: &[u8]) -> Result<LabelledImages, DataError> {
    let folder = Folder::new();
    folder.write("train-images-idx3-ubyte", images);
    folder.write("train-labels-idx1-ubyte", labels);
    load(&folder)
}

#[test]
fn every_customary_name_and_both_packings_give_the_same_data() {
    let plain = load_bytes(&two_images(), &two_labels()).unwrap();
    assert_eq!(plain.image_shape(), [1, 3, 1]);
    assert_eq!(plain.image(1).unwrap().iter().copied().collect::<Vec<_>>(), [40.0, 50.0, 60.0]);
    assert_eq!(plain.labels().name(0), Some("7"));
    for mark in ["-", "."] {
        for ending in ["", ".gz"] {
            let pack = |bytes: Vec<u8>| if ending.is_empty() { bytes } else { gzip(&bytes) };
            let folder = Folder::new();
            folder.write(&format!("train-images{mark}idx3-ubyte{ending}"), &pack(two_images()));
            folder.write(&format!("train-labels{mark}idx1-ubyte{ending}"), &pack(two_labels()));
            assert_eq!(load(&folder).unwrap().content_hash(), plain.content_hash());
        }
    }
}

#[test]
fn packing_is_told_by_content_not_by_name() {
    let plain = load_bytes(&two_images(), &two_labels()).unwrap();
    let packed = load_bytes(&gzip(&two_images()), &gzip(&two_labels())).unwrap();
    assert_eq!(packed.content_hash(), plain.content_hash());
    let folder = Folder::new();
    folder.write("train-images-idx3-ubyte.gz", &two_images());
    folder.write("train-labels-idx1-ubyte.gz", &two_labels());
    assert_eq!(load(&folder).unwrap().content_hash(), plain.content_hash());
}

#[test]
fn the_test_split_is_a_pair_of_files_of_its_own() {
    let folder = Folder::new();
    folder.write("t10k-images-idx3-ubyte", &two_images());
    folder.write("t10k-labels-idx1-ubyte", &two_labels());
    let source = DataSource::parse(folder.path().to_str().unwrap()).unwrap();
    assert_eq!(source.load(Split::Test, None).unwrap().len(), 2);
    let error = source.load(Split::Train, None).unwrap_err().to_string();
    assert!(
        error.contains("no images of the `train` split found; looked for `train-images-idx3-ubyte`"),
        "{error}"
    );
    assert!(error.contains("`train-images.idx3-ubyte.gz`"), "{error}");
}

#[test]
fn labels_given_separately_replace_the_label_file() {
    let folder = Folder::new();
    folder.write("train-images-idx3-ubyte", &two_images());
    let source = DataSource::parse(folder.path().to_str().unwrap()).unwrap();
    let labels = Labels::parse("cat,dog").unwrap();
    assert_eq!(source.load(Split::Train, Some(&labels)).unwrap().labels().name(1), Some("dog"));
    let error = source.load(Split::Train, None).unwrap_err();
    assert!(matches!(error, DataError::MissingIdxFile { content: "labels", .. }), "{error}");
}

#[test]
fn truncated_files_say_how_many_bytes_are_missing() {
    let images = two_images();
    let error = load_bytes(&images[..20], &two_labels()).unwrap_err();
    assert!(matches!(error, DataError::Truncated { expected: 22, got: 20, .. }), "{error}");
    assert!(
        error.to_string().ends_with("train-images-idx3-ubyte`: truncated: expected 22 bytes, got 20"),
        "{error}"
    );
    for end in 0..images.len() {
        let error = load_bytes(&images[..end], &two_labels()).unwrap_err();
        assert!(matches!(error, DataError::Truncated { got, .. } if got == end as u64), "{end}: {error}");
        let error = load_bytes(&gzip(&images[..end]), &two_labels()).unwrap_err();
        assert!(matches!(error, DataError::Truncated { got, .. } if got == end as u64), "{end}: {error}");
    }
}

#[test]
fn an_absurd_header_is_an_error_and_not_an_allocation() {
    for pack in [<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip] {
        let error = load_bytes(&pack(&idx(IMAGES, &[u32::MAX, 28, 28], &[1, 2])), &two_labels()).unwrap_err();
        assert!(matches!(error, DataError::Truncated { got: 18, .. }), "{error}");
        let error = load_bytes(&pack(&idx(IMAGES, &[u32::MAX; 3], &[])), &two_labels()).unwrap_err();
        assert!(matches!(error, DataError::ImpossibleShape { .. }), "{error}");
    }
}

#[test]
fn wrong_magic_and_foreign_files_are_named() {
    let error = load_bytes(&two_labels(), &two_labels()).unwrap_err();
    assert!(
        error.to_string().ends_with("expected magic number `0x00000803` (images), got `0x00000801`"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("exchanged"));
    let error = load_bytes(b"\x89PNG\r\n\x1a\n", &two_labels()).unwrap_err();
    assert!(matches!(error, DataError::WrongMagic { got: 0x8950_4e47, .. }), "{error}");
    let error = load_bytes(&two_images(), &two_images()).unwrap_err();
    assert!(matches!(error, DataError::WrongMagic { content: "labels", .. }), "{error}");
}

#[test]
fn trailing_bytes_are_refused_plain_and_packed() {
    let mut images = two_images();
    images.extend([0, 0]);
    for bytes in [images.clone(), gzip(&images)] {
        let error = load_bytes(&bytes, &two_labels()).unwrap_err();
        assert!(matches!(error, DataError::TrailingBytes { expected: 22, extra: 2, .. }), "{error}");
    }
}

#[test]
fn damaged_gzip_is_never_data() {
    let packed = gzip(&two_images());
    for position in 10..packed.len() {
        let mut damaged = packed.clone();
        damaged[position] ^= 0x55;
        assert!(load_bytes(&damaged, &two_labels()).is_err(), "byte {position}");
    }
    let mut checksum = packed.clone();
    let last = checksum.len() - 6;
    checksum[last] ^= 1;
    assert!(matches!(load_bytes(&checksum, &two_labels()), Err(DataError::CorruptGzip { .. })));
    for end in 2..packed.len() {
        assert!(load_bytes(&packed[..end], &two_labels()).is_err(), "{end} bytes");
    }
}

#[test]
fn images_and_labels_must_be_equally_many() {
    let error = load_bytes(&two_images(), &idx(LABELS, &[3], &[1, 2, 3])).unwrap_err();
    assert!(matches!(error, DataError::CountMismatch { count: 2, labels: 3, .. }), "{error}");
    assert_eq!(error.hint().unwrap(), "give one label for each of the images");
}

#[test]
fn a_file_without_images_is_empty() {
    let error = load_bytes(&idx(IMAGES, &[0, 28, 28], &[]), &idx(LABELS, &[0], &[])).unwrap_err();
    assert!(matches!(error, DataError::Empty { .. }), "{error}");
    let error = load_bytes(&two_images(), &idx(LABELS, &[0], &[])).unwrap_err();
    assert!(matches!(error, DataError::Empty { .. }), "{error}");
}

#[test]
fn one_idx_file_alone_is_no_dataset() {
    let folder = Folder::new();
    let path = folder.write("train-images-idx3-ubyte", &two_images());
    let error = DataSource::parse(path.to_str().unwrap()).unwrap_err();
    assert!(error.hint().unwrap().contains("the folder they are in"));
}
