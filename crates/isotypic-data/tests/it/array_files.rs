//! NumPy files: images, labels, features and Gram matrices.

use std::fs::File;
use std::path::Path;

use isotypic_data::{DataError, DataSource, Features, GramMatrix, LabelledImages, Labels, Split};
use ndarray::{Array2, Array3, Array4, ShapeBuilder, array};
use ndarray_npy::NpzWriter;

use crate::support::Folder;

fn load(path: &Path, labels: Option<&Labels>) -> Result<LabelledImages, DataError> {
    DataSource::parse(&path.to_string_lossy())?.load(Split::Train, labels)
}

fn ramp(shape: (usize, usize, usize, usize)) -> Array4<f64> {
    let (_, h, w, c) = shape;
    Array4::from_shape_fn(shape, |(i, y, x, k)| (((i * h + y) * w + x) * c + k) as f64)
}

#[test]
fn an_archive_gives_images_and_labels_packed_or_not() {
    let folder = Folder::new();
    let images = ramp((3, 2, 4, 2));
    for (name, packed) in [("plain.npz", false), ("packed.npz", true)] {
        let path = folder.path().join(name);
        let file = File::create(&path).unwrap();
        let mut archive = if packed { NpzWriter::new_compressed(file) } else { NpzWriter::new(file) };
        archive.add_array("images", &images).unwrap();
        archive.add_array("labels", &array![5_i32, -1, 5]).unwrap();
        archive.finish().unwrap();
        let loaded = load(&path, None).unwrap();
        assert_eq!(loaded.images(&[0, 1, 2]).unwrap(), images);
        assert_eq!(loaded.labels().classes(), ["-1", "5"]);
        let replaced = load(&path, Some(&Labels::parse("a,b,c").unwrap())).unwrap();
        assert_eq!(replaced.labels().name(2), Some("c"));
    }
}

#[test]
fn an_archive_without_images_lists_what_it_has() {
    let folder = Folder::new();
    let path = folder.path().join("a.npz");
    let mut archive = NpzWriter::new(File::create(&path).unwrap());
    archive.add_array("x_train", &ramp((1, 2, 2, 1))).unwrap();
    archive.finish().unwrap();
    let error = load(&path, None).unwrap_err();
    assert!(error.to_string().ends_with("a.npz`: no array `images`; found `x_train`"), "{error}");
}

#[test]
fn a_damaged_archive_is_never_data() {
    let folder = Folder::new();
    let path = folder.path().join("a.npz");
    let mut archive = NpzWriter::new_compressed(File::create(&path).unwrap());
    archive.add_array("images", &ramp((1, 3, 3, 1))).unwrap();
    archive.add_array("labels", &array![1_u8]).unwrap();
    archive.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for end in (0..bytes.len()).step_by(7) {
        let error = load(&folder.write("cut.npz", &bytes[..end]), None).unwrap_err();
        assert!(matches!(error, DataError::CorruptArray { .. }), "{end} bytes: {error}");
    }
    let mut damaged = bytes;
    damaged[60] ^= 0x55;
    assert!(load(&folder.write("damaged.npz", &damaged), None).is_err());
}

#[test]
fn images_alone_need_labels() {
    let folder = Folder::new();
    let path = folder.write_array("x.npy", &ramp((2, 3, 3, 1)));
    let error = load(&path, None).unwrap_err();
    assert!(error.to_string().ends_with("x.npy`: images without labels"), "{error}");
    assert!(error.hint().unwrap().contains("--labels"));
    let labels = folder.write_array("y.npy", &array![1_i64, 0]);
    let labels = Labels::parse(labels.to_str().unwrap()).unwrap();
    assert_eq!(load(&path, Some(&labels)).unwrap().labels().indices(), [1, 0]);
    let three = Labels::parse("1,2,3").unwrap();
    assert!(matches!(load(&path, Some(&three)), Err(DataError::CountMismatch { count: 2, labels: 3, .. })));
}

#[test]
fn images_without_channels_get_one_and_keep_their_element_type() {
    let folder = Folder::new();
    let labels = Labels::parse("a,b").unwrap();
    let mut fortran = Array3::<f32>::zeros((2, 2, 3).f());
    fortran.assign(&ramp((2, 2, 3, 1)).index_axis_move(ndarray::Axis(3), 0).mapv(|value| value as f32));
    let singles = load(&folder.write_array("f4.npy", &fortran), Some(&labels)).unwrap();
    assert_eq!(singles.image_shape(), [2, 3, 1]);
    assert_eq!(singles.images(&[0, 1]).unwrap(), ramp((2, 2, 3, 1)));
    let bytes = ramp((2, 2, 3, 1)).mapv(|value| value as u8);
    let bytes = load(&folder.write_array("u1.npy", &bytes), Some(&labels)).unwrap();
    assert_eq!(bytes.images(&[0, 1]).unwrap(), ramp((2, 2, 3, 1)));
    assert_ne!(bytes.content_hash(), singles.content_hash());
}

#[test]
fn nan_and_infinite_pixels_are_named() {
    let folder = Folder::new();
    let labels = Labels::parse("a,b").unwrap();
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut images = ramp((2, 3, 3, 2));
        images[[1, 2, 0, 1]] = bad;
        let error = load(&folder.write_array("x.npy", &images), Some(&labels)).unwrap_err();
        let expected = format!("x.npy`: image 1, pixel (row 2, column 0, channel 1) is `{bad}`");
        assert!(error.to_string().ends_with(&expected), "{error}");
    }
}

#[test]
fn vectors_are_images_of_one_pixel_and_points_are_rows() {
    let folder = Folder::new();
    let labels = Labels::parse("a,b,c").unwrap();
    let vectors = ramp((3, 1, 1, 5));
    let path = folder.write_array("v.npy", &vectors.to_shape((3, 5)).unwrap().to_owned());
    let loaded = load(&path, Some(&labels)).unwrap();
    assert_eq!((loaded.len(), loaded.image_shape()), (3, [1, 1, 5]));
    assert_eq!(loaded.images(&[0, 1, 2]).unwrap(), vectors);
    let points = ramp((3, 4, 3, 1));
    let path = folder.write_array("p.npy", &points.to_shape((3, 4, 3)).unwrap().to_owned());
    assert_eq!(load(&path, Some(&labels)).unwrap().image_shape(), [4, 3, 1]);
}

#[test]
fn an_archive_may_name_its_vectors_and_points() {
    let folder = Folder::new();
    for (name, shape) in [("vectors", [1, 1, 6]), ("points", [1, 1, 6]), ("images", [1, 1, 6])] {
        let path = folder.path().join(format!("{name}.npz"));
        let mut archive = NpzWriter::new(File::create(&path).unwrap());
        archive.add_array(name, &Array2::<f32>::ones((2, 6))).unwrap();
        archive.add_array("labels", &array![1_u8, 0]).unwrap();
        archive.finish().unwrap();
        assert_eq!(load(&path, None).unwrap().image_shape(), shape, "{name}");
    }
    // Images come first.
    let path = folder.path().join("both.npz");
    let mut archive = NpzWriter::new(File::create(&path).unwrap());
    archive.add_array("vectors", &Array2::<f32>::ones((2, 6))).unwrap();
    archive.add_array("images", &Array3::<f32>::ones((2, 3, 2))).unwrap();
    archive.add_array("labels", &array![1_u8, 0]).unwrap();
    archive.finish().unwrap();
    assert_eq!(load(&path, None).unwrap().image_shape(), [3, 2, 1]);
}

#[test]
fn numbers_and_integers_are_no_images() {
    let folder = Folder::new();
    let labels = Labels::parse("a,b").unwrap();
    let error = load(&folder.write_array("v.npy", &array![1.0, 2.0]), Some(&labels)).unwrap_err();
    let expected =
        "expected images `[n, H, W]` or `[n, H, W, C]`, or vectors `[n, d]`, got an array of shape [2]";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(error.hint().unwrap().contains("reshape"));
    let error =
        load(&folder.write_array("i.npy", &Array3::<i64>::zeros((2, 5, 5))), Some(&labels)).unwrap_err();
    assert!(error.to_string().contains("`float64`, `float32` or `uint8`, got `<i8`"), "{error}");
    let error =
        load(&folder.write_array("e.npy", &Array3::<f64>::zeros((0, 5, 5))), Some(&labels)).unwrap_err();
    assert!(matches!(error, DataError::Empty { .. }), "{error}");
    let error = load(&folder.write("x.npy", b"not an array"), Some(&labels)).unwrap_err();
    assert!(matches!(error, DataError::CorruptArray { .. }), "{error}");
}

#[test]
fn label_files_may_be_arrays_or_text() {
    let folder = Folder::new();
    let expected = Labels::parse("1,-1,1").unwrap();
    for text in ["+1\n-1\n+1\n", "1,-1,1", "1, -1\n1\n\n", "1,-1,1,\r\n"] {
        assert_eq!(Labels::load(&folder.write("y.txt", text.as_bytes())).unwrap(), expected, "{text:?}");
    }
    assert_eq!(Labels::load(&folder.write_array("y.npy", &array![1.0, -1.0, 1.0])).unwrap(), expected);
    assert_eq!(Labels::load(&folder.write_array("y.any", &array![1_i8, -1, 1])).unwrap(), expected);
    let error = Labels::load(&folder.write("y.csv", b"a\n\nb\n")).unwrap_err();
    assert!(matches!(error, DataError::EmptyLabel { position: 1, .. }), "{error}");
    let error = Labels::load(&folder.write("y.csv", b"")).unwrap_err();
    assert!(matches!(error, DataError::EmptyLabel { position: 0, .. }), "{error}");
    let error = Labels::load(&folder.write("y.csv", &[0xff, 0xfe, 0])).unwrap_err();
    assert!(matches!(error, DataError::NotText { .. }), "{error}");
}

#[test]
fn features_need_three_axes_and_a_label_for_each_seed() {
    let folder = Folder::new();
    let labels = Labels::parse("a,b").unwrap();
    let values = ramp((2, 4, 3, 1)).index_axis_move(ndarray::Axis(3), 0);
    let double = Features::load(&folder.write_array("f.npy", &values), labels.clone()).unwrap();
    assert_eq!(double.values(), values);
    let single = folder.write_array("s.npy", &values.mapv(|value| value as f32));
    assert_eq!(Features::load(&single, labels.clone()).unwrap(), double);
    let error = Features::load(&folder.write_array("g.npy", &Array2::<f64>::zeros((2, 3))), labels.clone());
    assert!(error.unwrap_err().to_string().contains("expected features `[seeds, poses, d]`"));
    let error =
        Features::load(&folder.write_array("h.npy", &Array3::<f64>::zeros((3, 4, 2))), labels.clone());
    assert!(matches!(error, Err(DataError::CountMismatch { items: "seeds", count: 3, labels: 2, .. })));
    let error = Features::load(&folder.write_array("i.npy", &Array3::<i64>::zeros((2, 4, 2))), labels);
    assert!(matches!(error, Err(DataError::WrongElementType { .. })));
}

#[test]
fn a_gram_matrix_in_single_precision_may_differ_by_its_own_rounding() {
    let folder = Folder::new();
    let single = array![[1.0_f32, 0.5], [0.500_000_1, 1.0]];
    let gram = GramMatrix::load(&folder.write_array("s.npy", &single)).unwrap();
    assert!(gram.asymmetry() > 1e-8);
    assert_eq!(gram.values()[[0, 1]], gram.values()[[1, 0]]);
    let double = single.mapv(f64::from);
    let error = GramMatrix::load(&folder.write_array("d.npy", &double)).unwrap_err();
    assert!(matches!(error, DataError::NotSymmetric { row: 0, column: 1, .. }), "{error}");
    assert!(error.hint().unwrap().contains("1e-9"));
    let error = GramMatrix::load(&folder.write_array("r.npy", &Array3::<f64>::zeros((2, 2, 1)))).unwrap_err();
    assert!(error.to_string().contains("expected a square matrix"), "{error}");
}
