//! Metrics of state machines and functions: many in one call, each call to its last page.
//!
//! Names each metric that it asks for and lists none. CloudWatch bills every metric of every call, so whoever asks
//! decides how often.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as SdkMetric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
};

use super::convert::millis;
use super::{Cloud, CloudError};
use crate::facts::{Arn, Metric, Periods, Series};

/// Queries of a call, the API's maximum.
const QUERIES_A_CALL: usize = 500;

impl Cloud {
    /// What CloudWatch has of a machine and of functions, by their names, over these periods: a series for each metric
    /// and statistic, the machine's first. A series without a value is there all the same.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn metrics(
        &self,
        machine: Option<&Arn>,
        functions: &[String],
        periods: Periods,
    ) -> Result<Vec<Series>, CloudError> {
        let mut series = wanted(machine, functions);
        for batch in series.chunks_mut(QUERIES_A_CALL) {
            let queries = batch.iter().enumerate().map(|(place, series)| query(place, series, periods)).collect();
            let mut pages = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries))
                .start_time(DateTime::from_millis(periods.from))
                .end_time(DateTime::from_millis(periods.to))
                .scan_by(ScanBy::TimestampAscending)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| CloudError::of("read the metrics", &error))?;
                for result in page.metric_data_results.unwrap_or_default() {
                    take(batch, result);
                }
            }
        }
        Ok(series)
    }
}

/// Every series that is asked for, without values.
fn wanted(machine: Option<&Arn>, functions: &[String]) -> Vec<Series> {
    let mut series = Vec::new();
    if let Some(machine) = machine {
        Metric::OF_MACHINE.iter().for_each(|metric| of_metric(*metric, &machine.0, &mut series));
    }
    for function in functions {
        Metric::OF_FUNCTION.iter().for_each(|metric| of_metric(*metric, function, &mut series));
    }
    series
}

fn of_metric(name: Metric, of: &str, series: &mut Vec<Series>) {
    series.extend(name.statistics().iter().map(|statistic| Series {
        name,
        of: of.to_owned(),
        statistic: *statistic,
        unit: name.unit(),
        points: Vec::new(),
    }));
}

fn query(place: usize, series: &Series, periods: Periods) -> MetricDataQuery {
    let (namespace, dimension) = if Metric::OF_MACHINE.contains(&series.name) {
        ("AWS/States", "StateMachineArn")
    } else {
        ("AWS/Lambda", "FunctionName")
    };
    let dimension = Dimension::builder().name(dimension).value(series.of.as_str()).build();
    let metric =
        SdkMetric::builder().namespace(namespace).metric_name(series.name.as_str()).dimensions(dimension).build();
    let seconds = i32::try_from(periods.each / 1000).unwrap_or(i32::MAX);
    let stat = MetricStat::builder().metric(metric).period(seconds).stat(series.statistic.as_str()).build();
    // An id has to begin with a small letter.
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).return_data(true).build()
}

/// Puts values to those of the pages before. An id that was not asked for is passed over.
fn take(batch: &mut [Series], result: MetricDataResult) {
    let place = result.id.as_deref().and_then(|id| id.strip_prefix('m')).and_then(|place| place.parse::<usize>().ok());
    let Some(series) = place.and_then(|place| batch.get_mut(place)) else { return };
    let times = result.timestamps.unwrap_or_default();
    let values = result.values.unwrap_or_default();
    let points = times.iter().map(millis).zip(values).filter(|(_, value)| value.is_finite());
    series.points.extend(points);
    // A page may repeat where the one before it ended.
    series.points.sort_by_key(|(at, _)| *at);
    series.points.dedup_by_key(|(at, _)| *at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Statistic, Unit};

    const MINUTES: Periods = Periods { from: 0, to: 3_600_000, each: 60_000 };

    #[test]
    fn each_metric_is_asked_for_where_aws_has_it() {
        let machine = Arn("arn:m".into());
        let series = wanted(Some(&machine), &["pay".to_owned(), "ship".to_owned()]);
        assert_eq!(series.len(), 8 + 2 * 5);
        let cases = [
            (0, "AWS/States", "ExecutionsStarted", "StateMachineArn", "arn:m", "Sum", Unit::Count),
            (5, "AWS/States", "ExecutionThrottled", "StateMachineArn", "arn:m", "Sum", Unit::Count),
            (7, "AWS/States", "ExecutionTime", "StateMachineArn", "arn:m", "p95", Unit::Millis),
            (8, "AWS/Lambda", "Invocations", "FunctionName", "pay", "Sum", Unit::Count),
            (11, "AWS/Lambda", "Duration", "FunctionName", "pay", "p50", Unit::Millis),
            (17, "AWS/Lambda", "Duration", "FunctionName", "ship", "p95", Unit::Millis),
        ];
        for (place, namespace, name, dimension, of, statistic, unit) in cases {
            let query = query(place, &series[place], MINUTES);
            assert_eq!(query.id.as_deref(), Some(format!("m{place}").as_str()));
            let stat = query.metric_stat.unwrap();
            assert_eq!((stat.period, stat.stat.as_deref()), (Some(60), Some(statistic)), "{place}");
            let metric = stat.metric.unwrap();
            assert_eq!((metric.namespace(), metric.metric_name()), (Some(namespace), Some(name)), "{place}");
            let asked = &metric.dimensions()[0];
            assert_eq!((asked.name(), asked.value()), (Some(dimension), Some(of)), "{place}");
            assert_eq!(series[place].unit, unit);
        }
        assert!(wanted(None, &[]).is_empty());
    }

    #[test]
    fn pages_are_put_together() {
        let mut batch = wanted(None, &["pay".to_owned()]);
        let result = |id: &str, points: &[(i64, f64)]| {
            MetricDataResult::builder()
                .id(id)
                .set_timestamps(Some(points.iter().map(|(at, _)| DateTime::from_millis(*at)).collect()))
                .set_values(Some(points.iter().map(|(_, value)| *value).collect()))
                .build()
        };
        take(&mut batch, result("m1", &[(60_000, 2.0), (120_000, 1.0)]));
        take(&mut batch, result("m1", &[(120_000, 1.0), (180_000, f64::NAN), (0, 4.0)]));
        for strange in ["m9", "x1", "", "m-1"] {
            take(&mut batch, result(strange, &[(0, 7.0)]));
        }
        assert_eq!((batch[1].name, batch[1].statistic), (Metric::Errors, Statistic::Sum));
        assert_eq!(batch[1].points, [(0, 4.0), (60_000, 2.0), (120_000, 1.0)]);
        assert!(batch.iter().enumerate().all(|(place, series)| place == 1 || series.points.is_empty()));
    }
}
