//! The digits inside the program.

use isotypic_data::{DataError, DataSource, Labels, Pixels, Split, catalogue, mini_mnist};
use ndarray::Axis;
use sha2::{Digest, Sha256};

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_digits_are_the_first_hundred_of_each_class_of_the_original_files() {
    // Sums by the Python lines in data/README.md, from the original IDX files.
    let digits = mini_mnist().unwrap();
    let Pixels::U8(pixels) = digits.pixels() else { panic!("bytes") };
    let pixels: Vec<u8> = pixels.iter().copied().collect();
    assert_eq!(sha256(&pixels), "c3510c5cc43e455570fea68c0fc16f55777c1af1642ef8c73c73175ddb132e30");
    let labels: Vec<u8> = digits.labels().indices().iter().map(|&class| class as u8).collect();
    assert_eq!(sha256(&labels), "3f38ff2582fa854df58aa54bcbae223d34f91c89052a828f776db9ecbbb8b2a2");
    let origins = digits.origins().unwrap().iter();
    let origins: Vec<u8> = origins.flat_map(|&origin| (origin as u32).to_be_bytes()).collect();
    assert_eq!(sha256(&origins), "d255ae237c40b967238a4eb997cce4c4f608858efdea2a8c2a4f80fb3e42d720");
}

#[test]
fn there_are_one_hundred_of_each_class() {
    let digits = mini_mnist().unwrap();
    assert_eq!(digits.labels().classes(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    for class in 0..10 {
        assert_eq!(digits.labels().members(class).len(), 100);
    }
    assert!(digits.origins().unwrap().is_sorted_by(|a, b| a < b));
}

#[test]
fn pixels_keep_the_scale_of_bytes() {
    let digits = DataSource::parse("mini-mnist").unwrap().load(Split::Train, None).unwrap();
    let images = digits.images(&(0..1000).collect::<Vec<_>>()).unwrap();
    assert_eq!(images.iter().fold(0.0_f64, |largest, &pixel| largest.max(pixel)), 255.0);
    assert_eq!(images.sum(), 25_786_920.0); // x[k].astype(int).sum() of the same Python lines
    assert_eq!(images.index_axis(Axis(0), 7), digits.image(7).unwrap());
}

#[test]
fn other_labels_can_be_put_on_them() {
    let odd = Labels::from_integers(&(0..1000).map(|i| i % 2).collect::<Vec<_>>()).unwrap();
    let digits = DataSource::MiniMnist.load(Split::Train, Some(&odd)).unwrap();
    assert_eq!(digits.labels().classes(), ["0", "1"]);
    let few = Labels::from_integers(&[1, 2]).unwrap();
    let error = DataSource::MiniMnist.load(Split::Train, Some(&few)).unwrap_err();
    assert_eq!(error.to_string(), "`mini-mnist`: 1000 images, but 2 labels");
}

#[test]
fn the_catalogue_starts_with_the_default_and_every_available_name_loads() {
    assert_eq!(catalogue()[0].name, "mini-mnist");
    for entry in catalogue() {
        let loaded = DataSource::parse(entry.name).and_then(|source| source.load(Split::Train, None));
        assert_eq!(loaded.is_ok(), entry.is_available(), "{}", entry.name);
    }
}

#[test]
fn names_that_cannot_be_read_get_a_hint() {
    let error = DataSource::parse("mini-mnits").unwrap_err();
    assert_eq!(error.to_string(), "unknown dataset `mini-mnits`");
    assert_eq!(error.hint().unwrap(), "did you mean `mini-mnist`?");

    let error = DataSource::parse("imagenet").unwrap_err();
    assert!(matches!(error, DataError::UnknownSource { nearest: None, .. }));
    assert!(error.hint().unwrap().contains("mini-mnist"));

    let error = DataError::NotAvailable { name: "mnist" };
    assert_eq!(error.to_string(), "dataset `mnist` has not been fetched yet");
    assert!(error.hint().unwrap().starts_with("`isotypic data fetch mnist` fetches it once"));

    assert!(matches!(DataSource::parse("no/such/folder"), Err(DataError::Read { .. })));
    assert!(matches!(DataSource::parse("images.npz"), Err(DataError::Read { .. })));

    let error = DataSource::MiniMnist.load(Split::Test, None).unwrap_err();
    assert_eq!(error.to_string(), "`mini-mnist` has no `test` split");
}
