//! Doing: the terminal, the loop, and the wishes that `app` has.
//!
//! The only floor that spawns. The drawing task never waits for the cloud: fetches run beside it, one of a kind at a
//! time, and what the user ordered is never dropped. While nothing changes, nothing runs and nothing is drawn.

mod background;
mod clipboard;
mod editor;
mod effects;
mod files;
mod keys;
mod listen;
mod mouse;
mod pace;
mod source;
mod suspend;
mod terminal;

use std::collections::VecDeque;
use std::time::Duration;

use color_eyre::eyre::WrapErr;
use crossterm::event::{Event, KeyEventKind};
use futures::future::BoxFuture;
use order_core::Sample;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::app::clip::Reach;
use crate::app::elsewhere::{Elsewhere, Reached};
use crate::app::model::Notice;
use crate::app::settings::Zone;
use crate::app::{Cmd, Model, Msg, TaskKey, update};
use crate::cloud::Cloud;
use crate::config::Config;
use crate::facts::{Arn, Millis};
use crate::ui;
use crate::ui::text::duration;
use crate::ui::theme::{Theme, Variables};
use editor::{EditError, Editing};
use effects::{Answer, Effects};
use listen::Listener;
use pace::{Outcome, Pace, Why};
use suspend::Suspended;

pub use source::{Recorded, Source};
pub use terminal::restore;

/// How soon after a change of the cloud the screen is asked anew, so that a burst of changes is one look.
const SETTLE: Duration = Duration::from_millis(25);
/// How often times that tick are drawn.
const TICK: Duration = Duration::from_millis(250);

/// The longest time without a look.
const LONGEST: Duration = Duration::from_secs(60);

/// What the dashboard runs on.
pub struct Session {
    /// Where answers come from.
    pub source: Source,
    /// How the AWS CLI reaches that; `None` where it cannot.
    pub reach: Option<Reach>,
    /// Whether it is AWS itself.
    pub is_aws: bool,
    /// The machine whose executions are listed.
    pub machine: Arn,
    /// The orders table.
    pub table: String,
    /// What cloud this is, for the header.
    pub place: String,
    /// Rings when something has changed, where somebody tells.
    pub changes: Option<watch::Receiver<u64>>,
    /// The sample orders.
    pub samples: Vec<Sample>,
    /// What the user has configured.
    pub config: Config,
    /// What of the configuration does not read, in one sentence.
    pub problem: Option<String>,
    /// What has to stay alive for as long as the dashboard does.
    pub held: Option<Box<dyn Send>>,
    /// Goes to another profile or region; `None` where there is none.
    pub connect: Option<Connect>,
    /// The profiles that could be gone to.
    pub profiles: Vec<String>,
    /// Opens the cloud again once whoever told of its changes is gone: another process may have held it and ended.
    pub reopen: Option<Reopen>,
}

/// Opens the cloud again.
pub type Reopen = Box<dyn Fn() -> BoxFuture<'static, color_eyre::Result<Reopened>> + Send>;

/// A place on its way to be reached.
type Connecting = BoxFuture<'static, color_eyre::Result<(Cloud, Reached)>>;

/// Reaches another place: how, and which state machine there, or else one that is called like this one.
pub type Connect = Box<dyn Fn(Reach, Option<Arn>, String) -> Connecting + Send>;

/// A cloud that was opened again.
pub struct Reopened {
    /// The cloud.
    pub cloud: Cloud,
    /// Rings when something has changed.
    pub changes: Option<watch::Receiver<u64>>,
    /// What has to stay alive.
    pub held: Box<dyn Send>,
}

/// Runs the dashboard until the user leaves it.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn run(session: Session) -> color_eyre::Result<()> {
    let Session {
        source,
        reach,
        is_aws,
        machine,
        table,
        place,
        mut changes,
        samples,
        mut held,
        reopen,
        connect,
        profiles,
        config,
        problem,
    } = session;
    // What a file tells of was then; what a cloud tells of is now.
    let clock = match &source {
        Source::Cloud(_) => None,
        Source::File(recorded) => Some(recorded.now()),
    };
    let now = move || clock.unwrap_or_else(|| jiff::Timestamp::now().as_millisecond());
    // The pace is kept by a clock that nobody sets.
    let begun = Instant::now();
    let beat = move || Millis::try_from(begun.elapsed().as_millis()).unwrap_or(Millis::MAX);
    let mut model = Model::new(place, machine.clone(), samples, now());
    (model.is_replay, model.is_aws, model.table) = (clock.is_some(), is_aws, table.clone());
    model.profile = reach.as_ref().and_then(|reach| reach.profile.clone());
    model.reach = reach;
    model.system_zone = jiff::tz::TimeZone::system();
    model.zone = match config.settings.zone {
        Zone::Local => model.system_zone.clone(),
        Zone::Utc => jiff::tz::TimeZone::UTC,
    };
    (model.keymap, model.settings) = (config.keymap, config.settings);
    model.elsewhere =
        Elsewhere { profiles, regions: model.settings.regions.clone(), is_read_only: model.settings.read_only };
    model.settings.read_only = model.is_careful();
    model.notice = problem.map(|text| Notice { text, is_error: true });
    let (results, mut answers) = mpsc::unbounded_channel();
    let mut effects = Effects::new(source, machine, table, results);
    let mut pace = Pace::new(model.settings.poll, changes.is_some());
    let variable = |name: &str| std::env::var(name).ok();
    let mut colours = config.colours;
    // Before the listener takes what the terminal answers.
    colours.theme = colours.theme.or_else(|| background::brightness(variable));
    let mut screen = terminal::Screen::open(model.settings.mouse)
        .wrap_err("cannot use the terminal; commands such as `submit` need none")?;
    let mut listener = Listener::start()?;
    let mut views = ui::Views::new(Theme::of(&colours, &Variables::of(variable)));
    let (drawn, mut drawings) = mpsc::unbounded_channel();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // Also so that neither ends us while the user presses Ctrl-C in an editor that leaves it to the terminal.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut continued = suspend::continuations()?;
    let mut editing: Option<Editing> = None;
    let mut connecting: Option<Connecting> = None;
    let mut settle: Option<Instant> = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    effects.start(pace.admit(update(&mut model, Msg::Changed(now())), Why::Due, beat()));
    screen.draw(&mut model, &views)?;
    while !model.quitting {
        let mut queue: VecDeque<Msg> = VecDeque::new();
        let due = pace.next().map(|at| begun + Duration::from_millis(u64::try_from(at).unwrap_or(0)));
        let look = [settle, due].into_iter().flatten().min().unwrap_or_else(|| Instant::now() + LONGEST);
        tokio::select! {
            biased;
            _ = terminate.recv() => {
                editing.iter().for_each(|editing| editing.end(Signal::TERM));
                break;
            }
            _ = hangup.recv() => {
                editing.iter().for_each(|editing| editing.end(Signal::HUP));
                break;
            }
            _ = interrupt.recv() => if editing.is_none() { break },
            _ = quit.recv() => if editing.is_none() { break },
            // Somebody else stopped us, and the terminal is not as it was.
            _ = continued.recv(), if editing.is_none() => screen.take_again()?,
            event = listener.next() => match event {
                Some(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                    pace.stirred();
                    queue.extend(keys::key(key).map(Msg::Key));
                }
                Some(Event::Mouse(event)) => {
                    let Some(mouse) = mouse::mouse(event) else { continue };
                    pace.stirred();
                    let (hit, shares) = ui::pointed(&model, screen.area(), mouse);
                    let state = ui::state_at(&model, &views, screen.area(), mouse);
                    queue.push_back(Msg::Mouse { mouse, hit, state, now: now() });
                    queue.extend(shares.map(Msg::Divided));
                }
                Some(Event::Paste(text)) => queue.push_back(Msg::Paste(text)),
                Some(Event::Resize(..)) => queue.push_back(Msg::Tick(now())),
                Some(_) => continue,
                // The terminal is gone.
                None => break,
            },
            edited = ended(&mut editing) => {
                editing = None;
                screen.take_again()?;
                terminal::forget_typed();
                listener.resume();
                queue.push_back(Msg::Edited(edited.map_err(|error| error.to_string())));
            }
            reached = arrived(&mut connecting) => {
                connecting = None;
                let told = reached.map(|(cloud, reached)| {
                    effects.go_to(cloud);
                    effects.look_at(&reached.machine);
                    pace.arrived();
                    reached
                });
                queue.push_back(Msg::Connected(Box::new(told.map_err(|error| format!("{error:#}")))));
            }
            answer = answers.recv() => {
                let Some(answer) = answer else { break };
                queue.extend(taken(answer, &model, &mut effects, &mut pace, beat()));
                while let Ok(more) = answers.try_recv() {
                    queue.extend(taken(more, &model, &mut effects, &mut pace, beat()));
                }
            }
            Some(finished) = drawings.recv() => views.take(finished),
            told = changed(&mut changes) => {
                if let Change::Lost = told {
                    changes = None;
                    pace.set_told(false);
                    if let Some(reopen) = &reopen {
                        match reopen().await {
                            Ok(again) => {
                                effects.reach(again.cloud);
                                (changes, held) = (again.changes, Some(again.held));
                                pace.set_told(changes.is_some());
                                queue.push_back(Msg::Reopened(Ok(())));
                            }
                            Err(error) => queue.push_back(Msg::Reopened(Err(error.to_string()))),
                        }
                    }
                }
                // The look that follows takes in all that changes until then.
                settle = settle.or_else(|| Some(Instant::now() + SETTLE));
                if let Change::Told = told {
                    continue;
                }
            }
            () = tokio::time::sleep_until(look) => {
                if !terminal::is_there() {
                    break;
                }
                let why = match settle.take_if(|at| *at <= Instant::now()) {
                    Some(_) => Why::Told,
                    None => Why::Due,
                };
                effects.start(pace.released(beat()));
                effects.start(pace.admit(update(&mut model, Msg::Changed(now())), why, beat()));
            }
            _ = tick.tick(), if model.is_alive() => queue.push_back(Msg::Tick(now())),
        }
        // What only this loop can do is done here; all else goes out at its pace.
        let mut wishes = Vec::new();
        while let Some(message) = queue.pop_front() {
            for wish in update(&mut model, message) {
                match wish {
                    Cmd::ListenToMouse { listen } => screen.listen_to_mouse(listen)?,
                    Cmd::Connect { profile, region, machine } => {
                        let endpoint_url = model.reach.as_ref().and_then(|reach| reach.endpoint_url.clone());
                        let like = model.machine.name().to_owned();
                        let reach = Reach { region, profile, endpoint_url };
                        // The last place that was asked for is the one that is meant.
                        connecting = connect.as_ref().map(|connect| connect(reach, machine, like));
                    }
                    Cmd::Suspend => {
                        let suspended = suspend::suspend(&mut screen, &listener, &mut continued).await?;
                        if suspended == Suspended::NotStopped {
                            let text = "this was started without a shell: nobody could let it go on";
                            queue.push_back(Msg::Told(text.to_owned()));
                        }
                    }
                    Cmd::Edit { text } => {
                        listener.pause().await;
                        screen.give_back();
                        let program = editor::program(|name| std::env::var(name).ok());
                        match Editing::start(program, &text, "json") {
                            Ok(started) => editing = Some(started),
                            Err(error) => {
                                screen.take_again()?;
                                listener.resume();
                                queue.push_back(Msg::Edited(Err(error.to_string())));
                            }
                        }
                    }
                    Cmd::Copy { label, text } => {
                        // Beside a draw, another task's bytes would be neither.
                        let offered = clipboard::offer(&text, &mut std::io::stdout()).unwrap_or(false);
                        effects.copy(label, text, offered);
                    }
                    other => wishes.push(other),
                }
            }
        }
        effects.look_at(&model.machine);
        effects.start(pace.admit(wishes, Why::Wanted, beat()));
        let slowed = pace.slowed().map(|(key, every)| format!("throttled: {} every {}", word(&key), duration(every)));
        if slowed != model.slowed {
            update(&mut model, Msg::Slowed(slowed));
        }
        if let Some(wanted) = views.wanted(&model) {
            let drawn = drawn.clone();
            // Nobody waits for it to end: whatever comes late is not taken.
            drop(tokio::task::spawn_blocking(move || drop(drawn.send(ui::Drawings::of(wanted)))));
        }
        screen.draw(&mut model, &views)?;
    }
    drop(screen);
    drop(held);
    Ok(())
}

/// Takes an answer in for the pace, and answers its message.
fn taken(answer: Answer, model: &Model, effects: &mut Effects, pace: &mut Pace, now: Millis) -> Option<Msg> {
    // A cloud that was left says nothing of the one that is asked now.
    if !effects.is_of_now(&answer) {
        return None;
    }
    if let Some(key) = &answer.key {
        let outcome = if answer.throttled { Outcome::Throttled } else { pace::outcome(model, &answer.message) };
        pace.answered(key.clone(), outcome, now);
    }
    let message = effects.finished(answer);
    effects.start(pace.released(now));
    message
}

/// Waits for the editor; for ever where there is none.
async fn ended(editing: &mut Option<Editing>) -> Result<String, EditError> {
    match editing {
        Some(editing) => editing.ended().await,
        None => std::future::pending().await,
    }
}

/// Waits until another place is reached; for ever where nobody wants to go to one.
async fn arrived(connecting: &mut Option<Connecting>) -> color_eyre::Result<(Cloud, Reached)> {
    match connecting {
        Some(connecting) => connecting.await,
        None => std::future::pending().await,
    }
}

/// What a kind of look is called.
const fn word(key: &TaskKey) -> &'static str {
    match key {
        TaskKey::Identity => "identity",
        TaskKey::Machines => "state machines",
        TaskKey::Versions => "versions",
        TaskKey::MapRun => "map run",
        TaskKey::Executions => "executions",
        TaskKey::Machine => "machine",
        TaskKey::History | TaskKey::Compared(_) => "history",
        TaskKey::Orders | TaskKey::OlderOrders => "orders",
        TaskKey::Order => "order",
        TaskKey::Logs => "logs",
        TaskKey::Details => "details",
        TaskKey::Metrics => "metrics",
    }
}

/// What whoever tells of changes says.
enum Change {
    /// Something has changed.
    Told,
    /// Nobody tells any more.
    Lost,
}

/// Waits for a change; for ever where nobody tells.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) -> Change {
    match changes {
        Some(changes) => match changes.changed().await {
            Ok(()) => Change::Told,
            Err(_) => Change::Lost,
        },
        None => std::future::pending().await,
    }
}
