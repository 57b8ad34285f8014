//! `logs`: what the functions wrote, over all of them in the order of time.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::json;

use super::args::Logs;
use super::output::{say, say_json, utc_time};
use super::{Connected, Ended};
use crate::facts::LogLine;
use crate::ui::text::clean;

/// Lines a look.
const MOST: usize = 10_000;
/// How long a line may take to show up at AWS: what was asked for before is asked for again that far back.
const LATE_MILLIS: i64 = 10_000;

pub(super) async fn run(world: &Connected, args: Logs) -> color_eyre::Result<Ended> {
    let prefix = format!("/aws/lambda/{}", args.function.as_deref().unwrap_or_default());
    let mut since = jiff::Timestamp::now().as_millisecond() - i64::from(args.since) * 60_000;
    let mut seen: HashSet<String> = HashSet::new();
    loop {
        let mut lines = fetch(world, &prefix, since, args.filter.as_deref()).await?;
        lines.retain(|line| seen.insert(line.id.clone()));
        lines.sort_by(|left, right| (left.at, &left.id).cmp(&(right.at, &right.id)));
        for line in &lines {
            print(line, args.json)?;
        }
        if !args.follow {
            return Ok(Ended::Well);
        }
        if let Some(last) = lines.last() {
            since = last.at - LATE_MILLIS;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                return Ok(Ended::Well);
            }
        }
    }
}

async fn fetch(world: &Connected, prefix: &str, since: i64, filter: Option<&str>) -> color_eyre::Result<Vec<LogLine>> {
    let groups = world.cloud.log_groups(prefix).await?;
    let asked = groups.iter().map(|group| world.cloud.log_lines(group, since, filter, MOST));
    let mut lines = Vec::new();
    for answer in futures::future::join_all(asked).await {
        lines.extend(answer?);
    }
    Ok(lines)
}

fn print(line: &LogLine, json: bool) -> color_eyre::Result<()> {
    let function = line.group.strip_prefix("/aws/lambda/").unwrap_or(&line.group);
    if json {
        say_json(
            &json!({
                "timestamp": utc_time(line.at),
                "function": function,
                "stream": line.stream,
                "message": line.message,
            })
            .to_string(),
        )?;
    } else {
        say(&clean(&format!("{} {function} {}", utc_time(line.at), line.message.trim_end())))?;
    }
    Ok(())
}
