//! What is kept: one SQLite database, one writer that groups commits, readers beside it.
//!
//! Nothing is answered or acted on before the commit that holds it. In WAL mode with `synchronous = NORMAL` a commit
//! survives the end of the process at any moment (not a loss of power, which may cost the last moments).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Where the store lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this directory, which is made if it is not there.
    Directory(PathBuf),
    /// In memory: gone with the process.
    Memory,
}

/// A store that cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's own.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The directory cannot be made or used.
    #[error("{path}: {source}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store was written by a newer version of this program.
    #[error(
        "the store has version {found}, and this program reads up to version {VERSION}: use a newer one, or another --data-dir"
    )]
    Newer {
        /// The store's version.
        found: i64,
    },
    /// A commit failed, or the writer is gone.
    #[error("the store cannot be written: {0}")]
    Write(String),
}

/// The version of the tables below, kept in `user_version`.
const VERSION: i64 = 3;

/// How many statements a connection keeps prepared.
const STATEMENTS: usize = 128;

const SCHEMA: &str = "
CREATE TABLE definitions (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE machines (arn TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE executions (
    id INTEGER PRIMARY KEY, arn TEXT NOT NULL UNIQUE, machine TEXT NOT NULL, name TEXT NOT NULL,
    definition INTEGER NOT NULL, facts TEXT NOT NULL, status TEXT NOT NULL, started_at INTEGER NOT NULL,
    stopped_at INTEGER, output TEXT, error TEXT, cause TEXT);
CREATE INDEX executions_by_machine ON executions (machine, id);
CREATE INDEX executions_running ON executions (id) WHERE status = 'RUNNING';
CREATE TABLE journal (
    execution INTEGER NOT NULL, seq INTEGER NOT NULL, input TEXT NOT NULL,
    PRIMARY KEY (execution, seq)) WITHOUT ROWID;
CREATE TABLE history (
    execution INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, events TEXT NOT NULL,
    PRIMARY KEY (execution, first)) WITHOUT ROWID;
CREATE TABLE log_groups (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log_events (
    id INTEGER PRIMARY KEY, log_group TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL, message TEXT NOT NULL);
CREATE INDEX log_events_by_time ON log_events (log_group, at, id);
CREATE TABLE metrics (
    namespace TEXT NOT NULL, name TEXT NOT NULL, dimension TEXT NOT NULL, value_of TEXT NOT NULL,
    at INTEGER NOT NULL, value REAL NOT NULL);
CREATE INDEX metrics_by_time ON metrics (namespace, name, value_of, at);
";

/// What version 2 adds: whatever an execution belongs to, map runs, activities, and functions of other programs.
const TO_VERSION_2: &str = "
ALTER TABLE executions ADD COLUMN about TEXT NOT NULL DEFAULT '{}';
ALTER TABLE executions ADD COLUMN version TEXT;
ALTER TABLE executions ADD COLUMN alias TEXT;
ALTER TABLE executions ADD COLUMN map_run TEXT;
CREATE INDEX executions_by_map_run ON executions (map_run, id) WHERE map_run IS NOT NULL;
CREATE TABLE map_runs (
    arn TEXT PRIMARY KEY, execution INTEGER NOT NULL, execution_arn TEXT NOT NULL, status TEXT NOT NULL,
    started_at INTEGER NOT NULL, stopped_at INTEGER, items INTEGER NOT NULL, children INTEGER NOT NULL,
    max_concurrency INTEGER NOT NULL, tolerated_count INTEGER NOT NULL, tolerated_percentage REAL NOT NULL);
CREATE INDEX map_runs_by_execution ON map_runs (execution);
CREATE TABLE activities (arn TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE functions (name TEXT PRIMARY KEY, record TEXT NOT NULL, code BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE log_streams (
    log_group TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    PRIMARY KEY (log_group, name)) WITHOUT ROWID;
ALTER TABLE log_groups ADD COLUMN retention INTEGER;
CREATE TABLE points (
    namespace TEXT NOT NULL, name TEXT NOT NULL, dimension TEXT NOT NULL, value_of TEXT NOT NULL,
    at INTEGER NOT NULL, value REAL NOT NULL, samples REAL NOT NULL,
    PRIMARY KEY (namespace, name, value_of, at, value)) WITHOUT ROWID;
INSERT INTO points SELECT namespace, name, dimension, value_of, at, value, COUNT(*) FROM metrics
    GROUP BY namespace, name, value_of, at, value;
DROP TABLE metrics;
ALTER TABLE points RENAME TO metrics;
";

/// Version 3 keeps a chunk of a history under one number, in a row of its own page: an execution that ends at once writes
/// two pages less. What failed is found among any number that did not, which are in no index for it.
const TO_VERSION_3: &str = "
CREATE INDEX executions_that_failed ON executions (machine, status, id)
    WHERE status <> 'SUCCEEDED' AND status <> 'RUNNING';
CREATE INDEX executions_by_version ON executions (version, id) WHERE version IS NOT NULL;
CREATE INDEX executions_by_alias ON executions (alias, id) WHERE alias IS NOT NULL;
CREATE TABLE chunks (id INTEGER PRIMARY KEY, events TEXT NOT NULL);
INSERT INTO chunks SELECT (execution << 20) + first, events FROM history;
DROP TABLE history;
ALTER TABLE map_runs ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0;
ALTER TABLE map_runs ADD COLUMN redriven_at INTEGER;
ALTER TABLE chunks RENAME TO history;
";

/// No event of an execution has a greater id; the quota is 25,000 events.
pub(crate) const MAX_EVENT: i64 = (1 << 20) - 1;

/// How many events stand in one row at most, so that a page of a long history reads few others.
pub(crate) const EVENTS_A_CHUNK: usize = 250;

/// The number of the chunk of an execution's history that begins with an event. Those of an execution lie between the
/// chunks of 0 and of [`MAX_EVENT`].
pub(crate) fn chunk(execution: i64, first: i64) -> i64 {
    (execution << 20) | first
}

/// The event that a chunk begins with.
pub(crate) fn first_of(chunk: i64) -> i64 {
    chunk & MAX_EVENT
}

pub(crate) type Write = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

/// After how many commits the log is moved into the database.
const COMMITS_A_CHECKPOINT: usize = 1024;

/// How many frames (pages of 4 KiB) the log may have before the writer is made to wait for its being moved: 64 MiB.
const LONG_LOG: i64 = 16 << 10;
const LONG_LOG_BYTES: u64 = LONG_LOG.cast_unsigned() * 4096;

struct Job {
    writes: Vec<Write>,
    done: Option<oneshot::Sender<Result<(), String>>>,
}

/// The store. Clones share it.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
    /// For look-ups by key that must not wait behind a long reading.
    keys: Arc<Mutex<Connection>>,
    jobs: mpsc::UnboundedSender<Job>,
    checkpoints: Arc<Checkpoints>,
}

impl Store {
    /// Opens the store and starts its writer. Needs a tokio runtime.
    pub(crate) fn open(place: &Place) -> Result<Self, StoreError> {
        let (writer, reader, keys, mover) = match place {
            Place::Memory => {
                let connection = Arc::new(Mutex::new(prepared(Connection::open_in_memory()?)?));
                (Arc::clone(&connection), Arc::clone(&connection), connection, None)
            }
            Place::Directory(path) => {
                let directory = |source| StoreError::Directory { path: path.clone(), source };
                private_directory(path).map_err(directory)?;
                let file = path.join("localaws.sqlite");
                let writer = prepared(opened(&file)?)?;
                if std::fs::metadata(path.join("localaws.sqlite-wal")).is_ok_and(|log| log.len() > LONG_LOG_BYTES) {
                    // Nobody writes yet: all of it is moved, and the file given back.
                    writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
                }
                let reading = || {
                    let connection = opened(&file)?;
                    connection.set_prepared_statement_cache_capacity(STATEMENTS);
                    Ok::<_, StoreError>(Arc::new(Mutex::new(connection)))
                };
                (Arc::new(Mutex::new(writer)), reading()?, reading()?, Some(reading()?))
            }
        };
        let checkpoints = Arc::new(Checkpoints::new(mover, Arc::clone(&writer)));
        let (jobs, queue) = mpsc::unbounded_channel();
        tokio::spawn(write_all(Arc::clone(&writer), Arc::clone(&checkpoints), queue));
        Ok(Self { writer, reader, keys, jobs, checkpoints })
    }

    /// Has something written; comes back when it is committed.
    pub(crate) async fn write(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.write_batch(vec![Box::new(write)]).await
    }

    /// Has several things written in one commit.
    pub(crate) async fn write_batch(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let (done, committed) = oneshot::channel();
        let job = Job { writes, done: Some(done) };
        self.jobs.send(job).map_err(|_| StoreError::Write("the writer has stopped".into()))?;
        committed.await.map_err(|_| StoreError::Write("the writer has stopped".into()))?.map_err(StoreError::Write)
    }

    /// Writes several things in one commit, here and now: for the driver, whose commits are frequent and small. Nothing
    /// waits for the disk in it.
    pub(crate) fn commit_now(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let transaction = writer.transaction()?;
            writes.into_iter().try_for_each(|write| write(&transaction))?;
            transaction.commit()?;
        }
        drop(self.checkpoints.committed());
        Ok(())
    }

    /// Waits until everything is written that was to be written some time soon.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.write_batch(Vec::new()).await
    }

    /// Has something written some time soon: logs and metrics, which nobody waits for.
    pub(crate) fn write_later(&self, write: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static) {
        // The writer outlives every user but the very last, whose log line nobody reads.
        let _ = self.jobs.send(Job { writes: vec![Box::new(write)], done: None });
    }

    /// Reads, off the async threads. What was committed before the call is seen.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        tokio::task::spawn_blocking(move || read(&reader.lock().unwrap_or_else(PoisonError::into_inner)))
            .await
            .map_err(|error| StoreError::Write(error.to_string()))?
            .map_err(StoreError::from)
    }

    /// Reads by key through the writer, whose pages are warm: every commit makes the others read theirs anew. For the
    /// driver alone, which is the one that would wait for it in its next commit anyway.
    pub(crate) fn read_as_writer<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        Ok(read(&self.writer.lock().unwrap_or_else(PoisonError::into_inner))?)
    }

    /// Reads here and now: for opening, and for look-ups by key that take microseconds.
    pub(crate) fn read_now<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        Ok(read(&self.keys.lock().unwrap_or_else(PoisonError::into_inner))?)
    }
}

/// Moves the log into the database, off the threads that others wait for.
struct Checkpoints {
    /// A connection of its own: commits go on while it copies, and while the disk syncs. There is none, and nothing to
    /// move, in memory.
    mover: Option<Arc<Mutex<Connection>>>,
    writer: Arc<Mutex<Connection>>,
    /// Commits since the last.
    since: AtomicUsize,
}

impl Checkpoints {
    fn new(mover: Option<Arc<Mutex<Connection>>>, writer: Arc<Mutex<Connection>>) -> Self {
        // Processes that end soon must not leave more to each next one: the first commit moves what they left.
        Self { mover, writer, since: AtomicUsize::new(COMMITS_A_CHECKPOINT) }
    }

    /// Counts a commit; every so many, the log is moved, by the task that is returned. Needs a tokio runtime.
    fn committed(self: &Arc<Self>) -> Option<JoinHandle<()>> {
        if self.since.fetch_add(1, Ordering::Relaxed) < COMMITS_A_CHECKPOINT {
            return None;
        }
        self.since.store(0, Ordering::Relaxed);
        let this = Arc::clone(self);
        Some(tokio::task::spawn_blocking(move || {
            if let Err(error) = this.run() {
                tracing::warn!(%error, "the log could not be moved into the database");
            }
        }))
    }

    fn run(&self) -> rusqlite::Result<()> {
        let Some(mover) = &self.mover else { return Ok(()) };
        let moved = |connection: &Mutex<Connection>| {
            let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1))
        };
        // The log begins anew only when all of it was moved, which a writer that never rests prevents: once it has grown
        // large, the little that was added meanwhile is moved while the writer waits.
        if moved(mover)? > LONG_LOG {
            moved(&self.writer)?;
        }
        Ok(())
    }
}

fn opened(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    // The library may be built for one connection alone: see `.cargo/config.toml`.
    connection.pragma_update(None, "locking_mode", "NORMAL")?;
    Ok(connection)
}

fn prepared(mut connection: Connection) -> Result<Connection, StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Done by hand, off the threads that others wait for.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > VERSION {
        return Err(StoreError::Newer { found });
    }
    let steps = [SCHEMA, TO_VERSION_2, TO_VERSION_3];
    for (version, step) in (1..).zip(steps).filter(|(version, _)| *version > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// Writes what comes, as much of it as has piled up in one commit.
async fn write_all(
    connection: Arc<Mutex<Connection>>,
    checkpoints: Arc<Checkpoints>,
    mut queue: mpsc::UnboundedReceiver<Job>,
) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, 1024).await > 0 {
        let batch = std::mem::take(&mut jobs);
        let connection = Arc::clone(&connection);
        let written = tokio::task::spawn_blocking(move || {
            commit(&mut connection.lock().unwrap_or_else(PoisonError::into_inner), batch)
        })
        .await;
        drop(checkpoints.committed());
        match written {
            Ok(done) => {
                for (waiting, result) in done {
                    if let Err(error) = &result {
                        tracing::error!(%error, "a write failed");
                    }
                    // Whoever asked may have gone away.
                    drop(waiting.map(|waiting| waiting.send(result)));
                }
            }
            Err(error) => tracing::error!(%error, "the writer panicked"),
        }
    }
}

/// Who waits for a job, and what became of it.
type Done = Vec<(Option<oneshot::Sender<Result<(), String>>>, Result<(), String>)>;

/// Writes the jobs in one commit. One that fails is undone by itself; a commit that fails is everybody's.
fn commit(connection: &mut Connection, jobs: Vec<Job>) -> Done {
    let mut done = Vec::new();
    let write_jobs = || -> rusqlite::Result<()> {
        let mut transaction = connection.transaction()?;
        for job in jobs {
            let mut savepoint = transaction.savepoint()?;
            let written = job.writes.into_iter().try_for_each(|write| write(&savepoint));
            match &written {
                Ok(()) => savepoint.commit()?,
                Err(_) => savepoint.rollback()?,
            }
            done.push((job.done, written.map_err(|error| error.to_string())));
        }
        transaction.commit()
    };
    if let Err(error) = write_jobs() {
        for (_, result) in &mut done {
            *result = Err(error.to_string());
        }
    }
    done
}

/// The file of the DynamoDB engine beside ours.
pub(crate) fn dynamodb_file(directory: &Path) -> PathBuf {
    directory.join("dynamodb.sqlite")
}

/// Makes a directory that only this user may look into; one that is there stays as it is.
fn private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Histories that an earlier version wrote are read as before.
    #[test]
    fn a_store_of_version_two_is_brought_up() {
        let old = Connection::open_in_memory().expect("a database");
        old.execute_batch(SCHEMA).and_then(|()| old.execute_batch(TO_VERSION_2)).expect("its tables");
        old.execute_batch(
            "INSERT INTO history VALUES (7, 1, 250, 'a'), (7, 251, 260, 'b'), (8, 1, 3, 'c'); PRAGMA user_version = 2;",
        )
        .expect("its rows");

        let new = prepared(old).expect("brought up");
        let chunks: Vec<(i64, i64, String)> = new
            .prepare("SELECT id, events FROM history ORDER BY id")
            .and_then(|mut chunks| {
                let read = |row: &rusqlite::Row<'_>| {
                    let id: i64 = row.get(0)?;
                    Ok((id - first_of(id), first_of(id), row.get(1)?))
                };
                chunks.query_map([], read)?.collect()
            })
            .expect("read");
        let of = |execution, first, text: &str| (chunk(execution, 0), first, text.to_owned());
        assert_eq!(chunks, [of(7, 1, "a"), of(7, 251, "b"), of(8, 1, "c")]);
    }

    /// Processes that are killed after a few commits must not leave a log that grows from one to the next.
    #[tokio::test]
    async fn the_first_commit_moves_what_a_killed_process_left() {
        let left = std::env::temp_dir().join(format!("orderflow-tui-store-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&left).expect("a directory");
        let writer = prepared(opened(&left.join("localaws.sqlite")).expect("a database")).expect("tables");
        writer.execute("INSERT INTO log_groups (name, created_at) VALUES ('g', 0)", []).expect("written");
        // What a killed process leaves: its files as they are, and a log that nobody moved.
        let found = left.with_extension("found");
        std::fs::create_dir_all(&found).expect("a directory");
        for name in ["localaws.sqlite", "localaws.sqlite-wal"] {
            std::fs::copy(left.join(name), found.join(name)).expect("a copy");
        }
        let size = || std::fs::metadata(found.join("localaws.sqlite")).expect("the database").len();
        let before = size();

        let again = Store::open(&Place::Directory(found.clone())).expect("a store");
        again.checkpoints.committed().expect("the first commit moves the log").await.expect("moved");
        let groups: i64 = again
            .read_now(|connection| connection.query_row("SELECT COUNT(*) FROM log_groups", [], |row| row.get(0)))
            .expect("read");
        assert!(size() > before, "{before} bytes before and after");
        assert_eq!(groups, 1);
        assert!(again.checkpoints.committed().is_none(), "not with every commit");
        for directory in [left, found] {
            std::fs::remove_dir_all(directory).expect("gone");
        }
    }
}
