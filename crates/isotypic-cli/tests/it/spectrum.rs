use ndarray::Array2;

use crate::workplace::Workplace;

/// Two orbits of four poses; rows (seed, pose) with entries that depend on seeds and the difference of poses.
fn gram() -> Array2<f64> {
    let own = [4.0, 1.0, 0.5, 1.0];
    let cross = [0.75, 0.25, -0.5, 0.125];
    Array2::from_shape_fn((8, 8), |(row, column)| {
        let step = |from: usize, to: usize| (to + 4 - from) % 4;
        match (row / 4, column / 4) {
            (0, 1) => cross[step(row % 4, column % 4)],
            (1, 0) => cross[step(column % 4, row % 4)],
            _ => own[step(row % 4, column % 4)],
        }
    })
}

const LINE: &str = "spectrum --gram k.npy --group cyclic:4 --seeds 2 --labels=+1,-1";

#[test]
fn blocks_are_those_of_the_discrete_fourier_transform() {
    let place = Workplace::empty();
    place.write_array("k.npy", &gram());
    let report = place.json(LINE);
    let blocks = report["blocks"].as_array().unwrap();
    let listed: Vec<_> =
        blocks.iter().map(|b| (b["irrep"].as_str().unwrap(), b["multiplicity"].as_u64().unwrap())).collect();
    assert_eq!(listed, [("k=0", 1), ("k=1", 2), ("k=2", 1)]);
    // Eigenvalues are â ± |ĉ| with â = 6.5, 3.5, 2.5 and ĉ = 0.625, 1.25 - 0.125i up to sign, -0.125.
    let expected = [[6.5, 0.625], [3.5, 1.25_f64.hypot(0.125)], [2.5, 0.125]];
    for (block, [middle, half]) in blocks.iter().zip(expected) {
        for (value, expected) in
            block["eigenvalues"].as_array().unwrap().iter().zip([middle - half, middle + half])
        {
            assert!((value.as_f64().unwrap() - expected).abs() < 1e-14, "{value} and {expected}");
        }
    }
    assert!(report["invariance_defect"].as_f64().unwrap() < 1e-16);
}

#[test]
fn a_person_gets_a_line_per_block() {
    let place = Workplace::empty();
    place.write_array("k.npy", &gram());
    let run = place.run(LINE);
    let text = run.stdout();
    assert_eq!((run.code(), run.stderr()), (0, String::new()));
    assert!(text.starts_with("Gram matrix of 2 seeds under `cyclic:4`\n"), "{text}");
    assert!(text.contains("\n   k=1 ") && text.contains("\n   exact error     "), "{text}");
}

#[test]
fn a_group_has_its_character_table() {
    let place = Workplace::empty();
    let run = place.run("group quaternion");
    assert_eq!((run.code(), run.stderr()), (0, String::new()));
    let text = run.stdout();
    for part in [
        "Group Q8 (`quaternion`)",
        "8 elements\n",
        "4 of dimension 1, 1 of dimension 2",
        "E              2  quaternionic   2  -2  ",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document = place.json("group tetrahedral");
    assert_eq!(document["schema"], "isotypic.group/1");
    assert_eq!((&document["order"], &document["class_count"]), (&12.into(), &4.into()));
    let imaginary = document["irreps"][1]["character_imaginary"].as_array().unwrap().clone();
    assert!(imaginary.iter().any(|value| (value.as_f64().unwrap().abs() - 0.75_f64.sqrt()).abs() < 1e-14));
    // Too many to list, but not to count.
    let large = place.json("group cyclic:100000");
    assert_eq!((&large["irreps"], &large["class_count"]), (&serde_json::Value::Null, &100_000.into()));
    place.write("table.json", r#"{"table": [[0, 1, 2], [1, 2, 0], [2, 0, 1]]}"#);
    assert_eq!(place.json("group table:table.json")["is_abelian"], true);
}
