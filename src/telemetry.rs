//! The program's own log, to a file. Never to the screen, which belongs to the dashboard.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// Logs to the file if `ORDERFLOW_LOG` says what to log (`debug`, `orderflow_tui=trace,warn` …); else not at all.
///
/// # Errors
/// When the file cannot be opened or the filter cannot be read.
pub fn start(file: &Path) -> color_eyre::Result<()> {
    let Ok(filter) = std::env::var("ORDERFLOW_LOG") else { return Ok(()) };
    let filter = EnvFilter::try_new(filter)?;
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(file)?;
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file)).finish();
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(())
}
