//! Constants, and the arithmetic of shapes that exporters write before `Reshape`.

use isotypic_onnx::{Attribute, Node, Tensor};

use super::builder::Builder;
use super::no_mapping;
use super::value::{Axis, Data, Extent, Value};
use crate::ArchitectureError;

const HINT: &str = "export with fixed extents, for example `torch.onnx.export(…, dynamo=True)`";

impl<'model> Builder<'model> {
    /// `Constant`.
    pub(super) fn add_constant_node(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["value", "value_int", "value_ints", "value_float", "value_floats"])?;
        let given = ["value", "value_int", "value_ints", "value_float"]
            .into_iter()
            .find_map(|name| node.attribute(name));
        let tensor = match given {
            Some(Attribute::Tensor(tensor)) => tensor.clone(),
            Some(Attribute::Integer(value)) => Tensor::of_integers(vec![*value]),
            Some(Attribute::Integers(values)) => Tensor::of_integers(values.clone()),
            Some(Attribute::Number(value)) => Tensor::of_number(*value),
            _ => return Err(node.wrong("value", "an array or a number").into()),
        };
        self.add_constant(node, tensor);
        Ok(())
    }

    /// `Shape`: the extents of a value.
    pub(super) fn add_shape(&mut self, node: &'model Node) -> Result<(), ArchitectureError> {
        node.only(&["start", "end"])?;
        let data = self.raw_data(node, 0)?;
        let rank = data.axes.len();
        let clamp = |at: i64| if at < 0 { at.saturating_add(rank as i64).max(0) } else { at.min(rank as i64) } as usize;
        let start = clamp(node.integer("start")?.unwrap_or(0));
        let end = clamp(node.integer("end")?.unwrap_or(rank as i64)).max(start);
        let extents: Vec<Extent> = (0..rank).map(|axis| extent_of(&data, axis)).collect();
        self.give_value(node, Value::Extents(extents[start..end].to_vec()));
        Ok(())
    }

    /// Operators on lists of extents; `false` for all others, such as `Reshape`, which reads one.
    pub(super) fn arithmetic_of_shapes(&mut self, node: &'model Node) -> Result<bool, ArchitectureError> {
        let is = |expected: fn(&Value) -> bool| {
            node.inputs.iter().any(|name| self.value(name).is_some_and(expected))
        };
        if !is(|value| matches!(value, Value::Extents(_))) || is(|value| matches!(value, Value::Data(_))) {
            return Ok(false);
        }
        let failed = || no_mapping(node, "computes with extents in a way that is not known", HINT);
        let list = |builder: &Self, index| -> Result<Vec<Extent>, ArchitectureError> {
            let name = builder.required(node, index)?;
            builder.extents(name).ok_or_else(failed)
        };
        let whole = |extents: Vec<Extent>| -> Result<Vec<i64>, ArchitectureError> {
            let known = extents.into_iter().map(|extent| match extent {
                Extent::Known(value) => Some(value),
                _ => None,
            });
            known.collect::<Option<_>>().ok_or_else(failed)
        };
        let result = match node.operator.as_str() {
            // Lists of one entry stand for single numbers too, so that both only pass on.
            "Cast" | "Identity" | "Unsqueeze" | "Squeeze" => list(self, 0)?,
            "Gather" => {
                let (from, at) = (list(self, 0)?, whole(list(self, 1)?)?);
                let rank = from.len() as i64;
                let pick = |&at: &i64| {
                    let at = if at < 0 { at.checked_add(rank)? } else { at };
                    usize::try_from(at).ok().and_then(|at| from.get(at)).copied()
                };
                at.iter().map(pick).collect::<Option<_>>().ok_or_else(failed)?
            }
            "Slice" => {
                let from = list(self, 0)?;
                let rank = from.len() as i64;
                let bound = |index| -> Result<usize, ArchitectureError> {
                    match whole(list(self, index)?)?.as_slice() {
                        [at] if *at < 0 => Ok((at.saturating_add(rank)).max(0) as usize),
                        [at] => Ok((*at).min(rank) as usize),
                        _ => Err(failed()),
                    }
                };
                let (start, end) = (bound(1)?, bound(2)?);
                let step = self.argument(node, 4).map(|_| whole(list(self, 4)?)).transpose()?;
                if step.is_some_and(|step| step != [1]) {
                    return Err(failed());
                }
                from[start.min(end)..end].to_vec()
            }
            "Concat" => {
                let lists = (0..node.inputs.len()).map(|index| list(self, index));
                lists.collect::<Result<Vec<_>, _>>()?.concat()
            }
            "Mul" => {
                let (a, b) = (whole(list(self, 0)?)?, whole(list(self, 1)?)?);
                match (a.as_slice(), b.as_slice()) {
                    ([a], [b]) => vec![Extent::Known(a.checked_mul(*b).ok_or_else(failed)?)],
                    _ => return Err(failed()),
                }
            }
            _ => return Err(failed()),
        };
        self.give_value(node, Value::Extents(result));
        Ok(true)
    }
}

/// One extent of a value as `Shape` gives it.
fn extent_of(data: &Data, axis: usize) -> Extent {
    match (data.axes[axis], data.extents[axis]) {
        // The batch stays what it is even where the file fixes its size.
        (Axis::Batch, _) => Extent::Batch,
        (_, Some(extent)) => Extent::Known(extent as i64),
        (_, None) => Extent::Unknown,
    }
}
