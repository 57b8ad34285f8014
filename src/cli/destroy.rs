//! `destroy`: deletes what `deploy` made, and makes sure that nothing of it is left.
//!
//! Deletes the stack with what SAM uploaded for it, then the log groups, which outlive it. Touches nothing else: a
//! stack of another template is refused, and what has no name of this stack's is not looked at.

use std::time::Duration;

use super::args::{Destroy, Global};
use super::output::{complain, say, table};
use super::stack::checks::{self, Account};
use super::stack::sam::Sam;
use super::stack::told::Resource;
use super::stack::{ask, is_ours, refuse_embedded};
use super::{Ended, Usage};
use crate::facts::{Arn, ExecutionStatus};
use crate::ui::text::clean;

/// How long to wait between two looks at what is left, and how often to look: AWS lists for a while what is gone.
const PAUSE: Duration = Duration::from_secs(5);
const LOOKS: usize = 36;

pub(super) async fn run(global: &Global, args: Destroy) -> color_eyre::Result<Ended> {
    refuse_embedded(global, "destroy")?;
    let mut missing = Vec::new();
    checks::sam_cli(&mut missing).await;
    let account = checks::account(global, &args.stack_name, &mut missing).await;
    let (Some(account), true) = (account, missing.is_empty()) else {
        checks::tell(&missing);
        return Ok(Ended::Badly);
    };
    let sam = Sam::on(account.stack.clone());
    let found = look(&account, &sam, args.keep_logs).await?;
    if found.is_nothing() {
        say(&format!("there is nothing of {}", account.place()))?;
        return Ok(Ended::Well);
    }
    if found.is_somebody_elses() {
        complain(&clean(&format!("error: there is no stack {}, but {}", account.place(), found.left().join(", "))));
        complain("what belongs to no stack is left alone: delete it by hand, or give another --stack-name");
        return Ok(Ended::Badly);
    }
    let running = running(&account, &found).await?;
    print(&account, &sam, &found, running.len()).await?;
    if args.keep_logs {
        complain("log groups are kept; their lines go when their time is over, and cost until then");
    }
    if !ask::agreed("Delete all of this?", args.yes)? {
        complain("nothing was deleted");
        return Ok(Ended::Badly);
    }
    for execution in &running {
        // AWS keeps a state machine that is deleted until its executions have ended.
        account.cloud.stop_execution(execution, "its stack is deleted").await?;
    }
    delete(&account, &sam, &found).await?;
    prove(&account, &sam, args.keep_logs).await
}

/// What there is of a stack.
struct Found {
    /// The stack's resources; `None` when there is no stack.
    resources: Option<Vec<Resource>>,
    /// The state machine, if it is there.
    machine: Option<Arn>,
    tables: Vec<String>,
    /// Those that are to go.
    log_groups: Vec<String>,
}

impl Found {
    fn is_nothing(&self) -> bool {
        self.resources.is_none() && self.left().is_empty()
    }

    /// Whether there is what a stack takes with it, but no stack.
    fn is_somebody_elses(&self) -> bool {
        self.resources.is_none() && (self.machine.is_some() || !self.tables.is_empty())
    }

    /// What is there by name, beside the stack itself.
    fn left(&self) -> Vec<String> {
        let mut left: Vec<String> =
            self.machine.iter().map(|machine| format!("state machine {}", machine.name())).collect();
        left.extend(self.tables.iter().map(|table| format!("table {table}")));
        left.extend(self.log_groups.iter().map(|group| format!("log group {group}")));
        left
    }
}

async fn look(account: &Account, sam: &Sam, keep_logs: bool) -> color_eyre::Result<Found> {
    let Account { stack, cloud, identity } = account;
    let resources = sam.resources().await?;
    if !is_ours(resources.iter().flatten().map(|resource| resource.logical_resource_id.as_str())) {
        let sentence = format!("{} is not a stack of this program's template: it is left alone", account.place());
        return Err(Usage(sentence).into());
    }
    let arn = stack.machine(identity);
    let machine = cloud.has_machine(&arn).await?.then_some(arn);
    let tables = cloud.existing_tables(&stack.tables()).await?;
    let log_groups = if keep_logs { Vec::new() } else { cloud.existing_log_groups(&stack.log_groups()).await? };
    Ok(Found { resources, machine, tables, log_groups })
}

/// The executions that have not ended.
async fn running(account: &Account, found: &Found) -> color_eyre::Result<Vec<Arn>> {
    let Some(machine) = &found.machine else { return Ok(Vec::new()) };
    let executions = account.cloud.executions(machine, Some(ExecutionStatus::Running), usize::MAX).await?;
    Ok(executions.into_iter().map(|execution| execution.arn).collect())
}

async fn print(account: &Account, sam: &Sam, found: &Found, running: usize) -> color_eyre::Result<()> {
    say(&format!("{}:", account.place()))?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |what: &str, name: &str| rows.push(vec![format!("  {what}"), name.to_owned()]);
    if running > 0 {
        row("stopped", &format!("{running} executions that have not ended"));
    }
    if let Some(resources) = &found.resources {
        row("stack", &account.stack.name);
        let groups = account.stack.log_groups();
        for resource in resources {
            let id = resource.physical_resource_id.clone().unwrap_or_default();
            // The stack leaves its log groups behind; those that go are named below.
            if !groups.contains(&id) {
                row(&resource.logical_resource_id, &id);
            }
        }
        match sam.bucket().await {
            Some(bucket) => row("uploads", &format!("s3://{bucket}/{}/", account.stack.name)),
            None => row("uploads", "what SAM uploaded for it"),
        }
        for group in &found.log_groups {
            row("log group", group);
        }
    } else {
        for left in found.left() {
            row("left over", &left);
        }
    }
    for line in table(&rows) {
        say(&clean(&line))?;
    }
    if !found.tables.is_empty() {
        complain("the orders and the inventory go with their tables");
    }
    Ok(())
}

async fn delete(account: &Account, sam: &Sam, found: &Found) -> color_eyre::Result<()> {
    if found.resources.is_some() {
        complain("deleting the stack; CloudFormation takes minutes");
        sam.delete(|line| complain(&clean(&format!("  {line}")))).await?;
    }
    // Only now: a function that runs meanwhile would make its group anew.
    for group in &found.log_groups {
        account.cloud.delete_log_group(group).await?;
        complain(&clean(&format!("deleted the log group {group}")));
    }
    Ok(())
}

/// Looks until nothing is left, or for three minutes.
async fn prove(account: &Account, sam: &Sam, keep_logs: bool) -> color_eyre::Result<Ended> {
    let mut left = Vec::new();
    for look_number in 0..LOOKS {
        if look_number > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let found = look(account, sam, keep_logs).await?;
        left = found.left();
        if found.resources.is_some() {
            left.insert(0, format!("stack {}", account.stack.name));
        }
        if left.is_empty() {
            let logs = if keep_logs { "its log groups are kept" } else { "no log group" };
            say(&format!("nothing is left of {}: no stack, no state machine, no table, {logs}", account.place()))?;
            return Ok(Ended::Well);
        }
        if look_number == 0 {
            complain("looking until nothing is left");
        }
    }
    complain(&clean(&format!("error: this is left of {}: {}", account.place(), left.join(", "))));
    Ok(Ended::Badly)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_named() {
        let logs = Found {
            resources: None,
            machine: None,
            tables: Vec::new(),
            log_groups: vec!["/aws/lambda/shop-process-payment".to_owned()],
        };
        assert!(!logs.is_nothing() && !logs.is_somebody_elses());
        let nothing = Found { resources: None, machine: None, tables: Vec::new(), log_groups: Vec::new() };
        assert!(nothing.is_nothing());
        let only_a_change_set = Found { resources: Some(Vec::new()), ..nothing };
        assert!(!only_a_change_set.is_nothing() && only_a_change_set.left().is_empty());
        let some = Found {
            resources: None,
            machine: Some(Arn("arn:aws:states:eu-central-1:1:stateMachine:shop-order-workflow".to_owned())),
            tables: vec!["shop-orders".to_owned()],
            log_groups: vec!["/aws/lambda/shop-process-payment".to_owned()],
        };
        assert!(!some.is_nothing() && some.is_somebody_elses());
        let expected =
            ["state machine shop-order-workflow", "table shop-orders", "log group /aws/lambda/shop-process-payment"];
        assert_eq!(some.left(), expected);
    }
}
