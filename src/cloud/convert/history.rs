//! History events: over sixty types and thirty-seven optional details into one flat fact.

use std::sync::Arc;

use aws_sdk_sfn::types::HistoryEvent as SdkEvent;

use super::millis;
use crate::facts::HistoryEvent;

/// One event.
pub(crate) fn event(event: SdkEvent) -> HistoryEvent {
    let type_name = event.r#type.as_str().to_owned();
    let mut fact = HistoryEvent::new(event.id, event.previous_event_id, millis(&event.timestamp), type_name);
    macro_rules! failures {
        ($($field:ident),* $(,)?) => {
            $(if let Some(details) = event.$field {
                fact.error = details.error;
                fact.cause = details.cause.map(Arc::from);
            })*
        };
    }
    failures!(
        execution_failed_event_details,
        execution_aborted_event_details,
        execution_timed_out_event_details,
        activity_failed_event_details,
        activity_timed_out_event_details,
        activity_schedule_failed_event_details,
        lambda_function_failed_event_details,
        lambda_function_timed_out_event_details,
        lambda_function_schedule_failed_event_details,
        lambda_function_start_failed_event_details,
        task_failed_event_details,
        task_timed_out_event_details,
        task_start_failed_event_details,
        task_submit_failed_event_details,
        map_run_failed_event_details,
    );
    macro_rules! outputs {
        ($($field:ident),* $(,)?) => { $(if let Some(details) = event.$field { fact.output = details.output.map(Arc::from); })* };
    }
    outputs!(
        execution_succeeded_event_details,
        activity_succeeded_event_details,
        lambda_function_succeeded_event_details,
        task_succeeded_event_details,
        task_submitted_event_details,
    );
    macro_rules! iterations {
        ($($field:ident),* $(,)?) => {
            $(if let Some(details) = event.$field {
                fact.name = details.name;
                fact.index = usize::try_from(details.index).ok();
            })*
        };
    }
    iterations!(
        map_iteration_started_event_details,
        map_iteration_succeeded_event_details,
        map_iteration_failed_event_details,
        map_iteration_aborted_event_details,
    );
    if let Some(details) = event.execution_started_event_details {
        fact.input = details.input.map(Arc::from);
    }
    if let Some(details) = event.state_entered_event_details {
        fact.name = Some(details.name);
        fact.input = details.input.map(Arc::from);
    }
    if let Some(details) = event.state_exited_event_details {
        fact.name = Some(details.name);
        fact.output = details.output.map(Arc::from);
        fact.assigned = details.assigned_variables.unwrap_or_default().into_iter().collect();
        fact.assigned.sort();
    }
    if let Some(details) = event.task_scheduled_event_details {
        fact.resource = Some(format!("{}:{}", details.resource_type, details.resource));
        fact.parameters = Some(Arc::from(details.parameters));
    }
    if let Some(details) = event.lambda_function_scheduled_event_details {
        fact.resource = Some(details.resource);
        fact.parameters = details.input.map(Arc::from);
    }
    if let Some(details) = event.activity_scheduled_event_details {
        fact.resource = Some(details.resource);
        fact.parameters = details.input.map(Arc::from);
    }
    if let Some(details) = event.map_run_started_event_details {
        fact.resource = details.map_run_arn;
    }
    if let Some(details) = event.map_state_started_event_details {
        fact.length = usize::try_from(details.length).ok();
    }
    if let Some(details) = event.evaluation_failed_event_details {
        fact.error = details.error;
        fact.cause = details.cause.map(Arc::from);
        fact.name = Some(details.state);
    }
    fact
}
