//! Going to another profile, region or state machine: what is asked for, and what is forgotten on the way.

use super::looking::{leave_machine, show};
use super::wishes::refresh;
use crate::app::elsewhere::Reached;
use crate::app::logs::LogBuffer;
use crate::app::model::{Cmd, Dialog, Model, Notice, Pane};
use crate::app::palette::{Palette, Target, TargetKind};
use crate::facts::Arn;

/// The palette with the profiles and regions alone.
pub(super) fn choose_place(model: &mut Model) {
    let profiles = model.elsewhere.profiles.iter().map(|name| Target::profile(name));
    let regions = model.elsewhere.all_regions().map(Target::region);
    let targets = profiles.chain(regions).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(Vec::new(), targets))));
}

/// The palette with the state machines alone, of which new ones may have come.
pub(super) fn choose_machine(model: &mut Model) -> Vec<Cmd> {
    let targets = model.machines.iter().map(Target::machine).collect();
    model.dialog = Some(Dialog::Palette(Box::new(Palette::new(Vec::new(), targets))));
    vec![fetch_machines(model)]
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
        TargetKind::State(_) | TargetKind::Machine(_) | TargetKind::Execution(_) => Vec::new(),
    }
}

fn connect(model: &mut Model, profile: Option<String>, region: Option<String>, machine: Option<Arn>) -> Vec<Cmd> {
    let to: Vec<&str> = [profile.as_deref(), region.as_deref()].into_iter().flatten().collect();
    model.notice = Some(Notice { text: format!("connecting to {}…", to.join(" ")), is_error: false });
    vec![Cmd::Connect { profile, region, machine }]
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
    leave_machine(model, machine);
    (model.place, model.profile) = (place, reach.profile.clone());
    model.reach = Some(reach);
    // What was production may not be so any more, and what is now is told by its identity or profile.
    model.settings.read_only =
        model.elsewhere.is_read_only || model.settings.is_production(None, model.profile.as_deref());
    (model.identity, model.machines) = (None, Vec::new());
    (model.orders, model.orders_loaded, model.has_orders) = (Vec::new(), false, true);
    (model.order, model.order_facts) = (None, None);
    model.logs = LogBuffer::default();
    model.troubles.clear();
    model.notice = None;
    let mut wishes = show(model, Pane::Executions);
    wishes.extend(refresh(model));
    if !is_meant {
        wishes.extend(choose_machine(model));
    }
    wishes
}
