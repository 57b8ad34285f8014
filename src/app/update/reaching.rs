//! Going to another profile, region or state machine: what is asked for, and what is forgotten on the way.

use super::looking::{leave_machine, look_at, show};
use super::wishes::refresh;
use crate::app::elsewhere::Reached;
use crate::app::model::{Cmd, Dialog, Model, Notice, Pane};
use crate::app::orders::OrdersList;
use crate::app::palette::{Palette, Target, TargetKind};
use crate::facts::{Arn, ExecutionSummary};

/// The palette with the profiles and regions alone.
pub(super) fn choose_place(model: &mut Model) {
    let profiles = model.elsewhere.profiles.iter().map(|name| Target::profile(name));
    let regions = model.elsewhere.all_regions().map(Target::region);
    let targets = profiles.chain(regions).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(Vec::new(), targets))));
}

/// The palette with the state machines alone, of which new ones may have come.
pub(super) fn choose_machine(model: &mut Model) -> Vec<Cmd> {
    let targets = machine_targets(model).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::of_machines(targets))));
    vec![fetch_machines(model)]
}

/// The state machines that are known; with their regions, where they are of several.
pub(super) fn machine_targets(model: &Model) -> impl Iterator<Item = Target> {
    let first = model.machines.first().and_then(Arn::region);
    let are_several = model.machines.iter().any(|machine| machine.region() != first);
    model.machines.iter().map(move |machine| Target::machine(machine, are_several))
}

/// The state machines of this place, and of the regions that are configured.
pub(super) fn fetch_machines(model: &Model) -> Cmd {
    let regions = if model.reach.is_some() { model.elsewhere.regions.clone() } else { Vec::new() };
    Cmd::FetchMachines { regions }
}

/// Looks at a state machine, in whatever region it is.
pub(super) fn go_to_machine(model: &mut Model, arn: Arn) -> Vec<Cmd> {
    let region = arn.region().map(ToOwned::to_owned);
    if model.reach.is_none() || region.as_deref() == model.machine.region() {
        return super::looking::look_at_machine(model, arn);
    }
    let profile = model.profile.clone();
    connect(model, profile, region, Some(arn))
}

/// Goes to a place that was chosen.
pub(super) fn go(model: &mut Model, place: TargetKind) -> Vec<Cmd> {
    match place {
        TargetKind::Profile(profile) => connect(model, Some(profile), None, None),
        TargetKind::Region(region) => {
            let profile = model.profile.clone();
            connect(model, profile, Some(region), None)
        }
        TargetKind::State(_) | TargetKind::Machine(_) | TargetKind::Execution(_) | TargetKind::Child(_) => Vec::new(),
    }
}

fn connect(model: &mut Model, profile: Option<String>, region: Option<String>, machine: Option<Arn>) -> Vec<Cmd> {
    let to: Vec<&str> = [profile.as_deref(), region.as_deref()].into_iter().flatten().collect();
    model.notice = Some(Notice { text: format!("connecting to {}…", to.join(" ")), is_error: false });
    vec![Cmd::Connect { profile, region, machine }]
}

/// Offers the versions and aliases of the state machine that is looked at, and the machine itself.
pub(super) fn choose_version(model: &mut Model, versions: &[Arn]) {
    // The user has gone on to something else.
    if model.dialog.is_some() {
        return;
    }
    let machine = model.machine.unqualified();
    let targets = std::iter::once(&machine).chain(versions).map(Target::version).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(Vec::new(), targets))));
}

/// Offers the executions of a distributed Map's run.
pub(super) fn choose_execution(model: &mut Model, map_run: &Arn, executions: &[ExecutionSummary]) {
    // The user has gone on to something else.
    if model.dialog.is_some() || model.child() != Some(map_run) {
        return;
    }
    if executions.is_empty() {
        model.notice = Some(Notice { text: "the map run has no executions of its own".into(), is_error: false });
        return;
    }
    let targets = executions.iter().map(Target::child).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(Vec::new(), targets))));
}

/// Into the execution that the chosen state has started, or those of its distributed Map.
pub(super) fn into_child(model: &mut Model) -> Vec<Cmd> {
    match model.child().cloned() {
        Some(map_run) if map_run.is_map_run() => vec![Cmd::FetchMapRun { map_run }],
        Some(child) => descend(model, child),
        None => Vec::new(),
    }
}

/// Looks at an execution that the one that is looked at has started.
pub(super) fn descend(model: &mut Model, child: Arn) -> Vec<Cmd> {
    let mut ancestors = std::mem::take(&mut model.ancestors);
    ancestors.extend(model.watch.as_ref().map(|watch| watch.arn.clone()));
    model.follow_newest = false;
    let wishes = look_at(model, child);
    model.ancestors = ancestors;
    wishes
}

/// Back to the execution that started the one that is looked at.
pub(super) fn to_parent(model: &mut Model) -> Vec<Cmd> {
    let Some(parent) = model.parent() else { return Vec::new() };
    let mut ancestors = std::mem::take(&mut model.ancestors);
    ancestors.pop();
    model.follow_newest = false;
    let wishes = look_at(model, parent);
    model.ancestors = ancestors;
    wishes
}

impl Model {
    /// Whether this is an account or a profile that is marked as production.
    pub fn is_production(&self) -> bool {
        let account = self.identity.as_ref().map(|identity| identity.account.as_str());
        self.settings.is_production(account, self.profile.as_deref())
    }

    /// Whether nothing may be changed here: the user wants it so, or it is production, or may be as long as nobody has
    /// said which account it is.
    pub fn is_careful(&self) -> bool {
        let is_known = self.identity.is_some() || self.settings.production.is_empty();
        let is_unknown = self.reach.is_some() && !is_known;
        self.elsewhere.is_read_only || is_unknown || (self.is_production() && !self.is_unlocked)
    }

    /// What the chosen state has started: an execution, or the run of a distributed Map.
    pub fn child(&self) -> Option<&Arn> {
        let (run, state) = (self.run()?, self.state.as_deref()?);
        let visit = run.telling_visit(state, self.iteration, self.visit)?;
        run.visits.get(visit)?.child.as_ref()
    }

    /// The execution that started the one that is looked at: the one that one came from, or the one that its input names.
    pub fn parent(&self) -> Option<Arn> {
        if let Some(parent) = self.ancestors.last() {
            return Some(parent.clone());
        }
        let input = self.run()?.events.first()?.input.as_deref()?;
        // <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-nested-workflows.html>
        let name = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID";
        if !input.contains(name) {
            return None;
        }
        let input: serde_json::Value = serde_json::from_str(input).ok()?;
        Some(Arn(input.get(name)?.as_str()?.to_owned()))
    }
}

/// Allows changes in production, once the user has said so twice in a row.
pub(super) fn unlock(model: &mut Model) {
    let text = if model.unlocks_next {
        model.is_unlocked = true;
        model.settings.read_only = model.is_careful();
        "changes are allowed here, until you go to another place"
    } else {
        model.unlocks_next = true;
        "this is PRODUCTION: the same key again allows changes"
    };
    model.unlocks_next &= !model.is_unlocked;
    model.notice = Some(Notice { text: text.into(), is_error: false });
}

/// Takes in that another place was reached, or why not: then all stays as it is.
pub(super) fn reached(model: &mut Model, result: Result<Reached, String>) -> Vec<Cmd> {
    let Reached { place, reach, machine, is_meant } = match result {
        Ok(reached) => reached,
        Err(text) => {
            model.notice = Some(Notice { text, is_error: true });
            return Vec::new();
        }
    };
    let mut wishes = leave_machine(model, machine);
    // Whoever the profile is stays the same in another region.
    if reach.profile != model.profile {
        model.identity = None;
    }
    (model.place, model.profile) = (place, reach.profile.clone());
    model.reach = Some(reach);
    // What was being asked or filled in was meant for the other place.
    (model.dialog, model.prompt) = (None, None);
    model.is_unlocked = false;
    model.settings.read_only = model.is_careful();
    model.machines = Vec::new();
    (model.orders, model.has_orders) = (OrdersList::default(), true);
    (model.order, model.order_facts) = (None, None);
    model.troubles.clear();
    model.notice = None;
    wishes.extend(show(model, Pane::Executions));
    wishes.extend(refresh(model));
    if !is_meant {
        wishes.extend(choose_machine(model));
    }
    wishes
}
