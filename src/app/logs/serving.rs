//! Whose the lines are that name no request: what was printed, and the traces of what crashed.
//!
//! A sandbox serves one request at a time, so what its stream has between START and END belongs to that one. Where a
//! stream has several requests open, nothing tells, and nothing is said.

use std::collections::HashMap;

use super::read::{Edge, Entry, Request};

/// The most streams of a group that are kept in mind: those of requests whose end never came are forgotten.
const STREAMS: usize = 1_000;
/// The most open requests of a stream.
const OPEN: usize = 64;

/// The requests that are being served, by group and stream.
#[derive(Clone, Debug, Default)]
pub(super) struct Serving(HashMap<String, HashMap<String, Vec<Request>>>);

impl Serving {
    /// Takes in a line, oldest first, and gives it the request that it must belong to if it names none.
    pub(super) fn take(&mut self, entry: &mut Entry) {
        match (entry.edge(), entry.request) {
            (Edge::Start, Some(request)) => self.start(entry, request),
            (Edge::End, Some(request)) => self.end(entry, request),
            (Edge::Start | Edge::End, None) | (Edge::Neither, Some(_)) => {}
            (Edge::Neither, None) => {
                let open = self.0.get(&entry.line.group).and_then(|group| group.get(&entry.line.stream));
                if let Some([only]) = open.map(Vec::as_slice) {
                    entry.request = Some(*only);
                }
            }
        }
    }

    fn start(&mut self, entry: &Entry, request: Request) {
        let group = self.0.entry(entry.line.group.clone()).or_default();
        if group.len() >= STREAMS {
            group.clear();
        }
        let open = group.entry(entry.line.stream.clone()).or_default();
        if open.len() >= OPEN {
            open.clear();
        }
        if !open.contains(&request) {
            open.push(request);
        }
    }

    fn end(&mut self, entry: &Entry, request: Request) {
        let Some(group) = self.0.get_mut(&entry.line.group) else { return };
        let Some(open) = group.get_mut(&entry.line.stream) else { return };
        open.retain(|other| *other != request);
        if open.is_empty() {
            group.remove(&entry.line.stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::LogLine;

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-8222-222222222222";

    #[test]
    fn what_names_no_request_belongs_to_the_only_one_that_is_open() {
        let script = [
            ("s", "before", None),
            ("s", "START RequestId: <A>", Some(A)),
            ("s", "printed", Some(A)),
            ("t", "of another sandbox", None),
            ("s", "RequestId: <B> of somebody else", Some(B)),
            ("s", "START RequestId: <B>", Some(B)),
            ("s", "whose", None),
            ("s", "END RequestId: <A>", Some(A)),
            ("s", "of the other", Some(B)),
            ("s", "REPORT RequestId: <B>", Some(B)),
            ("s", "after", None),
        ];
        let mut serving = Serving::default();
        for (at, (stream, message, expected)) in (0..).zip(script) {
            let mut entry = Entry::read(LogLine {
                id: String::new(),
                group: "g".into(),
                stream: stream.into(),
                at,
                message: message.replace("<A>", A).replace("<B>", B),
            });
            serving.take(&mut entry);
            assert_eq!(entry.request, expected.and_then(Request::parse), "{message}");
        }
        assert!(serving.0.values().all(HashMap::is_empty));
    }
}
