//! Step Functions beyond the order workflow: map runs, activities, Express workflows, redrives, versions, tests of states.

use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{
    ExecutionStatus, HistoryEventType, InspectionLevel, MockInput, RoutingConfigurationListItem, StateMachineType,
    SyncExecutionStatus, TestExecutionStatus, TestStateConfiguration,
};
use localaws::Place;
use localaws::mocks::Mocks;
use orderflow_tui::local::{Local, Options};
use serde_json::{Value, json};

use crate::world::World;

const ROLE: &str = "arn:aws:iam::000000000000:role/test";

struct Cloud {
    world: World,
    sfn: Client,
}

impl Cloud {
    async fn open() -> Self {
        Self::of(World::open().await)
    }

    fn of(world: World) -> Self {
        Self { sfn: Client::new(&world.local.config), world }
    }

    async fn machine(&self, name: &str, definition: &Value) -> String {
        let made = self.sfn.create_state_machine().name(name).role_arn(ROLE).definition(definition.to_string());
        made.send().await.unwrap().state_machine_arn
    }

    async fn start(&self, machine: &str, input: &Value) -> String {
        let started = self.sfn.start_execution().state_machine_arn(machine).input(input.to_string());
        started.send().await.unwrap().execution_arn
    }

    /// The status and output of an execution once it has ended.
    async fn ended(&self, execution: &str) -> (ExecutionStatus, Option<String>) {
        let mut changes = self.world.local.changes.clone().unwrap();
        loop {
            changes.mark_unchanged();
            let described = self.sfn.describe_execution().execution_arn(execution).send().await.unwrap();
            if described.status != ExecutionStatus::Running {
                return (described.status, described.output);
            }
            tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.unwrap().unwrap();
        }
    }

    async fn types(&self, execution: &str) -> Vec<HistoryEventType> {
        let history = self.sfn.get_execution_history().execution_arn(execution).send().await.unwrap();
        history.events.into_iter().map(|event| event.r#type).collect()
    }
}

#[tokio::test]
async fn a_map_run_works_on_its_items_in_executions_of_their_own() {
    let cloud = Cloud::open().await;
    let machine = cloud
        .machine(
            "batches",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true,
                "ItemBatcher": {"MaxItemsPerBatch": 2},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Count", "States": {"Count": {"Type": "Pass", "End": true,
                        "Parameters": {"count.$": "States.ArrayLength($.Items)"}}}}}}}),
        )
        .await;
    let execution = cloud.start(&machine, &json!({"items": [1, 2, 3, 4, 5]})).await;
    let (status, output) = cloud.ended(&execution).await;
    assert_eq!(
        (status, output.as_deref()),
        (ExecutionStatus::Succeeded, Some(r#"[{"count":2},{"count":2},{"count":1}]"#))
    );
    let runs = cloud.sfn.list_map_runs().execution_arn(&execution).send().await.unwrap().map_runs;
    let run = cloud.sfn.describe_map_run().map_run_arn(&runs[0].map_run_arn).send().await.unwrap();
    let counts = run.execution_counts.unwrap();
    assert_eq!((counts.total, counts.succeeded, run.item_counts.unwrap().total), (3, 3, 5));
    let children = cloud.sfn.list_executions().map_run_arn(&runs[0].map_run_arn).send().await.unwrap().executions;
    assert_eq!(children.len(), 3);
    // They are no executions of the machine itself.
    let own = cloud.sfn.list_executions().state_machine_arn(&machine).send().await.unwrap().executions;
    assert_eq!(own.len(), 1);
}

/// What a state gives to an operation that wants JSON as text, and how it has a function invoked.
#[tokio::test]
async fn integrations_take_what_states_write() {
    let cloud = Cloud::open().await;
    let echo = json!({"StartAt": "Echo", "States": {"Echo": {"Type": "Pass", "End": true}}});
    let echo = cloud.machine("echo", &echo).await;
    let check = async |name: &str, task: Value, expected: &str| {
        let mut task = task;
        task["Type"] = "Task".into();
        task["End"] = true.into();
        let machine = cloud.machine(name, &json!({"StartAt": "Call", "States": {"Call": task}})).await;
        let execution = cloud.start(&machine, &json!({"Total": 3})).await;
        let (status, output) = cloud.ended(&execution).await;
        assert_eq!((status, output.as_deref()), (ExecutionStatus::Succeeded, Some(expected)), "{name}");
    };
    let start = json!({"Resource": "arn:aws:states:::aws-sdk:sfn:startExecution",
        "Parameters": {"StateMachineArn": echo, "Name": "of-a-state", "Input.$": "$"},
        "ResultSelector": {"started.$": "$.ExecutionArn"}});
    let started = "arn:aws:states:us-east-1:000000000000:execution:echo:of-a-state";
    check("starts", start, &json!({ "started": started }).to_string()).await;
    assert_eq!(cloud.ended(started).await, (ExecutionStatus::Succeeded, Some(r#"{"Total":3}"#.to_owned())));
    for (kind, status) in [("Event", 202), ("DryRun", 204)] {
        let invoke = json!({"Resource": "arn:aws:states:::lambda:invoke", "OutputPath": "$.StatusCode",
            "Parameters": {"FunctionName": "validate-order", "InvocationType": kind, "Payload": {}}});
        check(kind, invoke, &status.to_string()).await;
    }
}

#[tokio::test]
async fn a_failed_map_run_is_redriven_with_its_children() {
    let cloud = Cloud::open().await;
    let machine = cloud
        .machine(
            "needing",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 1, "End": true,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Look",
                    "States": {"Look": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeTable",
                        "Parameters": {"TableName.$": "$"}, "ResultSelector": {"name.$": "$.Table.TableName"}, "End": true}}}}}}),
        )
        .await;
    let execution = cloud.start(&machine, &json!(["orders", "later", "inventory"])).await;
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Failed);
    let run = cloud.sfn.list_map_runs().execution_arn(&execution).send().await.unwrap().map_runs[0].map_run_arn.clone();
    let children = || async { cloud.sfn.list_executions().map_run_arn(&run).send().await.unwrap().executions };
    let failed = children().await.into_iter().find(|child| child.status == ExecutionStatus::Failed).unwrap();
    // By itself it is not redriven: the map run does that.
    let child = cloud.sfn.describe_execution().execution_arn(&failed.execution_arn).send().await.unwrap();
    assert_eq!(child.redrive_status.unwrap().as_str(), "REDRIVABLE_BY_MAP_RUN");
    let alone = cloud.sfn.redrive_execution().execution_arn(&failed.execution_arn).send().await.unwrap_err();
    assert!(alone.into_service_error().is_execution_not_redrivable());
    let nowhere = cloud.sfn.list_executions().map_run_arn(format!("{run}0")).send().await.unwrap_err();
    assert!(nowhere.into_service_error().is_resource_not_found());

    cloud.world.cloud.create_orders_table("later").await.unwrap();
    cloud.sfn.redrive_execution().execution_arn(&execution).send().await.unwrap();
    let output = r#"[{"name":"orders"},{"name":"later"},{"name":"inventory"}]"#;
    assert_eq!(cloud.ended(&execution).await, (ExecutionStatus::Succeeded, Some(output.to_owned())));
    let described = cloud.sfn.describe_map_run().map_run_arn(&run).send().await.unwrap();
    let counts = described.item_counts.unwrap();
    assert_eq!((described.redrive_count, counts.succeeded, counts.failed, counts.total), (Some(1), 3, 0, 3));
    assert_eq!(described.status.as_str(), "SUCCEEDED");
    let again = cloud.sfn.describe_execution().execution_arn(failed.execution_arn).send().await.unwrap();
    assert_eq!((again.status, again.redrive_count, children().await.len()), (ExecutionStatus::Succeeded, Some(1), 3));
}

/// Of many who ask for it at once, one has an execution redriven; a child that had succeeded is not run again.
#[tokio::test]
async fn an_execution_is_redriven_once() {
    let cloud = Cloud::open().await;
    let add = json!({"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": true});
    let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Add",
        "States": {"Add": add}});
    let each = json!({"Type": "Map", "MaxConcurrency": 10, "Items": "{% [1..300] %}", "ItemProcessor": processor,
        "End": true});
    let mapping = json!({"QueryLanguage": "JSONata", "StartAt": "Each", "States": {"Each": each}});
    let machine = cloud.machine("mapping", &mapping).await;
    let execution = cloud.start(&machine, &json!({})).await;
    cloud.sfn.stop_execution().execution_arn(&execution).send().await.unwrap();
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Aborted);

    let redrives = (0..6).map(|_| cloud.sfn.redrive_execution().execution_arn(&execution).send());
    let answers = futures::future::join_all(redrives).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Succeeded);
    let described = cloud.sfn.describe_execution().execution_arn(&execution).send().await.unwrap();
    assert_eq!(described.redrive_count, Some(1));
    for run in cloud.sfn.list_map_runs().execution_arn(&execution).send().await.unwrap().map_runs {
        let counts =
            cloud.sfn.describe_map_run().map_run_arn(run.map_run_arn).send().await.unwrap().item_counts.unwrap();
        assert_eq!((counts.succeeded, counts.failed, counts.aborted, counts.total), (300, 0, 0, 300));
    }
}

#[tokio::test]
async fn too_many_failures_end_a_map_run() {
    let cloud = Cloud::open().await;
    let machine = cloud
        .machine(
            "fragile",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ToleratedFailureCount": 1, "End": true,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Odd",
                    "States": {"Odd": {"Type": "Choice", "Default": "Well", "Choices": [{"Variable": "$", "NumericLessThan": 0, "Next": "Badly"}]},
                        "Well": {"Type": "Succeed"}, "Badly": {"Type": "Fail", "Error": "Negative"}}}}}}),
        )
        .await;
    let tolerated = cloud.start(&machine, &json!([1, -1, 2])).await;
    assert_eq!(cloud.ended(&tolerated).await.0, ExecutionStatus::Succeeded);
    let exceeded = cloud.start(&machine, &json!([-1, -2, 3])).await;
    assert_eq!(cloud.ended(&exceeded).await.0, ExecutionStatus::Failed);
    let described = cloud.sfn.describe_execution().execution_arn(&exceeded).send().await.unwrap();
    assert_eq!(described.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
}

#[tokio::test]
async fn the_limits_of_a_map_run_change_while_it_runs() {
    let cloud = Cloud::open().await;
    let activity = cloud.sfn.create_activity().name("piecework").send().await.unwrap().activity_arn;
    let machine = cloud
        .machine(
            "slow",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 1, "End": true,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Work",
                    "States": {"Work": {"Type": "Task", "Resource": activity, "End": true}}}}}}),
        )
        .await;
    let execution = cloud.start(&machine, &json!([1, 2, 3])).await;
    let mut tasks = Vec::new();
    let poll = || cloud.sfn.get_activity_task().activity_arn(&activity).send();
    tasks.push(poll().await.unwrap());
    let runs = cloud.sfn.list_map_runs().execution_arn(&execution).send().await.unwrap().map_runs;
    let run = &runs[0].map_run_arn;
    let refused = cloud.sfn.update_map_run().map_run_arn(run).tolerated_failure_percentage(101.0).send().await;
    assert!(refused.unwrap_err().into_service_error().is_validation_exception());
    // With one at a time no second task would ever be offered before the first is done.
    cloud.sfn.update_map_run().map_run_arn(run).max_concurrency(3).tolerated_failure_count(2).send().await.unwrap();
    for _ in 0..2 {
        tasks.push(poll().await.unwrap());
    }
    for (index, task) in tasks.into_iter().enumerate() {
        let token = task.task_token.unwrap();
        if index < 2 {
            cloud.sfn.send_task_failure().task_token(token).error("Busy").send().await.unwrap();
        } else {
            cloud.sfn.send_task_success().task_token(token).output(r#""done""#).send().await.unwrap();
        }
    }
    assert_eq!(cloud.ended(&execution).await, (ExecutionStatus::Succeeded, Some(r#"["done"]"#.to_owned())));
    let described = cloud.sfn.describe_map_run().map_run_arn(run).send().await.unwrap();
    assert_eq!((described.max_concurrency, described.tolerated_failure_count), (3, 2));
    let late = cloud.sfn.update_map_run().map_run_arn(run).max_concurrency(1).send().await;
    assert!(late.unwrap_err().into_service_error().is_validation_exception());
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>: it is there only then.
#[tokio::test]
async fn a_redriven_execution_knows_when_it_was() {
    let cloud = Cloud::open().await;
    let state = json!({"Type": "Fail", "ErrorPath": "States.Format('{}', $$.Execution.RedriveTime)"});
    let machine = cloud.machine("timed", &json!({"StartAt": "Tell", "States": {"Tell": state}})).await;
    let execution = cloud.start(&machine, &json!({})).await;
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Failed);
    let error =
        || async { cloud.sfn.describe_execution().execution_arn(&execution).send().await.unwrap().error.unwrap() };
    assert_eq!(error().await, "States.Runtime");
    cloud.sfn.redrive_execution().execution_arn(&execution).send().await.unwrap();
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Failed);
    let told: jiff::Timestamp = error().await.parse().unwrap();
    assert!(told > jiff::Timestamp::UNIX_EPOCH);
}

#[tokio::test]
async fn a_failed_execution_is_redriven_from_where_it_failed() {
    let cloud = Cloud::open().await;
    let activity = cloud.sfn.create_activity().name("work").send().await.unwrap().activity_arn;
    let machine = cloud
        .machine(
            "redriven",
            &json!({"StartAt": "First", "States": {"First": {"Type": "Pass", "Result": 1, "Next": "Both"},
                "Both": {"Type": "Parallel", "End": true, "Branches": [
                    {"StartAt": "Easy", "States": {"Easy": {"Type": "Pass", "Result": "easy", "End": true}}},
                    {"StartAt": "Hard", "States": {"Hard": {"Type": "Task", "Resource": activity, "End": true}}}]}}}),
        )
        .await;
    let execution = cloud.start(&machine, &json!({})).await;
    let task = cloud.sfn.get_activity_task().activity_arn(&activity).worker_name("w").send().await.unwrap();
    assert_eq!(task.input.as_deref(), Some("1"));
    let token = task.task_token.unwrap();
    // A call that AWS refuses leaves the task open.
    let long = cloud.sfn.send_task_failure().task_token(&token).error("x".repeat(257)).send().await.unwrap_err();
    assert_eq!(long.into_service_error().meta().code(), Some("ValidationException"));
    let output = format!("\"{}\"", "x".repeat(262_143));
    let long = cloud.sfn.send_task_success().task_token(&token).output(output).send().await.unwrap_err();
    assert_eq!(long.into_service_error().meta().code(), Some("ValidationException"));
    cloud.sfn.send_task_failure().task_token(token).error("Busy").send().await.unwrap();
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Failed);
    let before = cloud.types(&execution).await.len();

    let redrive = || cloud.sfn.redrive_execution().execution_arn(&execution).client_token("once").send();
    let (first, again) = (redrive().await.unwrap(), redrive().await.unwrap());
    assert_eq!(again.redrive_date, first.redrive_date, "the same token is the same redrive");
    let task = cloud.sfn.get_activity_task().activity_arn(&activity).send().await.unwrap();
    cloud.sfn.send_task_success().task_token(task.task_token.unwrap()).output("\"done\"").send().await.unwrap();
    let (status, output) = cloud.ended(&execution).await;
    assert_eq!((status, output.as_deref()), (ExecutionStatus::Succeeded, Some(r#"["easy","done"]"#)));
    // The branch that had succeeded is not run again.
    let after = cloud.types(&execution).await.split_off(before);
    assert_eq!(after[0], HistoryEventType::ExecutionRedriven);
    assert!(!after.contains(&HistoryEventType::PassStateEntered), "{after:?}");
    let again = cloud.sfn.redrive_execution().execution_arn(&execution).send().await.unwrap_err();
    assert!(again.as_service_error().unwrap().is_execution_not_redrivable());
}

#[tokio::test]
async fn a_map_run_counts_the_items_in_its_batches() {
    let cloud = Cloud::open().await;
    let machine = cloud
        .machine(
            "batched",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "End": true, "ItemBatcher": {"MaxItemsPerBatch": 2},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}}}}),
        )
        .await;
    let execution = cloud.start(&machine, &json!([1, 2, 3, 4, 5])).await;
    assert_eq!(cloud.ended(&execution).await.0, ExecutionStatus::Succeeded);
    let run = cloud.sfn.list_map_runs().execution_arn(&execution).send().await.unwrap().map_runs[0].map_run_arn.clone();
    let described = cloud.sfn.describe_map_run().map_run_arn(&run).send().await.unwrap();
    let (items, children) = (described.item_counts.unwrap(), described.execution_counts.unwrap());
    assert_eq!((items.succeeded, items.total, children.succeeded, children.total), (5, 5, 3, 3));
    let listed = cloud.sfn.list_executions().map_run_arn(&run).send().await.unwrap().executions;
    let mut counts: Vec<Option<i32>> = listed.into_iter().map(|child| child.item_count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [Some(1), Some(2), Some(2)]);
}

#[tokio::test]
async fn with_its_machine_an_execution_ends() {
    let cloud = Cloud::open().await;
    let wait = json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9999, "End": true}}});
    let (gone, other) = (cloud.machine("gone", &wait).await, cloud.machine("other", &wait).await);
    let (ending, going_on) = (cloud.start(&gone, &json!({})).await, cloud.start(&other, &json!({})).await);
    cloud.sfn.delete_state_machine().state_machine_arn(&gone).send().await.unwrap();
    assert_eq!(cloud.ended(&ending).await.0, ExecutionStatus::Aborted);
    let described = cloud.sfn.describe_execution().execution_arn(going_on).send().await.unwrap();
    assert_eq!(described.status, ExecutionStatus::Running, "{:?}", described.cause);
    let refused = cloud.sfn.start_execution().state_machine_arn(gone).send().await.unwrap_err();
    assert!(refused.into_service_error().is_state_machine_does_not_exist());
}

#[tokio::test]
async fn an_express_workflow_answers_its_caller() {
    let cloud = Cloud::open().await;
    let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}).to_string();
    let made = cloud.sfn.create_state_machine().name("fast").role_arn(ROLE).definition(definition);
    let machine = made.r#type(StateMachineType::Express).send().await.unwrap().state_machine_arn;
    let run = cloud.sfn.start_sync_execution().state_machine_arn(&machine).input(r#"{"a":1}"#).send().await.unwrap();
    assert_eq!((run.status, run.output.as_deref()), (SyncExecutionStatus::Succeeded, Some(r#"{"a":1}"#)));
    let listed = cloud.sfn.list_executions().state_machine_arn(&machine).send().await.unwrap_err();
    assert!(listed.as_service_error().unwrap().is_state_machine_type_not_supported());
}

/// The worker was there before the task; its heart beats from the moment that it has it.
#[tokio::test(start_paused = true)]
async fn a_worker_that_waits_gets_its_task_at_once() {
    let cloud = Cloud::open().await;
    let activity = cloud.sfn.create_activity().name("later").send().await.unwrap().activity_arn;
    let machine = cloud
        .machine(
            "waiting",
            &json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 2, "Next": "Work"},
                "Work": {"Type": "Task", "Resource": activity, "HeartbeatSeconds": 30, "TimeoutSeconds": 40, "End": true}}}),
        )
        .await;
    let first = cloud.start(&machine, &json!({})).await;
    let task = cloud.sfn.get_activity_task().activity_arn(&activity).send().await.unwrap();
    let token = task.task_token.filter(|token| !token.is_empty()).expect("it got the task");
    cloud.sfn.send_task_success().task_token(token).output("1").send().await.unwrap();
    assert_eq!(cloud.ended(&first).await, (ExecutionStatus::Succeeded, Some("1".to_owned())));
    // Nobody asks for this one: no heart beats, and its whole time passes.
    let second = cloud.start(&machine, &json!({})).await;
    assert_eq!(cloud.ended(&second).await.0, ExecutionStatus::Failed);
    let described = cloud.sfn.describe_execution().execution_arn(&second).send().await.unwrap();
    assert_eq!(described.error.as_deref(), Some("States.Timeout"));
}

#[tokio::test]
async fn a_version_stays_what_it_was() {
    let cloud = Cloud::open().await;
    let definition =
        |result: &str| json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": result, "End": true}}});
    let machine = cloud.machine("versioned", &definition("one")).await;
    let first = cloud.sfn.publish_state_machine_version().state_machine_arn(&machine).send().await.unwrap();
    cloud
        .sfn
        .update_state_machine()
        .state_machine_arn(&machine)
        .definition(definition("two").to_string())
        .send()
        .await
        .unwrap();
    let route = RoutingConfigurationListItem::builder()
        .state_machine_version_arn(&first.state_machine_version_arn)
        .weight(100)
        .build()
        .unwrap();
    let alias = cloud.sfn.create_state_machine_alias().name("live").routing_configuration(route).send().await.unwrap();
    for (arn, expected) in [(machine.as_str(), "\"two\""), (alias.state_machine_alias_arn.as_str(), "\"one\"")] {
        let execution = cloud.start(arn, &json!({})).await;
        assert_eq!(cloud.ended(&execution).await.1.as_deref(), Some(expected));
    }
    let refused = cloud
        .sfn
        .delete_state_machine_version()
        .state_machine_version_arn(&first.state_machine_version_arn)
        .send()
        .await
        .unwrap_err();
    assert!(refused.as_service_error().unwrap().is_conflict_exception());
}

#[tokio::test]
async fn an_execution_waits_for_the_one_that_it_started() {
    let cloud = Cloud::open().await;
    let inner = cloud
        .machine("inner", &json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"x": 2}, "End": true}}}))
        .await;
    let outer = cloud
        .machine(
            "outer",
            &json!({"StartAt": "Run", "States": {"Run": {"Type": "Task", "End": true, "OutputPath": "$.Output.x",
                "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": {"StateMachineArn": inner, "Input": {"a": 1}}}}}),
        )
        .await;
    let execution = cloud.start(&outer, &json!({})).await;
    assert_eq!(cloud.ended(&execution).await, (ExecutionStatus::Succeeded, Some("2".to_owned())));
}

#[tokio::test]
async fn one_state_is_tested_with_a_mock() {
    let cloud = Cloud::open().await;
    let state = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "After",
        "Parameters": {"QueueUrl.$": "$.queue", "MessageBody": "hi"}, "ResultPath": "$.sent"});
    let mock = MockInput::builder().result(r#"{"MessageId": "1", "MD5OfMessageBody": "x"}"#).build();
    let tested = cloud
        .sfn
        .test_state()
        .definition(state.to_string())
        .input(r#"{"queue": "q"}"#)
        .mock(mock)
        .inspection_level(InspectionLevel::Debug)
        .send()
        .await
        .unwrap();
    assert_eq!((tested.status, tested.next_state.as_deref()), (Some(TestExecutionStatus::Succeeded), Some("After")));
    let output: Value = serde_json::from_str(&tested.output.unwrap()).unwrap();
    assert_eq!(output["sent"]["MessageId"], "1");
    let parameters: Value = serde_json::from_str(&tested.inspection_data.unwrap().after_parameters.unwrap()).unwrap();
    assert_eq!(parameters, json!({"QueueUrl": "q", "MessageBody": "hi"}));
}

/// What a Map makes of its items on the way to its iterations, and what a state inside of it sees.
#[tokio::test]
async fn a_map_is_tested_up_to_its_iterations() {
    let cloud = Cloud::open().await;
    let map = |fields: Value| {
        let inner = json!({"Type": "Pass", "Parameters": {"at.$": "$$.Map.Item.Index", "is.$": "$$.Map.Item.Value"},
            "End": true});
        let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Inner", "States": {"Inner": inner}});
        let mut map = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
        map.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"StartAt": "Map", "States": {"Map": map}}).to_string()
    };
    let selector = json!({"is.$": "$$.Map.Item.Value"});
    let reader = |config: Value| {
        json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
            "Parameters": {"Bucket": "b", "Key": "k"}})
    };
    let list = json!({"ItemsPath": "$.l", "ItemSelector": selector, "ItemBatcher": {"MaxItemsPerBatch": 2}});
    let read = json!({"ItemReader": reader(json!({"InputType": "JSON", "ItemsPointer": "/a/l"})),
        "ItemSelector": selector});
    let selected = r#"[{"is":1},{"is":2},{"is":3}]"#;
    let batches = r#"[{"Items":[{"is":1},{"is":2}]},{"Items":[{"is":3}]}]"#;
    let cases = [
        (list, None, [Some("[1,2,3]"), None, Some(selected), Some(batches)]),
        (read.clone(), Some(r#"{"a":{"l":[1,2,3]}}"#), [None, Some("[1,2,3]"), Some(selected), None]),
        // What was read is not known.
        (read, None, [None; 4]),
    ];
    for (fields, data, expected) in cases {
        let read = data.map(|data| TestStateConfiguration::builder().map_item_reader_data(data).build());
        let tested = cloud
            .sfn
            .test_state()
            .definition(map(fields.clone()))
            .state_name("Map")
            .input(r#"{"l": [1,2,3]}"#)
            .inspection_level(InspectionLevel::Debug)
            .mock(MockInput::builder().result("[]").build())
            .set_state_configuration(read)
            .send()
            .await
            .unwrap();
        let data = tested.inspection_data.unwrap();
        let stages =
            [data.after_items_path, data.after_items_pointer, data.after_item_selector, data.after_item_batcher];
        assert_eq!(stages.each_ref().map(Option::as_deref), expected, "{fields}");
    }
    let inner = cloud.sfn.test_state().definition(map(json!({}))).state_name("Inner").input(r#"{"n":1}"#);
    assert_eq!(inner.send().await.unwrap().output.as_deref(), Some(r#"{"at":0,"is":{"n":1}}"#));
}

/// An expression that runs until it is stopped keeps nobody else waiting, not even where one thread answers.
#[test]
fn a_slow_expression_holds_nobody_up() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let cloud = Cloud::open().await;
        let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "End": true,
            "Output": "{% ($f := function($n) { $f($n + 1) }; $f(0)) %}"});
        let slow = cloud.sfn.test_state().definition(state.to_string());
        let slow = tokio::spawn(async move { slow.send().await.is_ok() });
        let list = cloud.sfn.list_state_machines();
        let listed = tokio::spawn(async move { list.send().await }).await.unwrap().unwrap();
        assert_eq!(listed.state_machines.len(), 1);
        assert!(!slow.is_finished(), "the list came after the expression");
    });
    runtime.shutdown_background();
}

/// Executions that would compute for minutes, more than there are processors: others run and end beside them, and they
/// stop when they are told to.
#[tokio::test]
async fn executions_that_compute_hold_nobody_up() {
    let cloud = Cloud::open().await;
    let endless = |state: Value| {
        let never = json!({"Variable": "$.never", "IsPresent": true, "Next": "End"});
        let again = json!({"Type": "Choice", "Choices": [never], "Default": "Work"});
        json!({"StartAt": "Work", "States": {"Work": state, "Again": again, "End": {"Type": "Succeed"}}})
    };
    let search = json!({"Type": "Pass", "Parameters": {"list.$": "States.ArrayRange(0, 999, 1)",
        "found.$": "$.list[?(@ in $.list)]"}, "Next": "Again"});
    let sum = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"sum": "{% $sum([1..100000]) %}"},
        "Next": "Again"});
    let list: Vec<u32> = (0..1000).collect();
    let mut endless_ones = Vec::new();
    for (name, state) in [("search", search), ("sum", sum.clone())] {
        let machine = cloud.machine(name, &endless(state)).await;
        let count = std::thread::available_parallelism().map_or(1, usize::from) + 1;
        for _ in 0..count {
            endless_ones.push(cloud.start(&machine, &json!({"list": list})).await);
        }
    }
    let pass = json!({"Type": "Pass", "Output": "{% $states.input.n + 1 %}", "End": true});
    let short = json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": pass}});
    let short = cloud.machine("short", &short).await;
    for n in 0..3 {
        let execution = cloud.start(&short, &json!({"n": n})).await;
        assert_eq!(cloud.ended(&execution).await, (ExecutionStatus::Succeeded, Some((n + 1).to_string())));
    }
    // Nor does a branch that computes the others.
    let activity = cloud.sfn.create_activity().name("beside").send().await.unwrap().activity_arn;
    let branches = [
        endless(sum.clone()),
        json!({"StartAt": "Ask", "States": {"Ask": {"Type": "Task",
        "Resource": activity, "End": true}}}),
    ];
    let parallel = json!({"Type": "Parallel", "Branches": branches, "End": true});
    let machine = cloud.machine("beside", &json!({"StartAt": "Both", "States": {"Both": parallel}})).await;
    endless_ones.push(cloud.start(&machine, &json!({})).await);
    let task = cloud.sfn.get_activity_task().activity_arn(&activity).send().await.unwrap();
    let token = task.task_token.expect("it got the task");
    cloud.sfn.send_task_success().task_token(token).output("1").send().await.unwrap();
    for execution in &endless_ones {
        let described = cloud.sfn.describe_execution().execution_arn(execution).send().await.unwrap();
        assert_eq!(described.status, ExecutionStatus::Running, "{:?}", described.cause);
        cloud.sfn.stop_execution().execution_arn(execution).send().await.unwrap();
        assert_eq!(cloud.ended(execution).await.0, ExecutionStatus::Aborted);
    }
}

#[tokio::test]
async fn a_mock_file_stands_in_for_services_and_functions() {
    let file = json!({
        "StateMachines": {"calls": {"TestCases": {"BusyOnce": {"Send": "Busy", "Adult": "Adult"}}}},
        "MockedResponses": {
            "Busy": {"0": {"Throw": {"Error": "SQS.Busy", "Cause": "later"}}, "1-2": {"Return": {"MessageId": "7"}}},
            "Adult": {"0": {"Return": {"StatusCode": 200, "Payload": {"adult": true}}}},
        },
    });
    let mocks = Some(Mocks::read(&file.to_string()).unwrap());
    let cloud = Cloud::of(World::of(Options { mocks, ..Options::from(Place::Memory) }).await);
    let machine = cloud
        .machine(
            "calls",
            &json!({"StartAt": "Send", "States": {
                "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Adult",
                    "Parameters": {"QueueUrl": "q", "MessageBody": "hi"}, "ResultPath": "$.sent",
                    "Retry": [{"ErrorEquals": ["SQS.Busy"], "IntervalSeconds": 1, "MaxAttempts": 2}]},
                "Adult": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:age",
                    "ResultPath": "$.of", "End": true}}}),
        )
        .await;
    tokio::time::pause();
    let mocked = cloud.start(&format!("{machine}#BusyOnce"), &json!({})).await;
    let output = r#"{"sent":{"MessageId":"7"},"of":{"adult":true}}"#;
    assert_eq!(cloud.ended(&mocked).await, (ExecutionStatus::Succeeded, Some(output.to_owned())));

    let bare = cloud.start(&machine, &json!({})).await;
    assert_eq!(cloud.ended(&bare).await.0, ExecutionStatus::Failed);
    let described = cloud.sfn.describe_execution().execution_arn(&bare).send().await.unwrap();
    assert_eq!(described.error.as_deref(), Some("LocalCloud.UnsupportedIntegration"));

    let unknown = cloud.sfn.start_execution().state_machine_arn(format!("{machine}#Nope")).send().await.unwrap_err();
    let message = "The mock file has no test case 'Nope' for the state machine 'calls'";
    assert_eq!(unknown.into_service_error().meta().message(), Some(message));
}

/// Sends a request to the cloud as Lambda's clients do.
async fn call(cloud: &Cloud, method: &str, path: &str, body: String) -> (u16, Value) {
    use axum::body::Body;
    let router = Local::router(&cloud.world.local).unwrap();
    let request = http::Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    let response = tower::ServiceExt::oneshot(router, request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// A cloud in memory unpacks functions into the temporary directory, and takes them with it.
#[tokio::test]
async fn nothing_is_left_of_a_cloud_in_memory() {
    let cloud = Cloud::open().await;
    let source = "import os\ndef handler(event, context):\n    return os.environ['LAMBDA_TASK_ROOT']\n";
    let create = json!({"FunctionName": "where", "Runtime": "python3.12", "Handler": "code.handler", "Role": ROLE,
        "Code": {"ZipFile": zipped("code.py", source)}});
    assert_eq!(call(&cloud, "POST", "/2015-03-31/functions", create.to_string()).await.0, 201);
    let (_, folder) = call(&cloud, "POST", "/2015-03-31/functions/where/invocations", "{}".to_owned()).await;
    let folder = std::path::PathBuf::from(folder.as_str().unwrap());
    let parent = folder.parent().unwrap();
    assert!(parent.starts_with(std::env::temp_dir()) && parent.exists(), "{}", parent.display());
    drop(cloud);
    assert!(!parent.exists(), "{}", parent.display());
}

#[tokio::test]
async fn a_python_function_is_made_invoked_and_its_error_told() {
    let cloud = Cloud::open().await;
    let source = "def handler(event, context):\n    if 'bad' in event:\n        raise ValueError('no ' + event['bad'])\n    return {'sum': sum(event['numbers'])}\n";
    let create = json!({"FunctionName": "adder", "Runtime": "python3.12", "Handler": "code.handler", "Role": ROLE,
        "Code": {"ZipFile": zipped("code.py", source)}});
    assert_eq!(call(&cloud, "POST", "/2015-03-31/functions", create.to_string()).await.0, 201);
    let machine = cloud
        .machine(
            "adding",
            &json!({"StartAt": "Add", "States": {"Add": {"Type": "Task", "End": true,
                "Resource": "arn:aws:lambda:us-east-1:000000000000:function:adder"}}}),
        )
        .await;
    let well = cloud.start(&machine, &json!({"numbers": [1, 2, 3]})).await;
    assert_eq!(cloud.ended(&well).await, (ExecutionStatus::Succeeded, Some(r#"{"sum": 6}"#.to_owned())));
    let badly = cloud.start(&machine, &json!({"bad": "luck"})).await;
    assert_eq!(cloud.ended(&badly).await.0, ExecutionStatus::Failed);
    let described = cloud.sfn.describe_execution().execution_arn(&badly).send().await.unwrap();
    assert_eq!(described.error.as_deref(), Some("ValueError"));
    let cause: Value = serde_json::from_str(&described.cause.unwrap()).unwrap();
    assert_eq!(cause["errorMessage"], "no luck");
    assert_eq!(
        cause["stackTrace"][0],
        "  File \"/var/task/code.py\", line 3, in handler\n    raise ValueError('no ' + event['bad'])\n"
    );
    assert_eq!(call(&cloud, "DELETE", "/2015-03-31/functions/adder", String::new()).await.0, 204);
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html>: the types that no class can have are Lambda's.
#[tokio::test]
async fn what_is_wrong_with_a_function_is_told_by_its_type() {
    let cloud = Cloud::open().await;
    let (good, name) = ("def handler(event, context):\n    return {1}\n", "code.handler");
    let cases = [
        (
            "import nowhere\n",
            name,
            "Runtime.ImportModuleError",
            "Unable to import module 'code': No module named 'nowhere'",
        ),
        ("def handler(:\n", name, "Runtime.UserCodeSyntaxError", "Syntax error in module 'code': "),
        (good, "code.main", "Runtime.HandlerNotFound", "Handler 'main' missing on module 'code'"),
        (good, "code", "Runtime.MalformedHandlerName", "Bad handler 'code'"),
        (good, name, "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable"),
        ("raise KeyError('k')\n", name, "KeyError", "'k'"),
    ];
    for (number, (source, handler, error_type, message)) in cases.into_iter().enumerate() {
        let create = json!({"FunctionName": format!("f{number}"), "Runtime": "python3.12", "Handler": handler, "Role": ROLE,
            "Code": {"ZipFile": zipped("code.py", source)}});
        assert_eq!(call(&cloud, "POST", "/2015-03-31/functions", create.to_string()).await.0, 201);
        let path = format!("/2015-03-31/functions/f{number}/invocations");
        let (status, told) = call(&cloud, "POST", &path, "{}".to_owned()).await;
        let text = told["errorMessage"].as_str().unwrap_or_default();
        assert_eq!((status, told["errorType"].as_str()), (200, Some(error_type)), "{told}");
        assert!(text.starts_with(message), "{told}");
    }
    let large = json!("x".repeat(7 << 20)).to_string();
    assert_eq!(call(&cloud, "POST", "/2015-03-31/functions/f4/invocations", large).await.0, 413);
    // An error with all its lines is one event, and a start is told apart from the run.
    let logs = aws_sdk_cloudwatchlogs::Client::new(&cloud.world.local.config);
    let answer = logs.filter_log_events().log_group_name("/aws/lambda/f5").send().await.unwrap();
    let lines: Vec<String> = answer.events.unwrap().into_iter().filter_map(|event| event.message).collect();
    assert!(lines[0].starts_with("INIT_START Runtime Version: python3"), "{lines:?}");
    assert_eq!(
        lines[1],
        "[ERROR] KeyError: 'k'\nTraceback (most recent call last):\n  File \"/var/task/code.py\", line 1, in <module>\n    raise KeyError('k')"
    );
    assert!(lines[2].starts_with("INIT_REPORT Init Duration: ") && lines[2].ends_with("Status: error"), "{lines:?}");
    assert!(lines[3].starts_with("START RequestId: "), "{lines:?}");
    assert!(lines.last().unwrap().contains("\tMemory Size: 128 MB"), "{lines:?}");
}

/// A zip of one file, as base64.
fn zipped(name: &str, content: &str) -> String {
    use base64::Engine;
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(content.as_bytes()).unwrap();
    base64::engine::general_purpose::STANDARD.encode(archive.finish().unwrap().into_inner())
}

#[test]
fn check_tells_what_is_wrong_by_line_and_column() {
    let check = |definition: &str| {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_orderflow-tui"))
            .args(["check", "-"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), definition.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(check(orderflow_tui::local::DEFINITION), (0, "-: ok\n".to_owned()));
    let (code, text) = check("{\"StartAt\": \"A\",\n \"States\": {\"A\": {\"Type\": \"Pass\",\n  \"Next\": \"B\"}}}");
    assert_eq!(code, 1);
    assert!(
        text.starts_with("-:3:3: error: Missing 'Next' target: B [MISSING_TRANSITION_TARGET] at /States/A/Next\n"),
        "{text}"
    );
    let (code, text) = check("{'a'}");
    assert_eq!(code, 1);
    assert!(text.starts_with("-:1:3: error: Unexpected character"), "{text}");
}
