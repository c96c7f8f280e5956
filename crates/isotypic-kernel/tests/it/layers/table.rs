//! The architectures.

use super::Case;

/// A dense layer with a bias.
const DENSE: &str = r#"{"dense": {"w_std": 1.2, "b_std": 0.3}}"#;

/// Nonlinearities as files spell them.
pub(crate) const NONLINEARITIES: [(&str, &str); 26] = [
    ("relu", r#""relu""#),
    ("leaky_relu", r#"{"leaky_relu": {"alpha": 0.2}}"#),
    ("ab_relu", r#"{"ab_relu": {"a": -0.5, "b": 1.2}}"#),
    ("abs", r#""abs""#),
    ("sign", r#""sign""#),
    ("erf", r#""erf""#),
    ("gelu", r#""gelu""#),
    ("tanh", r#""tanh""#),
    ("sigmoid", r#""sigmoid""#),
    ("softplus", r#""softplus""#),
    ("silu", r#""silu""#),
    ("sin", r#"{"sin": {"a": 1.3, "b": 0.7, "c": 0.4}}"#),
    ("cos", r#"{"cos": {"a": 0.7, "b": 1.2, "c": -0.3}}"#),
    ("rbf", r#"{"rbf": {"gamma": 0.6}}"#),
    ("exp", r#"{"exp": {"a": 0.5, "b": -0.6}}"#),
    ("gaussian", r#"{"gaussian": {"a": 1.4, "b": -0.5}}"#),
    ("gabor", r#""gabor""#),
    ("monomial", r#"{"monomial": {"degree": 3}}"#),
    ("affine_erf", r#"{"erf": {"a": -1.4, "b": 0.7, "c": 0.6}}"#),
    ("sigmoid_like", r#""sigmoid_like""#),
    ("step", r#"{"rectified_monomial": {"degree": 0}}"#),
    ("rectified_monomial", r#"{"rectified_monomial": {"degree": 3}}"#),
    ("polynomial", r#"{"polynomial": {"coef": [0.5, -0.8, 0.2, 0.1]}}"#),
    ("hermite", r#"{"hermite": {"degree": 3}}"#),
    ("exp_normalized", r#"{"exp_normalized": {"gamma": 1.5, "shift": -0.5}}"#),
    ("elementwise", r#"{"elementwise": {"function": "tanh", "quadrature_degree": 9}}"#),
];

/// Shapes of inputs with one, two and three spatial axes. Extents are even where strides of 2 follow shifts of 2.
const SHAPES: [(&str, &[usize]); 3] = [("1d", &[6, 2]), ("2d", &[4, 2, 2]), ("3d", &[2, 2, 4, 2])];

/// One to three numbers as a list.
fn repeated(number: usize, rank: usize) -> String {
    format!("{:?}", vec![number; rank])
}

fn conv(rank: usize, padding: &str) -> String {
    let filter = &[3, 2, 2][..rank];
    format!(r#"{{"conv": {{"filter": {filter:?}, "padding": "{padding}", "w_std": 1.3, "b_std": 0.2}}}}"#)
}

struct Table(Vec<Case>);

impl Table {
    fn add(&mut self, name: &str, shape: &[usize], shift: usize, layers: &[&str]) {
        let layers = layers.join(", ");
        self.0.push(Case { name: name.to_owned(), shape: shape.to_vec(), layers, shift });
    }
}

/// All architectures.
pub(crate) fn table() -> Vec<Case> {
    let mut table = Table(Vec::new());
    pointwise(&mut table);
    for (dimension, shape) in SHAPES {
        let rank = shape.len() - 1;
        convolutions(&mut table, dimension, shape, rank);
        pooling(&mut table, dimension, shape, rank);
        normalisation(&mut table, dimension, shape, rank);
        dropout(&mut table, dimension, shape, rank);
        attention(&mut table, dimension, shape, rank);
        branches(&mut table, dimension, shape, rank);
        other_convolutions(&mut table, dimension, shape, rank);
        positions(&mut table, dimension, shape, rank);
    }
    vectors(&mut table);
    several_readouts(&mut table);
    groups(&mut table);
    table.0
}

fn pointwise(table: &mut Table) {
    for (name, layer) in NONLINEARITIES {
        let spatial = [&conv(1, "circular"), layer, r#""global_avg_pool""#, DENSE, layer, DENSE];
        table.add(&format!("{name}_1d"), &[3, 2], 1, &spatial);
        table.add(&format!("{name}_vector"), &[4], 0, &[DENSE, layer, DENSE, layer, DENSE]);
    }
}

fn convolutions(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let relu = r#""relu""#;
    for (padding, shift) in [("circular", 1), ("same", 0)] {
        for readout in ["flatten", "global_avg_pool", "global_sum_pool"] {
            table.add(
                &format!("conv_{padding}_{readout}_{dimension}"),
                shape,
                shift,
                &[&conv(rank, padding), relu, &conv(rank, padding), relu, &format!("{readout:?}"), DENSE],
            );
        }
    }
}

/// Networks over groups, on images and on vectors.
fn groups(table: &mut Table) {
    let relu = r#""relu""#;
    let options = r#""w_std": 1.3, "b_std": 0.2"#;
    let standard = r#""w_std": 1.3, "b_std": 0.2, "parameterization": "standard", "width": 3"#;
    let norm = |axes: &str| format!(r#"{{"layer_norm": {{"axes": {axes}, "epsilon": 0.1}}}}"#);
    let drop = r#"{"dropout": {"keep_rate": 0.7}}"#;
    let cases: [(&str, &str, &[usize], &str, &str); 5] = [
        ("p4_small", "p4", &[3, 3, 2], "[3, 3]", "[1, 2, 3, -1]"),
        ("p4", "p4", &[4, 4, 1], "[5, 5]", "[1, 2, 3, -1]"),
        ("p4m", "p4m", &[4, 4, 2], "[3, 3]", "[1, 2, 3, -1]"),
        ("cyclic_small", "cyclic:5", &[10], "", "[1, -1]"),
        ("dihedral_small", "dihedral:4", &[4], "", "[1, -1]"),
    ];
    for (name, group, shape, filter, all) in cases {
        let filter = if filter.is_empty() { String::new() } else { format!(r#""filter": {filter}, "#) };
        let lift = format!(r#"{{"group_lift": {{"group": "{group}", {filter}{options}}}}}"#);
        let conv = format!(r#"{{"group_conv": {{{filter}{options}}}}}"#);
        let shift = usize::from(shape.len() == 3);
        for (readout, end) in [("mean", r#""group_pool""#), ("flatten", r#""flatten""#)] {
            let name = |what: &str| format!("group_{name}_{what}_{readout}");
            table.add(&name("conv"), shape, shift, &[&lift, relu, &conv, relu, end, DENSE, relu, DENSE]);
            let branches = format!(
                r#"{{"residual": ["relu", {conv}]}}, {{"concat": {{"branches": [["erf"], [{DENSE}]]}}}}"#
            );
            table.add(
                &name("branches"),
                shape,
                shift,
                &[&lift, &norm("[-1]"), &branches, &conv, &norm(all), relu, end, DENSE],
            );
            table.add(&name("dropout"), shape, shift, &[&lift, relu, drop, &conv, relu, drop, end, DENSE]);
            let lift = format!(r#"{{"group_lift": {{"group": "{group}", {filter}{standard}}}}}"#);
            let conv = format!(r#"{{"group_conv": {{{filter}{standard}}}}}"#);
            table.add(&name("standard"), shape, shift, &[&lift, relu, &conv, relu, end, DENSE]);
        }
    }
    // Layers before lifting, a plain network beside it, and one group inside another.
    let lift = |group: &str| {
        format!(r#"{{"group_lift": {{"group": "{group}", "filter": [3, 3], {options}}}}}, "relu""#)
    };
    let (p4, p4m) = (lift("p4"), lift("p4m"));
    let image: &[usize] = &[3, 3, 2];
    let after = &[DENSE, relu, DENSE, &p4, r#""group_pool""#, DENSE];
    table.add("group_small_after_dense", image, 1, after);
    let plain = conv(2, "same");
    let beside = format!(
        r#"{{"concat": {{"branches": [[{plain}, "relu", "flatten"], [{p4}, "group_pool"], [{p4m}, "group_pool"],
           [{p4m}, "flatten"], [{plain}, "relu", "global_avg_pool"]]}}}}"#
    );
    table.add("group_small_beside_plain", image, 0, &[&beside, DENSE, relu, DENSE]);
    let vector = |group: &str| {
        format!(r#"[{{"group_lift": {{"group": "{group}", {options}}}}}, "erf", "group_pool"]"#)
    };
    let both = format!(r#"{{"concat": {{"branches": [{}, {}]}}}}"#, vector("cyclic:3"), vector("dihedral:3"));
    table.add("group_small_two_on_vectors", &[6], 0, &[r#""identity""#, &both, DENSE]);
}

/// Dilated, local and transposed convolutions.
fn other_convolutions(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let (relu, two) = (r#""relu""#, repeated(2, rank));
    let circular = conv(rank, "circular");
    let options = r#""w_std": 1.2, "b_std": 0.3"#;
    for padding in ["circular", "same", "valid"] {
        let shift = |shift: usize| if padding == "circular" { shift } else { 0 };
        let layer = |name: &str, filter: &[usize], more: &str| {
            format!(r#"{{"{name}": {{"filter": {filter:?}, "padding": "{padding}", {more}{options}}}}}"#)
        };
        // A dilated filter without padding is as large as the smallest axis.
        let filter = if padding == "valid" { &[2, 1, 1][..rank] } else { &[3, 2, 2][..rank] };
        let (dilation, filter) = if padding == "valid" {
            (repeated(1, rank).replacen('1', if rank == 3 { "1" } else { "2" }, 1), filter)
        } else {
            (two.clone(), filter)
        };
        let dilated = layer("conv", filter, &format!(r#""dilation": {dilation}, "#));
        let strided = layer("conv_transpose", &[3, 2, 2][..rank], &format!(r#""strides": {two}, "#));
        let wide = layer("conv_transpose", &[2, 3, 2][..rank], "");
        let local = layer("conv_local", &[2, 2, 2][..rank], "");
        for readout in ["flatten", "global_avg_pool"] {
            let end = format!("{readout:?}");
            let name = |what: &str| format!("{what}_{padding}_{readout}_{dimension}");
            table.add(
                &name("conv_dilated"),
                shape,
                shift(1),
                &[&dilated, relu, &circular, relu, &end, DENSE],
            );
            table.add(
                &name("conv_transpose_strided"),
                shape,
                shift(1),
                &[&circular, relu, &strided, relu, &end, DENSE],
            );
            table.add(&name("conv_transpose"), shape, shift(1), &[&wide, relu, &wide, relu, &end, DENSE]);
            // With weights of their own positions are not alike, but they are in distribution.
            table.add(
                &name("conv_local"),
                shape,
                shift(1),
                &[&circular, relu, &local, relu, &circular, relu, &end, DENSE],
            );
        }
    }
    let bottle = format!(r#"{{"conv": {{"filter": {two}, "strides": {two}, "padding": "same"}}}}"#);
    let back = format!(
        r#"{{"conv_transpose": {{"filter": {two}, "strides": {two}, "padding": "same", "b_std": 0.1}}}}"#
    );
    table.add(
        &format!("conv_transpose_after_strides_{dimension}"),
        shape,
        0,
        &[&bottle, relu, &back, relu, r#""global_avg_pool""#, DENSE],
    );
}

/// Layers that take, interpolate or aggregate positions.
fn positions(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let (relu, flatten, pool) = (r#""relu""#, r#""flatten""#, r#""global_avg_pool""#);
    let circular = conv(rank, "circular");
    let same = conv(rank, "same");
    let resize = |shape: Vec<usize>, method: &str, antialias: bool| {
        format!(
            r#"{{"image_resize": {{"shape": {shape:?}, "method": "{method}", "antialias": {antialias}}}}}"#
        )
    };
    let extents = &shape[..rank];
    let larger: Vec<usize> = extents.iter().map(|extent| 2 * extent - 1).collect();
    let smaller: Vec<usize> = extents.iter().map(|extent| (2 * extent).div_ceil(3)).collect();
    let turned = vec!["[null, null, -1]"; rank].join(", ");
    let taken = ["[1, null, 2]", "[0, 2]", "[null, null, -2]"][..rank].join(", ");
    let vertices: usize = extents.iter().product();
    let weight = |i: usize, j: usize| match (j + vertices - i) % vertices {
        0 => 0.5,
        1 => 1.0,
        3 => -0.7,
        _ => 0.0,
    };
    let rows: Vec<Vec<f64>> = (0..vertices).map(|i| (0..vertices).map(|j| weight(i, j)).collect()).collect();
    for (what, layer) in [
        ("index_turned", format!(r#"{{"index": {{"slices": [{turned}]}}}}"#)),
        ("index_taken", format!(r#"{{"index": {{"slices": [{taken}]}}}}"#)),
        ("resize_linear_up", resize(larger.clone(), "linear", true)),
        ("resize_linear_down", resize(smaller.clone(), "linear", true)),
        ("resize_linear_sampled", resize(smaller.clone(), "linear", false)),
        ("resize_nearest_up", resize(larger, "nearest", true)),
        ("resize_nearest_down", resize(smaller, "nearest", true)),
        ("aggregate", format!(r#"{{"aggregate": {{"pattern": {rows:?}}}}}"#)),
    ] {
        let shift = usize::from(what == "aggregate" && rank == 1);
        let last = if rank == 1 && what == "aggregate" { &circular } else { &same };
        for (name, readout) in [("flatten", flatten), ("pool", pool)] {
            table.add(
                &format!("{what}_{name}_{dimension}"),
                shape,
                shift,
                &[&circular, relu, &layer, last, relu, readout, DENSE],
            );
        }
        // On the input, and before a nonlinearity.
        table.add(
            &format!("{what}_deep_{dimension}"),
            shape,
            shift,
            &[&layer, DENSE, relu, DENSE, pool, DENSE, relu, DENSE],
        );
        table.add(
            &format!("{what}_before_{dimension}"),
            shape,
            shift,
            &[&circular, &layer, relu, flatten, DENSE],
        );
    }
    if rank > 1 {
        let index = r#"{"index": {"slices": [-1]}}"#;
        let rest = conv(rank - 1, "same");
        table.add(
            &format!("index_row_{dimension}"),
            shape,
            0,
            &[&circular, relu, index, &rest, relu, pool, DENSE],
        );
    }
    let drop = r#"{"dropout": {"keep_rate": 0.7}}"#;
    let local = format!(r#"{{"conv_local": {{"filter": {}, "padding": "same"}}}}"#, repeated(2, rank));
    let turn = format!(r#"{{"index": {{"slices": [{turned}]}}}}"#);
    table.add(
        &format!("dropout_train_positions_{dimension}"),
        shape,
        0,
        &[
            &circular,
            relu,
            drop,
            &turn,
            &local,
            relu,
            drop,
            &resize(vec![3; rank], "linear", true),
            pool,
            DENSE,
        ],
    );
}

fn pooling(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let (one, two) = (repeated(1, rank), repeated(2, rank));
    let relu = r#""relu""#;
    let conv = conv(rank, "circular");
    for layer in ["avg_pool", "sum_pool"] {
        for (padding, strides, shift) in
            [("circular", &one, 1), ("circular", &two, 2), ("valid", &two, 2), ("same", &one, 0)]
        {
            let pool = format!(
                r#"{{"{layer}": {{"window": {two}, "strides": {strides}, "padding": "{padding}"}}}}"#
            );
            let stride = strides[1..].split(',').next().unwrap().trim_end_matches(']');
            let name = |what: &str| format!("{layer}_{padding}_{stride}_{what}_{dimension}");
            table.add(&name("flatten"), shape, shift, &[&conv, relu, &pool, r#""flatten""#, DENSE]);
            // The input is pooled first; a nonlinearity reads what is pooled, and where the image is large enough a pool does.
            let again = if stride == "1" && padding != "valid" { pool.as_str() } else { r#""identity""# };
            let readout = r#""global_avg_pool""#;
            let deep = [&pool, DENSE, again, relu, again, readout, DENSE, relu, DENSE];
            table.add(&name("deep"), shape, shift, &deep);
        }
    }
    let wide = repeated(3, rank);
    for (padding, strides) in [("same", &one), ("same", &two), ("circular", &one)] {
        let pool = format!(
            r#"{{"avg_pool": {{"window": {wide}, "strides": {strides}, "padding": "{padding}", "normalize_edges": true}}}}"#
        );
        let shift = usize::from(padding == "circular");
        let stride = if strides == &one { 1 } else { 2 };
        table.add(
            &format!("avg_pool_edges_{padding}_{stride}_{dimension}"),
            shape,
            shift,
            &[&conv, relu, &pool, &conv, relu, r#""flatten""#, DENSE],
        );
    }
}

fn normalisation(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let relu = r#""relu""#;
    let conv = conv(rank, "circular");
    let all: Vec<usize> = (1..=rank + 1).collect();
    let some = vec![rank, rank + 1];
    for (what, axes) in [("channels", vec![rank + 1]), ("all", all), ("some", some)] {
        let norm = format!(r#"{{"layer_norm": {{"axes": {axes:?}, "epsilon": 0.05}}}}"#);
        for readout in ["flatten", "global_avg_pool"] {
            table.add(
                &format!("layer_norm_{what}_{readout}_{dimension}"),
                shape,
                1,
                &[&conv, &norm, relu, &conv, &norm, &format!("{readout:?}"), DENSE],
            );
        }
    }
}

fn dropout(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let (relu, flatten, pool) = (r#""relu""#, r#""flatten""#, r#""global_avg_pool""#);
    let train = r#"{"dropout": {"keep_rate": 0.7}}"#;
    let test = r#"{"dropout": {"keep_rate": 0.7, "mode": "test"}}"#;
    let conv = conv(rank, "circular");
    let two = repeated(2, rank);
    let avg_pool = format!(r#"{{"avg_pool": {{"window": {two}, "padding": "same"}}}}"#);
    let norm = r#"{"layer_norm": {"epsilon": 0.1}}"#;
    let attention = r#"{"self_attention": {"b_std": 0.1}}"#;
    let sqrt = r#"{"self_attention": {"mechanism": "identity", "scaling": "sqrt"}}"#;
    for (what, layers) in [
        ("conv_flatten", vec![&conv, relu, train, &conv, relu, train, flatten, DENSE]),
        ("conv_pool", vec![&conv, relu, train, &conv, relu, train, pool, DENSE, relu, DENSE]),
        ("avg_pool", vec![&conv, relu, train, &avg_pool, &conv, relu, pool, DENSE]),
        ("norm", vec![&conv, relu, train, &conv, norm, relu, flatten, DENSE]),
        ("attention", vec![&conv, relu, train, attention, relu, pool, DENSE]),
        ("sqrt_attention", vec![&conv, relu, train, sqrt, train, flatten, DENSE]),
        ("after_pool", vec![&conv, relu, pool, DENSE, relu, train, DENSE]),
        ("twice", vec![&conv, relu, train, train, flatten, DENSE]),
    ] {
        let shift = usize::from(what != "avg_pool");
        table.add(&format!("dropout_train_{what}_{dimension}"), shape, shift, &layers);
    }
    table.add(
        &format!("dropout_test_{dimension}"),
        shape,
        1,
        &[&conv, test, relu, test, &conv, relu, pool, DENSE],
    );
}

fn attention(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let relu = r#""relu""#;
    let conv = conv(rank, "circular");
    let options = |mechanism: &str, scaling: &str, embedding: &str| {
        format!(
            r#"{{"self_attention": {{"mechanism": "{mechanism}", "scaling": "{scaling}", "w_key_std": 1.2, "w_query_std": 1.1,
                "w_value_std": 1.3, "w_out_std": 0.9, "b_std": 0.2{embedding}}}}}"#
        )
    };
    let embedding = |inside: &str| format!(r#", "positional_embedding": {{"type": {inside}, "w_std": 0.8}}"#);
    let embeddings = [
        ("none", String::new()),
        ("sum", embedding(r#""sum""#)),
        ("sum_values_decay", embedding(r#""sum", "on_values": true, "decay": {"exponential": 0.5}"#)),
        ("concat", embedding(r#""concat", "width": 3"#)),
        (
            "concat_values_decay",
            embedding(r#""concat", "on_values": true, "p_norm": 1, "decay": {"rational": 1.0}"#),
        ),
    ];
    for (mechanism, scaling) in [
        ("softmax", "linear"),
        ("identity", "linear"),
        ("abs", "linear"),
        ("relu", "linear"),
        ("identity", "sqrt"),
    ] {
        for (what, embedding) in &embeddings {
            let layer = options(mechanism, scaling, embedding);
            let name =
                |readout: &str| format!("attention_{mechanism}_{scaling}_{what}_{readout}_{dimension}");
            let shift = usize::from(*what == "none");
            table.add(
                &name("pool"),
                shape,
                shift,
                &[&conv, relu, &layer, relu, r#""global_avg_pool""#, DENSE],
            );
            table.add(&name("flatten"), shape, shift, &[&conv, relu, &layer, r#""flatten""#, DENSE]);
        }
        // On the input, twice, and with layers on either side.
        let layer = options(mechanism, scaling, "");
        table.add(
            &format!("attention_{mechanism}_{scaling}_deep_{dimension}"),
            shape,
            1,
            &[
                &layer,
                &layer,
                r#"{"layer_norm": {"epsilon": 0.1}}"#,
                relu,
                &conv,
                relu,
                r#""flatten""#,
                DENSE,
            ],
        );
    }
}

fn branches(table: &mut Table, dimension: &str, shape: &[usize], rank: usize) {
    let (relu, flatten, pool) = (r#""relu""#, r#""flatten""#, r#""global_avg_pool""#);
    let circular = conv(rank, "circular");
    let add = |table: &mut Table, what: &str, shift: usize, layers: &[&str]| {
        for (readout, name) in [(flatten, "flatten"), (pool, "pool")] {
            let layers = [layers, &[readout, DENSE]].concat();
            table.add(&format!("{what}_{name}_{dimension}"), shape, shift, &layers);
        }
    };
    let residual = format!(r#"{{"residual": ["relu", {circular}]}}"#);
    add(table, "residual", 1, &[&circular, &residual, &residual, relu]);
    let repeat = format!(r#"{{"repeat": {{"times": 3, "layers": ["relu", {circular}]}}}}"#);
    add(table, "repeat", 1, &[&circular, &repeat, relu]);
    let sum = format!(r#"{{"sum": [[{circular}], [{DENSE}, "erf"], [{circular}, "relu", {DENSE}]]}}"#);
    add(table, "sum", 1, &[&sum, DENSE, relu]);
    let with_input = format!(r#"{{"sum": [["identity"], [{{"dense": {{"width": {}}}}}]]}}"#, shape[rank]);
    add(table, "sum_with_input", 1, &[&with_input, &circular, relu]);
    let product = format!(
        r#"{{"product": [[{circular}, "relu"], [{DENSE}, "erf"], [{circular}]]}}, {circular}, "relu""#
    );
    add(table, "product", 1, &[&product]);
    let concat = format!(
        r#"{{"concat": {{"branches": [[{circular}, "relu"], [{{"dense": {{"width": 3}}}}, "erf"], ["identity"]]}}}}, {circular}, "relu""#
    );
    add(table, "concat_channels", 1, &[&concat]);
    for axis in 1..=rank {
        // Blocks of different extents beside one another: the second is pooled along the axis.
        let mut window = vec![1; rank];
        window[axis - 1] = 2;
        let pool = format!(r#"{{"avg_pool": {{"window": {window:?}, "strides": {window:?}}}}}"#);
        let concat = format!(
            r#"{{"concat": {{"axis": {axis}, "branches": [[{DENSE}], [{DENSE}, "relu", {pool}]]}}}}"#
        );
        let same = conv(rank, "same");
        add(table, &format!("concat_axis_{axis}"), 0, &[&concat, &same, relu]);
    }
    let nested = format!(
        r#"{circular}, {{"residual": [{{"sum": [["relu", {circular}], [{{"concat": {{"branches": [["relu"], ["erf"]]}}}}, {DENSE}]]}}]}}"#
    );
    add(table, "nested", 1, &[&nested]);
    let transformer = format!(
        r#"{circular}, {{"residual": ["layer_norm", {{"self_attention": {{"b_std": 0.1}}}}]}},
            {{"residual": ["layer_norm", {DENSE}, "gelu", {DENSE}]}}"#
    );
    add(table, "transformer", 1, &[&transformer]);
    let dropped = format!(
        r#"{circular}, {{"residual": ["relu", {{"dropout": {{"keep_rate": 0.6}}}}, {circular}]}},
            {{"concat": {{"branches": [["relu", {{"dropout": {{"keep_rate": 0.5}}}}], ["relu"]]}}}}, {circular}, "relu""#
    );
    add(table, "dropout_branches", 1, &[&dropped]);
    let spared = r#"{"product": [["dense", "relu", {"dropout": {"keep_rate": 0.6}}], ["dense"]]}"#;
    add(table, "dropout_product", 1, &[spared, DENSE, relu]);
}

/// Layers after positions are gone, and inputs without any.
fn vectors(table: &mut Table) {
    let relu = r#""relu""#;
    let drop = r#"{"dropout": {"keep_rate": 0.7}}"#;
    let norm = r#"{"layer_norm": {"epsilon": 0.3}}"#;
    let residual = format!(r#"{{"residual": ["relu", {DENSE}]}}"#);
    let sum = format!(r#"{{"sum": [[{DENSE}, "relu", {DENSE}], ["dense"], ["dense", "erf"]]}}"#);
    let product = format!(r#"{{"product": [[{DENSE}, "relu"], ["dense"], [{DENSE}, "erf"]]}}"#);
    let concat = r#"{"concat": {"branches": [[{"dense": {"width": 2}}, "relu"], [{"dense": {"width": 6}}, "erf"], ["identity"]]}}"#;
    let dropped = format!(r#"{{"product": [[{DENSE}, "relu", {drop}], ["dense"]]}}"#);
    for (name, layers) in [
        ("vector_dense", vec![DENSE, relu, DENSE]),
        ("vector_norm", vec![DENSE, norm, relu, DENSE, r#""layer_norm""#, r#""erf""#, DENSE]),
        ("vector_dropout_train", vec![DENSE, relu, drop, DENSE, relu, drop, DENSE]),
        ("vector_dropout_at_the_end", vec![DENSE, relu, drop]),
        ("vector_residual", vec![DENSE, &residual, &residual, relu, DENSE]),
        ("vector_sum", vec![&sum, DENSE, relu, DENSE]),
        ("vector_product", vec![&product, DENSE, relu, DENSE]),
        ("vector_concat", vec![concat, DENSE, relu, DENSE]),
        ("vector_dropout_product", vec![&dropped, DENSE, relu, DENSE]),
        ("vector_no_bias", vec![r#""dense""#, relu, r#""dense""#, relu, r#""dense""#]),
    ] {
        table.add(name, &[5], 0, &layers);
        if name != "vector_dense" {
            table.add(
                &format!("flat_{name}"),
                &[2, 2, 2],
                0,
                &[&[r#""flatten""#], layers.as_slice()].concat(),
            );
        }
    }
}

/// Several readouts of one spatial part that meet again as vectors.
fn several_readouts(table: &mut Table) {
    let circular = conv(1, "circular");
    let drop = r#"{"dropout": {"keep_rate": 0.7}}"#;
    for (name, layers) in [
        (
            "readouts_sum",
            format!(
                r#"{circular}, "relu", {{"sum": [["flatten", {DENSE}, "relu", {DENSE}], ["global_avg_pool", {DENSE}], ["global_sum_pool", {DENSE}]]}}"#
            ),
        ),
        (
            "readouts_concat",
            format!(
                r#"{circular}, "relu", {{"concat": {{"branches": [["flatten"], ["global_avg_pool", {DENSE}, "relu"], [{circular}, "global_avg_pool"]]}}}}, {DENSE}, "relu", {DENSE}"#
            ),
        ),
        (
            "readouts_product",
            format!(
                r#"{{"product": [["flatten", {DENSE}], [{circular}, "relu", "global_avg_pool", {DENSE}]]}}, {DENSE}"#
            ),
        ),
        (
            "readouts_of_input",
            format!(r#"{{"sum": [["flatten", {DENSE}], ["global_avg_pool", {DENSE}]]}}, "relu", {DENSE}"#),
        ),
        (
            "readouts_dropout",
            format!(
                r#"{circular}, "relu", {drop}, {{"concat": {{"branches": [["flatten"], ["global_avg_pool", {DENSE}, "relu", {drop}]]}}}}, {DENSE}, "relu", {DENSE}"#
            ),
        ),
    ] {
        table.add(name, &[5, 2], 1, &[&layers]);
    }
}
