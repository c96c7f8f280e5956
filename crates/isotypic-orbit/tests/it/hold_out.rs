//! Every way to hold poses out.

use std::io;

use isotypic_group::FiniteGroup;
use isotypic_orbit::{ActionSpec, HoldOut, HoldOutSpec, OrbitError, OrbitLayout};
use ndarray::{Array3, Array4, ArrayView3};

fn parse(spec: &str) -> Result<HoldOutSpec, OrbitError> {
    HoldOutSpec::parse(spec, |_| Err(io::Error::from(io::ErrorKind::NotFound)))
}

/// Resolves a spec for two seeds of a cyclic group.
fn resolve(spec: &str, order: usize) -> Result<HoldOut, OrbitError> {
    parse(spec)?.resolve(&FiniteGroup::cyclic(order)?, OrbitLayout::new(2, order))
}

fn elements(spec: &str, order: usize) -> Vec<usize> {
    resolve(spec, order).expect("a hold-out").elements().expect("elements").to_vec()
}

fn message(spec: &str, order: usize) -> String {
    resolve(spec, order).expect_err("an error").to_string()
}

fn from_json(text: &str) -> Result<HoldOut, OrbitError> {
    let spec = HoldOutSpec::parse("held.json", |path| {
        assert_eq!(path.to_str(), Some("held.json"));
        Ok(text.into())
    })?;
    spec.resolve(&FiniteGroup::cyclic(4)?, OrbitLayout::new(2, 4))
}

#[test]
fn specs_print_as_they_are_written() {
    for spec in [
        "pose:3",
        "poses:0,1,5",
        "arc:90-270",
        "arc:22.5-45",
        "outside:rotation:4",
        "outside:cyclic:2",
        "outside:p4",
        "outside:elements:0,2",
    ] {
        assert_eq!(parse(spec).unwrap().to_string(), spec);
    }
    assert_eq!(HoldOutSpec::default().to_string(), "pose:0");
}

#[test]
fn poses_are_sorted_elements() {
    assert_eq!(elements("pose:3", 4), [3]);
    assert_eq!(elements("poses:5,0,1", 8), [0, 1, 5]);
}

#[test]
fn an_arc_has_its_start_but_not_its_end() {
    assert_eq!(elements("arc:90-270", 16), [4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(elements("arc:90-270", 4), [1, 2]);
    assert_eq!(elements("arc:1-359", 3), [1, 2]);
    assert_eq!(elements("arc:180-360", 4), [2, 3]);
}

#[test]
fn an_arc_may_wrap_through_zero() {
    assert_eq!(elements("arc:270-90", 8), [0, 1, 6, 7]);
    assert_eq!(elements("arc:350-10", 8), [0]);
}

#[test]
fn decimal_angles_meet_their_element_exactly() {
    for order in [400, 720, 1800, 3600] {
        for element in 1..order {
            let tenths = element * 3600 / order;
            if tenths * order == element * 3600 {
                let spec = format!("arc:{}.{}-360", tenths / 10, tenths % 10);
                assert_eq!(elements(&spec, order)[0], element, "{spec} of {order}");
            }
        }
    }
}

#[test]
fn outside_a_subgroup_is_everything_else() {
    assert_eq!(elements("outside:rotation:4", 8), [1, 3, 5, 7]);
    assert_eq!(elements("outside:cyclic:2", 6), [1, 2, 4, 5]);
    assert_eq!(elements("outside:cyclic:1", 3), [1, 2]);
    let torus = FiniteGroup::abelian(&[2, 4]).unwrap();
    let spec = parse("outside:translation:2x2").unwrap();
    let hold_out = spec.resolve(&torus, OrbitLayout::new(1, 8)).unwrap();
    assert_eq!(hold_out.elements().unwrap(), [1, 3, 5, 7]);
    assert_eq!(message("outside:cyclic:3", 8), "`cyclic:3` is not a subgroup of `C8`");
    assert_eq!(message("outside:cyclic:8", 8), "hold-out `outside:cyclic:8` holds out none of the 8 poses");
    assert!(parse("outside:rotatoin:4").unwrap_err().hint().unwrap().contains("`rotation`"));
    assert!(parse("outside:cyclic:0").is_err());
    assert!(parse("outside:").is_err());
}

/// The elements that a spec holds out of one seed under a named action.
fn held_out(spec: &str, action: &str, shape: [usize; 3]) -> Result<Vec<usize>, OrbitError> {
    let group = ActionSpec::parse(action)?.group_on(shape)?;
    let hold_out = parse(spec)?.resolve(&group, OrbitLayout::new(1, group.order()))?;
    Ok(hold_out.elements().expect("elements").to_vec())
}

/// All elements of the larger action that move an image as no element of the smaller one does.
fn moved_otherwise(smaller: &str, action: &str, shape: [usize; 3]) -> Vec<usize> {
    let orbit = |spec: &str| {
        let action = ActionSpec::parse(spec).unwrap().resolve(shape).unwrap();
        let [height, width, channels] = shape;
        let image = Array3::from_shape_fn(shape, |(y, x, c)| ((100 * y + 10 * x + c) as f64 * 0.37).sin());
        let mut orbit = Array4::zeros((action.group().order(), height, width, channels));
        action.orbit(image.view(), orbit.view_mut());
        orbit
    };
    let (inside, all) = (orbit(smaller), orbit(action));
    let is_outside = |pose: &ArrayView3<'_, f64>| !inside.outer_iter().any(|known| known == *pose);
    all.outer_iter().enumerate().filter(|(_, pose)| is_outside(pose)).map(|(element, _)| element).collect()
}

#[test]
fn outside_a_named_action_are_the_poses_it_does_not_make() {
    let square = [6, 6, 1];
    for (smaller, action) in [
        ("rotation:8", "dihedral:8"),
        ("rotation:2", "dihedral:8"),
        ("flip", "dihedral:4"),
        ("dihedral:2", "dihedral:4"),
        ("translation:6x6", "p4"),
        ("translation:3x2", "p4"),
        ("rotation:2", "p4"),
        ("rotation:4", "p4m"),
        ("flip", "p4m:3"),
        ("dihedral:4", "p4m:3"),
        ("translation-x:3", "p4:6"),
        ("translation-y:2", "p4m:6"),
        ("p4", "p4m"),
        ("p4:3", "p4"),
    ] {
        let expected = moved_otherwise(smaller, action, square);
        assert_eq!(
            held_out(&format!("outside:{smaller}"), action, square).unwrap(),
            expected,
            "{smaller} in {action}"
        );
    }
    let error = held_out("outside:rotation:3", "dihedral:8", square).unwrap_err();
    assert_eq!(error.to_string(), "`rotation:3` is not a subgroup of `D8`");
    assert!(error.hint().unwrap().contains("outside:elements"));
    for (smaller, action) in [("flip", "p4"), ("p4m", "p4"), ("rotation:8", "p4"), ("translation-x:4", "p4")]
    {
        let error = held_out(&format!("outside:{smaller}"), action, square).unwrap_err();
        assert!(matches!(error, OrbitError::NotASubgroup { .. }), "{smaller} in {action}: {error}");
    }
    let error = held_out("outside:p4", "dihedral:3", square).unwrap_err();
    assert!(matches!(error, OrbitError::NeedsImageShape { .. }), "{error}");
}

#[test]
fn a_listed_subgroup_must_be_closed() {
    assert_eq!(elements("outside:elements:0,2", 4), [1, 3]);
    assert_eq!(elements("outside:elements: 4, 2, 0", 6), [1, 3, 5]);
    assert_eq!(held_out("outside:elements:0,5", "dihedral:4", [4, 4, 1]).unwrap(), [1, 2, 3, 4, 6, 7]);
    let error = resolve("outside:elements:0,2,3", 6).unwrap_err();
    assert_eq!(
        error.to_string(),
        "hold-out `outside:elements:0,2,3`: not a subgroup: 2·2 is element 4, which is not listed"
    );
    assert_eq!(error.hint().unwrap(), "add 4, or leave out one of the factors");
    assert_eq!(
        message("outside:elements:1", 3),
        "hold-out `outside:elements:1`: not a subgroup: 1·1 is element 2, which is not listed"
    );
    assert_eq!(
        message("outside:elements:0,9", 6),
        "hold-out: pose 9 is out of range: the group has 6 elements"
    );
    for bad in ["", "x", "0,,2", "0,-2"] {
        let error = parse(&format!("outside:elements:{bad}")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with(&format!("hold-out `outside:elements:{bad}`: expected group elements"))
        );
    }
}

#[test]
fn arcs_of_dihedral_groups_hold_out_turns_and_mirror_images_alike() {
    let held_out = |spec| held_out(spec, "dihedral:4", [4, 4, 1]).unwrap();
    assert_eq!(held_out("arc:90-270"), [1, 2, 5, 6]);
    assert_eq!(held_out("arc:270-90"), [0, 3, 4, 7]);
}

#[test]
fn each_seed_has_its_turn() {
    let hold_out = resolve("poses:0,2", 3).unwrap();
    let sets: Vec<Vec<_>> = hold_out.sets().iter().map(|set| set.points().collect()).collect();
    assert_eq!(sets, [[(0, 0), (0, 2)], [(1, 0), (1, 2)]]);
    assert_eq!(hold_out.for_seed(1).unwrap(), hold_out.sets()[1]);
    assert_eq!(hold_out.for_seeds(&[1, 0]).unwrap().rows(), [0, 2, 3, 5]);
    assert!(matches!(hold_out.for_seed(2), Err(OrbitError::SeedOutOfRange { seed: 2, seeds: 2 })));
    assert!(matches!(hold_out.for_seeds(&[0, 0]), Err(OrbitError::ListedTwice { .. })));
    assert!(hold_out.for_seeds(&[]).is_err());
}

#[test]
fn a_file_is_one_set_as_it_is() {
    let hold_out = from_json(r#"[{"seed": 1, "element": 3}, {"element": 0, "seed": 0}]"#).unwrap();
    assert_eq!(hold_out.elements(), None);
    assert_eq!(hold_out.sets().len(), 1);
    assert_eq!(hold_out.for_seed(0).unwrap().points().collect::<Vec<_>>(), [(0, 0), (1, 3)]);
}

#[test]
fn bad_files_are_refused() {
    let error = |text| from_json(text).unwrap_err();
    assert!(matches!(error(r#"[{"seed": 2, "element": 0}]"#), OrbitError::SeedOutOfRange { .. }));
    assert!(matches!(error(r#"[{"seed": 0, "element": 4}]"#), OrbitError::ElementOutOfRange { .. }));
    let twice = r#"[{"seed": 0, "element": 1}, {"seed": 0, "element": 1}]"#;
    assert!(matches!(error(twice), OrbitError::ListedTwice { seed: 0, element: 1 }));
    let all: Vec<_> =
        (0..8).map(|row| format!(r#"{{"seed": {}, "element": {}}}"#, row / 4, row % 4)).collect();
    let all = format!("[{}]", all.join(","));
    assert_eq!(
        error(&all).to_string(),
        "hold-out `held.json` holds out all 8 points: nothing is left to learn from"
    );
    let deep = "[".repeat(100_000);
    for text in ["", "[]", "{}", "[1]", r#"[{"seed": 0}]"#, r#"[{"seed": -1, "element": 0}]"#, &deep] {
        assert!(matches!(error(text), OrbitError::HoldOutFile { .. }), "{}", &text[..text.len().min(30)]);
    }
    let unknown = r#"[{"seed": 0, "element": 0, "pose": 1}]"#;
    assert!(matches!(error(unknown), OrbitError::HoldOutFile { .. }));
    assert!(parse("missing.json").unwrap_err().hint().unwrap().contains("\"seed\""));
}

#[test]
fn poses_out_of_range_and_twice_are_named() {
    assert_eq!(message("pose:4", 4), "hold-out: pose 4 is out of range: the group has 4 elements");
    assert_eq!(
        message("poses:1,2,1", 4),
        "hold-out `poses:1,2,1`: expected each element once, got `1` twice"
    );
}

#[test]
fn something_must_be_held_out_and_something_left() {
    let error = resolve("arc:100-170", 4).unwrap_err();
    assert_eq!(error.to_string(), "hold-out `arc:100-170` holds out none of the 4 poses");
    assert!(error.hint().unwrap().contains("k·360/4"));
    assert_eq!(message("arc:90-90", 4), "hold-out `arc:90-90` holds out none of the 4 poses");
    assert_eq!(
        message("arc:0-360", 4),
        "hold-out `arc:0-360` holds out all 4 poses of a seed: nothing is left to learn from"
    );
    assert_eq!(
        message("pose:0", 1),
        "hold-out `pose:0` holds out the only pose: nothing is left to learn from"
    );
}

#[test]
fn angles_need_a_cyclic_group() {
    let torus = FiniteGroup::abelian(&[2, 4]).unwrap();
    let error = parse("arc:90-270").unwrap().resolve(&torus, OrbitLayout::new(1, 8)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "hold-out `arc:90-270`: `C2×C4` is neither cyclic nor dihedral, its elements have no angles"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    for spec in [
        "",
        "pose",
        "pose:",
        "pose:x",
        "pose:-1",
        "poses:",
        "poses:1,,2",
        "arc:90",
        "arc:-90-90",
        "arc:a-b",
        "arc:90-361",
        "arc:360-10",
        "arc:nan-10",
        "arc:0-inf",
        "half",
    ] {
        let error = parse(spec).unwrap_err();
        assert!(matches!(error, OrbitError::HoldOutSyntax { .. }), "{spec}: {error}");
        assert!(error.to_string().starts_with(&format!("hold-out `{spec}`: expected ")), "{error}");
        assert!(error.hint().is_some());
    }
}
