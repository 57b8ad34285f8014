//! A JSON document as a tree that can be folded and searched.
//!
//! Strings that hold a JSON object or array are opened, as Lambda and Step Functions like to put JSON into strings. A
//! text that is not JSON becomes its lines. Never changes the document, never knows how wide a screen is; nothing here
//! recurses over the document, so no nesting overflows the stack.

mod folds;
mod parse;

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::ops::Range;
use std::sync::Arc;

pub use folds::Folds;
use folds::fingerprint;

/// The most paths that a search answers.
pub const MAX_FOUND: usize = 10_000;

/// A document.
#[derive(Clone, Debug)]
pub struct Tree {
    /// In the order of the text: what holds others stands before them.
    nodes: Vec<Node>,
    /// The rows when nothing is folded.
    lines: Vec<Line>,
    /// The nodes that can be folded.
    foldable: Vec<usize>,
    /// The document's text, and that of each string that was opened.
    sources: Vec<Arc<str>>,
}

/// A row of a tree as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How many objects and arrays are around it.
    pub depth: usize,
    /// Where it is, as a JSONPath: `$.lines[0]['unit price']`. Inside of an opened string the path goes on as if the
    /// string were what it holds. A line of a text that is not JSON is `line 3`, counted from 1.
    pub path: String,
    /// Its name, if it is a field of an object.
    pub key: Option<String>,
    /// What stands there.
    pub value: RowValue,
}

/// What stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowValue {
    /// The start of an object or array. If it is folded or empty this is its only row.
    Open {
        /// Which of the two.
        bracket: Bracket,
        /// How many fields or items it holds directly.
        count: usize,
        /// Whether what it holds is hidden.
        folded: bool,
        /// Whether it stands in a string that was opened.
        opened: bool,
    },
    /// Its end.
    Close {
        /// Which of the two.
        bracket: Bracket,
    },
    /// A string, without quotes and escapes, so that it may hold line breaks; or a line of a text that is not JSON.
    Text(String),
    /// A number, as it is written.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// What holds other values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// `{}`
    Object,
    /// `[]`
    Array,
}

#[derive(Clone, Debug)]
struct Node {
    parent: Option<usize>,
    key: Key,
    depth: usize,
    shape: Shape,
    /// Whether it stands in a string that was opened.
    opened: bool,
    /// Of its path.
    fingerprint: u64,
    /// How many nodes it holds directly.
    count: usize,
    /// Which of the sources holds its text.
    source: usize,
    /// Where its text is in there.
    text: Range<usize>,
    /// The row that shows it, or opens it, when nothing is folded.
    line: usize,
    /// The row that closes it; the same if it has one row.
    last_line: usize,
}

#[derive(Clone, Debug)]
enum Key {
    Root,
    Name(String),
    Index(usize),
    Line(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Container(Bracket),
    Text,
    Number,
    Bool,
    Null,
    /// A line of a text that is not JSON.
    Line,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    node: usize,
    closes: bool,
}

impl Tree {
    /// Reads a text. One that is not JSON, or nests deeper than 1,000 levels, becomes its lines.
    pub fn new(text: &str) -> Self {
        let mut tree = parse::json(text).unwrap_or_else(|| parse::lines(text));
        let is_foldable = |node: &Node| matches!(node.shape, Shape::Container(_)) && node.count > 0;
        tree.foldable = (0..tree.nodes.len()).filter(|node| tree.nodes.get(*node).is_some_and(is_foldable)).collect();
        tree
    }

    /// Every row.
    pub fn rows(&self, folds: &Folds) -> Vec<Row> {
        self.rows_from(folds, 0, usize::MAX)
    }

    /// At most `count` rows from the row `first` on, counted from 0.
    pub fn rows_from(&self, folds: &Folds, first: usize, count: usize) -> Vec<Row> {
        let mut hidden = self.hidden(folds).into_iter().peekable();
        let mut line = first;
        while let Some(range) = hidden.next_if(|range| range.start <= line) {
            line = line.saturating_add(range.len());
        }
        let mut rows = Vec::new();
        while rows.len() < count
            && let Some(shown) = self.lines.get(line)
        {
            let folded = hidden.next_if(|range| range.start == line + 1);
            rows.extend(self.row(*shown, folded.is_some()));
            line = folded.map_or(line + 1, |range| range.end);
        }
        rows
    }

    /// How many rows there are.
    pub fn len(&self, folds: &Folds) -> usize {
        let hidden: usize = self.hidden(folds).iter().map(|range| range.len()).sum();
        self.lines.len().saturating_sub(hidden)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The row, counted from 0, that shows or opens what is at a path; `None` when a fold hides it or nothing is there.
    pub fn position(&self, folds: &Folds, path: &str) -> Option<usize> {
        let line = self.nodes.get(self.locate(path)?)?.line;
        let mut above = 0;
        for range in self.hidden(folds) {
            if range.contains(&line) {
                return None;
            }
            if range.start > line {
                break;
            }
            above += range.len();
        }
        line.checked_sub(above)
    }

    /// The paths of what holds the text in its name, or as a scalar in its value, in the document's order and without
    /// regard to case; at most [`MAX_FOUND`] of them. Nothing holds the empty text.
    pub fn find(&self, needle: &str) -> Vec<String> {
        let needle = needle.to_lowercase();
        if needle.is_empty() {
            return Vec::new();
        }
        let holds = |text: &str| text.to_lowercase().contains(&needle);
        let is_found = |node: &Node| {
            matches!(&node.key, Key::Name(name) if holds(name)) || self.scalar(node).is_some_and(|text| holds(&text))
        };
        let found = self.nodes.iter().enumerate().filter(|(_, node)| is_found(node)).take(MAX_FOUND);
        found.map(|(node, _)| self.path(node)).collect()
    }

    /// The JSON text at a path, as it is written; of an opened string, the text that it holds.
    pub fn value_at(&self, path: &str) -> Option<String> {
        let node = self.nodes.get(self.locate(path)?)?;
        self.text(node).map(ToOwned::to_owned)
    }

    /// The rows that folds hide, by their numbers when nothing is folded: apart from each other, in order.
    fn hidden(&self, folds: &Folds) -> Vec<Range<usize>> {
        let mut hidden = Vec::new();
        if folds.is_empty() {
            return hidden;
        }
        let mut foldable = self.foldable.iter().filter_map(|node| self.nodes.get(*node)).peekable();
        while let Some(node) = foldable.next() {
            if folds.holds(node.fingerprint) {
                hidden.push(node.line + 1..node.last_line + 1);
                // Folds inside of a fold hide nothing more.
                while foldable.next_if(|inside| inside.line < node.last_line).is_some() {}
            }
        }
        hidden
    }

    fn row(&self, line: Line, folded: bool) -> Option<Row> {
        let node = self.nodes.get(line.node)?;
        let value = match node.shape {
            Shape::Container(bracket) if line.closes => RowValue::Close { bracket },
            Shape::Container(bracket) => RowValue::Open { bracket, count: node.count, folded, opened: node.opened },
            Shape::Text | Shape::Line => RowValue::Text(self.scalar(node)?.into_owned()),
            Shape::Number => RowValue::Number(self.text(node)?.to_owned()),
            Shape::Bool => RowValue::Bool(self.text(node)? == "true"),
            Shape::Null => RowValue::Null,
        };
        let key = match &node.key {
            Key::Name(name) if !line.closes => Some(name.clone()),
            _ => None,
        };
        Some(Row { depth: node.depth, path: self.path(line.node), key, value })
    }

    /// The text as it is written.
    fn text(&self, node: &Node) -> Option<&str> {
        self.sources.get(node.source)?.get(node.text.clone())
    }

    /// The text of a scalar as it is shown.
    fn scalar(&self, node: &Node) -> Option<Cow<'_, str>> {
        match node.shape {
            Shape::Container(_) => None,
            Shape::Text => parse::unquoted(self.text(node)?),
            Shape::Number | Shape::Bool | Shape::Null | Shape::Line => self.text(node).map(Cow::Borrowed),
        }
    }

    fn path(&self, node: usize) -> String {
        let mut keys = Vec::new();
        let mut at = Some(node);
        while let Some(node) = at.and_then(|at| self.nodes.get(at)) {
            keys.push(&node.key);
            at = node.parent;
        }
        let mut path = String::new();
        for key in keys.into_iter().rev() {
            // Writing into a string does not fail.
            let _ = key.write(&mut path);
        }
        path
    }

    fn locate(&self, path: &str) -> Option<usize> {
        let wanted = fingerprint(path);
        let alike = self.nodes.iter().enumerate().filter(|(_, node)| node.fingerprint == wanted);
        alike.map(|(node, _)| node).find(|node| self.path(*node) == path)
    }
}

impl Key {
    /// Writes the step of a path that leads here.
    fn write(&self, out: &mut impl Write) -> fmt::Result {
        match self {
            Self::Root => out.write_char('$'),
            Self::Name(name) if is_plain(name) => write!(out, ".{name}"),
            Self::Name(name) => {
                out.write_str("['")?;
                for c in name.chars() {
                    if matches!(c, '\'' | '\\') {
                        out.write_char('\\')?;
                    }
                    out.write_char(c)?;
                }
                out.write_str("']")
            }
            Self::Index(index) => write!(out, "[{index}]"),
            Self::Line(number) => write!(out, "line {number}"),
        }
    }
}

/// Whether a name can stand behind a dot.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tree: &Tree, folds: &Folds) -> Vec<String> {
        tree.rows(folds).iter().map(text_of).collect()
    }

    fn text_of(row: &Row) -> String {
        let key = row.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
        let value = match &row.value {
            RowValue::Open { bracket, count, folded, opened } => {
                let (open, close) = match bracket {
                    Bracket::Object => ('{', '}'),
                    Bracket::Array => ('[', ']'),
                };
                let sign = if *opened { "\"" } else { "" };
                if *folded || *count == 0 {
                    format!("{sign}{open}{count}{close}")
                } else {
                    format!("{sign}{open}{count}")
                }
            }
            RowValue::Close { bracket: Bracket::Object } => "}".to_owned(),
            RowValue::Close { bracket: Bracket::Array } => "]".to_owned(),
            RowValue::Text(text) => format!("'{text}'"),
            RowValue::Number(number) => number.clone(),
            RowValue::Bool(value) => value.to_string(),
            RowValue::Null => "null".to_owned(),
        };
        format!("{}{key}{value}", "  ".repeat(row.depth))
    }

    fn check(text: &str, expected: &[&str]) {
        assert_eq!(shown(&Tree::new(text), &Folds::default()), expected, "{text}");
    }

    #[test]
    fn documents_become_rows() {
        check(
            r#"{"id": "ord-1", "lines": [{"qty": 2.50}, null], "paid": false, "none": {}, "empty": []}"#,
            &[
                "{5",
                "  id: 'ord-1'",
                "  lines: [2",
                "    {1",
                "      qty: 2.50",
                "    }",
                "    null",
                "  ]",
                "  paid: false",
                "  none: {0}",
                "  empty: [0]",
                "}",
            ],
        );
        check(" 12e-3 ", &["12e-3"]);
        check(r#""a\n\u00fc""#, &["'a\nü'"]);
        check("true", &["true"]);
        check("[[[]]]", &["[1", "  [1", "    [0]", "  ]", "]"]);
    }

    #[test]
    fn strings_that_hold_documents_are_opened() {
        check(
            r#"{"Cause": "{\"errorType\":\"Boom\",\"trace\":\"[1,\\\"2\\\"]\"}", "odd": "{no", "tail": "[1] x"}"#,
            &[
                "{3",
                "  Cause: \"{2",
                "    errorType: 'Boom'",
                "    trace: \"[2",
                "      1",
                "      '2'",
                "    ]",
                "  }",
                "  odd: '{no'",
                "  tail: '[1] x'",
                "}",
            ],
        );
        check(r#""{\"a\": 1}""#, &["\"{1", "  a: 1", "}"]);
    }

    #[test]
    fn what_is_not_json_becomes_lines() {
        let broken = [
            "{",
            "[1,]",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "{,}",
            "[1 2]",
            "01",
            "1.",
            "-",
            "1e",
            "tru",
            "\"\\x\"",
            "\"a",
            "nul",
            "[1]]",
            "{\"a\":}",
            "+1",
            ".5",
            "\"\u{1}\"",
            "\"\\ud800\"",
            "é",
        ];
        for text in broken {
            check(text, &[format!("'{text}'").as_str()]);
        }
        check("one\n two\r\n", &["'one'", "' two'"]);
        check("", &[]);
        assert!(Tree::new("").is_empty());
        let tree = Tree::new("one\ntwo");
        assert_eq!(tree.value_at("line 2").as_deref(), Some("two"));
        assert_eq!(tree.find("TWO"), ["line 2"]);
    }

    #[test]
    fn paths_lead_back_to_what_they_name() {
        let tree = Tree::new(r#"{"a": {"b c": [10, {"it's \\ me": "x\ty"}]}, "größe": 1, "9": "{\"in\":[true]}"}"#);
        let cases = [
            ("$.a['b c'][0]", Some("10")),
            ("$.a['b c']", Some(r#"[10, {"it's \\ me": "x\ty"}]"#)),
            (r"$.a['b c'][1]['it\'s \\ me']", Some(r#""x\ty""#)),
            ("$['größe']", Some("1")),
            ("$['9']", Some(r#"{"in":[true]}"#)),
            ("$['9'].in[0]", Some("true")),
            ("$.a.b", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(tree.value_at(path).as_deref(), expected, "{path}");
        }
        let rows = tree.rows(&Folds::default());
        assert!(rows.iter().all(|row| tree.value_at(&row.path).is_some()));
        assert_eq!(rows.last().map(|row| row.path.as_str()), Some("$"));
    }

    #[test]
    fn names_and_scalars_are_found_without_regard_to_case() {
        let tree = Tree::new(r#"{"Order": {"id": "ORD-1", "total": 1200}, "log": "{\"order\": null}", "ok": true}"#);
        let cases: [(&str, &[&str]); 6] = [
            ("ord", &["$.Order", "$.Order.id", "$.log.order"]),
            ("120", &["$.Order.total"]),
            ("NULL", &["$.log.order"]),
            ("tru", &["$.ok"]),
            ("nowhere", &[]),
            ("", &[]),
        ];
        for (needle, expected) in cases {
            assert_eq!(tree.find(needle), expected, "{needle}");
        }
    }

    #[test]
    fn folds_hide_what_is_inside() {
        let tree = Tree::new(r#"{"a": {"b": [1, 2], "c": {"d": 3}}, "e": {}}"#);
        let mut folds = Folds::default();
        folds.toggle("$.a.b");
        assert_eq!(
            shown(&tree, &folds),
            ["{2", "  a: {2", "    b: [2]", "    c: {1", "      d: 3", "    }", "  }", "  e: {0}", "}"]
        );
        assert_eq!(tree.position(&folds, "$.a.c"), Some(3));
        assert_eq!(tree.position(&folds, "$.a.b[0]"), None);
        folds.fold_all(&tree);
        assert_eq!(shown(&tree, &folds), ["{2", "  a: {2}", "  e: {0}", "}"]);
        assert_eq!(tree.len(&folds), 4);
        folds.unfold_to("$.a.c.d");
        assert!(folds.is_folded("$.a.b") && !folds.is_folded("$.a") && !folds.is_folded("$.a.c"));
        assert_eq!(
            shown(&tree, &folds),
            ["{2", "  a: {2", "    b: [2]", "    c: {1", "      d: 3", "    }", "  }", "  e: {0}", "}"]
        );
        folds.toggle("$");
        assert_eq!(shown(&tree, &folds), ["{2}"]);
        folds.unfold_all();
        assert_eq!(tree.len(&folds), 12);
        // An empty object has nothing to hide, and a path from elsewhere folds nothing.
        folds.toggle("$.e");
        folds.toggle("$.other");
        assert_eq!(tree.len(&folds), 12);
    }

    #[test]
    fn unfolding_to_a_quoted_name_unfolds_what_is_around_it() {
        let tree = Tree::new(r#"{"a.b['": {"c": [1]}}"#);
        let mut folds = Folds::default();
        folds.fold_all(&tree);
        let path = tree.find("1").concat();
        folds.unfold_to(&path);
        assert_eq!((path.as_str(), tree.len(&folds)), (r"$['a.b[\''].c[0]", 7));
    }

    #[test]
    fn a_window_is_a_part_of_all_rows() {
        let items: Vec<String> = (0..4_000).map(|item| format!(r#"{{"item":{item},"tags":["a","b"]}}"#)).collect();
        let tree = Tree::new(&format!("[{}]", items.join(",")));
        let mut folds = Folds::default();
        for item in (0..4_000).step_by(3) {
            folds.toggle(&format!("$[{item}]"));
            folds.toggle(&format!("$[{item}].tags"));
        }
        let all = tree.rows(&folds);
        assert_eq!(all.len(), tree.len(&folds));
        for first in [0, 1, 2, 7_777, all.len() - 3, all.len(), usize::MAX] {
            let from = first.min(all.len());
            let expected = &all[from..all.len().min(from + 40)];
            assert_eq!(tree.rows_from(&folds, first, 40), expected, "{first}");
        }
        for (number, row) in all.iter().enumerate().step_by(101) {
            if !matches!(row.value, RowValue::Close { .. }) {
                assert_eq!(tree.position(&folds, &row.path), Some(number));
            }
        }
    }

    #[test]
    fn a_thousand_levels_are_a_tree_and_more_are_lines() {
        let nested = |levels: usize| format!("{}7{}", "[".repeat(levels), "]".repeat(levels));
        let tree = Tree::new(&nested(1_000));
        assert_eq!(tree.len(&Folds::default()), 2_001);
        assert_eq!(tree.find("7").concat().len(), 1 + 3 * 1_000);
        assert_eq!(Tree::new(&nested(200_000)).len(&Folds::default()), 1);
        let mut text = "[7]".to_owned();
        for _ in 0..12 {
            text = format!("[{}]", serde_json::to_string(&text).unwrap());
        }
        assert_eq!(Tree::new(&text).find("7").concat(), format!("${}", "[0]".repeat(13)));
    }
}
