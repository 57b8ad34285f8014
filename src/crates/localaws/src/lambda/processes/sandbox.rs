//! One process of a function, and the Runtime API that it speaks to: a listener on loopback of its own.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use super::{Event, FunctionRecord};
use crate::functions::{Call, LogSink, Outcome};
use crate::world::REGION;

/// The longest line of a log that is kept as one.
const MAX_LINE: usize = 256 << 10;

/// How long is waited for what was written to the pipes of a process that has answered or ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How long a process may take until it asks for its first event; after that it takes of the invocation's time.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A process that serves one invocation at a time. Dropped, it is killed.
pub(super) struct Sandbox {
    child: Child,
    events: mpsc::Sender<Event>,
    answers: mpsc::Receiver<Answer>,
    begun: watch::Receiver<Option<Begun>>,
    sink: Arc<Mutex<Option<LogSink>>>,
    logs: Vec<Log>,
    _serving: AbortOnDropHandle<()>,
}

/// What a process says.
enum Answer {
    Response(Bytes),
    /// `errorType`, `errorMessage` and whatever else the runtime tells.
    Error(Bytes),
    InitError(Bytes),
}

struct Api {
    events: AsyncMutex<mpsc::Receiver<Event>>,
    answers: mpsc::Sender<Answer>,
    begun: watch::Sender<Option<Begun>>,
}

/// How a process came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It waits for an event.
    Ready,
    /// It has ended, or said that it cannot go on: whoever runs it is told how.
    Failed,
    /// It still works on it.
    Late,
}

impl Sandbox {
    /// Starts a process; its first lines go to `log`.
    pub(super) async fn start(
        record: &FunctionRecord,
        folder: &Path,
        stream: &str,
        log_to: &LogSink,
    ) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(text)?;
        let address = listener.local_addr().map_err(text)?;
        let (events, queue) = mpsc::channel(1);
        let (sender, answers) = mpsc::channel(4);
        let (said, begun) = watch::channel(None);
        let api = Arc::new(Api { events: AsyncMutex::new(queue), answers: sender, begun: said });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(axum::extract::DefaultBodyLimit::max(8 << 20))
            .with_state(api);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "a Runtime API stopped");
            }
        });
        let mut command = command(record, folder).await?;
        log_to.line(format!("INIT_START Runtime Version: {}", version(record, &command)));
        command
            .current_dir(folder)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME"))
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &record.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", record.memory.to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", record.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", stream)
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("LAMBDA_TASK_ROOT", folder)
            .env("ORDERFLOW_TASK_ROOT", folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("_HANDLER", &record.handler)
            .envs(&record.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child =
            command.spawn().map_err(|error| format!("Couldn't start {:?}: {error}", command.as_std().get_program()))?;
        let sink = Arc::new(Mutex::new(Some(log_to.clone())));
        let out = child.stdout.take().map(|out| Log::of(out, Arc::clone(&sink)));
        let err = child.stderr.take().map(|err| Log::of(err, Arc::clone(&sink)));
        let logs = out.into_iter().chain(err).collect();
        Ok(Self { child, events, answers, begun, sink, logs, _serving: AbortOnDropHandle::new(serving) })
    }

    /// Waits until the process asks for its first event.
    pub(super) async fn begin(&mut self) -> Begun {
        tokio::select! {
            biased;
            begun = self.begun.wait_for(Option::is_some) => begun.ok().and_then(|begun| *begun).unwrap_or(Begun::Failed),
            _ = self.child.wait() => Begun::Failed,
            () = tokio::time::sleep(INIT_LIMIT) => Begun::Late,
        }
    }

    /// The most memory that the process has taken so far, in MiB. Not every system tells.
    pub(super) fn memory_mib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = most.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib.div_ceil(1024))
    }

    /// Hands the process an event and waits for what becomes of it.
    pub(super) async fn run(&mut self, record: &FunctionRecord, call: Call) -> Outcome {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(call.log.clone());
        let deadline = jiff::Timestamp::now().as_millisecond() + i64::try_from(record.timeout * 1000).unwrap_or(0);
        let event = Event {
            payload: call.payload,
            request_id: call.request_id,
            deadline_millis: deadline,
            function_arn: super::super::arn_of(&record.name),
        };
        // The channel has room for the one event that a process works on.
        let sent = self.events.send(event).await;
        let outcome = tokio::select! {
            biased;
            answer = self.answers.recv(), if sent.is_ok() => match answer {
                Some(Answer::Response(payload)) => Outcome::Answered(payload),
                Some(Answer::Error(payload)) => Outcome::Failed(payload),
                Some(Answer::InitError(payload)) => {
                    // The process ends by itself now.
                    let _ = self.child.wait().await;
                    Outcome::Failed(payload)
                }
                None => Outcome::Exited { how: "the Runtime API stopped".into() },
            },
            status = self.child.wait() => Outcome::Exited { how: status.map_or_else(|error| error.to_string(), how) },
        };
        let is_over = matches!(outcome, Outcome::Exited { .. });
        for log in &mut self.logs {
            // What was written is still in the pipes. What the process started itself may keep them open: not for long.
            let read = async { if is_over { log.end().await } else { log.catch_up().await } };
            let _ = tokio::time::timeout(LAST_WORDS, read).await;
        }
        outcome
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// How a process ended, in Lambda's words.
fn how(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(6)) => "signal: aborted".into(),
        (None, Some(9)) => "signal: killed".into(),
        (None, Some(11)) => "signal: segmentation fault".into(),
        (None, Some(signal)) => format!("signal: {signal}"),
        (None, None) => "unknown".into(),
    }
}

/// What is run for a runtime. Our own clients of the Runtime API lie beside the function's code.
async fn command(record: &FunctionRecord, folder: &Path) -> Result<Command, String> {
    let client = |name: &str, text: &'static str| {
        let path = folder.parent().unwrap_or(folder).join(name);
        async move {
            place(&path, text).await.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            Ok::<_, String>(path)
        }
    };
    if record.runtime.starts_with("python") {
        let mut command = Command::new(if runs(&record.runtime).await { record.runtime.as_str() } else { "python3" });
        command.arg("-u").arg(client("runtime.py", include_str!("../runtime.py")).await?);
        return Ok(command);
    }
    if record.runtime.starts_with("nodejs") {
        let mut command = Command::new("node");
        command.arg(client("runtime.mjs", include_str!("../runtime.mjs")).await?);
        return Ok(command);
    }
    let bootstrap = folder.join("bootstrap");
    if !bootstrap.exists() {
        return Err("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".into());
    }
    Ok(Command::new(bootstrap))
}

/// The runtime as the log tells it: when another interpreter runs the function, that one.
fn version(record: &FunctionRecord, command: &Command) -> String {
    let program = command.as_std().get_program().to_string_lossy();
    let is_own = !record.runtime.starts_with("python") || program == record.runtime;
    if is_own { record.runtime.clone() } else { format!("{program} ({} is not on the PATH)", record.runtime) }
}

/// Puts a text where it is run from. A process that starts meanwhile reads the one before it or this one, never a half:
/// an interpreter runs an empty file without complaint and ends with 0.
async fn place(path: &Path, text: &str) -> std::io::Result<()> {
    if tokio::fs::read(path).await.is_ok_and(|standing| standing == text.as_bytes()) {
        return Ok(());
    }
    let unfinished = path.with_extension(uuid::Uuid::new_v4().to_string());
    tokio::fs::write(&unfinished, text).await?;
    tokio::fs::rename(&unfinished, path).await
}

/// Whether a program of that name is there and works: a version manager's stand-in may be there alone. Asked once.
async fn runs(program: &str) -> bool {
    static KNOWN: LazyLock<AsyncMutex<HashMap<String, bool>>> = LazyLock::new(AsyncMutex::default);
    let mut known = KNOWN.lock().await;
    if let Some(runs) = known.get(program) {
        return *runs;
    }
    let mut probe = Command::new(program);
    probe.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let runs = probe.status().await.is_ok_and(|status| status.success());
    known.insert(program.to_owned(), runs);
    runs
}

/// Who reads one of a process's pipes.
struct Log {
    reading: AbortOnDropHandle<()>,
    asks: mpsc::Sender<oneshot::Sender<()>>,
}

impl Log {
    fn of(pipe: impl AsyncRead + AsFd + Unpin + Send + Sync + 'static, sink: Arc<Mutex<Option<LogSink>>>) -> Self {
        let (asks, asked) = mpsc::channel(1);
        let lines = Lines { sink, line: Vec::new() };
        Self { reading: AbortOnDropHandle::new(tokio::spawn(read_log(pipe, lines, asked))), asks }
    }

    /// Waits until all is read that has been written so far.
    async fn catch_up(&self) {
        let (read, done) = oneshot::channel();
        if self.asks.send(read).await.is_ok() {
            // Without an answer the pipe has ended, and all of it was read.
            let _ = done.await;
        }
    }

    /// Waits until the pipe ends.
    async fn end(&mut self) {
        let _ = (&mut self.reading).await;
    }
}

/// Hands lines to whatever invocation is under way.
async fn read_log(
    mut pipe: impl AsyncRead + AsFd + Unpin,
    mut lines: Lines,
    mut asked: mpsc::Receiver<oneshot::Sender<()>>,
) {
    let mut piece = vec![0; 8 << 10];
    loop {
        let asks = tokio::select! {
            read = pipe.read(&mut piece) => match read {
                Ok(0) | Err(_) => return lines.end_line(),
                Ok(count) => {
                    lines.take(&piece[..count]);
                    None
                }
            },
            Some(asks) = asked.recv() => Some(asks),
        };
        let Some(asks) = asks else { continue };
        // What the system holds is there before whoever reads it is told so.
        while rustix::io::ioctl_fionread(&pipe).is_ok_and(|waiting| waiting > 0) {
            match pipe.read(&mut piece).await {
                Ok(0) | Err(_) => return lines.end_line(),
                Ok(count) => lines.take(&piece[..count]),
            }
        }
        lines.end_line();
        // Whoever asked may have given up.
        let _ = asks.send(());
    }
}

/// Makes lines of what comes in pieces.
struct Lines {
    sink: Arc<Mutex<Option<LogSink>>>,
    line: Vec<u8>,
}

impl Lines {
    fn take(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(self.line.len());
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.put();
            }
        }
    }

    /// What was written of a line is one, though its end has not come.
    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.put();
        }
    }

    fn put(&mut self) {
        while self.line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.pop();
        }
        // Lines of one event, as Lambda's own runtimes tell them apart from lines of their own.
        let text = String::from_utf8_lossy(&self.line).replace('\r', "\n");
        self.line.clear();
        let sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(sink) = sink {
            sink.line(text);
        }
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.begun.send_replace(Some(Begun::Ready));
    let event = api.events.lock().await.recv().await;
    let built = match event {
        Some(event) => Response::builder()
            .status(StatusCode::OK)
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", event.request_id)
            .header("lambda-runtime-deadline-ms", event.deadline_millis.to_string())
            .header("lambda-runtime-invoked-function-arn", event.function_arn)
            .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0")
            .body(Body::from(event.payload)),
        None => Response::builder().status(StatusCode::GONE).body(Body::empty()),
    };
    built.unwrap_or_default()
}

async fn answered(api: &Api, answer: Answer) -> Response {
    // Whoever invoked may have given up.
    let _ = api.answers.send(answer).await;
    let mut response = Response::new(Body::from(r#"{"status":"OK"}"#));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

async fn response(State(api): State<Arc<Api>>, UrlPath(_id): UrlPath<String>, body: Bytes) -> Response {
    answered(&api, Answer::Response(body)).await
}

async fn error(State(api): State<Arc<Api>>, UrlPath(_id): UrlPath<String>, body: Bytes) -> Response {
    answered(&api, Answer::Error(checked(body))).await
}

async fn init_error(State(api): State<Arc<Api>>, body: Bytes) -> Response {
    api.begun.send_replace(Some(Begun::Failed));
    answered(&api, Answer::InitError(checked(body))).await
}

/// An error as it came, if it is JSON at all.
fn checked(body: Bytes) -> Bytes {
    match serde_json::from_slice::<Value>(&body) {
        Ok(Value::Object(_)) => body,
        _ => {
            let message = String::from_utf8_lossy(&body).into_owned();
            Bytes::from(serde_json::json!({"errorType": "Runtime.Unknown", "errorMessage": message}).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    /// Whoever opened a client's file before another process started still reads all of it.
    #[tokio::test]
    async fn what_is_being_read_is_never_cut_short() {
        let folder = std::env::temp_dir().join(format!("orderflow-tui-place-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("runtime.py");
        super::place(&path, "print('before')").await.expect("the first text");
        let mut opened = std::fs::File::open(&path).expect("the file");
        super::place(&path, "print('after')").await.expect("the second text");

        let mut seen = String::new();
        opened.read_to_string(&mut seen).expect("text");
        let now = std::fs::read_to_string(&path).expect("text");
        let files = std::fs::read_dir(&folder).expect("the folder").count();
        std::fs::remove_dir_all(&folder).expect("gone");
        assert_eq!((seen.as_str(), now.as_str(), files), ("print('before')", "print('after')", 1));
    }
}
