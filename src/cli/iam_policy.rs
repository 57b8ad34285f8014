//! `iam-policy`: the least IAM policy that the dashboard needs, made from one table of all calls.
//!
//! The table names every operation that `src/cloud` calls; a test compares the two. Never asks a cloud.

use serde_json::{Value, json};

use super::Ended;
use super::args::{Global, IamPolicy};
use super::output::{say, say_json, table};
use crate::local;

/// An operation that the program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The action that allows it. All of ours are called as the operation is.
    pub action: &'static str,
    /// Who calls it.
    pub by: Caller,
    /// What it is called on.
    pub on: On,
    /// What for.
    pub why: &'static str,
}

/// Who calls an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The dashboard and the commands, to look.
    Looking,
    /// The dashboard and the commands, to change something.
    Acting,
    /// `deploy`.
    Deploy,
    /// `destroy`.
    Destroy,
    /// Only the embedded cloud's own making.
    Embedded,
    /// Everybody; AWS allows it to everybody.
    Anybody,
}

impl Caller {
    fn as_str(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Acting => "acting",
            Self::Deploy => "deploy",
            Self::Destroy => "destroy",
            Self::Embedded => "embedded cloud only",
            Self::Anybody => "needs no permission",
        }
    }
}

/// What an operation is called on: the kinds of resources that AWS's Service Authorization Reference has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// AWS knows no resource for it.
    Everything,
    /// The state machine.
    Machine,
    /// The state machine's executions.
    Executions,
    /// The orders table and its index.
    Orders,
    /// Names of log groups.
    LogGroupNames,
    /// The functions' log groups.
    FunctionLogs,
    /// The inventory table.
    Inventory,
}

const fn call(action: &'static str, by: Caller, on: On, why: &'static str) -> Call {
    Call { action, by, on, why }
}

/// Every operation that the program calls.
pub const CALLS: &[Call] = &[
    call("states:ListStateMachines", Caller::Looking, On::Everything, "find the state machine by its name, list them"),
    call("states:DescribeStateMachine", Caller::Looking, On::Machine, "its definition, for the graph"),
    call("states:ListStateMachineVersions", Caller::Looking, On::Machine, "look at a version"),
    call("states:ListStateMachineAliases", Caller::Looking, On::Machine, "look at an alias"),
    call("states:DescribeStateMachineAlias", Caller::Looking, On::Machine, "the version behind an alias"),
    call("states:ListExecutions", Caller::Looking, On::Machine, "the list of executions"),
    call("states:DescribeExecution", Caller::Looking, On::Executions, "input, output, error and cause"),
    call("states:DescribeStateMachineForExecution", Caller::Looking, On::Executions, "the graph as it was run"),
    call("states:GetExecutionHistory", Caller::Looking, On::Executions, "what each state did"),
    call("states:StartExecution", Caller::Acting, On::Machine, "submit an order"),
    call("states:StopExecution", Caller::Acting, On::Executions, "stop an execution"),
    call("states:RedriveExecution", Caller::Acting, On::Executions, "redrive an execution"),
    call("states:TestState", Caller::Acting, On::Everything, "test a state by itself"),
    call("states:SendTaskSuccess", Caller::Acting, On::Everything, "approve an order"),
    call("states:SendTaskFailure", Caller::Acting, On::Everything, "reject an order"),
    call("states:CreateStateMachine", Caller::Embedded, On::Machine, "the stack makes it on AWS"),
    call("states:UpdateStateMachine", Caller::Embedded, On::Machine, "the stack does it on AWS"),
    call("dynamodb:Query", Caller::Looking, On::Orders, "an order with its history, and orders by status"),
    call("dynamodb:ListTables", Caller::Destroy, On::Everything, "see that no table is left, or in the way of deploy"),
    call("dynamodb:PutItem", Caller::Deploy, On::Inventory, "put the samples' articles on stock"),
    call("dynamodb:CreateTable", Caller::Embedded, On::Orders, "the stack makes it on AWS"),
    call("logs:DescribeLogGroups", Caller::Looking, On::LogGroupNames, "find the functions' log groups"),
    call("logs:FilterLogEvents", Caller::Looking, On::FunctionLogs, "read what the functions log"),
    call("logs:StartLiveTail", Caller::Looking, On::FunctionLogs, "live tail, when asked for"),
    call("logs:DeleteLogGroup", Caller::Destroy, On::FunctionLogs, "delete the log groups, which outlive the stack"),
    call("cloudwatch:GetMetricData", Caller::Looking, On::Everything, "the charts of the machine and its functions"),
    call("sts:GetCallerIdentity", Caller::Anybody, On::Everything, "say in which account this is"),
];

pub(super) fn run(global: &Global, args: &IamPolicy) -> color_eyre::Result<Ended> {
    if args.explain {
        let rows: Vec<Vec<String>> = CALLS
            .iter()
            .map(|call| vec![call.action.to_owned(), call.by.as_str().to_owned(), call.why.to_owned()])
            .collect();
        for line in table(&rows) {
            say(&line)?;
        }
        return Ok(Ended::Well);
    }
    for line in serde_json::to_string_pretty(&policy(global, args.read_only))?.lines() {
        say_json(line)?;
    }
    Ok(Ended::Well)
}

/// The policy document.
fn policy(global: &Global, read_only: bool) -> Value {
    let callers: &[Caller] = if read_only { &[Caller::Looking] } else { &[Caller::Looking, Caller::Acting] };
    let kinds = [On::Everything, On::Machine, On::Executions, On::Orders, On::LogGroupNames, On::FunctionLogs];
    let mut statements = Vec::new();
    for on in kinds {
        let actions: Vec<&str> =
            CALLS.iter().filter(|call| call.on == on && callers.contains(&call.by)).map(|call| call.action).collect();
        if !actions.is_empty() {
            let sid = format!("{on:?}");
            statements.push(json!({
                "Sid": sid,
                "Effect": "Allow",
                "Action": actions,
                "Resource": resources(global, on),
            }));
        }
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The ARNs, as narrow as the command line lets them be.
fn resources(global: &Global, on: On) -> Vec<String> {
    let region = global.region.as_deref().unwrap_or("*");
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let arn = |service: &str, resource: &str| format!("arn:{partition}:{service}:{region}:*:{resource}");
    // Any of the account's state machines may be opened, unless one is named.
    let machine = global.state_machine.as_deref().unwrap_or("*");
    let orders = global.table.as_deref().unwrap_or(local::ORDERS_TABLE);
    match on {
        On::Everything | On::Inventory => vec!["*".to_owned()],
        // With its versions and aliases.
        On::Machine if machine.starts_with("arn:") => vec![machine.to_owned(), format!("{machine}:*")],
        On::Machine if machine == "*" => vec![arn("states", "stateMachine:*")],
        On::Machine => ["", ":*"].map(|more| arn("states", &format!("stateMachine:{machine}{more}"))).into(),
        On::Executions if machine.starts_with("arn:") => {
            // With those that its distributed Maps start.
            let executions = machine.replace(":stateMachine:", ":execution:");
            vec![format!("{executions}:*"), format!("{executions}/*:*")]
        }
        On::Executions if machine == "*" => vec![arn("states", "execution:*:*")],
        On::Executions => {
            vec![arn("states", &format!("execution:{machine}:*")), arn("states", &format!("execution:{machine}/*:*"))]
        }
        On::Orders => {
            vec![
                arn("dynamodb", &format!("table/{orders}")),
                arn("dynamodb", &format!("table/{orders}/index/{}", order_core::BY_STATUS)),
            ]
        }
        On::LogGroupNames => vec![arn("logs", "log-group:*")],
        On::FunctionLogs => vec![arn("logs", "log-group:/aws/lambda/*:*")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(global: &Global, read_only: bool) -> Vec<(String, Vec<String>)> {
        let policy = policy(global, read_only);
        let strings = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let statements = policy["Statement"].as_array().unwrap();
        statements
            .iter()
            .flat_map(|statement| {
                let resources = strings(&statement["Resource"]);
                strings(&statement["Action"]).into_iter().map(move |action| (action, resources.clone()))
            })
            .collect()
    }

    #[test]
    fn read_only_allows_nothing_that_changes_something() {
        let all = allowed(&Global::default(), false);
        let looking = allowed(&Global::default(), true);
        assert!(all.iter().any(|(action, _)| action == "states:StartExecution"));
        assert!(looking.len() < all.len());
        for (action, _) in &looking {
            let operation = action.split(':').nth(1).unwrap();
            let reads = ["List", "Describe", "Get", "Query", "Filter"].iter().any(|start| operation.starts_with(start));
            // A session of reading.
            assert!(reads || operation == "StartLiveTail", "{action}");
        }
    }

    #[test]
    fn it_is_as_narrow_as_the_command_line_lets_it_be() {
        let named = Global {
            region: Some("eu-central-1".to_owned()),
            state_machine: Some("shop-order-workflow".to_owned()),
            table: Some("shop-orders".to_owned()),
            ..Global::default()
        };
        let arn = "arn:aws-cn:states:cn-north-1:111122223333:stateMachine:shop-order-workflow";
        let by_arn =
            Global { region: Some("cn-north-1".to_owned()), state_machine: Some(arn.to_owned()), ..Global::default() };
        let cases = [
            (&named, "states:StartExecution", "arn:aws:states:eu-central-1:*:stateMachine:shop-order-workflow"),
            (&named, "states:StopExecution", "arn:aws:states:eu-central-1:*:execution:shop-order-workflow:*"),
            (&named, "dynamodb:Query", "arn:aws:dynamodb:eu-central-1:*:table/shop-orders"),
            (&by_arn, "states:StartExecution", arn),
            (
                &by_arn,
                "states:GetExecutionHistory",
                "arn:aws-cn:states:cn-north-1:111122223333:execution:shop-order-workflow:*",
            ),
            (&by_arn, "logs:FilterLogEvents", "arn:aws-cn:logs:cn-north-1:*:log-group:/aws/lambda/*:*"),
        ];
        for (global, action, resource) in cases {
            let allowed = allowed(global, false);
            let (_, resources) = allowed.iter().find(|(known, _)| known == action).unwrap();
            assert!(resources.iter().any(|known| known == resource), "{action}: {resources:?}");
        }
    }
}
