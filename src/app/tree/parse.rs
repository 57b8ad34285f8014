//! Reads a text into the nodes and rows of a tree.
//!
//! By hand, because a document may nest deeper than `serde_json` reads, numbers are kept as they are written, and each
//! value has to know where its text stands.

use std::borrow::Cow;
use std::sync::Arc;

use super::folds::Fingerprint;
use super::{Bracket, Key, Line, Node, Shape, Tree};

/// The most levels of a tree.
const MAX_DEPTH: usize = 1_000;
/// The most strings in strings that are opened. Each level doubles the backslashes, so no real text comes near.
const MAX_OPENED: usize = 16;

/// The tree of a JSON text; `None` when it is not JSON or nests too deep.
pub(super) fn json(text: &str) -> Option<Tree> {
    let mut tree = empty(text);
    tree.read(0, Place { parent: None, key: Key::Root }, 0)?;
    Some(tree)
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Tree {
    let mut tree = empty(text);
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let shown = line.strip_suffix('\n').unwrap_or(line);
        let shown = shown.strip_suffix('\r').unwrap_or(shown);
        let place = Place { parent: None, key: Key::Line(index + 1) };
        if let Some(node) = tree.push(place, Shape::Line, Start { source: 0, at: start, opened: false }) {
            tree.close(node, start + shown.len());
        }
        start += line.len();
    }
    tree
}

/// What a JSON string says, without its quotes and escapes.
pub(super) fn unquoted(literal: &str) -> Option<Cow<'_, str>> {
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if inner.bytes().all(|byte| byte >= 0x20 && byte != b'\\') {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(literal).ok().map(Cow::Owned)
}

fn empty(text: &str) -> Tree {
    Tree { nodes: Vec::new(), lines: Vec::new(), foldable: Vec::new(), sources: vec![Arc::from(text)] }
}

/// Where a value is in the tree.
#[derive(Clone, Debug)]
struct Place {
    parent: Option<usize>,
    key: Key,
}

/// Where the text of a value starts.
#[derive(Clone, Copy, Debug)]
struct Start {
    source: usize,
    at: usize,
    /// Whether the value is what an opened string holds.
    opened: bool,
}

impl Tree {
    /// Reads a source as the value at a place. `level` counts the strings around it.
    fn read(&mut self, source: usize, mut place: Place, level: usize) -> Option<()> {
        let text = Arc::clone(self.sources.get(source)?);
        let mut reader = Reader { text: &text, at: 0 };
        let mut open: Vec<usize> = Vec::new();
        loop {
            reader.space();
            let start = Start { source, at: reader.at, opened: level > 0 && open.is_empty() };
            match reader.peek()? {
                byte @ (b'{' | b'[') => {
                    reader.at += 1;
                    let bracket = if byte == b'{' { Bracket::Object } else { Bracket::Array };
                    let node = self.push(place, Shape::Container(bracket), start)?;
                    reader.space();
                    if !reader.take(bracket.end()) {
                        open.push(node);
                        place = Place { parent: Some(node), key: reader.key(bracket, 0)? };
                        continue;
                    }
                    self.close(node, reader.at);
                }
                b'"' => {
                    let literal = reader.string()?;
                    self.string(literal, place, start, level)?;
                }
                byte => {
                    let shape = reader.scalar(byte)?;
                    let node = self.push(place, shape, start)?;
                    self.close(node, reader.at);
                }
            }
            // A value has ended, and with it perhaps what holds it.
            loop {
                reader.space();
                let Some(holder) = open.last().copied() else {
                    return (reader.at == text.len()).then_some(());
                };
                let node = self.nodes.get_mut(holder)?;
                node.count += 1;
                let Shape::Container(bracket) = node.shape else { return None };
                if reader.take(b',') {
                    place = Place { parent: Some(holder), key: reader.key(bracket, node.count)? };
                    break;
                }
                if !reader.take(bracket.end()) {
                    return None;
                }
                self.close(holder, reader.at);
                open.pop();
            }
        }
    }

    /// A string: opened if it holds an object or array, else as it is.
    fn string(&mut self, literal: &str, place: Place, start: Start, level: usize) -> Option<()> {
        let text = unquoted(literal)?;
        if level < MAX_OPENED && text.trim_start().starts_with(['{', '[']) {
            let before = (self.nodes.len(), self.lines.len(), self.sources.len());
            self.sources.push(Arc::from(&*text));
            if self.read(before.2, place.clone(), level + 1).is_some() {
                return Some(());
            }
            self.nodes.truncate(before.0);
            self.lines.truncate(before.1);
            self.sources.truncate(before.2);
        }
        let node = self.push(place, Shape::Text, Start { opened: false, ..start })?;
        self.close(node, start.at + literal.len());
        Some(())
    }

    /// Begins a node; `None` when it is too deep.
    fn push(&mut self, place: Place, shape: Shape, start: Start) -> Option<usize> {
        let around = place.parent.and_then(|parent| self.nodes.get(parent));
        let depth = around.map_or(0, |around| around.depth + 1);
        if depth > MAX_DEPTH {
            return None;
        }
        let mut fingerprint = around.map_or_else(Fingerprint::default, |around| Fingerprint(around.fingerprint));
        // Writing into a fingerprint does not fail.
        let _ = place.key.write(&mut fingerprint);
        let (node, line) = (self.nodes.len(), self.lines.len());
        self.nodes.push(Node {
            parent: place.parent,
            key: place.key,
            depth,
            shape,
            opened: start.opened,
            fingerprint: fingerprint.0,
            count: 0,
            source: start.source,
            text: start.at..start.at,
            line,
            last_line: line,
        });
        self.lines.push(Line { node, closes: false });
        Some(node)
    }

    /// Ends a node whose text ends at `end`.
    fn close(&mut self, index: usize, end: usize) {
        let Some(node) = self.nodes.get_mut(index) else { return };
        node.text.end = end;
        if node.count > 0 {
            node.last_line = self.lines.len();
            self.lines.push(Line { node: index, closes: true });
        }
    }
}

impl Bracket {
    const fn end(self) -> u8 {
        match self {
            Self::Object => b'}',
            Self::Array => b']',
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// What the next value in a container is called: its name is read, its index is known.
    fn key(&mut self, bracket: Bracket, index: usize) -> Option<Key> {
        match bracket {
            Bracket::Array => Some(Key::Index(index)),
            Bracket::Object => {
                self.space();
                let name = unquoted(self.string()?)?.into_owned();
                self.space();
                self.take(b':').then_some(Key::Name(name))
            }
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        if !self.take(b'"') {
            return None;
        }
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return self.text.get(start..self.at);
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// What is neither a string nor a container, by its first byte.
    fn scalar(&mut self, first: u8) -> Option<Shape> {
        let (word, shape) = match first {
            b't' => ("true", Shape::Bool),
            b'f' => ("false", Shape::Bool),
            b'n' => ("null", Shape::Null),
            _ => return self.number(),
        };
        if !self.text.get(self.at..)?.starts_with(word) {
            return None;
        }
        self.at += word.len();
        Some(shape)
    }

    fn number(&mut self) -> Option<Shape> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'-') {
                self.take(b'+');
            }
            self.digits()?;
        }
        Some(Shape::Number)
    }

    /// At least one digit.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
