//! Networks over groups: invariance, equivariance, averages over the group, and numbers of an independent program.

use std::path::PathBuf;

use isotypic_architecture::{Architecture, SymmetryGroup};
use isotypic_kernel::{CompiledKernel, KernelError, Outputs};
use isotypic_work::Monitor;
use ndarray::{Array2, ArrayView1};
use serde_json::Value;

use crate::support::{compile, cross, random_points, symmetric};

/// One group on inputs of one shape, with a filter on images.
struct Setting {
    group: SymmetryGroup,
    shape: Vec<usize>,
    filter: &'static str,
}

fn settings() -> Vec<Setting> {
    let image = |group, side, channels, filter| Setting { group, shape: vec![side, side, channels], filter };
    let vector = |group, length| Setting { group, shape: vec![length], filter: "" };
    vec![
        image(SymmetryGroup::P4, 4, 2, r#", "filter": [3, 3]"#),
        image(SymmetryGroup::P4, 7, 1, r#", "filter": [5, 5]"#),
        image(SymmetryGroup::P4m, 5, 1, r#", "filter": [3, 3]"#),
        vector(SymmetryGroup::Cyclic(6), 12),
        vector(SymmetryGroup::Dihedral(5), 5),
    ]
}

impl Setting {
    fn layers(&self, readout: &str) -> String {
        let Self { group, filter, .. } = self;
        format!(
            r#"{{"layers": [{{"group_lift": {{"group": "{group}", "w_std": 1.3, "b_std": 0.2{filter}}}}}, "relu",
               {{"group_conv": {{"w_std": 1.2, "b_std": 0.1{filter}}}}}, "erf", "{readout}", {{"dense": {{"b_std": 0.3}}}}]}}"#
        )
    }

    fn kernel(&self, readout: &str) -> CompiledKernel {
        compile(&self.layers(readout), &self.shape)
    }

    /// The element that turns and then, on images, shifts by (1, 2).
    fn act(&self, turn: usize, rows: &Array2<f64>) -> Array2<f64> {
        let mut moved = rows.clone();
        for (row, mut to) in rows.outer_iter().zip(moved.outer_iter_mut()) {
            self.act_on(turn, row).into_iter().zip(&mut to).for_each(|(value, to)| *to = value);
        }
        moved
    }

    fn act_on(&self, turn: usize, row: ArrayView1<'_, f64>) -> Vec<f64> {
        let places = self.group.points().unwrap_or(self.shape[0] * self.shape[0]);
        let channels = row.len() / places;
        let mut out = vec![f64::NAN; row.len()];
        for place in 0..places {
            let to = match self.group.points() {
                Some(_) => self.group.turned_point(turn, place),
                None => {
                    let side = self.shape[0] as isize;
                    let [y, x] = [place as isize / side, place as isize % side];
                    let [y, x] = self.group.turned_offset(turn, [y, x]);
                    ((y + 1).rem_euclid(side) * side + (x + 2).rem_euclid(side)) as usize
                }
            };
            for channel in 0..channels {
                out[to * channels + channel] = row[place * channels + channel];
            }
        }
        out
    }
}

/// Largest difference relative to the largest entry.
fn deviation(got: &Array2<f64>, expected: &Array2<f64>) -> f64 {
    let largest =
        |values: &Array2<f64>| values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    largest(&(got - expected)) / largest(expected)
}

fn both(kernel: &CompiledKernel, x: &Array2<f64>, y: &Array2<f64>) -> [Array2<f64>; 2] {
    let matrices = cross(kernel, x.view(), y.view());
    [matrices.nngp, matrices.ntk.unwrap()]
}

#[test]
fn moving_both_inputs_changes_nothing_and_moving_one_only_what_is_not_pooled() {
    for setting in settings() {
        let (flat, pooled) = (setting.kernel("flatten"), setting.kernel("group_pool"));
        let length = flat.point_length();
        let (x, y) = (random_points(2, length, 5), random_points(3, length, 6));
        let (of_flat, of_pooled) = (both(&flat, &x, &y), both(&pooled, &x, &y));
        for turn in 0..setting.group.turns() {
            let (gx, gy) = (setting.act(turn, &x), setting.act(turn, &y));
            for (index, kind) in ["nngp", "ntk"].into_iter().enumerate() {
                let what = format!("{}, turn {turn}, {kind}", setting.group);
                assert!(
                    deviation(&both(&flat, &gx, &gy)[index], &of_flat[index]) < 1e-13,
                    "{what}: both, flat"
                );
                assert!(
                    deviation(&both(&pooled, &gx, &gy)[index], &of_pooled[index]) < 1e-13,
                    "{what}: both"
                );
                assert!(deviation(&both(&pooled, &gx, &y)[index], &of_pooled[index]) < 1e-13, "{what}: one");
                // Moving one input alone is moving the other one back.
                let one = &both(&flat, &gx, &y)[index];
                if setting.group.points().is_none() || turn > 0 {
                    assert!(deviation(one, &of_flat[index]) > 1e-3, "{what}: seen by flat");
                }
            }
        }
    }
}

#[test]
fn a_network_that_knows_no_turns_sees_them() {
    let gap = CompiledKernel::compile(&Architecture::named("cnn-gap:2").unwrap().check(&[5, 5, 1]).unwrap())
        .unwrap();
    let setting = Setting { group: SymmetryGroup::P4m, shape: vec![5, 5, 1], filter: "" };
    let x = random_points(2, 25, 5);
    let still = symmetric(&gap, x.view()).ntk.unwrap();
    let seen = |turn| deviation(&both(&gap, &setting.act(turn, &x), &x)[1], &still);
    assert!(seen(0) < 1e-13, "shifts: {}", seen(0));
    assert!((1..8).all(|turn| seen(turn) > 1e-3));
    // Quarter turns are no mirror images.
    let c4 = CompiledKernel::compile(&Architecture::named("gcnn:c4:2").unwrap().check(&[5, 5, 1]).unwrap())
        .unwrap();
    let still = symmetric(&c4, x.view()).ntk.unwrap();
    let seen = |turn| deviation(&both(&c4, &setting.act(turn, &x), &x)[1], &still);
    assert!((0..4).all(|turn| seen(turn) < 1e-13) && (4..8).all(|turn| seen(turn) > 1e-3));
}

/// The mean over a group of a plain kernel with one input moved is the kernel of the network over the group: on images of that with
/// convolutions and global average pooling, on vectors of a multilayer perceptron. Misof, Kessel & Gerken 2025, and for networks that act
/// pointwise after lifting the averaging of kernels in general.
#[test]
fn networks_over_groups_have_the_averages_of_plain_kernels() {
    for setting in settings() {
        let plain = setting.layers("group_pool").replace(&format!(r#""group": "{}", "#, setting.group), "");
        let plain = match setting.group.points() {
            None => plain
                .replace("group_lift", "conv")
                .replace("group_conv", "conv")
                .replace(r#""filter""#, r#""padding": "circular", "filter""#)
                .replace("group_pool", "global_avg_pool"),
            Some(_) => plain
                .replace("group_lift", "dense")
                .replace("group_conv", "dense")
                .replace("group_pool", "identity"),
        };
        let plain = compile(&plain, &setting.shape);
        let over_group = setting.kernel("group_pool");
        let length = plain.point_length();
        let (x, y) = (random_points(3, length, 15), random_points(9, length, 16));
        let mut averages = [Array2::<f64>::zeros((3, 9)), Array2::zeros((3, 9))];
        for turn in 0..setting.group.turns() {
            for (average, kernel) in averages.iter_mut().zip(both(&plain, &x, &setting.act(turn, &y))) {
                average.scaled_add(1.0 / setting.group.turns() as f64, &kernel);
            }
        }
        for (got, expected) in both(&over_group, &x, &y).iter().zip(&averages) {
            let deviation = deviation(got, expected);
            assert!(deviation < 1e-13, "{}: off by {deviation:e}", setting.group);
        }
    }
}

/// All poses of an image are one point to a network over the group of its poses: the matrix of an orbit has one eigenvalue.
#[test]
fn orbits_collapse_where_the_group_is_that_of_the_network() {
    let setting = Setting { group: SymmetryGroup::P4m, shape: vec![5, 5, 1], filter: "" };
    let seeds = random_points(2, 25, 8);
    let orbit = |turns: usize| {
        let rows: Vec<f64> = (0..2)
            .flat_map(|seed| (0..turns).map(move |turn| (seed, turn)))
            .flat_map(|(seed, turn)| setting.act_on(turn, seeds.row(seed)))
            .collect();
        Array2::from_shape_vec((2 * turns, 25), rows).unwrap()
    };
    let spread = |name: &str, turns: usize| {
        let graph = Architecture::named(name).unwrap().check(&[5, 5, 1]).unwrap();
        let gram = symmetric(&CompiledKernel::compile(&graph).unwrap(), orbit(turns).view()).ntk.unwrap();
        let within = (0..turns).map(|turn| (gram[[0, 0]] - gram[[0, turn]]).abs()).fold(0.0, f64::max);
        (within / gram[[0, 0]], (gram[[0, 0]] - gram[[0, turns]]).abs() / gram[[0, 0]])
    };
    for (name, turns) in [("gcnn:c4", 4), ("gcnn:c4:2", 4), ("gcnn:d4", 8)] {
        let (within, between) = spread(name, turns);
        assert!(within < 1e-14 && between > 1e-3, "{name}: {within:e} within, {between:e} between orbits");
    }
    // Mirror images are new to turns, and all but shifts to plain convolutions.
    assert!(spread("gcnn:c4", 8).0 > 1e-3);
    assert!(spread("cnn-gap", 4).0 > 1e-3);
}

#[test]
fn kernels_are_those_of_an_independent_program() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/groups/kernels.json");
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let matrix = |key: &str| {
            let rows: Vec<Vec<f64>> = serde_json::from_value(case[key].clone()).unwrap();
            Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
        };
        let shape: Vec<usize> = serde_json::from_value(case["shape"].clone()).unwrap();
        let kernel = compile(&case["architecture"].to_string(), &shape);
        let got = both(&kernel, &matrix("x1"), &matrix("x2"));
        for (got, key) in got.iter().zip(["nngp", "ntk"]) {
            let deviation = deviation(got, &matrix(key));
            assert!(deviation < 1e-13, "{} {key}: off by {deviation:e}", case["name"]);
        }
    }
}

#[test]
fn kernels_in_single_precision_are_those_in_double_precision() {
    for setting in settings() {
        let kernel = setting.kernel("group_pool");
        let x = random_points(5, kernel.point_length(), 17).mapv(|value| value as f32);
        let prepared = kernel.prepare(x.view()).unwrap();
        let single = kernel.symmetric(&prepared, Outputs::NngpAndNtk, &Monitor::silent()).unwrap();
        let double = symmetric(&kernel, x.mapv(f64::from).view());
        for (single, double) in
            [(&single.nngp, &double.nngp), (single.ntk.as_ref().unwrap(), double.ntk.as_ref().unwrap())]
        {
            let deviation = deviation(&single.mapv(f64::from), double);
            assert!(deviation < 2e-6, "{}: off by {deviation:e}", setting.group);
        }
    }
}

#[test]
fn what_has_no_kernel_names_the_layer() {
    let error = |layers: &str, shape: &[usize]| {
        let json = format!(r#"{{"layers": [{layers}]}}"#);
        let graph = Architecture::from_json(&json).unwrap().check(shape).unwrap();
        let error = CompiledKernel::compile(&graph).unwrap_err();
        assert!(matches!(error, KernelError::OverGroup { .. }), "{error}");
        assert!(error.hint().is_some());
        error.to_string()
    };
    let lift = |group: &str| format!(r#"{{"group_lift": {{"group": "{group}"}}}}, "group_pool""#);
    let dropped = r#""dense", {"dropout": {"keep_rate": 0.5}}, {"group_lift": {"group": "p4", "filter": [3, 3]}}, "flatten""#;
    assert!(error(dropped, &[4, 4, 1]).starts_with("layer 3 (`group_lift`)"));
    let two = format!(r#"{{"sum": [[{}], [{}]]}}"#, lift("cyclic:4"), lift("cyclic:2"));
    assert!(error(&two, &[4]).starts_with("layer 1 (`sum`), branch 2, layer 1 (`group_lift`)"));
    let beside = format!(r#"{{"sum": [["dense"], [{}]]}}"#, lift("cyclic:4"));
    assert!(error(&beside, &[4]).starts_with("layer 1 (`sum`), branch 1, layer 1 (`dense`)"));
}

#[test]
fn a_network_over_a_group_takes_as_many_times_longer_as_there_are_turns() {
    let seconds = |name: &str| {
        let graph = Architecture::named(name).unwrap().check(&[8, 8, 1]).unwrap();
        CompiledKernel::compile(&graph).unwrap().seconds_per_pair()
    };
    for (name, turns) in [("gcnn:c4", 4.0), ("gcnn:d4", 8.0)] {
        let ratio = seconds(name) / seconds("cnn-gap");
        // Sums under the filter, in an order that turns do not change, take more additions.
        assert!((turns..1.4 * turns).contains(&ratio), "{name}: {ratio}");
    }
}
