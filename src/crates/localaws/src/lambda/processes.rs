//! Functions of other programs: child processes that speak the Lambda Runtime API.
//!
//! A function's zip is unpacked, and its `bootstrap` run, or Python or Node.js on its handler. Each process serves one
//! invocation at a time and is kept warm for the next; one that takes too long is killed. There is no isolation beyond
//! the process: code that is given to `CreateFunction` runs as this user.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

mod sandbox;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::functions::{Call, FunctionFacts, LogSink, Outcome};
use crate::store::{Place, Store, StoreError};
use crate::wire::{WireError, read};
use crate::world::World;
use sandbox::{Begun, Sandbox};

/// The largest unpacked package (AWS's quota).
const MAX_UNPACKED: u64 = 250 << 20;
/// For how long a process that begins counts as one that does.
const BEGINNING_ALONE: Duration = Duration::from_secs(1);
/// How many processes of a function wait for work.
const MAX_IDLE: usize = 8;

/// A function as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FunctionRecord {
    pub(crate) name: String,
    pub(crate) runtime: String,
    pub(crate) handler: String,
    pub(crate) role: String,
    pub(crate) description: String,
    pub(crate) timeout: u64,
    pub(crate) memory: u32,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) code_size: usize,
    pub(crate) code_digest: String,
    pub(crate) modified_at: i64,
    /// Another with every change.
    #[serde(default)]
    pub(crate) revision: String,
}

/// The functions, and their processes that wait for work.
pub(crate) struct Processes {
    records: RwLock<BTreeMap<String, Arc<FunctionRecord>>>,
    idle: Arc<Mutex<HashMap<String, Vec<Sandbox>>>>,
    /// How many processes may begin at once: together they would take longer, and the whole machine.
    beginning: Semaphore,
    directory: PathBuf,
    temporary: bool,
}

impl Processes {
    pub(crate) fn load(store: &Store, place: &Place) -> Result<Self, StoreError> {
        let rows: Vec<String> = store.read_now(|connection| {
            connection.prepare("SELECT record FROM functions")?.query_map([], |row| row.get(0))?.collect()
        })?;
        let mut records = BTreeMap::new();
        for text in rows {
            let record: FunctionRecord = serde_json::from_str(&text)
                .map_err(|error| StoreError::Write(format!("a function's record: {error}")))?;
            records.insert(record.name.clone(), Arc::new(record));
        }
        let (directory, temporary) = match place {
            Place::Directory(path) => (path.join("functions"), false),
            Place::Memory => {
                (std::env::temp_dir().join(format!("orderflow-tui-functions-{}", uuid::Uuid::new_v4())), true)
            }
        };
        let at_once = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        let beginning = Semaphore::new(at_once);
        Ok(Self { records: RwLock::new(records), idle: Arc::default(), beginning, directory, temporary })
    }

    /// Ends what waits for work, and removes what is not to be kept.
    pub(crate) fn end(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.temporary {
            // Nothing was unpacked, or it is gone already.
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }

    pub(crate) fn list(&self) -> Vec<Arc<FunctionRecord>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<FunctionRecord>> {
        self.records.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    fn put(&self, record: FunctionRecord) {
        // Its processes run what it was before.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).remove(&record.name);
        self.records.write().unwrap_or_else(PoisonError::into_inner).insert(record.name.clone(), Arc::new(record));
    }

    fn remove(&self, name: &str) -> bool {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.records.write().unwrap_or_else(PoisonError::into_inner).remove(name).is_some()
    }

    /// A process of the function as it is now that waits for work.
    fn warm(&self, record: &Arc<FunctionRecord>) -> Option<Sandbox> {
        if !self.find(&record.name).is_some_and(|standing| Arc::ptr_eq(&standing, record)) {
            return None;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&record.name).and_then(Vec::pop)
    }

    fn folder(&self, record: &FunctionRecord) -> PathBuf {
        let digest: String = record.code_digest.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        self.directory.join(format!("{}-{digest}", record.name))
    }
}

impl FunctionRecord {
    pub(crate) fn facts(&self) -> FunctionFacts {
        FunctionFacts {
            name: self.name.clone(),
            description: self.description.clone(),
            timeout: Duration::from_secs(self.timeout),
            memory_mib: self.memory,
        }
    }

    pub(crate) fn configuration(&self) -> Value {
        let mut configuration = super::configuration(&self.facts());
        configuration["Runtime"] = self.runtime.as_str().into();
        configuration["Handler"] = self.handler.as_str().into();
        configuration["Role"] = self.role.as_str().into();
        configuration["CodeSize"] = self.code_size.into();
        configuration["CodeSha256"] = self.code_digest.as_str().into();
        configuration["LastModified"] = jiff::Timestamp::from_millisecond(self.modified_at)
            .unwrap_or_default()
            .strftime("%Y-%m-%dT%H:%M:%S.%3f+0000")
            .to_string()
            .into();
        configuration["RevisionId"] = self.revision.as_str().into();
        if !self.environment.is_empty() {
            configuration["Environment"] = json!({"Variables": self.environment});
        }
        configuration
    }
}

/// A process for one invocation. Dropped, it ends; run to the end, it waits for the next.
pub(crate) struct Ready {
    sandbox: Sandbox,
    record: Arc<FunctionRecord>,
    /// How long a new one took to begin.
    pub(crate) init: Option<Duration>,
}

/// A warm process, or a new one once it has begun, which does not count against the invocation's time.
///
/// # Errors
/// Why there is none.
pub(crate) async fn ready(world: &World, record: Arc<FunctionRecord>, log: &LogSink) -> Result<Ready, String> {
    if let Some(sandbox) = world.processes.warm(&record) {
        return Ok(Ready { sandbox, record, init: None });
    }
    let permit = world.processes.beginning.acquire().await;
    // Meanwhile another invocation may have ended.
    if let Some(sandbox) = world.processes.warm(&record) {
        return Ok(Ready { sandbox, record, init: None });
    }
    let started = tokio::time::Instant::now();
    let sandbox = match unpack(world, &record).await {
        Ok(folder) => Sandbox::start(&record, &folder, &world.stream, log).await,
        Err(problem) => Err(problem),
    };
    let mut sandbox = sandbox.inspect_err(|problem| {
        log.line(format!("INIT_REPORT Status: error\tError Type: Runtime.InvalidEntrypoint\t{problem}"));
    })?;
    // One that waits for something else than this machine keeps no other from beginning.
    let begun = match tokio::time::timeout(BEGINNING_ALONE, sandbox.begin()).await {
        Ok(begun) => begun,
        Err(_) => {
            drop(permit);
            sandbox.begin().await
        }
    };
    let init = started.elapsed();
    let status = match begun {
        Begun::Ready => None,
        Begun::Failed => Some("error"),
        Begun::Late => Some("timeout"),
    };
    if let Some(status) = status {
        let millis = init.as_secs_f64() * 1000.0;
        log.line(format!("INIT_REPORT Init Duration: {millis:.2} ms\tPhase: init\tStatus: {status}"));
    }
    Ok(Ready { sandbox, record, init: (begun == Begun::Ready).then_some(init) })
}

impl Ready {
    /// Runs one invocation, and says how much memory its process took, in MiB.
    pub(crate) async fn run(mut self, world: &World, call: Call) -> (Outcome, Option<u64>) {
        let Self { sandbox, record, .. } = &mut self;
        let outcome = sandbox.run(record, call).await;
        let memory = sandbox.memory_mib();
        if !matches!(outcome, Outcome::Exited { .. }) && sandbox.is_alive() {
            let standing = world.processes.find(&record.name).is_some_and(|standing| Arc::ptr_eq(&standing, record));
            let mut idle = world.processes.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = idle.entry(self.record.name.clone()).or_default();
            if standing && waiting.len() < MAX_IDLE {
                waiting.push(self.sandbox);
            }
        }
        (outcome, memory)
    }
}

/// Unpacks a function's package unless it is there already.
async fn unpack(world: &World, record: &FunctionRecord) -> Result<PathBuf, String> {
    let folder = world.processes.folder(record);
    if folder.exists() {
        return Ok(folder);
    }
    let name = record.name.clone();
    let code: Vec<u8> = world
        .store
        .read(move |connection| {
            connection.query_row("SELECT code FROM functions WHERE name = ?1", [name], |row| row.get(0))
        })
        .await
        .map_err(|error| format!("the function's code cannot be read: {error}"))?;
    let target = folder.clone();
    tokio::task::spawn_blocking(move || extract(&code, &target))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("the function's code cannot be unpacked: {error}"))?;
    Ok(folder)
}

/// Unpacks into a folder beside the target, which then takes its place: half a package is never run.
fn extract(code: &[u8], target: &Path) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let parent = target.parent().unwrap_or(target);
    std::fs::create_dir_all(parent).map_err(|error| text(&error))?;
    let unfinished = parent.join(format!(".{}", uuid::Uuid::new_v4()));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(code)).map_err(|error| text(&error))?;
    let mut bytes = 0_u64;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| text(&error))?;
        bytes = bytes.saturating_add(file.size());
        if bytes > MAX_UNPACKED {
            return Err(format!("it is larger than {MAX_UNPACKED} bytes"));
        }
        if file.enclosed_name().is_none() {
            return Err(format!("the path {:?} leads out of the package", file.name()));
        }
    }
    archive.extract(&unfinished).map_err(|error| text(&error))?;
    match std::fs::rename(&unfinished, target) {
        Ok(()) => Ok(()),
        // Another invocation was faster.
        Err(_) if target.exists() => {
            let _ = std::fs::remove_dir_all(&unfinished);
            Ok(())
        }
        Err(error) => Err(text(&error)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    function_name: String,
    runtime: Option<String>,
    handler: Option<String>,
    role: String,
    code: Code,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    #[serde(default)]
    publish: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Code {
    zip_file: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

fn invalid(message: impl Into<String>) -> WireError {
    WireError::new(400, "InvalidParameterValueException", message)
}

pub(crate) async fn create(world: &World, body: &str) -> Result<Value, WireError> {
    let request: Create = read(body)?;
    check_publish(request.publish)?;
    let name = super::name_of(&request.function_name);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(invalid(format!(
            "The function name {name:?} must be 1 to 64 letters, digits, hyphens or underscores"
        )));
    }
    if super::facts_of(world, &name).is_some() {
        return Err(WireError::new(409, "ResourceConflictException", format!("Function already exist: {name}")));
    }
    let runtime = request.runtime.ok_or_else(|| invalid("Runtime is missing: only functions with a zip run here"))?;
    check_runtime(&runtime)?;
    let code = decode(request.code.zip_file)?;
    let record = FunctionRecord {
        name,
        handler: request.handler.unwrap_or_else(|| "bootstrap".to_owned()),
        runtime,
        role: request.role,
        description: request.description.unwrap_or_default(),
        timeout: check_timeout(request.timeout.unwrap_or(3))?,
        memory: request.memory_size.unwrap_or(128),
        environment: request.environment.map(|environment| environment.variables).unwrap_or_default(),
        code_size: code.len(),
        code_digest: digest(&code),
        modified_at: world.clock.now(),
        revision: uuid::Uuid::new_v4().to_string(),
    };
    let answer = record.configuration();
    keep(world, record, Some(code)).await?;
    Ok(answer)
}

fn check_runtime(runtime: &str) -> Result<(), WireError> {
    if ["provided", "python3", "nodejs"].iter().any(|known| runtime.starts_with(known)) {
        return Ok(());
    }
    Err(invalid(format!(
        "The runtime {runtime} is not supported here: provided.*, python3.* and nodejs* are, each with its own interpreter on the PATH"
    )))
}

fn check_publish(publish: bool) -> Result<(), WireError> {
    if publish { Err(invalid("Publish: versions of functions are not supported here, $LATEST is")) } else { Ok(()) }
}

/// Whoever changes a function may say which state of it they have seen.
fn check_revision(record: &FunctionRecord, seen: Option<&str>) -> Result<(), WireError> {
    match seen {
        Some(seen) if seen != record.revision => {
            let message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";
            Err(WireError::new(412, "PreconditionFailedException", message))
        }
        _ => Ok(()),
    }
}

fn check_timeout(seconds: u64) -> Result<u64, WireError> {
    if (1..=900).contains(&seconds) { Ok(seconds) } else { Err(invalid("Timeout must be between 1 and 900 seconds")) }
}

fn decode(zip_file: Option<String>) -> Result<Vec<u8>, WireError> {
    let text =
        zip_file.ok_or_else(|| invalid("Code.ZipFile is missing: packages in S3 and images are not supported here"))?;
    let code = base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|error| invalid(format!("ZipFile is not base64: {error}")))?;
    match zip::ZipArchive::new(std::io::Cursor::new(&code)) {
        Ok(_) => Ok(code),
        Err(error) => Err(invalid(format!("Could not unzip uploaded file: {error}"))),
    }
}

fn digest(code: &[u8]) -> String {
    use sha2::Digest;
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(code))
}

/// Writes a function and makes it known. Without code, the code stays what it is.
async fn keep(world: &World, record: FunctionRecord, code: Option<Vec<u8>>) -> Result<(), WireError> {
    let text =
        serde_json::to_string(&record).map_err(|error| WireError::new(500, "ServiceException", error.to_string()))?;
    let name = record.name.clone();
    world
        .store
        .write(move |transaction| {
            match code {
                Some(code) => transaction.execute(
                    "INSERT OR REPLACE INTO functions (name, record, code) VALUES (?1, ?2, ?3)",
                    params![name, text, code],
                )?,
                None => transaction.execute("UPDATE functions SET record = ?2 WHERE name = ?1", params![name, text])?,
            };
            Ok(())
        })
        .await?;
    world.processes.put(record);
    Ok(())
}

fn find(world: &World, name: &str) -> Result<FunctionRecord, WireError> {
    match world.processes.find(name) {
        Some(record) => Ok(record.as_ref().clone()),
        None if super::facts_of(world, name).is_some() => {
            Err(invalid(format!("{name} is part of this program and cannot be changed")))
        }
        None => Err(super::not_found(name)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateCode {
    zip_file: Option<String>,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    publish: bool,
    revision_id: Option<String>,
}

pub(crate) async fn update_code(world: &World, name: &str, body: &str) -> Result<Value, WireError> {
    let mut record = find(world, name)?;
    let request: UpdateCode = read(body)?;
    check_publish(request.publish)?;
    check_revision(&record, request.revision_id.as_deref())?;
    let code = decode(request.zip_file)?;
    record.code_size = code.len();
    record.code_digest = digest(&code);
    if request.dry_run {
        return Ok(record.configuration());
    }
    record.modified_at = world.clock.now();
    record.revision = uuid::Uuid::new_v4().to_string();
    let answer = record.configuration();
    keep(world, record, Some(code)).await?;
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UpdateConfiguration {
    runtime: Option<String>,
    handler: Option<String>,
    role: Option<String>,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    revision_id: Option<String>,
}

pub(crate) async fn update_configuration(world: &World, name: &str, body: &str) -> Result<Value, WireError> {
    let mut record = find(world, name)?;
    let request: UpdateConfiguration = read(body)?;
    check_revision(&record, request.revision_id.as_deref())?;
    if let Some(runtime) = request.runtime {
        check_runtime(&runtime)?;
        record.runtime = runtime;
    }
    if let Some(timeout) = request.timeout {
        record.timeout = check_timeout(timeout)?;
    }
    record.handler = request.handler.unwrap_or(record.handler);
    record.role = request.role.unwrap_or(record.role);
    record.description = request.description.unwrap_or(record.description);
    record.memory = request.memory_size.unwrap_or(record.memory);
    record.environment = request.environment.map_or(record.environment, |environment| environment.variables);
    record.modified_at = world.clock.now();
    record.revision = uuid::Uuid::new_v4().to_string();
    let answer = record.configuration();
    keep(world, record, None).await?;
    Ok(answer)
}

pub(crate) async fn delete(world: &World, name: &str) -> Result<Value, WireError> {
    let record = find(world, name)?;
    let gone = record.name.clone();
    world
        .store
        .write(move |transaction| {
            transaction.execute("DELETE FROM functions WHERE name = ?1", [gone])?;
            Ok(())
        })
        .await?;
    world.processes.remove(name);
    let folder = world.processes.folder(&record);
    // Left over, it takes room and is never run.
    let _ = tokio::fs::remove_dir_all(folder).await;
    Ok(json!({}))
}

/// An event, as it is handed to a process.
pub(crate) struct Event {
    pub(crate) payload: Bytes,
    pub(crate) request_id: String,
    pub(crate) deadline_millis: i64,
    pub(crate) function_arn: String,
}
