//! The last step of a screen for terminals that show nothing but ASCII: what we draw with becomes what they have.
//!
//! Letters from outside stay as they are: they are the user's, and a terminal that lacks them says so in its own way.

use ratatui::buffer::Buffer;

/// Replaces what is not ASCII and no letter.
pub(super) fn reduce(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let mut chars = cell.symbol().chars();
        if let (Some(symbol), None) = (chars.next(), chars.next())
            && !symbol.is_ascii()
            && !symbol.is_alphanumeric()
        {
            cell.set_char(stand_in(symbol));
        }
    }
}

/// What stands for a sign; a dot for those that nobody has thought of.
fn stand_in(symbol: char) -> char {
    match symbol {
        '─' | '━' | '═' | '╌' | '┄' | '┈' | '–' | '—' | '−' => '-',
        '│' | '┃' | '║' | '╎' | '┆' | '┊' | '▐' | '▌' | '▏' | '▕' => '|',
        '\u{2500}'..='\u{257f}' => '+',
        '▶' | '▸' | '→' | '»' | '›' => '>',
        '◀' | '◂' | '←' | '«' | '‹' => '<',
        '▲' | '▴' | '↑' => '^',
        '▼' | '▾' | '↓' => 'v',
        '\u{2581}'..='\u{259f}' | '■' | '●' => '#',
        '✓' => '+',
        '✗' | '×' => 'x',
        '≤' => '<',
        '≥' => '>',
        '≠' => '!',
        '\u{2800}' | '\u{a0}' => ' ',
        '\u{2801}'..='\u{28ff}' => ':',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn what_we_draw_with_becomes_ascii_and_letters_stay() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
        buffer.set_string(0, 0, "╭─ 3 ▸ Zoë · …│⣿⠀✓ λ 日", Style::new());
        reduce(&mut buffer);
        let shown: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(shown.trim_end(), "+- 3 > Zoë . .|: + λ 日");
    }
}
