//! What can be copied of the row that the cursor is on.
//!
//! Never touches a clipboard.

use super::section::Spot;
use super::{Inspector, Place};

impl Inspector {
    /// What can be copied, with its name, the nearest first: the value of the row, where it stands in its document, and
    /// the whole section.
    pub fn copyables(&self) -> Vec<(&'static str, String)> {
        let Some(Place { section, spot }) = self.place(self.cursor) else { return Vec::new() };
        let Some(section) = self.sections.get(section) else { return Vec::new() };
        let mut all = Vec::new();
        match spot {
            Spot::Head => {}
            Spot::Row(_) => {
                let row = self.rows(self.cursor, 1).pop();
                all.extend(row.map(|row| ("value", row.kind.plain())));
            }
            Spot::Tree { document, row } => {
                let document = section.document(document);
                all.extend(document.and_then(|document| document.value(row)).map(|value| ("value", value)));
                all.extend(document.and_then(|document| document.written_path(row)).map(|path| ("JSONPath", path)));
            }
        }
        let whole = if section.document(0).is_some() { "document" } else { "section" };
        all.push((whole, section.plain()));
        all.retain(|(_, text)| !text.is_empty());
        all
    }

    /// Where the cursor is in a document, as a JSONPath.
    pub fn path(&self) -> Option<String> {
        let Place { section, spot } = self.place(self.cursor)?;
        match spot {
            Spot::Tree { document, row } => self.sections.get(section)?.document(document)?.written_path(row),
            Spot::Head | Spot::Row(_) => None,
        }
    }
}
