//! CloudWatch metrics: what Lambda and Step Functions count, by the names that AWS gives them.
//!
//! Served in both protocols that clients speak: JSON (boto3, the AWS CLI) and CBOR (the Rust SDK).

mod cbor;

use axum::response::Response;
use bytes::Bytes;
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::{self, WireError, read};
use crate::world::World;

/// The longest answer: AWS's 100,800 data points.
const MOST_POINTS: usize = 100_800;
/// The most queries of a request.
const MOST_QUERIES: usize = 500;

/// Counts an invocation of a function.
pub(crate) fn invocation(world: &World, function: &str, millis: f64, failed: bool) {
    let points = [
        ("Invocations", 1.0),
        ("Errors", f64::from(u8::from(failed))),
        ("Duration", millis),
        // Nothing is throttled here, which the metric says as it does at AWS.
        ("Throttles", 0.0),
    ];
    let (at, of) = (world.clock.now(), function.to_owned());
    world.store.write_later(move |transaction| {
        let points = points.map(|(name, value)| Point { name, of: of.clone(), at, value, samples: 1.0 });
        write(transaction, "AWS/Lambda", "FunctionName", points)
    });
}

/// The metric that counts executions that ended so.
pub(crate) fn of_status(status: &str) -> &'static str {
    match status {
        "SUCCEEDED" => "ExecutionsSucceeded",
        "ABORTED" => "ExecutionsAborted",
        "TIMED_OUT" => "ExecutionsTimedOut",
        _ => "ExecutionsFailed",
    }
}

/// A value of a metric, and how often it was that value.
pub(crate) struct Point {
    pub(crate) name: &'static str,
    /// The function or machine.
    pub(crate) of: String,
    pub(crate) at: i64,
    pub(crate) value: f64,
    pub(crate) samples: f64,
}

/// Writes values of Step Functions' metrics.
pub(crate) fn write_of_states(
    transaction: &Connection,
    points: impl IntoIterator<Item = Point>,
) -> rusqlite::Result<()> {
    write(transaction, "AWS/States", "StateMachineArn", points)
}

fn write(
    transaction: &Connection,
    namespace: &str,
    dimension: &str,
    points: impl IntoIterator<Item = Point>,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO metrics (namespace, name, dimension, value_of, at, value, samples) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET samples = samples + excluded.samples",
    )?;
    for Point { name, of, at, value, samples } in points {
        insert.execute(params![namespace, name, dimension, of, at, value, samples])?;
    }
    Ok(())
}

/// Answers a request in JSON.
pub(crate) async fn handle_json(world: &World, operation: &str, body: &str) -> Response {
    match answer(world, operation, body).await {
        Ok(answer) => wire::respond(200, wire::JSON, answer.to_string()),
        Err(error) => error.into_json_response(),
    }
}

/// Answers a request in CBOR.
pub(crate) async fn handle_cbor(world: &World, operation: &str, body: Bytes) -> Response {
    let answer = match cbor::to_json(&body) {
        Ok(request) => answer(world, operation, &request.to_string()).await,
        Err(problem) => Err(WireError::new(400, "SerializationException", problem)),
    };
    let (status, value) = match answer {
        Ok(answer) => (200, answer),
        Err(error) => (error.status(), error.to_value()),
    };
    let mut response = wire::respond_bytes(status, "application/cbor", cbor::from_json(&value));
    let protocol = http::HeaderValue::from_static("rpc-v2-cbor");
    response.headers_mut().insert("smithy-protocol", protocol);
    response
}

async fn answer(world: &World, operation: &str, body: &str) -> Result<Value, WireError> {
    world.settle().await;
    match operation {
        "ListMetrics" => list(world, body).await,
        "GetMetricData" => get_data(world, body).await,
        _ => Err(WireError::unknown_operation()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMetrics {
    namespace: Option<String>,
    metric_name: Option<String>,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

async fn list(world: &World, body: &str) -> Result<Value, WireError> {
    let request: ListMetrics = read(body)?;
    let metrics: Vec<[String; 4]> = world
        .store
        .read(|connection| {
            connection
                .prepare_cached("SELECT DISTINCT namespace, name, dimension, value_of FROM metrics ORDER BY 1, 2, 4")?
                .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?
                .collect()
        })
        .await?;
    let wanted = |[namespace, name, dimension, of]: &[String; 4]| {
        request.namespace.as_ref().is_none_or(|wanted| wanted == namespace)
            && request.metric_name.as_ref().is_none_or(|wanted| wanted == name)
            && request
                .dimensions
                .iter()
                .all(|wanted| wanted.name == *dimension && wanted.value.as_ref().is_none_or(|value| value == of))
    };
    let metrics: Vec<Value> = metrics
        .iter()
        .filter(|metric| wanted(metric))
        .map(|[namespace, name, dimension, of]| {
            json!({"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": dimension, "Value": of}]})
        })
        .collect();
    Ok(json!({"Metrics": metrics}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetMetricData {
    metric_data_queries: Vec<DataQuery>,
    start_time: Time,
    end_time: Time,
    scan_by: Option<String>,
    next_token: Option<String>,
    max_datapoints: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DataQuery {
    id: String,
    label: Option<String>,
    metric_stat: Option<MetricStat>,
    return_data: Option<bool>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Metric,
    period: i64,
    stat: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<MetricDimension>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDimension {
    value: String,
}

/// Seconds since 1970, or ISO 8601.
#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

impl Time {
    fn millis(&self) -> Result<i64, WireError> {
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
            Self::Seconds(seconds) => Ok((seconds * 1000.0) as i64),
            Self::Text(text) => text
                .parse::<jiff::Timestamp>()
                .map(|at| at.as_millisecond())
                .map_err(|error| WireError::new(400, "InvalidParameterValue", error.to_string())),
        }
    }
}

async fn get_data(world: &World, body: &str) -> Result<Value, WireError> {
    let request: GetMetricData = read(body)?;
    let (from, to) = (request.start_time.millis()?, request.end_time.millis()?);
    let ascending = request.scan_by.as_deref() == Some("TimestampAscending");
    if request.metric_data_queries.len() > MOST_QUERIES {
        let message = format!("The collection MetricDataQueries must not have a size greater than {MOST_QUERIES}.");
        return Err(WireError::new(400, "ValidationError", message));
    }
    let mut page = Page::new(request.next_token.as_deref(), request.max_datapoints)?;
    let mut results = Vec::new();
    for query in request.metric_data_queries {
        let Some(stat) = query.metric_stat else {
            let message = "Metric math expressions are not supported here: give a MetricStat";
            return Err(WireError::new(400, "InvalidParameterValue", message));
        };
        if query.return_data == Some(false) {
            continue;
        }
        if stat.period <= 0 {
            return Err(WireError::new(400, "InvalidParameterValue", "The value of Period must be positive"));
        }
        let label = query.label.unwrap_or_else(|| stat.metric.metric_name.clone());
        let mut points = periods(world, stat, from, to).await?;
        if !ascending {
            points.reverse();
        }
        let Some((points, status)) = page.cut(points) else { continue };
        let (times, values): (Vec<i64>, Vec<f64>) = points.into_iter().unzip();
        results.push(json!({
            "Id": query.id,
            "Label": label,
            "Timestamps": times,
            "Values": values,
            "StatusCode": status,
        }));
    }
    let mut answer = json!({"MetricDataResults": results, "Messages": []});
    if let Some(token) = page.next_token() {
        answer["NextToken"] = token.into();
    }
    Ok(answer)
}

/// A page over the data points of all queries, in their order. Its token is how many of them came before.
struct Page {
    /// Points that came before this page.
    before: usize,
    /// Those of them that are still to be passed over.
    passing: usize,
    /// Points that this page takes still.
    room: usize,
    /// Points that it has.
    taken: usize,
    /// Whether there are more.
    is_more: bool,
}

impl Page {
    fn new(token: Option<&str>, most: Option<usize>) -> Result<Self, WireError> {
        let invalid = || WireError::new(400, "InvalidNextToken", "The next token specified is invalid.");
        let before = token.map_or(Ok(0), |token| token.parse().map_err(|_| invalid()))?;
        let room = most.unwrap_or(MOST_POINTS).clamp(1, MOST_POINTS);
        Ok(Self { before, passing: before, room, taken: 0, is_more: false })
    }

    /// What of a query's points stands on this page, and whether that is all that was left of them; `None` if nothing
    /// is. A query without a point is told of on the first page.
    fn cut<T>(&mut self, mut points: Vec<T>) -> Option<(Vec<T>, &'static str)> {
        let had_none = points.is_empty();
        let passed = self.passing.min(points.len());
        points.drain(..passed);
        self.passing -= passed;
        let is_partial = points.len() > self.room;
        points.truncate(self.room);
        self.room -= points.len();
        self.taken += points.len();
        self.is_more |= is_partial;
        let status = if is_partial { "PartialData" } else { "Complete" };
        (!points.is_empty() || (had_none && self.before == 0)).then_some((points, status))
    }

    fn next_token(&self) -> Option<String> {
        self.is_more.then(|| (self.before + self.taken).to_string())
    }
}

/// The statistic of each period that has data: its start in seconds since 1970, and the value.
async fn periods(world: &World, stat: MetricStat, from: i64, to: i64) -> Result<Vec<(i64, f64)>, WireError> {
    let statistic = stat.stat.clone();
    let period = stat.period.saturating_mul(1000);
    let of = stat.metric.dimensions.first().map(|dimension| dimension.value.clone());
    let rows: Vec<(i64, (f64, f64))> = world
        .store
        .read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT at, value, samples FROM metrics
                     WHERE namespace = ?1 AND name = ?2 AND (?3 IS NULL OR value_of = ?3) AND at >= ?4 AND at < ?5 ORDER BY at",
                )?
                .query_map(params![stat.metric.namespace, stat.metric.metric_name, of, from, to], |row| {
                    Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
                })?
                .collect()
        })
        .await?;
    let mut points = Vec::new();
    for chunk in rows.chunk_by(|(left, _), (right, _)| left.div_euclid(period) == right.div_euclid(period)) {
        let values: Vec<(f64, f64)> = chunk.iter().map(|(_, value)| *value).collect();
        let value = statistic_of(&statistic, values).ok_or_else(|| {
            WireError::new(
                400,
                "InvalidParameterValue",
                format!("The value {statistic} for parameter Stat is not supported."),
            )
        })?;
        points.push((chunk[0].0.div_euclid(period) * (period / 1000), value));
    }
    Ok(points)
}

/// The statistic of some values, each with how often it was there; `None` for a statistic that there is not.
fn statistic_of(name: &str, mut values: Vec<(f64, f64)>) -> Option<f64> {
    let count: f64 = values.iter().map(|(_, samples)| samples).sum();
    let sum: f64 = values.iter().map(|(value, samples)| value * samples).sum();
    let plain = |values: Vec<(f64, f64)>| values.into_iter().map(|(value, _)| value);
    match name {
        "Sum" => Some(sum),
        "SampleCount" => Some(count),
        "Average" => Some(sum / count),
        "Minimum" => plain(values).reduce(f64::min),
        "Maximum" => plain(values).reduce(f64::max),
        percentile => {
            let percent: f64 = percentile.strip_prefix('p')?.parse().ok().filter(|p| (0.0..=100.0).contains(p))?;
            values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            let rank = (percent / 100.0 * count).ceil().max(1.0);
            let mut passed = 0.0;
            values.into_iter().find_map(|(value, samples)| {
                passed += samples;
                (passed >= rank).then_some(value)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_to_all_the_points() {
        for most in [1, 2, 3, 6, 7] {
            let mut token: Option<String> = None;
            let (mut seen, mut told, mut pages) = (vec![Vec::new(); 4], [0; 4], 0);
            loop {
                let mut page = Page::new(token.as_deref(), Some(most)).unwrap_or_else(|_| panic!("{token:?}"));
                for (query, points) in [vec![1, 2, 3], vec![], vec![4], vec![5, 6]].into_iter().enumerate() {
                    if let Some((points, _)) = page.cut(points) {
                        seen[query].extend(points);
                        told[query] += 1;
                    }
                }
                pages += 1;
                token = page.next_token();
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, [vec![1, 2, 3], vec![], vec![4], vec![5, 6]], "{most}");
            assert_eq!((pages, told[1]), (6_usize.div_ceil(most), 1), "{most}");
        }
        assert!(Page::new(Some("x"), None).is_err());
    }

    #[test]
    fn statistics_are_cloudwatch_s() {
        let values = || vec![(4.0, 1.0), (1.0, 1.0), (2.5, 2.0)];
        let cases = [
            ("Sum", Some(10.0)),
            ("SampleCount", Some(4.0)),
            ("Average", Some(2.5)),
            ("Minimum", Some(1.0)),
            ("Maximum", Some(4.0)),
            ("p50", Some(2.5)),
            ("p95", Some(4.0)),
            ("tm99", None),
        ];
        for (name, expected) in cases {
            assert_eq!(statistic_of(name, values()), expected, "{name}");
        }
    }
}
