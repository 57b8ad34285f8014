//! Histories for tests, an event a line: `id<previous [at] Type [state] [field=…] [| field …]`.
//!
//! Never part of the program.

use super::run::Run;
use crate::facts::HistoryEvent;

/// The run of a script.
pub(super) fn run(script: &str) -> Run {
    let mut run = Run::default();
    run.absorb(events(script));
    run
}

/// The events of a script. Without a time it is ten times the id. A field is `field=value`, with `~` for a blank in it,
/// or stands behind ` | ` as `field value`; `assigned=x:1;y:2` sets variables.
pub(super) fn events(script: &str) -> Vec<HistoryEvent> {
    script.lines().map(str::trim).filter(|line| !line.is_empty()).map(event).collect()
}

fn event(line: &str) -> HistoryEvent {
    let mut parts = line.split(" | ");
    let mut words = parts.next().unwrap().split_whitespace().peekable();
    let (id, previous) = words.next().unwrap().split_once('<').unwrap();
    let id: i64 = id.parse().unwrap();
    let at = words.next_if(|word| word.parse::<i64>().is_ok()).map_or(id * 10, |word| word.parse().unwrap());
    let type_name = words.next().unwrap().to_owned();
    let mut event = HistoryEvent::new(id, previous.parse().unwrap(), at, type_name);
    for word in words {
        match word.split_once('=') {
            Some((field, value)) => set(&mut event, field, &value.replace('~', " ")),
            None => event.name = Some(word.to_owned()),
        }
    }
    for part in parts {
        let (field, value) = part.split_once(' ').unwrap();
        set(&mut event, field, value);
    }
    event
}

fn set(event: &mut HistoryEvent, field: &str, value: &str) {
    let text = Some(value.to_owned());
    match field {
        "name" => event.name = text,
        "input" => event.input = Some(value.into()),
        "output" => event.output = Some(value.into()),
        "parameters" => event.parameters = Some(value.into()),
        "resource" => event.resource = text,
        "error" => event.error = text,
        "cause" => event.cause = Some(value.into()),
        "index" => event.index = Some(value.parse().unwrap()),
        "length" => event.length = Some(value.parse().unwrap()),
        "at" => event.at = value.parse().unwrap(),
        "assigned" => {
            let pairs = value.split(';').map(|pair| pair.split_once(':').unwrap());
            event.assigned = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        }
        other => panic!("no field {other}"),
    }
}
