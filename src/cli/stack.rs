//! One stack of `statemachine/template.yaml`: where it is, what its things are called, how it is told from others.
//!
//! Names follow from the stack's name alone, as the template makes them; a test compares the two. Never asks a cloud:
//! what does is in the modules below.

pub(super) mod ask;
pub(super) mod checks;
pub(super) mod sam;
pub(super) mod told;

use super::Usage;
use super::args::Global;
use crate::facts::{Arn, Identity};

/// Where the template is in a checkout.
const TEMPLATE_FILE: &str = "statemachine/template.yaml";
const TEMPLATE: &str = include_str!("../../statemachine/template.yaml");

const FUNCTIONS: [&str; 5] =
    ["validate-order", "check-inventory", "process-payment", "release-inventory", "update-order-status"];
const TABLES: [&str; 2] = ["orders", "inventory"];
const MACHINE: &str = "order-workflow";

/// Resources that no other stack has by chance.
const OURS: [&str; 2] = ["OrderWorkflow", "ReleaseInventoryFunction"];

/// A stack in an account and a region.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) profile: Option<String>,
    pub(crate) endpoint_url: Option<String>,
}

impl Stack {
    /// The tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        TABLES.iter().map(|table| format!("{}-{table}", self.name)).collect()
    }

    /// The log groups: a function's each, and the state machine's.
    pub(crate) fn log_groups(&self) -> Vec<String> {
        let mut groups: Vec<String> =
            FUNCTIONS.iter().map(|function| format!("/aws/lambda/{}-{function}", self.name)).collect();
        groups.push(format!("/aws/vendedlogs/states/{}-{MACHINE}", self.name));
        groups
    }

    /// The state machine, in the account of `identity`.
    pub(crate) fn machine(&self, identity: &Identity) -> Arn {
        // China and GovCloud are partitions of their own, and every ARN says which.
        let partition = identity.arn.split(':').nth(1).unwrap_or("aws");
        let Stack { name, region, .. } = self;
        Arn(format!("arn:{partition}:states:{region}:{}:stateMachine:{name}-{MACHINE}", identity.account))
    }

    /// The command that opens the dashboard on it.
    pub(crate) fn dashboard(&self, machine: &str, table: &str) -> String {
        format!("orderflow-tui{} --state-machine {} --table {}", self.place(), word(machine), word(table))
    }

    /// Another command of this program on the same stack.
    pub(crate) fn command(&self, command: &str) -> String {
        format!("orderflow-tui {command} --stack-name {}{}", word(&self.name), self.place())
    }

    /// Options that name the account and the region.
    pub(crate) fn place(&self) -> String {
        let options = [
            ("--profile", self.profile.as_deref()),
            ("--region", Some(self.region.as_str())),
            ("--endpoint-url", self.endpoint_url.as_deref()),
        ];
        options.into_iter().filter_map(|(name, value)| Some(format!(" {name} {}", word(value?)))).collect()
    }
}

/// Whether a stack with these resources is one of the template, of this version of it or another. A stack without
/// any, of which there is nothing yet but a change set, is taken for one.
pub(super) fn is_ours<'a>(logical_ids: impl Iterator<Item = &'a str> + Clone) -> bool {
    let known = |id: &str| is_in_template(id) || id.strip_suffix("Role").is_some_and(is_in_template);
    logical_ids.clone().all(known) || OURS.iter().all(|wanted| logical_ids.clone().any(|id| id == *wanted))
}

/// Whether the template has a resource of this name. SAM adds a role for each function.
fn is_in_template(id: &str) -> bool {
    TEMPLATE
        .lines()
        .skip_while(|line| *line != "Resources:")
        .take_while(|line| *line != "Outputs:")
        .any(|line| line.strip_prefix("  ").and_then(|line| line.strip_suffix(':')) == Some(id))
}

/// `deploy` and `destroy` are for AWS: what points elsewhere cannot be meant.
pub(super) fn refuse_embedded(global: &Global, command: &str) -> Result<(), Usage> {
    if global.in_memory || global.data_dir.is_some() {
        return Err(Usage(format!("{command} is for AWS: leave out --in-memory and --data-dir")));
    }
    Ok(())
}

/// A word as a shell takes it.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack() -> Stack {
        Stack { name: "shop".into(), region: "eu-central-1".into(), profile: None, endpoint_url: None }
    }

    /// What the template makes of a property, with the stack's name in it.
    fn in_template(property: &str) -> Vec<String> {
        TEMPLATE
            .split(&format!("{property}:\n"))
            .skip(1)
            .map(|rest| {
                let value = rest.lines().next().unwrap().trim().strip_prefix("Fn::Sub: ").unwrap();
                value.replace("${AWS::StackName}", "shop")
            })
            .collect()
    }

    #[test]
    fn names_are_those_that_the_template_makes() {
        assert_eq!(stack().tables(), in_template(" TableName"));
        assert_eq!(stack().log_groups(), in_template(" LogGroupName"));
        let identity = Identity { account: "111122223333".into(), arn: "arn:aws-cn:iam::111122223333:root".into() };
        let machine = stack().machine(&identity);
        assert_eq!(machine.0, "arn:aws-cn:states:eu-central-1:111122223333:stateMachine:shop-order-workflow");
        assert_eq!([machine.name()], in_template(" Name").as_slice());
    }

    #[test]
    fn a_stack_of_another_template_is_not_ours() {
        let cases: &[(&[&str], bool)] = &[
            (&[], true),
            (&["OrdersTable", "ValidateOrderLogs", "ValidateOrderFunctionRole"], true),
            (&["OrderWorkflow", "ReleaseInventoryFunction", "OfAnotherVersion"], true),
            (&["OrdersTable", "OfAnotherTemplate"], false),
            (&["Resources"], false),
            (&["BillingMode"], false),
        ];
        for (ids, expected) in cases {
            assert_eq!(is_ours(ids.iter().copied()), *expected, "{ids:?}");
        }
    }

    #[test]
    fn commands_can_be_pasted() {
        let stack = Stack { profile: Some("it's dev".into()), ..stack() };
        assert_eq!(
            stack.dashboard("arn:aws:states:eu-central-1:1:stateMachine:m", "shop-orders"),
            r"orderflow-tui --profile 'it'\''s dev' --region eu-central-1 --state-machine arn:aws:states:eu-central-1:1:stateMachine:m --table shop-orders"
        );
        assert_eq!(
            stack.command("destroy"),
            r"orderflow-tui destroy --stack-name shop --profile 'it'\''s dev' --region eu-central-1"
        );
    }
}
