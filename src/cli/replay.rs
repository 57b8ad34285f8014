//! `--replay FILE`: the dashboard on an exported execution, without any cloud.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use color_eyre::eyre::WrapErr;
use tokio::sync::watch;

use super::{Usage, config};
use crate::app::export::Exported;
use crate::shell::{Recorded, Session, Source};

/// The largest file that is read: what is larger was hardly written by us, and would have to fit into memory whole.
const MOST_BYTES: u64 = 1 << 29;

/// A dashboard on the file.
///
/// # Errors
/// When it cannot be read; a [`Usage`] when it is no exported execution.
pub(super) fn session(path: &Path) -> color_eyre::Result<Session> {
    let recorded = Recorded::of(&read(path)?);
    let loaded = crate::config::load();
    let problem = config::told(&loaded).into_iter().next();
    let mut configured = loaded.config;
    // What changes something is off, and says why.
    configured.settings.read_only = true;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    // Nothing in a file changes. Whoever could say so is there, so that nobody looks again and again.
    let (bell, changes) = watch::channel(0);
    Ok(Session {
        machine: recorded.machine().clone(),
        source: Source::File(Arc::new(recorded)),
        reach: None,
        is_aws: false,
        table: String::new(),
        place: format!("file {name}"),
        changes: Some(changes),
        samples: Vec::new(),
        config: configured,
        problem,
        held: Some(Box::new(bell)),
        reopen: None,
        connect: None,
        profiles: Vec::new(),
    })
}

fn read(path: &Path) -> color_eyre::Result<Exported> {
    let file = File::open(path).wrap_err_with(|| format!("cannot open {}", path.display()))?;
    let mut text = String::new();
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    let read = read.wrap_err_with(|| format!("cannot read {}", path.display()))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Usage(format!("{} is larger than any exported execution", path.display())).into());
    }
    Exported::read(&text).map_err(|error| Usage(format!("{}: {error}", path.display())).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_export_says_so() {
        let directory = std::env::temp_dir().join(format!("orderflow-replay-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let cases = [
            (Some("[]"), true, "not an exported execution: expected an object with a version"),
            (Some(r#"{"version": 9}"#), true, "version 9 is not 1"),
            (Some("no JSON"), true, "not JSON"),
            (None, false, "cannot open"),
        ];
        for (text, is_usage, expected) in cases {
            let path = directory.join("export.json");
            let _ = std::fs::remove_file(&path);
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            let report = read(&path).unwrap_err();
            assert!(report.to_string().contains(expected), "{report}");
            assert_eq!(report.downcast_ref::<Usage>().is_some(), is_usage, "{report}");
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
