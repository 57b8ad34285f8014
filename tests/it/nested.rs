//! What the dashboard makes of executions that start executions, and of versions and aliases.

use aws_sdk_sfn::types::RoutingConfigurationListItem;
use orderflow_tui::app::model::Dialog;
use orderflow_tui::app::{Cmd, Key, Model, Msg, update};
use orderflow_tui::facts::Arn;
use serde_json::{Value, json};

use crate::world::World;

const ROLE: &str = "arn:aws:iam::000000000000:role/test";

/// A dashboard on a cloud, without a screen: what it wishes of executions and machines is answered.
struct Dashboard {
    world: World,
    sfn: aws_sdk_sfn::Client,
    model: Model,
}

impl Dashboard {
    async fn open() -> Self {
        let world = World::open().await;
        let sfn = aws_sdk_sfn::Client::new(&world.local.config);
        let nowhere = Arn("arn:aws:states:us-east-1:000000000000:stateMachine:nowhere".into());
        Self { world, sfn, model: Model::new("here".into(), nowhere, Vec::new(), 0) }
    }

    async fn machine(&self, name: &str, definition: &Value) -> Arn {
        let made = self.sfn.create_state_machine().name(name).role_arn(ROLE).definition(definition.to_string());
        Arn(made.send().await.unwrap().state_machine_arn)
    }

    /// Starts an execution and waits for its end.
    async fn run(&self, machine: &Arn, input: &Value) -> Arn {
        let started = self.sfn.start_execution().state_machine_arn(&machine.0).input(input.to_string());
        let execution = Arn(started.send().await.unwrap().execution_arn);
        let mut changes = self.world.local.changes.clone().unwrap();
        while !self.world.cloud.execution(&execution).await.unwrap().summary.status.is_over() {
            changes.changed().await.unwrap();
        }
        execution
    }

    async fn tell(&mut self, message: Msg) {
        let mut wishes = update(&mut self.model, message);
        let cloud = &self.world.cloud;
        while let Some(wish) = wishes.pop() {
            let answer = match wish {
                Cmd::FetchExecutions => {
                    Msg::Executions(Ok(cloud.executions(&self.model.machine, None, 100).await.unwrap()))
                }
                Cmd::FetchMachine { execution } => {
                    let machine = match &execution {
                        Some(execution) => cloud.machine_of(execution).await.unwrap(),
                        None => cloud.machine(&self.model.machine).await.unwrap(),
                    };
                    Msg::Machine { execution, result: Ok(machine) }
                }
                Cmd::FetchHistory { execution, after } => {
                    Msg::History { result: Ok(cloud.history_after(&execution, after).await.unwrap()), execution }
                }
                Cmd::FetchMapRun { map_run } => {
                    Msg::MapRun { result: Ok(cloud.executions(&map_run, None, 100).await.unwrap()), map_run }
                }
                Cmd::FetchVersions => {
                    Msg::Versions(Ok(cloud.versions(&self.model.machine.unqualified()).await.unwrap()))
                }
                _ => continue,
            };
            wishes.extend(update(&mut self.model, answer));
        }
    }

    async fn press(&mut self, key: Key) {
        self.tell(Msg::Key(key)).await;
    }

    /// Looks at a state machine, which has to be another one than before.
    async fn look_at(&mut self, machine: &Arn) {
        self.tell(Msg::Machines { machines: vec![machine.clone()], problem: None }).await;
        self.press(Key::Char('M')).await;
        self.press(Key::Enter).await;
    }

    fn watched(&self) -> &Arn {
        &self.model.watch.as_ref().unwrap().arn
    }

    fn states(&self) -> Vec<String> {
        self.model.states()
    }

    /// What the palette offers.
    fn offered(&self) -> Vec<String> {
        let Some(Dialog::Palette(palette)) = &self.model.dialog else { return Vec::new() };
        palette.found().iter().map(|found| palette.target(found).unwrap().label.clone()).collect()
    }
}

#[tokio::test]
async fn one_goes_into_an_execution_that_was_started_and_back() {
    let mut dashboard = Dashboard::open().await;
    let inner = dashboard
        .machine("inner", &json!({"StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": true}}}))
        .await;
    let task = |integration: &str| {
        json!({"StartAt": "Run", "States": {"Run": {"Type": "Task", "End": true,
        "Resource": format!("arn:aws:states:::states:startExecution{integration}"),
        "Parameters": {"StateMachineArn": inner.0, "Input": {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}}}}})
    };
    for (name, integration) in [("waits", ".sync:2"), ("goes-on", "")] {
        let outer = dashboard.machine(name, &task(integration)).await;
        let execution = dashboard.run(&outer, &json!({})).await;
        dashboard.look_at(&outer).await;
        assert_eq!((dashboard.watched(), dashboard.states()), (&execution, vec!["Run".to_owned()]));
        dashboard.press(Key::Char('D')).await;
        assert!(dashboard.watched().0.contains(":execution:inner:"), "{}", dashboard.watched());
        assert_eq!(dashboard.states(), ["Inside"]);
        // What is done again is done by the machine of the execution, with its input as it was.
        dashboard.press(Key::Char('A')).await;
        let wishes = update(&mut dashboard.model, Msg::Key(Key::Ctrl('s')));
        let Some(Cmd::StartExecution { machine, input, .. }) = wishes.first() else { panic!("{wishes:?}") };
        assert_eq!((machine, input.contains("orderId")), (&inner, false));
        dashboard.press(Key::Esc).await;
        dashboard.press(Key::Char('U')).await;
        assert_eq!((dashboard.watched(), dashboard.states()), (&execution, vec!["Run".to_owned()]));
        // Whoever did not come from above is told by the input.
        let child = dashboard.model.child().unwrap().clone();
        dashboard.look_at(&inner).await;
        assert_eq!(dashboard.watched(), &child);
        dashboard.press(Key::Char('U')).await;
        assert_eq!(dashboard.watched(), &execution);
    }
}

#[tokio::test]
async fn one_goes_into_the_executions_of_a_map_run() {
    let mut dashboard = Dashboard::open().await;
    let machine = dashboard
        .machine(
            "batches",
            &json!({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "End": true,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Count", "States": {"Count": {"Type": "Pass", "End": true}}}}}}),
        )
        .await;
    let execution = dashboard.run(&machine, &json!({"items": [1, 2, 3]})).await;
    dashboard.look_at(&machine).await;
    dashboard.tell(Msg::Key(Key::Char('2'))).await;
    dashboard.model.state = Some("Each".into());
    dashboard.press(Key::Char('D')).await;
    let offered = dashboard.offered();
    assert!(offered.len() == 3 && offered.iter().all(|label| label.ends_with("SUCCEEDED")), "{offered:?}");
    dashboard.press(Key::Enter).await;
    assert_ne!(dashboard.watched(), &execution);
    assert_eq!(dashboard.model.run().unwrap().visits[0].state, "Count");
    dashboard.press(Key::Esc).await;
    assert_eq!(dashboard.watched(), &execution);
}

#[tokio::test]
async fn a_version_and_an_alias_are_looked_at_as_machines_of_their_own() {
    let mut dashboard = Dashboard::open().await;
    let definition = |state: &str| json!({"StartAt": state, "States": {state: {"Type": "Succeed"}}});
    let machine = dashboard.machine("versioned", &definition("One")).await;
    let sfn = dashboard.sfn.clone();
    let version = sfn.publish_state_machine_version().state_machine_arn(&machine.0).send().await.unwrap();
    let version = Arn(version.state_machine_version_arn);
    sfn.update_state_machine()
        .state_machine_arn(&machine.0)
        .definition(definition("Two").to_string())
        .send()
        .await
        .unwrap();
    let route =
        RoutingConfigurationListItem::builder().state_machine_version_arn(&version.0).weight(100).build().unwrap();
    let alias = sfn.create_state_machine_alias().name("live").routing_configuration(route).send().await.unwrap();
    let alias = Arn(alias.state_machine_alias_arn);
    let latest = dashboard.run(&machine, &json!({})).await;
    let by_alias = dashboard.run(&alias, &json!({})).await;
    let by_version = dashboard.run(&version, &json!({})).await;
    dashboard.look_at(&machine).await;
    let listed = dashboard.model.executions.clone();
    let through = |arn: &Arn| {
        let found = listed.iter().find(|execution| execution.arn == *arn).unwrap();
        found.through.as_ref().and_then(Arn::qualifier).map(ToOwned::to_owned)
    };
    assert_eq!(
        [through(&latest), through(&by_alias), through(&by_version)],
        [None, Some("live".into()), Some("1".into())]
    );
    dashboard.press(Key::Char('V')).await;
    assert_eq!(dashboard.offered(), ["versioned, whatever version", "version 1", "alias live"]);
    for (downs, name, executions) in [(2, "versioned live", vec![&by_alias]), (1, "versioned 1", vec![&by_version])] {
        for _ in 0..downs {
            dashboard.press(Key::Down).await;
        }
        dashboard.press(Key::Enter).await;
        let machine = &dashboard.model.machine;
        assert_eq!(format!("{} {}", machine.name(), machine.qualifier().unwrap()), name);
        let listed: Vec<&Arn> = dashboard.model.executions.iter().map(|execution| &execution.arn).collect();
        assert!(executions.iter().all(|execution| listed.contains(execution)), "{name}: {listed:?}");
        assert!(!listed.contains(&&latest), "{name}: {listed:?}");
        assert_eq!(dashboard.states(), ["One"]);
        dashboard.press(Key::Char('V')).await;
    }
}
