//! Units survive whole or are recognised as damaged.

use std::fs;
use std::sync::LazyLock;

use isotypic_work::{ContentHash, UnitState, UnitStore};
use tempfile::TempDir;

use crate::names;

const RESULT: &[u8] = b"sixteen numbers of a kernel tile";
static KEY: LazyLock<ContentHash> = LazyLock::new(|| UnitStore::key(b"tile 3"));

fn store() -> (TempDir, UnitStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = UnitStore::open(folder.path().join("units")).unwrap();
    (folder, store)
}

fn file(store: &UnitStore, key: &ContentHash) -> std::path::PathBuf {
    store.folder().join(format!("{key}.unit"))
}

#[test]
fn a_unit_is_absent_then_present_then_absent() {
    let (_folder, store) = store();
    assert_eq!(store.get(&KEY).unwrap(), UnitState::Absent);
    store.remove(&KEY).unwrap();
    store.put(&KEY, RESULT).unwrap();
    assert_eq!(store.get(&KEY).unwrap(), UnitState::Present(RESULT.to_vec()));
    assert_eq!(names(store.folder()), [format!("{}.unit", *KEY)]);
    store.remove(&KEY).unwrap();
    assert_eq!(store.get(&KEY).unwrap(), UnitState::Absent);
}

#[test]
fn an_empty_result_is_a_result() {
    let (_folder, store) = store();
    store.put(&KEY, b"").unwrap();
    assert_eq!(store.get(&KEY).unwrap(), UnitState::Present(Vec::new()));
}

#[test]
fn units_survive_the_store_and_are_replaced_whole() {
    let (_folder, store) = store();
    store.put(&KEY, b"first").unwrap();
    store.put(&KEY, RESULT).unwrap();
    let again = UnitStore::open(store.folder()).unwrap();
    assert_eq!(again.get(&KEY).unwrap(), UnitState::Present(RESULT.to_vec()));
}

#[test]
fn a_unit_under_the_name_of_another_is_corrupted() {
    let (_folder, store) = store();
    let other = UnitStore::key(b"tile 4");
    store.put(&KEY, RESULT).unwrap();
    fs::copy(file(&store, &KEY), file(&store, &other)).unwrap();
    assert_eq!(store.get(&other).unwrap(), UnitState::Corrupted);
    store.put(&other, RESULT).unwrap();
    assert_eq!(store.get(&other).unwrap(), UnitState::Present(RESULT.to_vec()));
}

#[test]
fn a_store_where_a_file_stands_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("units");
    fs::write(&path, "").unwrap();
    let error = UnitStore::open(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write `{}`: ", path.display())), "{error}");
}

#[test]
fn a_flipped_bit_in_any_byte_is_found() {
    let (_folder, store) = store();
    store.put(&KEY, RESULT).unwrap();
    let good = fs::read(file(&store, &KEY)).unwrap();
    assert_eq!(good.len(), 16 + 32 + RESULT.len());
    for byte in 0..good.len() {
        let mut bytes = good.clone();
        bytes[byte] ^= 1 << (byte % 8);
        fs::write(file(&store, &KEY), bytes).unwrap();
        assert_eq!(store.get(&KEY).unwrap(), UnitState::Corrupted, "byte {byte}");
    }
}

#[test]
fn any_truncation_or_extension_is_found() {
    let (_folder, store) = store();
    store.put(&KEY, RESULT).unwrap();
    let good = fs::read(file(&store, &KEY)).unwrap();
    for length in (0..good.len() + 20).filter(|&length| length != good.len()) {
        let mut bytes = good.clone();
        bytes.resize(length, 0);
        fs::write(file(&store, &KEY), bytes).unwrap();
        assert_eq!(store.get(&KEY).unwrap(), UnitState::Corrupted, "{length} bytes");
    }
}
