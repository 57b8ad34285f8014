//! State machines.

use super::convert::{logged, machine_kind};
use super::{Cloud, CloudError};
use crate::facts::{Arn, MachineFacts, MachineKind};

impl Cloud {
    /// Every state machine of the account and region, by name.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn machines(&self) -> Result<Vec<(Arn, String)>, CloudError> {
        let mut pages = self.sfn.list_state_machines().into_paginator().send();
        let mut machines = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CloudError::of("list the state machines", &error))?;
            machines.extend(page.state_machines.into_iter().map(|item| (Arn(item.state_machine_arn), item.name)));
        }
        Ok(machines)
    }

    /// The versions of a state machine, newest first, and its aliases.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn versions(&self, machine: &Arn) -> Result<Vec<Arn>, CloudError> {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let request = self.sfn.list_state_machine_versions().state_machine_arn(&machine.0).set_next_token(token);
            let page = request.send().await.map_err(|error| CloudError::of("list the versions", &error))?;
            found.extend(page.state_machine_versions.into_iter().map(|item| Arn(item.state_machine_version_arn)));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        loop {
            let request = self.sfn.list_state_machine_aliases().state_machine_arn(&machine.0).set_next_token(token);
            let page = request.send().await.map_err(|error| CloudError::of("list the aliases", &error))?;
            found.extend(page.state_machine_aliases.into_iter().map(|item| Arn(item.state_machine_alias_arn)));
            token = page.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// The version that an alias routes most executions to.
    async fn version_of(&self, alias: &Arn) -> Result<Arn, CloudError> {
        let answer = self
            .sfn
            .describe_state_machine_alias()
            .state_machine_alias_arn(&alias.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("describe the alias {alias}"), &error))?;
        let routes = answer.routing_configuration.unwrap_or_default();
        let most = routes.into_iter().max_by_key(|route| route.weight);
        Ok(Arn(most.map_or_else(|| alias.unqualified().0, |route| route.state_machine_version_arn)))
    }

    /// A state machine with its definition; of an alias the version that most executions run.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn machine(&self, arn: &Arn) -> Result<MachineFacts, CloudError> {
        let is_alias = arn.qualifier().is_some_and(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
        let version = if is_alias { Some(self.version_of(arn).await?) } else { None };
        let arn = version.as_ref().unwrap_or(arn);
        let answer = self
            .sfn
            .describe_state_machine()
            .state_machine_arn(&arn.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("describe {}", arn.name()), &error))?;
        Ok(MachineFacts {
            kind: machine_kind(&answer.r#type),
            log_group: logged::log_group(answer.logging_configuration.as_ref()),
            arn: Arn(answer.state_machine_arn),
            name: answer.name,
            definition: answer.definition,
        })
    }

    /// The machine as an execution runs it, whatever it has become since. An Express execution has none of its own: for
    /// it, the machine as it is.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn machine_of(&self, execution: &Arn) -> Result<MachineFacts, CloudError> {
        if let Some(machine) = logged::machine_of(execution) {
            return self.machine(&machine).await;
        }
        let answer = self
            .sfn
            .describe_state_machine_for_execution()
            .execution_arn(&execution.0)
            .send()
            .await
            .map_err(|error| CloudError::of(format!("describe the machine of {}", execution.name()), &error))?;
        Ok(MachineFacts {
            // The API answers for executions of standard machines alone.
            kind: MachineKind::Standard,
            log_group: logged::log_group(answer.logging_configuration.as_ref()),
            arn: Arn(answer.state_machine_arn),
            name: answer.name,
            definition: answer.definition,
        })
    }

    /// Creates a machine, or makes an existing one what it should be.
    ///
    /// # Errors
    /// What the cloud answered.
    pub async fn put_machine(&self, name: &str, definition: &str, role: &str) -> Result<Arn, CloudError> {
        let action = format!("create the state machine {name}");
        let existing = self.machines().await?.into_iter().find(|(_, known)| known == name);
        let Some((arn, _)) = existing else {
            let created = self.sfn.create_state_machine().name(name).definition(definition).role_arn(role).send().await;
            return Ok(Arn(created.map_err(|error| CloudError::of(action, &error))?.state_machine_arn));
        };
        if self.machine(&arn).await?.definition != definition {
            self.sfn
                .update_state_machine()
                .state_machine_arn(&arn.0)
                .definition(definition)
                .send()
                .await
                .map_err(|error| CloudError::of(action, &error))?;
        }
        Ok(arn)
    }
}
