//! Executions of Express machines. Step Functions keeps neither a list nor a history of them: what there is, the
//! machine has logged.

use super::convert::logged::{self, Executions, Logged};
use super::{Cloud, CloudError};
use crate::facts::{Arn, ExecutionSummary, HistoryEvent, Millis};

/// Pages of a search (10,000 lines or 1 MB each at AWS); a busy machine fills more, and a look has to end.
const MOST_PAGES: usize = 50;
/// Events of an execution that are read.
const MOST_EVENTS: usize = 100_000;
/// 2024-01-01T00:00:00Z. CloudWatch refuses to search backwards from before.
const BACKWARDS_FROM: Millis = 1_704_067_200_000;

impl Cloud {
    /// The newest executions of an Express machine that its log group tells of from `since` on, newest first.
    ///
    /// One that only an end was logged of, as at the level `ERROR`, counts as started when it ended.
    ///
    /// # Errors
    /// What the cloud answered; [`super::ErrorKind::Missing`] when the group is not there.
    pub async fn express_executions(
        &self,
        machine: &Arn,
        log_group: &str,
        since: Millis,
        most: usize,
    ) -> Result<Vec<ExecutionSummary>, CloudError> {
        let prefix = logged::executions_prefix(machine);
        // Several machines may share a group.
        let pattern = format!(r#"{{ $.type = "Execution*" && $.execution_arn = "{}*" }}"#, escaped(&prefix));
        let mut search = self.search(log_group, since, pattern, since >= BACKWARDS_FROM);
        let mut executions = Executions::default();
        let mut is_complete = true;
        while let Some(page) = search.next().await {
            let page = page?;
            for line in page.lines.into_iter().filter(|line| line.execution.0.starts_with(&prefix)) {
                executions.take(line);
            }
            // The newest come first where the search goes backwards. That is asked for, and not done everywhere.
            if page.is_backwards && executions.started() >= most {
                is_complete = false;
                break;
            }
        }
        Ok(executions.newest(most, !is_complete))
    }

    /// The events of an Express execution that its machine's log group has from `since` on, in their order.
    ///
    /// # Errors
    /// As of [`Self::express_executions`].
    pub async fn express_history(
        &self,
        log_group: &str,
        execution: &Arn,
        since: Millis,
    ) -> Result<Vec<HistoryEvent>, CloudError> {
        let pattern = format!(r#"{{ $.execution_arn = "{}" }}"#, escaped(&execution.0));
        let mut search = self.search(log_group, since, pattern, false);
        let mut events: Vec<HistoryEvent> = Vec::new();
        while events.len() < MOST_EVENTS
            && let Some(page) = search.next().await
        {
            let of_this = page?.lines.into_iter().filter(|line| line.execution == *execution);
            events.extend(of_this.map(|line| line.event));
        }
        // Lines of one millisecond come in any order, and one whose delivery was repeated comes twice.
        events.sort_by_key(|event| event.id);
        events.dedup_by_key(|event| event.id);
        Ok(events)
    }

    fn search<'a>(&self, log_group: &'a str, since: Millis, pattern: String, backwards: bool) -> Search<'a> {
        let request = self.logs.filter_log_events().log_group_name(log_group).start_time(since.max(0));
        let request = request.filter_pattern(pattern).set_start_from_head(backwards.then_some(false));
        Search { log_group, request, is_over: false, pages: 0 }
    }
}

/// A search through a log group, page by page.
struct Search<'a> {
    log_group: &'a str,
    request: aws_sdk_cloudwatchlogs::operation::filter_log_events::builders::FilterLogEventsFluentBuilder,
    is_over: bool,
    pages: usize,
}

/// A page of it.
struct Page {
    lines: Vec<Logged>,
    /// Whether its lines come newest first.
    is_backwards: bool,
}

impl Search<'_> {
    async fn next(&mut self) -> Option<Result<Page, CloudError>> {
        if self.is_over || self.pages >= MOST_PAGES {
            return None;
        }
        self.pages += 1;
        let answer = match self.request.clone().send().await {
            Ok(answer) => answer,
            Err(error) => {
                self.is_over = true;
                return Some(Err(CloudError::of(format!("read the log group {}", self.log_group), &error)));
            }
        };
        // An empty page with a token is one more part of the group that was searched for nothing.
        let token = answer.next_token.filter(|token| !token.is_empty());
        self.is_over = token.is_none() || token == *self.request.get_next_token();
        self.request = self.request.clone().set_next_token(token);
        let events = answer.events.unwrap_or_default();
        let times = (events.first().and_then(|event| event.timestamp), events.last().and_then(|event| event.timestamp));
        let is_backwards = matches!(times, (Some(first), Some(last)) if first > last);
        let lines = events.iter().filter_map(|event| logged::event(event.message.as_deref()?)).collect();
        Some(Ok(Page { lines, is_backwards }))
    }
}

/// A text inside the quotes of a filter pattern.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_ends_a_pattern() {
        assert_eq!(escaped("arn:aws:states:eu-central-1:1:express:a:b"), "arn:aws:states:eu-central-1:1:express:a:b");
        assert_eq!(escaped(r#"a" || $.x = "\"#), r#"a\" || $.x = \"\\"#);
    }
}
