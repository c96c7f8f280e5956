//! Pages of audits of every kind, made by the program.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, Array4};
use ndarray_npy::{NpzWriter, write_npy};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A class and a file that would be markup if they were not escaped.
pub(crate) const EVIL_CLASS: &str = "</script><script>document.title='evil'</script>";
const EVIL_FILE: &str = "<img src=x onerror=alert(1)>.toml";

/// Makes the folder of one audit under the name of the page.
type Maker = fn(&Workshop, &str);

/// Every kind of audit, and how to make one.
pub(crate) const PAGES: [(&str, Maker); 12] = [
    ("pairs", |shop, out| {
        shop.run(out, "audit --group rotation --poses 2,4,8,16 --arch mlp,mlp:5,cnn --pairs 6");
    }),
    ("questions", |shop, out| shop.run(out, "audit --arch mlp --pairs 2")),
    ("classes", |shop, out| {
        shop.run(
            out,
            "audit --group rotation --poses 4,8 --arch mlp,cnn --classes 3,5,8 --seeds-per-class 3",
        );
    }),
    ("features", |shop, out| {
        let features = Array3::from_shape_fn((6, 12, 5), |(seed, pose, at)| {
            let angle = std::f64::consts::TAU * (pose as f64 / 12.0) + seed as f64;
            (angle * (at + 1) as f64).cos() + 0.4 * ((seed * 7 + at * 3) as f64).sin()
        });
        write_npy(shop.path("features.npy"), &features).unwrap();
        shop.run(
            out,
            "audit --features features.npy --labels=cat,dog,cat,dog,cat,dog --group cyclic:12 --poses all --pairs 5",
        );
    }),
    ("gram", |shop, out| {
        let pose = |row: usize| (row / 8, row % 8);
        let gram = Array2::from_shape_fn((32, 32), |(i, j)| {
            let ((s, g), (t, h)) = (pose(i), pose(j));
            let apart = (g + 8 - h) % 8;
            let near = (-0.4 * apart.min(8 - apart) as f64).exp();
            1.0 + near * if s == t { 1.0 } else { 0.4 / (1.0 + s.abs_diff(t) as f64) }
        });
        write_npy(shop.path("gram.npy"), &gram).unwrap();
        shop.run(out, "audit --gram gram.npy --labels=+1,-1,+1,-1 --group cyclic:8 --pairs 4");
    }),
    ("collapse", |shop, out| {
        shop.run(out, "audit --group translation-x:28 --arch mlp,cnn-gap --pairs 3");
    }),
    ("single", |shop, out| shop.run(out, "audit --group rotation:2 --arch mlp --pairs 1")),
    // Two seeds that no kernel can tell apart, and no ridge: nothing has a number.
    ("singular", |shop, out| {
        write_npy(shop.path("ones.npy"), &Array2::<f64>::ones((12, 12))).unwrap();
        shop.run(out, "audit --gram ones.npy --labels=+1,-1,+1 --group cyclic:4 --pairs 2 --ridge 0");
    }),
    ("names", |shop, out| {
        fs::write(shop.path("evil.toml"), "layers = [\"flatten\", {dense = {}}, \"relu\", {dense = {}}]\n")
            .unwrap();
        fs::copy(shop.path("evil.toml"), shop.path(EVIL_FILE)).unwrap();
        let images = Array4::from_shape_fn((8, 6, 6, 1), |(seed, y, x, _)| {
            ((seed * 977 + y * 131 + x * 37) * 2_654_435_761 % 255) as f64
        });
        let mut archive = NpzWriter::new(File::create(shop.path("images.npz")).unwrap());
        archive.add_array("images", &images).unwrap();
        archive.add_array("labels", &Array1::<i64>::zeros(8)).unwrap();
        archive.finish().unwrap();
        let long = "an animal with a name that is so long that it does not fit anywhere";
        fs::write(shop.path("labels.txt"), [EVIL_CLASS, long, "\"quoted\"", "&amp;"].repeat(2).join("\n"))
            .unwrap();
        let words = "audit --data images.npz --group rotation:4 --pairs 5 --arch";
        let mut words: Vec<&str> = words.split(' ').collect();
        words.extend([EVIL_FILE, "--labels", "labels.txt", "--out", out]);
        shop.run_words(&words);
    }),
    ("many", |shop, out| {
        let mut report = shop.results("pairs");
        let results = report["results"].as_array().unwrap().clone();
        let many = (0..10_000).map(|at| {
            let mut result = results[at % results.len()].clone();
            result["a"] = json!(20_000 + at);
            result["exact_error"] = json!(1.0 + (at as f64).sin());
            result
        });
        report["results"] = many.collect();
        shop.page_of(out, &report);
    }),
    // What an audit of version 0.1.0 looked like before pages.
    ("before", |shop, out| {
        let mut report = shop.results("pairs");
        report.as_object_mut().unwrap().remove("details");
        shop.page_of(out, &report);
    }),
    // An error without a number beside errors with one.
    ("missing", |shop, out| {
        let mut report = shop.results("pairs");
        for result in report["results"].as_array_mut().unwrap().iter_mut().step_by(2) {
            for name in ["exact_error", "spectral_error", "projected_error", "condition_number"] {
                result[name] = Value::Null;
            }
            result["status"] = json!("not_positive_definite");
        }
        shop.page_of(out, &report);
    }),
];

/// A folder with a page in a folder of its own for each audit.
pub(crate) struct Workshop(TempDir);

impl Workshop {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The page of an audit.
    pub(crate) fn page(&self, name: &str) -> PathBuf {
        self.path(name).join("report.html")
    }

    /// The results that the page is made of.
    pub(crate) fn results(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name).join("results.json")).unwrap()).unwrap()
    }

    /// The page that puts two audits side by side.
    pub(crate) fn comparison(&self, first: &str, second: &str) -> PathBuf {
        let results = |name: &str| format!("{name}/results.json");
        self.run_words(&["compare", &results(first), &results(second), "--out", "both"]);
        self.path("both").join("comparison.html")
    }

    fn run(&self, out: &str, line: &str) {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.extend(["--out", out]);
        self.run_words(&words);
    }

    fn run_words(&self, words: &[&str]) {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("isotypic");
        let output = command.args(words).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes a page from results that were changed.
    fn page_of(&self, out: &str, report: &Value) {
        let folder = self.path(out);
        fs::create_dir(&folder).unwrap();
        let results: &Path = &folder.join("results.json");
        fs::write(results, report.to_string()).unwrap();
        self.run_words(&["report", results.to_str().unwrap()]);
    }
}
