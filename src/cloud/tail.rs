//! Live Tail: log lines as they come, in a session that AWS bills by the minute.

use aws_sdk_cloudwatchlogs::operation::start_live_tail::StartLiveTailOutput;
use aws_sdk_cloudwatchlogs::types::StartLiveTailResponseStream as Event;

use super::{Cloud, CloudError};
use crate::facts::{Arn, LogLine};

/// The most log groups of a session. <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html>
const MOST_GROUPS: usize = 10;

/// A session. Ends with its drop.
pub struct LiveTail {
    session: StartLiveTailOutput,
    /// How many lines came: they have no id of their own.
    lines: u64,
}

impl Cloud {
    /// Begins to listen to the log groups of functions that are called by this machine.
    ///
    /// # Errors
    /// What the cloud answered; that there are no log groups, or more than a session takes.
    pub async fn live_tail(&self, machine: &Arn, functions: &[String]) -> Result<LiveTail, CloudError> {
        let mut of_machine = machine.0.split(':').skip(1);
        let partition = of_machine.next().unwrap_or("aws");
        let (region, account) = (of_machine.nth(1).unwrap_or_default(), of_machine.next().unwrap_or_default());
        // One that is not there, because its function never ran, would refuse the whole session.
        let names: Vec<String> = functions.iter().map(|name| format!("/aws/lambda/{name}")).collect();
        let groups = self.existing_log_groups(&names).await?;
        if groups.is_empty() {
            return Err(CloudError::unreadable("begin a live tail", "none of the functions has logged anything yet"));
        }
        if groups.len() > MOST_GROUPS {
            let problem =
                format!("a session has {MOST_GROUPS} log groups at most, the functions have {}", groups.len());
            return Err(CloudError::unreadable("begin a live tail", problem));
        }
        let groups = groups.iter().map(|name| format!("arn:{partition}:logs:{region}:{account}:log-group:{name}"));
        let request = self.logs.start_live_tail().set_log_group_identifiers(Some(groups.collect()));
        let session = request.send().await.map_err(|error| CloudError::of("begin a live tail", &error))?;
        Ok(LiveTail { session, lines: 0 })
    }
}

impl LiveTail {
    /// The next lines; `None` once the session has ended.
    ///
    /// # Errors
    /// What the cloud said as it ended it.
    pub async fn next(&mut self) -> Result<Option<Vec<LogLine>>, CloudError> {
        let event = self.session.response_stream.recv().await;
        let event = event.map_err(|error| CloudError::of("go on with the live tail", &error))?;
        let Some(event) = event else { return Ok(None) };
        let Event::SessionUpdate(update) = event else { return Ok(Some(Vec::new())) };
        let lines = update.session_results.unwrap_or_default().into_iter().map(|line| {
            self.lines += 1;
            let group = line.log_group_identifier.unwrap_or_default();
            LogLine {
                id: format!("{}{:012}", LogLine::TAILED, self.lines),
                // An account stands before the name.
                group: group.rsplit_once(':').map_or(group.as_str(), |(_, name)| name).to_owned(),
                stream: line.log_stream_name.unwrap_or_default(),
                at: line.timestamp.unwrap_or_default(),
                message: line.message.unwrap_or_default(),
            }
        });
        Ok(Some(lines.collect()))
    }
}
