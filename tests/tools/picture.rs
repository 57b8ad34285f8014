//! Makes the pictures of the README and of `assets/SCREENS.md` from a real run: `cargo run --release --example picture`.
//!
//! Starts the program in a pseudo-terminal on a cloud in memory, presses keys, waits for words, and writes the screen
//! as SVG into `assets/`. Needs the program to be built in the same profile before.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const ROWS: u16 = 44;
const COLUMNS: u16 = 140;
/// Pixels of a cell.
const CELL: (f32, f32) = (8.4, 17.0);
const PAGE: &str =
    "# Screens\n\nFrom one run on the embedded cloud, made by `cargo run --release --example picture`.\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// The keys, one after the other, the picture of what is then seen, and what that is. `^` is Esc, `~` Enter.
const PICTURES: &[(&str, &str, &str)] = &[
    ("F", "dashboard.svg", "`F`: the first cause of a failure, with the log lines of that invocation"),
    ("6", "screens/timeline.svg", "`6`: every try of every state over time"),
    ("7", "screens/events.svg", "`7`: the history, event by event"),
    ("[[[[[[[[", "screens/past.svg", "`[`: an earlier moment; graph, inspector and logs show that instant"),
    (".5z", "screens/logs.svg", "`5` and `z`: the logs of all functions, whole screen"),
    ("z8z", "screens/metrics.svg", "`8`: metrics of the machine and its functions"),
    ("z2z+", "screens/graph.svg", "`2`, `z` and `+`: the graph with three rows a state"),
    ("0zddd", "screens/sizes.svg", "`d`: other sizes of the graph, down to a sign a state"),
    ("0n", "screens/submit.svg", "`n`: a new order, as a form and as JSON"),
    ("^4", "screens/order.svg", "`4`: orders, their lines, payment, reservation and status history"),
    ("1/status:failed~", "screens/query.svg", "`/`: executions by a query over all that was seen of them"),
    ("^1Gk j c", "screens/compare.svg", "`Space` and `c`: where two executions part"),
    ("^^1g2t\u{13}", "screens/test-state.svg", "`t`: one state tested with another input"),
    ("^y", "screens/copy.svg", "`y`: what can be copied"),
    ("^:", "screens/palette.svg", "`:`: every action and place by name"),
    ("^?", "screens/help.svg", "`?`: the keys, and why one is off"),
    ("^K", "screens/calls.svg", "`K`: every call that was made"),
    ("^8v", "fleet.svg", "`v`: all executions on the graph"),
];

struct Screen {
    parser: vt100::Parser,
    output: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
}

impl Screen {
    fn wait_for(&mut self, words: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.parser.screen().contents().contains(words) {
            let left = until.saturating_duration_since(Instant::now());
            let bytes = self.output.recv_timeout(left).unwrap_or_else(|_| panic!("{words:?} did not come"));
            self.parser.process(&bytes);
        }
    }

    /// Takes in what is drawn for a moment: an order that waits for somebody ticks for ever.
    fn settle(&mut self) {
        let until = Instant::now() + Duration::from_millis(400);
        while let Ok(bytes) = self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.parser.process(&bytes);
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the program reads keys");
    }

    /// Submits the sample so many rows down the list and waits for its end.
    fn submit(&mut self, row: usize, end: &str) {
        self.press("n");
        self.wait_for("order, as it will be sent");
        self.press(&"j".repeat(row));
        self.press("\x13");
        self.wait_for(end);
        self.settle();
    }
}

fn main() {
    let program = std::env::current_exe().expect("the path of this example");
    let program = program.parent().and_then(Path::parent).expect("the target directory").join("orderflow-tui");
    let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(program);
    command.arg("--in-memory");
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).expect("the program is built");
    let mut reader = pty.master.try_clone_reader().expect("its output");
    let (sender, output) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = reader.read(&mut bytes) {
            if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let keys = pty.master.take_writer().expect("its input");
    let cells = |count| NonZero::new(count).expect("more than none");
    let mut screen = Screen { parser: vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0), output, keys };
    screen.wait_for("No executions yet");
    screen.submit(0, "✓ 1");
    screen.submit(1, "✓ 2");
    screen.submit(2, "? ord-");
    screen.submit(7, "✓ 3");
    screen.submit(6, "✗ 1");
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let mut page = PAGE.to_owned();
    for (keys, name, caption) in PICTURES {
        for key in keys.chars() {
            screen.press(&key.to_string().replace('^', "\x1b").replace('~', "\r"));
            // An Esc and the key behind it would be one key.
            screen.settle();
        }
        std::fs::write(assets.join(name), svg(screen.parser.screen())).expect("assets/ can be written");
        let _ = write!(page, "\n{caption}\n\n![{}]({name})\n", caption.replace('`', ""));
    }
    std::fs::write(assets.join("SCREENS.md"), page).expect("assets/ can be written");
    screen.press("\x03");
    child.wait().expect("the program ends");
}

/// Runs of cells that look alike become one text.
fn svg(screen: &vt100::Screen) -> String {
    let (width, height) = (f32::from(COLUMNS) * CELL.0 + 20.0, f32::from(ROWS) * CELL.1 + 20.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\" xml:space=\"preserve\">\n"
    );
    for row in 0..ROWS {
        let mut column = 0;
        while column < COLUMNS {
            let Some(cell) = screen.cell(row, column) else { break };
            let look = look(cell);
            let (from, mut text) = (column, String::new());
            while column < COLUMNS {
                let Some(cell) = screen.cell(row, column).filter(|cell| self::look(cell) == look) else { break };
                text.push_str(if cell.contents().is_empty() { " " } else { cell.contents() });
                column += 1;
            }
            draw(&mut svg, row, from, &text, &look);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

#[derive(PartialEq)]
struct Look {
    color: String,
    background: Option<String>,
    bold: bool,
}

fn look(cell: &vt100::Cell) -> Look {
    let color = color(cell.fgcolor()).unwrap_or_else(|| "#d7dae0".to_owned());
    let background = self::color(cell.bgcolor());
    let (color, background) = if cell.inverse() {
        (background.unwrap_or_else(|| "#16181d".to_owned()), Some(color))
    } else {
        (color, background)
    };
    Look { color, background, bold: cell.bold() }
}

fn color(color: vt100::Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#16181d", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0", "#6b7280", "#ff7b86",
        "#b5e090", "#ffd58a", "#7cc4ff", "#dd9bf0", "#74d4e0", "#ffffff",
    ];
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(NAMED[usize::from(index) % 16].to_owned()),
        vt100::Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

fn draw(svg: &mut String, row: u16, column: u16, text: &str, look: &Look) {
    let (x, y) = (f32::from(column) * CELL.0 + 10.0, f32::from(row) * CELL.1 + 10.0);
    let columns = text.chars().count();
    #[expect(clippy::cast_precision_loss, reason = "a row has a few hundred columns")]
    let width = columns as f32 * CELL.0;
    if let Some(background) = &look.background {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{background}\"/>",
            CELL.1
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\"{bold}>{escaped}</text>",
        y + 13.0,
        look.color
    );
}
