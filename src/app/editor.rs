//! A text that is being edited: lines and a cursor. Every edit keeps the cursor inside of the text.

/// The text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    lines: Vec<String>,
    row: usize,
    /// In characters, not bytes.
    column: usize,
}

/// What a key does to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says it")]
pub enum Edit {
    Insert(char),
    NewLine,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    EraseWord,
    EraseToStart,
    EraseToEnd,
}

impl Edit {
    /// Whether it changes the text, and does not only move in it.
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Left | Self::Right | Self::Up | Self::Down | Self::Home | Self::End)
    }
}

impl Editor {
    /// An editor over a text, with the cursor at its beginning.
    pub fn new(text: &str) -> Self {
        let lines: Vec<String> = text.split('\n').map(ToOwned::to_owned).collect();
        Self { lines, row: 0, column: 0 }
    }

    /// The text.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Its lines: at least one.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Row and column of the cursor, from 0, in characters.
    pub fn cursor(&self) -> (usize, usize) {
        (self.row, self.column)
    }

    /// Puts the cursor into a row, from 0.
    pub fn go_to(&mut self, row: usize, column: usize) {
        self.row = row.min(self.lines.len() - 1);
        self.column = column.min(self.length());
    }

    /// Edits.
    pub fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Insert(c) => {
                let at = self.byte();
                self.lines[self.row].insert(at, c);
                self.column += 1;
            }
            Edit::NewLine => {
                let at = self.byte();
                let rest = self.lines[self.row].split_off(at);
                self.lines.insert(self.row + 1, rest);
                self.go_to(self.row + 1, 0);
            }
            Edit::EraseToStart => {
                let at = self.byte();
                self.lines[self.row].drain(..at);
                self.column = 0;
            }
            Edit::EraseToEnd => {
                let at = self.byte();
                self.lines[self.row].truncate(at);
            }
            Edit::EraseWord => {
                let at = self.byte();
                let before = &self.lines[self.row][..at];
                let kept = before.trim_end();
                let from = kept
                    .rfind(char::is_whitespace)
                    .map_or(0, |blank| blank + kept[blank..].chars().next().map_or(0, char::len_utf8));
                self.column -= before[from..].chars().count();
                self.lines[self.row].drain(from..at);
            }
            Edit::Backspace => {
                if self.column > 0 {
                    self.column -= 1;
                    let at = self.byte();
                    self.lines[self.row].remove(at);
                } else if self.row > 0 {
                    let line = self.lines.remove(self.row);
                    self.row -= 1;
                    self.column = self.length();
                    self.lines[self.row].push_str(&line);
                }
            }
            Edit::Delete => {
                if self.column < self.length() {
                    let at = self.byte();
                    self.lines[self.row].remove(at);
                } else if self.row + 1 < self.lines.len() {
                    let line = self.lines.remove(self.row + 1);
                    self.lines[self.row].push_str(&line);
                }
            }
            Edit::Left => match self.column.checked_sub(1) {
                Some(column) => self.column = column,
                None if self.row > 0 => self.go_to(self.row - 1, usize::MAX),
                None => {}
            },
            Edit::Right => {
                if self.column < self.length() {
                    self.column += 1;
                } else if self.row + 1 < self.lines.len() {
                    self.go_to(self.row + 1, 0);
                }
            }
            Edit::Up => self.go_to(self.row.saturating_sub(1), self.column),
            Edit::Down => self.go_to(self.row + 1, self.column),
            Edit::Home => self.column = 0,
            Edit::End => self.column = self.length(),
        }
    }

    fn length(&self) -> usize {
        self.lines[self.row].chars().count()
    }

    fn byte(&self) -> usize {
        let line = &self.lines[self.row];
        line.char_indices().nth(self.column).map_or(line.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_join_and_split_lines() {
        let mut editor = Editor::new("ab\nçd");
        for edit in
            [Edit::Down, Edit::Right, Edit::Insert('x'), Edit::NewLine, Edit::Backspace, Edit::Home, Edit::Backspace]
        {
            editor.apply(edit);
        }
        assert_eq!(editor.text(), "abçxd");
        assert_eq!(editor.cursor(), (0, 2));
        editor.apply(Edit::Delete);
        editor.apply(Edit::Left);
        editor.apply(Edit::Up);
        assert_eq!((editor.text().as_str(), editor.cursor()), ("abxd", (0, 1)));
    }

    #[test]
    fn no_edit_leaves_the_text() {
        let edits = [Edit::Left, Edit::Up, Edit::Backspace, Edit::Delete, Edit::Right, Edit::Down, Edit::End];
        let mut editor = Editor::new("");
        for edit in edits {
            editor.apply(edit);
            assert_eq!(editor.cursor(), (0, 0));
        }
    }

    #[test]
    fn words_and_ends_of_lines_are_erased() {
        // The text with the cursor at `|`, before and after.
        let cases = [
            (Edit::EraseWord, "status:a  order:ö|x", "status:a  |x"),
            (Edit::EraseWord, "status:a  |x", "|x"),
            (Edit::EraseWord, "a\u{3000}ö|", "a\u{3000}|"),
            (Edit::EraseWord, "|x", "|x"),
            (Edit::EraseToStart, "äb|c", "|c"),
            (Edit::EraseToEnd, "äb|c", "äb|"),
        ];
        for (edit, before, after) in cases {
            let column = before.chars().position(|c| c == '|').unwrap();
            let mut editor = Editor::new(&before.replace('|', ""));
            editor.go_to(0, column);
            editor.apply(edit);
            let mut text = editor.text();
            text.insert(editor.byte(), '|');
            assert_eq!(text, after, "{before}");
        }
    }
}
