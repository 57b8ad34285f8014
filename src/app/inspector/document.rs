//! A document of a section: its tree, what is folded of it, and what a search has found in it.
//!
//! Never knows where in the inspector it stands: rows are counted from its own first.

use std::sync::Arc;

use crate::app::tree::{Folds, Row, RowValue, Tree};

/// A document of more rows than this starts folded.
const LARGE: usize = 30;
/// A document of more things at its top than this starts with all of them folded.
const MANY: usize = 200;

/// A text before it is read.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// What the section calls it, where it has several.
    pub(super) name: Option<Arc<str>>,
    /// The text.
    pub(super) text: Arc<str>,
}

/// A text as a tree.
#[derive(Clone, Debug)]
pub(super) struct Document {
    named: Text,
    tree: Tree,
    folds: Folds,
    /// Whether somebody has folded or unfolded something.
    is_touched: bool,
    length: usize,
    /// The paths of what was found; `None` before anybody has looked.
    found: Option<Vec<String>>,
}

impl Document {
    /// Reads a text. What stood in its place before is kept as far as it goes: if the text is the same all of it, else
    /// the folds that somebody has made.
    pub(super) fn new(named: Text, before: Option<Self>) -> Self {
        match before {
            Some(before) if before.named.text == named.text => before,
            before => {
                let tree = Tree::new(&named.text);
                let kept = before.filter(|before| before.is_touched);
                let is_touched = kept.is_some();
                let folds = kept.map_or_else(|| folds_at_first(&tree), |before| before.folds);
                let length = tree.len(&folds);
                Self { named, tree, folds, is_touched, length, found: None }
            }
        }
    }

    /// What the section calls it.
    pub(super) fn name(&self) -> Option<&Arc<str>> {
        self.named.name.as_ref()
    }

    /// The text that was read.
    pub(super) fn text(&self) -> &Arc<str> {
        &self.named.text
    }

    /// How many rows there are.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// At most `count` rows from `first` on. Its name is the key of the first.
    pub(super) fn rows(&self, first: usize, count: usize) -> Vec<Row> {
        let mut rows = self.tree.rows_from(&self.folds, first, count);
        if first == 0
            && let (Some(row), Some(name)) = (rows.first_mut(), self.name())
        {
            row.key = Some(name.to_string());
        }
        rows
    }

    /// Folds or unfolds what a row opens or closes. Answers the row that opens it, or `None` if it does not fold.
    pub(super) fn toggle(&mut self, row: usize) -> Option<usize> {
        let shown = self.row(row)?;
        match shown.value {
            RowValue::Open { count: 1.., .. } | RowValue::Close { .. } => {}
            _ => return None,
        }
        self.folds.toggle(&shown.path);
        self.touched();
        self.tree.position(&self.folds, &shown.path)
    }

    /// Folds all of it, but the document itself.
    pub(super) fn fold_all(&mut self) {
        self.folds.fold_all(&self.tree);
        self.touched();
    }

    /// Unfolds all of it.
    pub(super) fn unfold_all(&mut self) {
        self.folds.unfold_all();
        self.touched();
    }

    /// The path of what stands in a row.
    pub(super) fn path(&self, row: usize) -> Option<String> {
        self.row(row).map(|row| row.path)
    }

    /// The path as the state would write it; `None` where the text is not JSON and has only lines.
    pub(super) fn written_path(&self, row: usize) -> Option<String> {
        let path = self.path(row)?;
        let rest = path.strip_prefix('$')?;
        Some(match self.name() {
            Some(name) => format!("{name}{rest}"),
            None => path,
        })
    }

    /// What stands in a row, to be copied: a string without its quotes, anything else as it is written.
    pub(super) fn value(&self, row: usize) -> Option<String> {
        let row = self.row(row)?;
        match row.value {
            RowValue::Text(text) | RowValue::Number(text) => Some(text),
            _ => self.tree.value_at(&row.path),
        }
    }

    /// The row that shows a path, which stood in `row` before: there still, or where it is now.
    pub(super) fn row_of(&self, row: usize, path: &str) -> usize {
        if self.path(row).as_deref() == Some(path) {
            return row;
        }
        let last = self.length.saturating_sub(1);
        self.tree.position(&self.folds, path).unwrap_or_else(|| row.min(last))
    }

    /// Looks for a text, which is in small letters; again only if it is another one, or the document is new.
    pub(super) fn find(&mut self, needle: &str, is_other: bool) {
        if self.found.is_some() && !is_other {
            return;
        }
        let mut found = self.tree.find(needle);
        let is_named = self.name().is_some_and(|name| !needle.is_empty() && name.to_lowercase().contains(needle));
        let top = self.tree.rows_from(&Folds::default(), 0, 1).pop().map(|row| row.path);
        if let (true, Some(top)) = (is_named, top)
            && found.first() != Some(&top)
        {
            found.insert(0, top);
        }
        self.found = Some(found);
    }

    /// The paths of what was found, in the document's order.
    pub(super) fn found(&self) -> &[String] {
        self.found.as_deref().unwrap_or_default()
    }

    /// How many of the found stand before a row, those that folds hide included.
    pub(super) fn found_before(&self, row: usize) -> usize {
        // What closes has the path of what opens, so the next thing that begins tells how far the document has come.
        let depth = self.row(row).map_or(0, |row| row.depth);
        let rows = self.tree.rows_from(&self.folds, row, depth.saturating_add(2));
        let begins = rows.into_iter().find(|row| !matches!(row.value, RowValue::Close { .. }));
        let unfolded = Folds::default();
        let Some(line) = begins.and_then(|row| self.tree.position(&unfolded, &row.path)) else {
            return self.found().len();
        };
        self.found().partition_point(|path| self.tree.position(&unfolded, path).is_some_and(|at| at < line))
    }

    /// Whether the found thing of that number stands in a row.
    pub(super) fn is_found_at(&self, index: usize, row: usize) -> bool {
        let begins = self.row(row).filter(|row| !matches!(row.value, RowValue::Close { .. }));
        begins.is_some_and(|row| self.found().get(index) == Some(&row.path))
    }

    /// Unfolds what hides the found thing of that number, and answers its row.
    pub(super) fn reveal(&mut self, index: usize) -> usize {
        let Some(path) = self.found().get(index).cloned() else { return 0 };
        if let Some(row) = self.tree.position(&self.folds, &path) {
            return row;
        }
        self.folds.unfold_to(&path);
        self.touched();
        self.tree.position(&self.folds, &path).unwrap_or(0)
    }

    fn row(&self, row: usize) -> Option<Row> {
        self.tree.rows_from(&self.folds, row, 1).pop()
    }

    fn touched(&mut self) {
        self.is_touched = true;
        self.length = self.tree.len(&self.folds);
    }
}

/// A large document shows what it is made of, and what that is made of; one of very many things only the former.
fn folds_at_first(tree: &Tree) -> Folds {
    let mut folds = Folds::default();
    if tree.len(&folds) <= LARGE {
        return folds;
    }
    folds.fold_all(tree);
    let shown = tree.rows_from(&folds, 0, MANY + 1);
    if shown.len() > MANY {
        return folds;
    }
    for row in shown {
        if row.depth == 1 && matches!(row.value, RowValue::Open { folded: true, .. }) {
            folds.toggle(&row.path);
        }
    }
    folds
}
