//! A tree of values read from JSON or TOML, the same for both, with keys in file order and none given twice.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::ArchitectureError;

/// The longest text that is read, in bytes. It bounds the number of nodes; both parsers bound the depth.
pub(crate) const LARGEST_TEXT: usize = 1 << 20;

/// A value of an architecture file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Document {
    Null,
    Boolean(bool),
    Integer(i128),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
}

impl Document {
    pub(crate) fn from_json(text: &str) -> Result<Self, ArchitectureError> {
        short_enough(text)?;
        serde_json::from_str(text)
            .map_err(|error| ArchitectureError::Syntax { format: "JSON", message: error.to_string() })
    }

    pub(crate) fn from_toml(text: &str) -> Result<Self, ArchitectureError> {
        short_enough(text)?;
        toml::from_str(text).map_err(|error| {
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            let place = error.span().map_or(String::new(), |span| place(text, span.start));
            ArchitectureError::Syntax { format: "TOML", message: message + &place }
        })
    }

    fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Table(_))
    }
}

/// The value as messages quote it; lists and tables only by their size.
impl fmt::Display for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(formatter, "`null`"),
            Self::Boolean(value) => write!(formatter, "`{value}`"),
            Self::Integer(value) => write!(formatter, "`{value}`"),
            Self::Number(value) => write!(formatter, "`{value:?}`"),
            Self::Text(value) => write!(formatter, "`{value:?}`"),
            Self::List(items) => match items.as_slice() {
                short if short.len() <= 4 && !short.iter().any(Self::is_nested) => {
                    let items: Vec<String> = short.iter().map(Self::to_string).collect();
                    write!(formatter, "`[{}]`", items.join(", ").replace('`', ""))
                }
                long => write!(formatter, "a list of {} entries", long.len()),
            },
            Self::Table(entries) => write!(formatter, "a table of {} entries", entries.len()),
        }
    }
}

fn short_enough(text: &str) -> Result<(), ArchitectureError> {
    if text.len() > LARGEST_TEXT {
        return Err(ArchitectureError::TooLarge { limit: LARGEST_TEXT });
    }
    Ok(())
}

/// Line and column of a byte, both from 1, in the words of the JSON parser.
fn place(text: &str, byte: usize) -> String {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    format!(" at line {line} column {column}")
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Document, E> {
        Ok(Document::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Document, E> {
        Ok(Document::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Document, E> {
        Ok(Document::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Document, E> {
        Ok(Document::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Document, E> {
        Ok(Document::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Document::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Document, A::Error> {
        let mut table = Vec::new();
        let mut keys = HashSet::new();
        while let Some((key, value)) = entries.next_entry::<String, Document>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom(format!("key `{}` is given twice", key.escape_debug())));
            }
            table.push((key, value));
        }
        Ok(Document::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_toml_give_the_same_tree() {
        let json = Document::from_json(r#"{"a": [1, 2.5, "x", true], "b": {"c": -3}}"#).unwrap();
        let toml = Document::from_toml("a = [1, 2.5, \"x\", true]\nb.c = -3\n").unwrap();
        assert_eq!(json, toml);
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        for result in [Document::from_json(r#"{"a": 1, "a": 2}"#), Document::from_toml("a = 1\na = 2\n")] {
            assert!(matches!(result, Err(ArchitectureError::Syntax { .. })));
        }
        let message = Document::from_json(r#"{"a": {"b": 1, "b": 2}}"#).unwrap_err().to_string();
        assert!(message.starts_with("architecture: invalid JSON: key `b` is given twice"), "{message}");
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        for depth in [200, 100_000] {
            let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(matches!(Document::from_json(&lists), Err(ArchitectureError::Syntax { .. })));
            assert!(matches!(
                Document::from_toml(&format!("a = {lists}")),
                Err(ArchitectureError::Syntax { .. })
            ));
            let tables = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
            assert!(matches!(Document::from_json(&tables), Err(ArchitectureError::Syntax { .. })));
        }
    }

    #[test]
    fn a_long_text_is_refused_unread() {
        let text = "[".repeat(LARGEST_TEXT + 1);
        assert!(matches!(Document::from_json(&text), Err(ArchitectureError::TooLarge { .. })));
        assert!(matches!(Document::from_toml(&text), Err(ArchitectureError::TooLarge { .. })));
    }

    #[test]
    fn syntax_errors_stay_on_one_line() {
        for error in
            [Document::from_json("{\n\n,").unwrap_err(), Document::from_toml("a = \nb = [").unwrap_err()]
        {
            let message = error.to_string();
            assert!(!message.contains('\n') && message.contains("line"), "{message}");
        }
    }
}
