//! A log line with what it says of itself: its level, and the request that wrote it.
//!
//! Read once, when the line arrives. Levels and requests are looked for as Lambda's runtimes and the common loggers
//! write them; where a line says neither, none is made up.

use std::num::NonZeroU128;

use super::fields::{Fields, unquoted};
use crate::app::needle::Needle;
use crate::facts::{Arn, LogLine};

/// A line.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As it came.
    pub line: LogLine,
    pub(super) request: Option<Request>,
    pub(super) level: Level,
    /// Whether it names the execution of the scope.
    pub(super) names: bool,
    /// Whether it is shown.
    pub(super) shown: bool,
    /// Whether it is shown and holds what is searched for.
    pub(super) found: bool,
}

/// How much a line matters, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Lambda's own: START, END, REPORT, INIT_START.
    Platform,
    /// For who looks closely.
    Debug,
    /// As usual.
    Info,
    /// Without a level, such as what was just printed.
    Plain,
    /// To be looked at.
    Warn,
    /// Something failed.
    Error,
}

/// The id of a Lambda request, which is a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request(NonZeroU128);

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = format!("{:032x}", self.0);
        let parts = [text.get(..8), text.get(8..12), text.get(12..16), text.get(16..20), text.get(20..)];
        f.write_str(&parts.map(Option::unwrap_or_default).join("-"))
    }
}

/// What a line is to the request that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
    Neither,
}

/// Levels as loggers call them.
const LEVELS: [(&str, Level); 11] = [
    ("ERROR", Level::Error),
    ("FATAL", Level::Error),
    ("CRITICAL", Level::Error),
    ("SEVERE", Level::Error),
    ("PANIC", Level::Error),
    ("WARN", Level::Warn),
    ("WARNING", Level::Warn),
    ("INFO", Level::Info),
    ("NOTICE", Level::Info),
    ("DEBUG", Level::Debug),
    ("TRACE", Level::Debug),
];
/// How Lambda's own lines begin.
const PLATFORM: [&str; 9] = [
    "START RequestId",
    "END RequestId",
    "REPORT RequestId",
    "INIT_START",
    "INIT_REPORT",
    "RESTORE_START",
    "RESTORE_REPORT",
    "EXTENSION\t",
    "TELEMETRY\t",
];
/// What Lambda and runtimes say of a failure without naming a level.
const FAILURES: [&str; 4] =
    ["Task timed out after ", "Runtime exited ", "panicked at ", "Traceback (most recent call last)"];
/// What loggers call the id of a request.
const REQUEST_NAMES: [&str; 5] = ["requestId", "request_id", "AWSRequestId", "awsRequestId", "function_request_id"];

impl Entry {
    pub(super) fn read(line: LogLine) -> Self {
        let message = line.message.as_str();
        let (level, request) = match Fields::of(message) {
            Some(fields) => (level_of(&fields), request_by(&fields, message)),
            None => (level_in(message), request_in(message)),
        };
        Self { line, request, level, names: false, shown: false, found: false }
    }

    /// How much it matters.
    pub fn level(&self) -> Level {
        self.level
    }

    /// The function that wrote it: the last part of its log group's name.
    pub fn function(&self) -> &str {
        self.line.group.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it holds what is searched for.
    pub fn is_found(&self) -> bool {
        self.found
    }

    /// The name of the execution that it names in a field of its own.
    pub fn execution(&self) -> Option<String> {
        let fields = Fields::of(&self.line.message)?;
        let named = ["execution", "span.execution", "execution_arn"].into_iter().find_map(|path| fields.at(path))?;
        let name = Arn(named.into_owned()).name().to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// Whether its message or the name of its function holds a text.
    pub(super) fn holds(&self, needle: &Needle) -> bool {
        needle.is_in(&self.line.message) || needle.is_in(self.function())
    }

    /// What lines are put in order by.
    pub(super) fn key(&self) -> (i64, &str) {
        (self.line.at, self.line.id.as_str())
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.line.id, &self.line.group, &self.line.stream, &self.line.message];
        size_of::<Self>() + texts.into_iter().map(String::capacity).sum::<usize>()
    }

    pub(super) fn edge(&self) -> Edge {
        if self.level != Level::Platform {
            return Edge::Neither;
        }
        let message = self.line.message.as_str();
        let says = |text: &str, json: &str| message.starts_with(text) || message.contains(json);
        if says("START ", "\"platform.start\"") {
            Edge::Start
        } else if says("END ", "\"platform.runtimeDone\"") || says("REPORT ", "\"platform.report\"") {
            Edge::End
        } else {
            Edge::Neither
        }
    }
}

impl Level {
    /// In a word; empty for lines without a level, and for Lambda's own, which begin with a word of theirs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Platform | Self::Plain => "",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    fn of(word: &str) -> Option<Self> {
        LEVELS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }
}

impl Request {
    /// Reads a UUID with its hyphens.
    pub(in crate::app) fn parse(text: &str) -> Option<Self> {
        if text.len() != 36 {
            return None;
        }
        let mut number = 0_u128;
        for (at, c) in text.chars().enumerate() {
            match (at, c) {
                (8 | 13 | 18 | 23, '-') => {}
                (8 | 13 | 18 | 23, _) => return None,
                (_, c) => number = (number << 4) | u128::from(c.to_digit(16)?),
            }
        }
        NonZeroU128::new(number).map(Self)
    }
}

fn level_of(fields: &Fields<'_>) -> Level {
    // What Lambda itself writes where the log format is JSON.
    if fields.get("type").is_some_and(|kind| unquoted(kind).starts_with("platform.")) {
        return Level::Platform;
    }
    let Some(level) = fields.get("level").map(unquoted) else { return Level::Plain };
    // Some loggers of Node.js write numbers.
    match level.parse::<u32>() {
        Ok(50..) => Level::Error,
        Ok(40..) => Level::Warn,
        Ok(30..) => Level::Info,
        Ok(_) => Level::Debug,
        Err(_) => Level::of(&level).unwrap_or(Level::Plain),
    }
}

fn level_in(message: &str) -> Level {
    if PLATFORM.iter().any(|start| message.starts_with(start)) {
        // An initialisation that failed is told nowhere else.
        let failed = message.starts_with("INIT_REPORT")
            && (message.contains("Status: error") || message.contains("Status: timeout"));
        return if failed { Level::Error } else { Level::Platform };
    }
    if FAILURES.iter().any(|words| message.contains(words)) {
        return Level::Error;
    }
    // The level stands near the start, behind a time and an id at most.
    let words = message.split(|c: char| !c.is_ascii_alphabetic()).take(160);
    let mut capitals = words.filter(|word| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_uppercase()));
    capitals.find_map(Level::of).unwrap_or(Level::Plain)
}

/// The request that wrote a message, by what the message says of itself; one that its text only quotes is none.
pub(in crate::app) fn request_of_line(message: &str) -> Option<Request> {
    Fields::of(message).map_or_else(|| request_in(message), |fields| request_by(&fields, message))
}

fn request_by(fields: &Fields<'_>, message: &str) -> Option<Request> {
    request_of(fields).or_else(|| request_anywhere(message))
}

fn request_of(fields: &Fields<'_>) -> Option<Request> {
    let own = |fields: &Fields<'_>| {
        let mut named = REQUEST_NAMES.iter().filter_map(|name| fields.get(name));
        named.find_map(|value| Request::parse(&unquoted(value)))
    };
    let inside = |name: &&str| own(&Fields::of(fields.get(name)?.get())?);
    own(fields).or_else(|| ["span", "record"].iter().find_map(inside))
}

fn request_anywhere(message: &str) -> Option<Request> {
    request_behind(message, "\"requestId\":\"")
}

fn request_in(message: &str) -> Option<Request> {
    // Node.js and Python put the id behind the time, Lambda before `Task timed out`.
    let word = || message.split_whitespace().take(4).find_map(Request::parse);
    request_behind(message, "RequestId: ").or_else(word).or_else(|| request_anywhere(message))
}

fn request_behind(message: &str, words: &str) -> Option<Request> {
    let (_, rest) = message.split_once(words)?;
    Request::parse(rest.get(..36)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f6a2c1e-1111-4222-8333-444455556666";

    fn entry(message: &str) -> Entry {
        Entry::read(LogLine {
            id: "1".into(),
            group: "/aws/lambda/pay".into(),
            stream: "s".into(),
            at: 0,
            message: message.replace("<id>", ID),
        })
    }

    /// The level, and whether the request is read.
    fn check(message: &str, level: Level, has_request: bool) {
        let entry = entry(message);
        let expected = if has_request { Request::parse(ID) } else { None };
        assert_eq!((entry.level, entry.request), (level, expected), "{message}");
    }

    #[test]
    fn levels_and_requests_are_read_as_they_are_written() {
        use Level::{Debug, Error, Info, Plain, Platform, Warn};
        check("START RequestId: <id> Version: $LATEST\n", Platform, true);
        check("END RequestId: <id>", Platform, true);
        check("REPORT RequestId: <id>\tDuration: 3 ms\tStatus: timeout", Platform, true);
        check("INIT_START Runtime Version: provided:al2023.v1", Platform, false);
        check("INIT_REPORT Init Duration: 2 ms\tStatus: error\tError Type: Runtime.ExitError", Error, false);
        check(r#"{"type":"platform.start","record":{"requestId":"<id>"}}"#, Platform, true);
        check(r#"{"level":"INFO","message":"x","span":{"requestId":"<id>"}}"#, Info, true);
        check(r#"{"level": "warning", "requestId": "<id>"}"#, Warn, true);
        check(r#"{"level":50,"msg":"x"}"#, Error, false);
        check(r#"{"level":40}"#, Warn, false);
        check(r#"{"level":"loud"}"#, Plain, false);
        check(r#"{"message":"ERROR"}"#, Plain, false);
        check(r#"{"deep":{"deeper":{"requestId":"<id>"}}}"#, Plain, true);
        check("[ERROR] PaymentDeclined: no", Error, false);
        check("[WARNING]\t2026-01-01T00:00:00.000Z\t<id>\tslow", Warn, true);
        check("2026-01-01T00:00:00.000Z\t<id>\tINFO\tasked", Info, true);
        check("DEBUG x", Debug, false);
        check("<id> Task timed out after 3.00 seconds", Error, true);
        check("RequestId: <id> Error: Runtime exited with error: exit status 1", Error, true);
        check("thread 'main' panicked at src/main.rs:1:1", Error, false);
        check("just printed", Plain, false);
        check("no error here, and no Info", Plain, false);
        check("", Plain, false);
        check("RequestId: <not an id at all, but as long as >", Plain, false);
        check("RequestId: ü", Plain, false);
    }

    #[test]
    fn an_execution_is_named_in_a_field() {
        let cases = [
            (r#"{"span":{"execution":"arn:aws:states:::execution:m:ord-1"}}"#, Some("ord-1")),
            (r#"{"execution":"ord-2"}"#, Some("ord-2")),
            (r#"{"execution_arn":"arn:aws:states:eu-central-1:1:express:m:ord-3:8f"}"#, Some("ord-3")),
            (r#"{"execution":""}"#, None),
            ("execution ord-1", None),
        ];
        for (message, expected) in cases {
            assert_eq!(entry(message).execution().as_deref(), expected, "{message}");
        }
    }

    #[test]
    fn the_ends_of_a_request_are_known() {
        let cases = [
            ("START RequestId: <id>", Edge::Start),
            ("END RequestId: <id>", Edge::End),
            ("REPORT RequestId: <id>", Edge::End),
            (r#"{"type":"platform.start"}"#, Edge::Start),
            (r#"{"type":"platform.report"}"#, Edge::End),
            (r#"{"type":"platform.initStart"}"#, Edge::Neither),
            ("START of the day", Edge::Neither),
        ];
        for (message, expected) in cases {
            assert_eq!(entry(message).edge(), expected, "{message}");
        }
    }
}
