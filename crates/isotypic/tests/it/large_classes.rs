//! Regression block by block on kernels of inner products, against audits that hold everything and against dense regression.

use isotypic::gram::{DenseGram, Ridge, SymmetricOperator};
use isotypic::kernel::{CompiledKernel, Outputs};
use isotypic::orbit::{ActionSpec, HeldOutSet, Normalization, OrbitDataset};
use isotypic::predict::{OrbitKernel, OrbitRegression, leave_set_out};
use isotypic::report::{AuditReport, SeedResult, Status};
use isotypic::work::{MemoryLimit, Monitor};
use isotypic::{
    AuditInput, AuditSettings, ClassSeeds, ClassSelection, ErrorKind, KernelKind, PermutedOrbits,
    PoseNumbers, QuestionSpec, Together, audit, plan_audit,
};
use ndarray::{Array2, Array4};

fn kernel(name: &str, shape: [usize; 3]) -> CompiledKernel {
    let graph = isotypic::architecture::Architecture::named(name).unwrap().check(&shape).unwrap();
    CompiledKernel::compile(&graph).unwrap()
}

/// Soft blobs, one per image, that no shift makes equal.
fn images(count: usize, [height, width, channels]: [usize; 3]) -> Array4<f64> {
    Array4::from_shape_fn((count, height, width, channels), |(image, y, x, c)| {
        let place = |scale: f64| (1.0 + scale * image as f64).sin();
        let (y, x) = (y as f64 / height as f64 - 0.5, x as f64 / width as f64 - 0.5);
        let distance = (y - 0.3 * place(1.7)).powi(2) + (x - 0.3 * place(2.9)).powi(2) * (1.5 + place(0.7));
        (-12.0 * distance).exp() + 0.3 * (place(4.1) * 9.0 * y + c as f64).cos() * x
    })
}

fn orbits<'a>(
    images: &Array4<f64>,
    spec: &str,
    kernel: &'a CompiledKernel,
    kind: KernelKind,
) -> PermutedOrbits<'a> {
    let shape = [images.dim().1, images.dim().2, images.dim().3];
    let action = ActionSpec::parse(spec).unwrap().resolve(shape).unwrap();
    PermutedOrbits::new(images.clone(), action, &Normalization::default(), kernel, kind).unwrap().unwrap()
}

fn labels(seeds: usize) -> Array2<f64> {
    Array2::from_shape_fn((seeds, 2), |(seed, class)| if seed % 2 == class { 1.0 } else { -1.0 })
}

/// Every point of every orbit, every kernel value, one Cholesky factorisation of everything.
fn agrees_with_dense_regression(images: &Array4<f64>, spec: &str, name: &str, tolerance: f64) {
    let shape = [images.dim().1, images.dim().2, images.dim().3];
    let (kernel, seeds, ridge) = (kernel(name, shape), images.dim().0, Ridge::RelativeToMeanDiagonal(1e-6));
    let labels = labels(seeds);
    let together: Vec<_> = (0..seeds).map(|seed| seed..seed + 1).collect();
    let orbits = orbits(images, spec, &kernel, KernelKind::Ntk);
    let regression = OrbitRegression::new(&orbits, ridge, &labels, together).unwrap();
    let found = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap();

    let action = ActionSpec::parse(spec).unwrap().resolve(shape).unwrap();
    let points =
        OrbitDataset::sample(images, &vec![0; seeds], action.as_ref(), &Normalization::default()).unwrap();
    let inputs = kernel.prepare(points.points()).unwrap();
    let matrix = kernel.symmetric(&inputs, Outputs::Ntk, &Monitor::silent()).unwrap().ntk.unwrap();
    let gram = DenseGram::new(matrix, seeds, action.group().clone()).unwrap();
    let factor = gram.factor(ridge).unwrap();
    for seed in 0..seeds {
        let set = HeldOutSet::new(points.layout(), &[(seed, 0)]).unwrap();
        let expected = leave_set_out(&gram, &factor, &labels, &set).unwrap();
        for class in 0..2 {
            let (value, expected) = (found.errors[[seed, class]], expected.errors[[0, class]]);
            assert!((value - expected).abs() < tolerance, "{spec} {name}: {value} and {expected}");
        }
        let expected = expected.covariance[[0, 0]];
        assert!((found.variance[seed] - expected).abs() < tolerance * expected, "{spec} {name}");
    }
}

#[test]
fn two_images_at_all_shifts_are_those_of_dense_regression() {
    agrees_with_dense_regression(&images(2, [28, 28, 1]), "translation:28x28", "mlp", 1e-8);
}

#[test]
fn every_group_of_permutations_with_commuting_shifts_is_that_of_dense_regression() {
    for (spec, shape) in [
        ("translation:4x6", [8, 12, 1]),
        ("translation-x:9", [7, 9, 2]),
        ("translation-y:5", [5, 6, 3]),
        ("flip", [6, 5, 1]),
        ("rotation:4", [6, 6, 1]),
        ("flip*translation-y:6", [6, 5, 1]),
        ("p4:3", [6, 6, 1]),
        ("p4m:4", [4, 4, 1]),
    ] {
        agrees_with_dense_regression(&images(4, shape), spec, "mlp:2", 1e-8);
    }
    agrees_with_dense_regression(&images(3, [1, 1, 10]), "cyclic:10", "mlp", 1e-8);
}

#[test]
fn rows_from_the_images_show_a_right_and_a_wrong_solution() {
    let kernel = kernel("mlp", [14, 14, 1]);
    let orbits = orbits(&images(12, [14, 14, 1]), "translation:14x14", &kernel, KernelKind::Nngp);
    // Smooth images differ little on average over shifts: with less ridge dual weights reach 1e6.
    let (labels, ridge) = (labels(12), Ridge::RelativeToMeanDiagonal(1e-3));
    let regression = OrbitRegression::new(&orbits, ridge, &labels, vec![0..6, 6..12]).unwrap();
    let found = regression.run(&MemoryLimit::none(), None, &Monitor::silent()).unwrap();
    let rows = [(0, 0), (3, 17), (11, 195), (7, 100)];
    let check = |weights: &Array2<f64>| {
        orbits.check_rows(&rows, (weights, &labels), ridge, &Monitor::silent()).unwrap()
    };
    let right = check(&found.dual_weights);
    assert!(right.largest_residual < 1e-9 && right.deviation < 1e-15, "{right:?}");
    let mut wrong = found.dual_weights.clone();
    wrong[[5, 1]] *= 1.0 + 1e-6;
    assert!(check(&wrong).largest_residual > 1e3 * right.largest_residual);
}

#[test]
fn images_that_shifts_make_equal_are_found() {
    let mut images = images(4, [6, 6, 1]);
    let shifted = Array4::from_shape_fn((1, 6, 6, 1), |(_, y, x, _)| images[[0, (y + 4) % 6, x, 0]]);
    // Image 2 is image 0 shifted by two rows and twice as bright, image 3 has equal rows.
    images.slice_mut(ndarray::s![2..3, .., .., ..]).assign(&(2.0 * shifted));
    for y in 1..6 {
        let row = images.slice(ndarray::s![3, 0, .., ..]).to_owned();
        images.slice_mut(ndarray::s![3, y, .., ..]).assign(&row);
    }
    let kernel = kernel("mlp", [6, 6, 1]);
    let orbits = orbits(&images, "translation:6x6", &kernel, KernelKind::Ntk);
    let mut expected = vec![(2, 0, 2 * 6)];
    expected.extend((1..6).map(|rows| (3, 3, rows * 6)));
    assert_eq!(orbits.lookalikes().unwrap(), expected);
    // Values are those of the kernel at any rate.
    assert!(orbits.variances().iter().all(|&variance| variance > 0.0));
}

fn settings(group: &str, seeds: usize, together: Together) -> AuditSettings {
    AuditSettings {
        question: Some(QuestionSpec {
            group: group.into(),
            poses: PoseNumbers::OfGroup,
            hold_out: "pose:3".into(),
        }),
        architectures: vec!["mlp".into()],
        classes: Some(ClassSelection {
            classes: Vec::new(),
            seeds: ClassSeeds::PerClass(seeds),
            unseen_per_class: 0,
            together,
        }),
        ridge: Ridge::RelativeToMeanDiagonal(1e-8),
        ..AuditSettings::default()
    }
}

fn seeds(report: &AuditReport) -> Vec<&SeedResult> {
    report.results.iter().map(|result| result.as_seed().unwrap()).collect()
}

#[test]
fn an_audit_of_many_seeds_is_that_of_the_blocks_held_together() {
    // 300 seeds at 14 shifts are held together, at 196 they are not: the same seeds at both, by their subgroup.
    let large = settings("translation:14x14", 30, Together::Seed);
    let plan = plan_audit(&large).unwrap();
    assert_eq!(plan.large, ["mlp: 58,800 points by 100 blocks of up to 300 rows, in one pass"]);
    assert!(plan_audit(&settings("translation-x:14", 30, Together::Seed)).unwrap().large.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let units = Some(folder.path().join("units"));
    let report = audit(&AuditSettings { units: units.clone(), ..large.clone() }, &Monitor::silent()).unwrap();
    assert_eq!(report.results.len(), 300);
    let row = &report.summary[0];
    assert!(row.largest_residual.unwrap() < 1e-8, "{row:?}");
    assert!(row.median_invariance_defect.unwrap() < 1e-15, "{row:?}");
    assert!(seeds(&report).iter().all(|seed| seed.status == Status::Ok && seed.exact_error.is_some()));
    let repair = &report.details.as_ref().unwrap().repairs[0];
    assert!(repair.averaged_error.unwrap() > 0.0 && repair.averaged_correct.unwrap() > 0.9, "{repair:?}");
    let wrong = seeds(&report).iter().filter(|seed| !seed.correct).count();
    assert_eq!((repair.failing, repair.separation_factor.is_some()), (wrong, wrong > 0), "{repair:?}");

    // In four passes, and again from units of which one is lost and one damaged.
    let limit = MemoryLimit::bytes(plan.plan.bytes * 3 / 5);
    let passes = AuditSettings { memory_limit: Some(limit), ..large.clone() };
    assert!(plan_audit(&passes).unwrap().large[0].ends_with("passes"));
    let json = report.to_json().unwrap();
    let mut files: Vec<_> = std::fs::read_dir(units.as_ref().unwrap()).unwrap().flatten().collect();
    files.sort_by_key(std::fs::DirEntry::path);
    assert_eq!(files.len(), 25);
    std::fs::remove_file(files[7].path()).unwrap();
    std::fs::write(files[11].path(), b"isotypic-unit-1\nand then nothing").unwrap();
    let again = audit(&AuditSettings { units, ..passes }, &Monitor::silent()).unwrap();
    assert_eq!(again.warnings.len(), 1);
    assert!(again.warnings[0].contains(files[11].file_name().to_str().unwrap()));
    assert_eq!(again.to_json().unwrap(), json);
}

#[test]
fn repairs_that_are_not_known_are_said_to_be_so() {
    // Two images of 512 are the same at all shifts, and there is no ridge.
    let pixels = Array4::from_shape_fn((512, 8, 8, 1), |(image, y, x, _)| match image {
        100 | 101 => 1.0 + (y % 2) as f64,
        _ => ((1 + image) as f64 + 1.3 * (y * 8 + x) as f64 * (2 + image % 17) as f64).sin(),
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.npy");
    ndarray_npy::write_npy(&file, &pixels).unwrap();
    let labels: Vec<&str> = (0..512).map(|image| if image < 256 { "a" } else { "b" }).collect();
    let settings = AuditSettings {
        input: AuditInput::Data(file.display().to_string()),
        labels: Some(labels.join(",")),
        ridge: Ridge::Absolute(0.0),
        ..settings("translation:8x8", 256, Together::Class)
    };
    let report = audit(&settings, &Monitor::silent()).unwrap();
    assert!(report.summary[0].obstacle.is_some());
    let repair = &report.details.as_ref().unwrap().repairs[0];
    assert_eq!((repair.averaged_error, repair.separation_factor), (None, None));
    let said =
        |note: &&String| note.starts_with("mlp: what averaging over the group and classes further apart");
    assert_eq!(report.notes.iter().filter(said).count(), 1, "{:?}", report.notes);
}

#[test]
fn a_limit_below_any_number_of_passes_is_an_error_before_anything_is_computed() {
    let settings = AuditSettings {
        memory_limit: Some(MemoryLimit::bytes(1 << 20)),
        ..settings("translation:14x14", 30, Together::Class)
    };
    let error = audit(&settings, &Monitor::silent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
    assert!(error.to_string().contains("exceeds the limit of 1 MiB"), "{error}");
    assert!(error.hint().is_some());
}
