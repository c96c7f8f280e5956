//! What cannot be used gets a line `error:` and a line `hint:` and exit code 2, and nothing is written.

use ndarray::{Array2, Array3, Array4, array};

use crate::workplace::{Workplace, images};

/// Runs the program, which must refuse; `error` and `hint` must be part of the two lines.
#[track_caller]
fn assert_refused(place: &Workplace, line: &str, error: &str, hint: &str) {
    let before = place.content();
    let run = place.run(line);
    let stderr = run.stderr();
    assert_eq!((run.code(), run.stdout()), (2, String::new()), "{line}: {stderr}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{line}: {stderr}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains(error), "{line}: {stderr}");
    assert!(lines[1].starts_with("hint: ") && lines[1].contains(hint), "{line}: {stderr}");
    assert_eq!(place.content(), before, "{line}");
}

const AUDIT: &str = "audit --data images.npz --out run";

fn idx(magic: u32, sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_be_bytes().to_vec();
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(data);
    bytes
}

#[test]
fn a_wrong_command_line() {
    let place = Workplace::with_images();
    assert_refused(&place, "", "requires a subcommand", "`isotypic help` lists the verbs");
    assert_refused(&place, "adit", "unrecognized subcommand 'adit'", "'audit'");
    assert_refused(&place, &format!("{AUDIT} --arhc mlp"), "unexpected argument '--arhc'", "'--arch'");
    assert_refused(&place, &format!("{AUDIT} --kernel ntp"), "invalid value 'ntp'", "'ntk'");
    assert_refused(&place, &format!("{AUDIT} --threads 0"), "invalid value '0'", "");
    assert_refused(&place, &format!("{AUDIT} --poses 2,4"), "--group <SPEC>", "");
    assert_refused(
        &place,
        &format!("{AUDIT} --features f.npy"),
        "cannot be used with '--features <F.npy>'",
        "",
    );
    assert_refused(&place, "audit --force", "--out <DIR>", "");
    assert_refused(&place, "kernel --x x.npy --out k.npy", "--arch <NAME|FILE>", "");
}

#[test]
fn wrong_settings() {
    let place = Workplace::with_images();
    assert_refused(&place, &format!("{AUDIT} --ridge -1"), "`-1`", "");
    assert_refused(&place, &format!("{AUDIT} --ridge nan"), "`nan`", "");
    assert_refused(&place, &format!("{AUDIT} --normalize center,spere"), "unknown step `spere`", "");
    assert_refused(&place, &format!("{AUDIT} --fail-above nan"), "`NaN`", "--fail-above 1");
    assert_refused(&place, &format!("{AUDIT} --memory-limit 20GB"), "`20GB`", "GiB");
    assert_refused(
        &place,
        &format!("{AUDIT} --memory-limit 1KiB"),
        "exceeds the limit of 1 KiB",
        "fewer seeds or poses",
    );
    assert_refused(&place, &format!("{AUDIT} --group rotation --poses 0"), "poses", "--poses 2,4,8");
    assert_refused(&place, &format!("{AUDIT} --group rotation:4 --hold-out pose:4"), "pose 4", "from 0 to 3");
    assert_refused(&place, &format!("{AUDIT} --group rotation:4 --hold-out arc:90"), "arc:90", "");
    assert_refused(&place, &format!("{AUDIT} --split test"), "test", "`--split`");
}

#[test]
fn a_source_that_is_none() {
    let place = Workplace::empty();
    assert_refused(&place, "audit --data mini-mnits", "`mini-mnits`", "`mini-mnist`");
    assert_refused(&place, "audit --data mnist", "`mnist`", "folder");
    assert_refused(&place, "audit --data ./nothing.npz", "nothing.npz", "");
    place.write("notes.txt", "not images");
    assert_refused(&place, "audit --data notes.txt", "`notes.txt`", ".npz");
    place.write("empty.npz", "");
    assert_refused(&place, "audit --data empty.npz", "empty.npz", "");
}

#[test]
fn broken_idx_files() {
    let place = Workplace::empty();
    std::fs::create_dir(place.path("idx")).unwrap();
    let (images, labels) = ("idx/train-images-idx3-ubyte", "idx/train-labels-idx1-ubyte");
    let pixels: Vec<u8> = (0..32).map(|i| i * 7).collect();
    let good = idx(0x803, &[2, 4, 4], &pixels);
    place.write(labels, idx(0x801, &[2], &[0, 1]));

    let refuse =
        |error: &str| assert_refused(&place, "audit --data idx --group flip --arch mlp --out run", error, "");
    place.write(images, &good[..good.len() - 5]);
    refuse("train-images-idx3-ubyte");
    place.write(images, "a text file, of all things");
    refuse("train-images-idx3-ubyte");
    place.write(images, idx(0x801, &[2, 4, 4], &pixels));
    refuse("train-images-idx3-ubyte");
    place.write(images, &good);
    place.write(labels, idx(0x801, &[3], &[0, 1, 0]));
    refuse("3 labels");
    place.write(labels, idx(0x801, &[2], &[0, 1]));
    assert_eq!(place.run("audit --data idx --group flip --arch mlp --pairs 1").code(), 0);
}

#[test]
fn images_that_are_none() {
    let place = Workplace::empty();
    let refuse = |images: &Array4<f64>, error: &str| {
        place.write_array("x.npy", images);
        let line = "audit --data x.npy --labels=a,b,a,b,a,b,a,b --group rotation:4 --arch mlp --out run";
        assert_refused(&place, line, error, "");
    };
    let with = |value: f64| {
        let mut images = images();
        images[[3, 2, 1, 0]] = value;
        images
    };
    refuse(&with(f64::NAN), "`NaN`");
    refuse(&with(f64::INFINITY), "`inf`");
    let mut constant = images();
    constant.index_axis_mut(ndarray::Axis(0), 5).fill(7.0);
    refuse(&constant, "image 5: all pixels are equal");
    place.write_array("x.npy", &images());
    assert_refused(&place, "audit --data x.npy --labels=a,b --group flip", "2 labels", "");
    assert_refused(&place, "audit --data x.npy --group flip", "x.npy", "--labels");
}

#[test]
fn pairs_that_are_none() {
    let place = Workplace::with_images();
    let refuse = |text: &str, error: &str| {
        place.write("pairs.csv", text);
        assert_refused(&place, &format!("{AUDIT} --group flip --arch mlp --pairs pairs.csv"), error, "");
    };
    refuse("a,b\n0,1\n0,2\n", "same class `3`");
    refuse("a,b\n0,8\n", "index 8 is out of range");
    refuse("a,b\n0,x\n", "`pairs.csv`: line 2: expected two indices, got `0,x`");
    refuse("0,1\n", "`pairs.csv`: line 1: expected the header `a,b`");
    refuse("a,b\n", "list is empty");
    assert_refused(&place, &format!("{AUDIT} --pairs 17"), "17", "--pairs 16");
    assert_refused(&place, &format!("{AUDIT} --pairs few"), "`few`", "--pairs 12");
    assert_refused(&place, &format!("{AUDIT} --pairs none.csv"), "none.csv", "");
}

#[test]
fn groups_that_are_none() {
    let place = Workplace::with_images();
    let refuse = |group: &str, error: &str, hint: &str| {
        assert_refused(&place, &format!("{AUDIT} --arch mlp --group {group}"), error, hint);
    };
    refuse("rotatoin:4", "`rotatoin", "`rotation`");
    refuse("translation-x:4", "4", "");
    refuse("translation:4x6", "4", "");
    refuse("rotation", "as in `rotation:16`", "rotation:N");
    refuse("rotation:0", "rotation:0", "");
    refuse("p4:5", "5", "");
    refuse("klein", "`klein` does not say how it moves images", "rotation:N");
    refuse("rotation:4*translation:6x6", "rotation:4*translation:6x6", "p4");
    refuse("cyclic:4", "cyclic:4", "");
}

#[test]
fn architectures_that_do_not_fit() {
    let place = Workplace::with_images();
    let refuse = |arch: &str, error: &str| {
        assert_refused(&place, &format!("{AUDIT} --group flip --arch {arch}"), error, "");
    };
    refuse("mpl", "`mpl`");
    refuse("mlp:0", "`mlp:0`");
    refuse("mlp,mlp", "twice");
    refuse("none.toml", "none.toml");
    place.write("net.json", r#"{"layers": ["relu", {"dense": {}}]}"#);
    refuse("net.json", "layer 1 (`relu`)");
    place.write(
        "net.json",
        r#"{"layers": [{"conv": {"filter": [9, 9], "padding": "valid"}}, "flatten", {"dense": {}}]}"#,
    );
    refuse("net.json", "layer 1 (`conv`)");
    place.write("net.json", r#"{"layers": [{"cnov": {}}]}"#);
    refuse("net.json", "`cnov`");
    place.write("net.json", "{");
    refuse("net.json", "");
}

#[test]
fn features_that_do_not_fit() {
    let place = Workplace::empty();
    place.write_array("f.npy", &Array3::from_shape_fn((2, 4, 3), |(s, g, i)| (s * g + i) as f64));
    assert_refused(&place, "audit --features f.npy", "labels", "--labels");
    assert_refused(&place, "audit --features f.npy --labels=a,b,a", "2 seeds, but 3 labels", "");
    assert_refused(&place, "audit --features f.npy --labels=a,a", "one class", "");
    assert_refused(&place, "audit --features f.npy --labels=a,b --group cyclic:6", "4", "");
    assert_refused(&place, "audit --features f.npy --labels=a,b --arch cnn", "cnn", "");
    place.write_array("f.npy", &Array2::<f64>::ones((2, 4)));
    assert_refused(&place, "audit --features f.npy --labels=a,b", "[seeds, poses, d]", "");
}

#[test]
fn gram_matrices_that_are_none() {
    let place = Workplace::empty();
    let refuse = |gram: &Array2<f64>, error: &str| {
        place.write_array("k.npy", gram);
        for verb in ["audit --out run", "spectrum --seeds 2"] {
            assert_refused(&place, &format!("{verb} --gram k.npy --labels=a,b --group cyclic:2"), error, "");
        }
    };
    refuse(&Array2::eye(6), "6");
    refuse(&Array2::ones((4, 3)), "[4, 3]");
    let mut skew = Array2::eye(4);
    skew[[1, 2]] = 0.5;
    refuse(&skew, "[1, 2]");
    skew[[1, 2]] = f64::NAN;
    refuse(&skew, "`NaN`");
    place.write_array("k.npy", &Array2::<f64>::eye(4));
    assert_refused(
        &place,
        "spectrum --gram k.npy --group cyclic:2 --seeds 2 --labels=a",
        "labels",
        "--labels",
    );
    assert_refused(
        &place,
        "spectrum --gram k.npy --group cycle:2 --seeds 2 --labels=a,b",
        "cycle",
        "`cyclic`",
    );
    assert_refused(&place, "audit --gram k.npy --group cyclic:2", "labels", "--labels");
}

#[test]
fn kernels_that_cannot_be() {
    let place = Workplace::empty();
    place.write_array("x.npy", &images());
    place.write_array("v.npy", &array![[1.0, 2.0], [3.0, 4.0]]);
    assert_refused(&place, "kernel --arch mlp --x none.npy --out k.npy", "none.npy", "");
    assert_refused(&place, "kernel --arch mlp --x x.npy --y v.npy --out k.npy", "v.npy", "");
    assert_refused(&place, "kernel --arch cnn --x v.npy --out k.npy", "layer 1 (`conv`)", "");
    assert_refused(&place, "kernel --arch mlp --x x.npy --dtype f16 --out k.npy", "f16", "");
    place.write_array("huge.npy", &array![[1.0, 2.0], [3.0, 1e39]]);
    let line = "kernel --arch mlp --x v.npy --y huge.npy --dtype f32 --out k.npy";
    assert_refused(&place, line, "`huge.npy`: entry [1, 1] is 1e39", "--dtype");
    assert_refused(&place, "kernel --arch mlp --x x.npy --out k.csv", "k.csv", "k.npy");
    assert_refused(&place, "kernel --arch mlp --x x.npy --out no/k.npy", "`no`", "mkdir");
    assert_refused(&place, "kernel --arch mlp --x x.npy --out k.npy --memory-limit 10B", "10 B", "");
}

#[test]
fn orbits_that_cannot_be() {
    let place = Workplace::with_images();
    assert_refused(&place, "orbit --data images.npz --group rotation:4 --indices 1,8 --out o.npy", "8", "");
    assert_refused(&place, "orbit --data images.npz --group spin:4 --out o.npy", "spin", "");
    assert_refused(&place, "orbit --data images.npz --group flip --out images.npz", "images.npz", "");
}

#[test]
fn output_folders_that_cannot_be_written() {
    let place = Workplace::with_images();
    place.write("file", "in the way");
    for folder in ["file", "file/inside"] {
        let line = format!("audit --data images.npz --group flip --arch mlp --out {folder}");
        assert_refused(&place, &line, folder, "");
    }
}

#[test]
fn tables_that_are_no_groups() {
    let place = Workplace::empty();
    let refuse = |text: &str, error: &str, hint: &str| {
        place.write("t.json", text);
        assert_refused(&place, "group table:t.json", error, hint);
    };
    let loop_of_five = "[[0,1,2,3,4],[1,0,3,4,2],[2,4,0,1,3],[3,2,4,0,1],[4,3,1,2,0]]";
    refuse(
        &format!("{{\"table\": {loop_of_five}}}"),
        "cayley table: (1·1)·2 is 2, but 1·(1·2) is 4",
        "wrong",
    );
    refuse("{\"table\": [[0, 1], [1]]}", "row 0 has 2 products, row 1 has 1", "[[0, 1], [1, 0]]");
    refuse("{\"table\": [[1, 0], [0, 1]]}", "element 0 is not the identity", "element 1 is; list it first");
    refuse("{\"tabel\": []}", "unknown field `tabel`", "[[0, 1], [1, 0]]");
    assert_refused(&place, "group table:none.json", "cannot read `none.json`", "");
    assert_refused(&place, "group octahedrla", "unknown name `octahedrla`", "`octahedral`");
    assert_refused(&place, "group symmetric:9", "degree from 1 to 7, got 9", "");
}
