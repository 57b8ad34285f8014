//! `deploy`: brings the order workflow to AWS, and says how the dashboard is opened on it.
//!
//! Thin over the SAM CLI: checks, builds, shows the change set, asks, carries it out. Touches nothing but the stack,
//! what is not on stock in its inventory yet, and what SAM uploads for it.

use std::path::PathBuf;

use color_eyre::eyre::eyre;

use super::args::{Deploy, Global};
use super::output::{complain, say, table};
use super::stack::checks::{self, Account};
use super::stack::sam::Sam;
use super::stack::told::{Change, Outcome, Output, StackEvent, Told};
use super::stack::{ask, is_ours, refuse_embedded};
use super::{Ended, Usage};
use crate::local;
use crate::ui::text::clean;

/// The status of a stack whose creation failed. It can only be deleted.
const DEAD: &str = "ROLLBACK_COMPLETE";

pub(super) async fn run(global: &Global, args: Deploy) -> color_eyre::Result<Ended> {
    refuse_embedded(global, "deploy")?;
    // Before a build of minutes, not after it.
    ask::possible(args.yes)?;
    let Some((account, checkout)) = ready(global, &args).await? else { return Ok(Ended::Badly) };
    let sam = Sam::on(account.stack.clone());
    let name = name(&account, &sam).await?;
    if name == Name::Blocked {
        return Ok(Ended::Badly);
    }
    complain("building the functions; the first time takes minutes");
    let said = |line: &str| complain(&clean(&format!("  {line}")));
    sam.build(&checkout, args.architecture, said).await?;
    complain("uploading them and asking CloudFormation what would change");
    let (planned, outcome) = sam.plan(&checkout, args.architecture, said).await?;
    match outcome {
        Outcome::Failed(message) => return failed(&account, &planned, &message),
        Outcome::NoChanges => {
            complain(&format!("nothing is to be changed: {}", account.place()));
            return finish(&account, &sam, Vec::new()).await;
        }
        Outcome::Done => {}
    }
    show(&account, &planned.changes)?;
    if !ask::agreed("Carry this out?", args.yes)? {
        complain("nothing was changed");
        if name == Name::New {
            // CloudFormation makes a stack for its first change set, with nothing in it.
            let destroy = account.stack.command("destroy");
            complain(&clean(&format!("an empty stack waits for its change set; to do away with it: {destroy}")));
        }
        return Ok(Ended::Badly);
    }
    let carried_out = sam.carry_out(&checkout, args.architecture, |event| complain(&progress(event)));
    let (told, outcome) = tokio::select! {
        // SAM is interrupted by the same key; that it then ends is not the news.
        biased;
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            complain("no longer watching: CloudFormation goes on by itself with what it was told");
            return Ok(Ended::Badly);
        }
        done = carried_out => done?,
    };
    match outcome {
        Outcome::Failed(message) => failed(&account, &told, &message),
        Outcome::Done | Outcome::NoChanges => {
            if told.changes != planned.changes {
                complain("note: somebody else changed the stack meanwhile, so that other changes were made than shown");
            }
            finish(&account, &sam, told.outputs).await
        }
    }
}

/// What is needed, or `None` when something is missing; that has been told.
async fn ready(global: &Global, args: &Deploy) -> color_eyre::Result<Option<(Account, PathBuf)>> {
    let mut missing = Vec::new();
    checks::sam_cli(&mut missing).await;
    checks::cargo_lambda(args.architecture, &mut missing).await;
    let checkout = checks::checkout(&mut missing)?;
    let account = checks::account(global, &args.stack_name, &mut missing).await;
    let (Some(account), Some(checkout), true) = (account, checkout, missing.is_empty()) else {
        checks::tell(&missing);
        return Ok(None);
    };
    Ok(Some((account, checkout)))
}

/// What stands under the stack's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    /// Nothing, or a stack without resources.
    New,
    /// A stack of ours.
    Ours,
    /// What a new stack would be in conflict with; that has been told.
    Blocked,
}

async fn name(account: &Account, sam: &Sam) -> color_eyre::Result<Name> {
    let resources = sam.resources().await?.unwrap_or_default();
    if !is_ours(resources.iter().map(|resource| resource.logical_resource_id.as_str())) {
        let sentence = format!("{} is a stack of another template: give another --stack-name", account.place());
        return Err(Usage(sentence).into());
    }
    if !resources.is_empty() {
        return Ok(Name::Ours);
    }
    // What an earlier stack left behind has the names that this one needs; CloudFormation would find that out late.
    let left = left_behind(account).await?;
    if left.is_empty() {
        return Ok(Name::New);
    }
    complain(&clean(&format!("error: an earlier stack has left these, whose names are needed: {}", left.join(", "))));
    complain(&clean(&format!("delete them: {}; or give another --stack-name", account.stack.command("destroy"))));
    Ok(Name::Blocked)
}

/// Log groups and tables that have the names of the stack's.
async fn left_behind(account: &Account) -> color_eyre::Result<Vec<String>> {
    let Account { stack, cloud, .. } = account;
    let mut left = cloud.existing_log_groups(&stack.log_groups()).await?;
    left.extend(cloud.existing_tables(&stack.tables()).await?);
    Ok(left)
}

fn show(account: &Account, changes: &[Change]) -> color_eyre::Result<()> {
    say(&format!("{}:", account.place()))?;
    let rows: Vec<Vec<String>> = changes.iter().map(row).collect();
    for line in table(&rows) {
        say(&clean(&line))?;
    }
    if changes.is_empty() {
        say("  no resource changes, only the template, its parameters or its tags")?;
    }
    Ok(())
}

fn row(change: &Change) -> Vec<String> {
    let action = match change.action.as_str() {
        "Add" => "+ add",
        "Modify" => "~ modify",
        "Remove" => "- remove",
        other => other,
    };
    let replacement = match change.replacement.as_str() {
        "True" => "replaced by a new one",
        "Conditional" => "may be replaced by a new one",
        _ => "",
    };
    vec![format!("  {action}"), change.logical_id.clone(), change.resource_type.clone(), replacement.to_owned()]
}

fn progress(event: &StackEvent) -> String {
    let reason = event.reason.as_deref().filter(|reason| !reason.is_empty() && *reason != "-");
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    clean(&format!("  {} {}{reason}", event.status, event.logical_id))
}

/// Tells why it failed: the first cause first.
fn failed(account: &Account, told: &Told, message: &str) -> color_eyre::Result<Ended> {
    let stack = &account.stack;
    match told.first_cause() {
        Some(cause) => {
            let reason = cause.reason.as_deref().unwrap_or("no reason was given");
            let sentence = format!("error: {} ({}): {}: {reason}", cause.logical_id, cause.resource_type, cause.status);
            complain(&clean(&sentence));
            complain("what came after it follows from it; all of it:");
        }
        None => {
            complain(&clean(&format!("error: {}", message.lines().next().unwrap_or_default())));
            complain("all that CloudFormation has to say:");
        }
    }
    let events = format!("  aws cloudformation describe-stack-events --stack-name {}{}", stack.name, stack.place());
    complain(&clean(&events));
    // "is in ROLLBACK_COMPLETE state" is how CloudFormation refuses a change set for such a stack.
    if told.stack_status() == Some(DEAD) || message.contains(&format!(" {DEAD} ")) {
        complain("the stack was never made, and is good for nothing any more; before the next try:");
        complain(&clean(&format!("  {}", stack.command("destroy"))));
    }
    Ok(Ended::Badly)
}

/// Fills a new inventory, and prints what the stack gives and what opens the dashboard.
async fn finish(account: &Account, sam: &Sam, told: Vec<Output>) -> color_eyre::Result<Ended> {
    let outputs = if told.is_empty() { sam.outputs().await?.unwrap_or_default() } else { told };
    let value = |key: &str| outputs.iter().find(|output| output.key == key).map(|output| output.value.as_str());
    let lack = |key: &str| eyre!("the stack has no output {key}: is its template of another version?");
    let machine = value("StateMachine").ok_or_else(|| lack("StateMachine"))?;
    let orders = value("OrdersTableName").ok_or_else(|| lack("OrdersTableName"))?;
    let inventory = value("InventoryTableName").ok_or_else(|| lack("InventoryTableName"))?;
    let stocked = stock(account, inventory).await;
    for line in table(&[
        vec!["state machine".to_owned(), machine.to_owned()],
        vec!["orders".to_owned(), orders.to_owned()],
        vec!["inventory".to_owned(), inventory.to_owned()],
    ]) {
        say(&clean(&line))?;
    }
    say(&clean(&account.stack.dashboard(machine, orders)))?;
    match stocked {
        Ok(0) => {}
        Ok(articles) => complain(&format!("{articles} articles of the samples were put on stock")),
        Err(error) => {
            complain(&clean(&format!("error: {error}")));
            complain("the stack is there, but orders for what is not in its inventory are rejected");
            return Ok(Ended::Badly);
        }
    }
    Ok(Ended::Well)
}

/// Puts the articles of the samples on stock that are not known there; how many.
async fn stock(account: &Account, inventory: &str) -> color_eyre::Result<usize> {
    let mut articles = 0;
    for item in local::catalogue()? {
        if account.cloud.put_new_stock(inventory, &item).await? {
            articles += 1;
        }
    }
    Ok(articles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_is_lost() {
        let cases = [
            ("Add", "N/A", ["  + add", "OrdersTable", "AWS::DynamoDB::Table", ""]),
            ("Modify", "True", ["  ~ modify", "OrdersTable", "AWS::DynamoDB::Table", "replaced by a new one"]),
            ("Remove", "N/A", ["  - remove", "OrdersTable", "AWS::DynamoDB::Table", ""]),
            ("Import", "False", ["  Import", "OrdersTable", "AWS::DynamoDB::Table", ""]),
        ];
        for (action, replacement, expected) in cases {
            let change = Change {
                action: action.to_owned(),
                logical_id: "OrdersTable".to_owned(),
                resource_type: "AWS::DynamoDB::Table".to_owned(),
                replacement: replacement.to_owned(),
            };
            assert_eq!(row(&change), expected, "{action}");
        }
    }

    #[test]
    fn progress_is_a_line() {
        let event = |reason: Option<&str>| StackEvent {
            status: "CREATE_FAILED".to_owned(),
            resource_type: "AWS::DynamoDB::Table".to_owned(),
            logical_id: "OrdersTable".to_owned(),
            reason: reason.map(ToOwned::to_owned),
        };
        assert_eq!(progress(&event(None)), "  CREATE_FAILED OrdersTable");
        assert_eq!(progress(&event(Some("in\nuse\u{1b}"))), "  CREATE_FAILED OrdersTable: inuse");
    }
}
