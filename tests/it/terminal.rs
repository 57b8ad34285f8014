//! The last mile: the program in a pseudo-terminal. Waits for words, never for time.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// How long a word may take on a slow machine before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

struct Program {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    _pty: Box<dyn portable_pty::MasterPty + Send>,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        Self::run(env!("CARGO_BIN_EXE_orderflow-tui"), args, &[])
    }

    fn run(program: &str, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pty.master.take_writer().unwrap();
        Self {
            child,
            keys,
            output,
            parser: vt100::Parser::new(cells(40), cells(120), 0),
            raw: Vec::new(),
            _pty: pty.master,
        }
    }

    fn wait_for(&mut self, words: &str) -> &mut Self {
        let until = Instant::now() + PATIENCE;
        while !self.parser.screen().contents().contains(words) {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("{words:?} did not come:\n{}", self.parser.screen().contents());
            };
            self.parser.process(&bytes);
            self.raw.extend(bytes);
        }
        self
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Its exit code, and all that it wrote.
    fn ended(mut self) -> (u32, String) {
        let status = self.child.wait().unwrap();
        drop(self.keys);
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.raw.extend(bytes);
        }
        (status.exit_code(), String::from_utf8_lossy(&self.raw).into_owned())
    }
}

#[test]
fn an_order_from_key_to_end() {
    let mut program = Program::start(&["--in-memory"]);
    program.wait_for("No executions yet").press("n").wait_for("order, as it will be sent");
    program.press("\x13").wait_for("✓ ord-").press("n").wait_for("order, as it will be sent");
    program.press("jj\x13").wait_for("? ord-").wait_for("WaitForApproval ▶").press("a").wait_for("output as JSON");
    program.press("fine\r").wait_for("✓ 2").press("q");
    let (code, output) = program.ended();
    assert_eq!(code, 0);
    assert!(output.contains("\x1b[?1049h") && output.trim_end().contains("\x1b[?1049l"), "the terminal is given back");
}

#[test]
fn a_dashboard_takes_the_cloud_over_when_its_holder_ends() {
    use std::io::{BufRead, BufReader};
    let directory = std::env::temp_dir().join(format!("orderflow-takeover-{}", std::process::id()));
    let path = directory.to_string_lossy().into_owned();
    let mut holder = std::process::Command::new(env!("CARGO_BIN_EXE_orderflow-tui"))
        .args(["--data-dir", &path, "serve", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Its first line comes once it holds the cloud.
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    let mut program = Program::start(&["--data-dir", &path]);
    program.wait_for("No executions yet").press("n").wait_for("order, as it will be sent");
    program.press("\x13").wait_for("✓ ord-");
    holder.kill().unwrap();
    holder.wait().unwrap();
    program
        .wait_for("this one goes on with it")
        .press("n")
        .wait_for("order, as it will be sent")
        .press("\x13")
        .wait_for("✓ 2")
        .press("q");
    assert_eq!(program.ended().0, 0);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let mut program = Program::start(&["--in-memory"]);
    program.wait_for("No executions yet");
    let id = program.child.process_id().unwrap();
    std::process::Command::new("kill").arg(id.to_string()).status().unwrap();
    let (_, output) = program.ended();
    assert!(output.contains("\x1b[?1049l"));
}

/// Through a shell with job control, as a user has one.
#[test]
fn ctrl_z_stops_and_fg_goes_on() {
    let script = format!(
        "set -m; '{}' --in-memory; echo stopped here; read line; fg; echo ended with $?",
        env!("CARGO_BIN_EXE_orderflow-tui")
    );
    let mut program = Program::run("sh", &["-c", &script], &[]);
    program.wait_for("No executions yet").press("\x1a").wait_for("stopped here");
    // The shell has the terminal as it was: what is typed is seen, line by line.
    program.press("go on\n").wait_for("No executions yet").press("q").wait_for("ended with 0");
    let (_, output) = program.ended();
    assert_eq!(output.matches("\x1b[?1049h").count(), 2);
    assert_eq!(output.matches("\x1b[?1049l").count(), 2);
}

/// Nobody could let it go on: it says so and stays.
#[test]
fn ctrl_z_without_a_shell_does_nothing() {
    let mut program = Program::start(&["--in-memory"]);
    program.wait_for("No executions yet").press("\x1a").wait_for("nobody could let it go on").press("q");
    assert_eq!(program.ended().0, 0);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let mut program = Program::start(&["--in-memory"]);
    program.wait_for("No executions yet");
    let id = program.child.process_id().unwrap();
    std::process::Command::new("kill").args(["-HUP", &id.to_string()]).status().unwrap();
    assert!(program.ended().1.contains("\x1b[?1049l"));
}

#[test]
fn an_order_is_edited_in_the_user_s_own_editor() {
    // An editor that changes the name, once it has the terminal.
    let editor = "sh -c 'printf \"the editor\\n\"; sed -i \"s/Ada/Zoe/\" \"$0\"'";
    let mut program =
        Program::run(env!("CARGO_BIN_EXE_orderflow-tui"), &["--in-memory"], &[("VISUAL", editor), ("EDITOR", "false")]);
    program.wait_for("No executions yet").press("n").wait_for("order, as it will be sent");
    // The key is the keymap's: Ctrl-E here.
    program.press("\x05").wait_for("Zoe").press("\x1b").wait_for("No executions yet").press("q");
    assert_eq!(program.ended().0, 0);
}

/// A press on the second row of the executions chooses it.
#[test]
fn the_mouse_chooses_what_it_points_at() {
    let mut program = Program::start(&["--in-memory"]);
    program
        .wait_for("No executions yet")
        .press("n")
        .wait_for("order, as it will be sent")
        .press("\x13")
        .wait_for("✓ ord-");
    program.press("n").wait_for("order, as it will be sent").press("\x13").wait_for("✓ 2");
    // The first pane begins in row 2; terminals count from 1.
    program.press("\x1b[<0;5;4M\x1b[<0;5;4m");
    program.press("q");
    let (code, output) = program.ended();
    assert_eq!(code, 0);
    assert!(output.contains("\x1b[?1000h") && output.contains("\x1b[?1000l"), "the mouse is given back");
}

/// From an execution that failed to what its function logged: one key.
#[test]
fn the_decisive_log_line_is_one_key_away() {
    let mut program = Program::start(&["--in-memory"]);
    program.wait_for("No executions yet").press("n").wait_for("order, as it will be sent");
    // The sample that is declined.
    program.press("jjjjjj\x13").wait_for("✗ ord-").press("F");
    program.wait_for("PaymentDeclined").wait_for("ERROR").wait_for("insufficient").press("q");
    assert_eq!(program.ended().0, 0);
}

#[test]
fn an_exported_execution_opens_without_a_cloud() {
    let directory = std::env::temp_dir().join(format!("orderflow-export-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let script = format!("cd '{}'; '{}' --in-memory", directory.display(), env!("CARGO_BIN_EXE_orderflow-tui"));
    let mut program = Program::run("sh", &["-c", &script], &[]);
    program.wait_for("No executions yet").press("n").wait_for("order, as it will be sent");
    program.press("jjjjjj\x13").wait_for("✗ ord-").press("F");
    program.wait_for("PaymentDeclined").press("x").wait_for("written: ").press("q");
    assert_eq!(program.ended().0, 0);
    let mut written = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let path = written.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    let mut program = Program::start(&["--replay", path.to_str().unwrap()]);
    program
        .wait_for("file ord-")
        .wait_for("read-only")
        .wait_for("ReserveStock ✓")
        .press("F")
        .wait_for("PaymentDeclined");
    program.press("n").wait_for("there is no cloud").press("q");
    assert_eq!(program.ended().0, 0);
    std::fs::remove_dir_all(&directory).unwrap();
}
