//! Doing: the terminal, the loop, and the wishes that `app` has.
//!
//! The only floor that spawns. The drawing task never waits for the cloud: fetches run beside it, one of a kind at a
//! time, and what the user ordered is never dropped. While nothing changes, nothing runs and nothing is drawn.

mod effects;
mod keys;
mod terminal;

use std::time::Duration;

use color_eyre::eyre::WrapErr;
use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt;
use futures::future::BoxFuture;
use order_core::Sample;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior};

use crate::app::model::Notice;
use crate::app::settings::{Poll, Zone};
use crate::app::{Model, Msg, update};
use crate::cloud::Cloud;
use crate::config::Config;
use crate::facts::Arn;
use crate::ui;
use crate::ui::theme::{Theme, Variables};
use effects::Effects;
pub use terminal::restore;

/// How soon after a change of the cloud the screen is asked anew, so that a burst of changes is one look.
const SETTLE: Duration = Duration::from_millis(25);
/// How often times that tick are drawn.
const TICK: Duration = Duration::from_millis(250);

/// What the dashboard runs on.
pub struct Session {
    /// The cloud.
    pub cloud: Cloud,
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
    /// Opens the cloud again once whoever told of its changes is gone: another process may have held it and ended.
    pub reopen: Option<Reopen>,
}

/// Opens the cloud again.
pub type Reopen = Box<dyn Fn() -> BoxFuture<'static, color_eyre::Result<Reopened>> + Send>;

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
    let Session { cloud, machine, table, place, mut changes, samples, mut held, reopen, config, problem } = session;
    let (results, mut answers) = mpsc::unbounded_channel();
    let mut effects = Effects::new(cloud, machine.clone(), table, results);
    let mut model = Model::new(place, machine, samples, now());
    model.zone = match config.settings.zone {
        Zone::Local => jiff::tz::TimeZone::system(),
        Zone::Utc => jiff::tz::TimeZone::UTC,
    };
    (model.keymap, model.settings) = (config.keymap, config.settings);
    model.notice = problem.map(|text| Notice { text, is_error: true });
    let mut screen =
        terminal::Screen::open().wrap_err("cannot use the terminal; commands such as `submit` need none")?;
    let mut views = ui::Views::new(Theme::of(&config.colours, &Variables::of(|name| std::env::var(name).ok())));
    let (drawn, mut drawings) = mpsc::unbounded_channel();
    let mut events = EventStream::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look_at = Instant::now();
    effects.start(update(&mut model, Msg::Changed(now())));
    screen.draw(&mut model, &views)?;
    while !model.quitting {
        let mut messages = Vec::new();
        tokio::select! {
            biased;
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    messages.extend(keys::key(key).map(Msg::Key));
                }
                Some(Ok(Event::Paste(text))) => messages.push(Msg::Paste(text)),
                Some(Ok(Event::Resize(..))) => messages.push(Msg::Tick(now())),
                Some(Ok(_)) => continue,
                // The terminal is gone.
                Some(Err(_)) | None => break,
            },
            _ = terminate.recv() => break,
            _ = hangup.recv() => break,
            answer = answers.recv() => {
                let Some(answer) = answer else { break };
                let answer = effects.finished(answer);
                messages.extend(answer);
                while let Ok(more) = answers.try_recv() {
                    messages.extend(effects.finished(more));
                }
            }
            Some(finished) = drawings.recv() => views.take(finished),
            told = changed(&mut changes) => {
                if let Change::Lost = told {
                    changes = None;
                    if let Some(reopen) = &reopen {
                        match reopen().await {
                            Ok(again) => {
                                effects.reach(again.cloud);
                                (changes, held) = (again.changes, Some(again.held));
                                effects.start(update(&mut model, Msg::Reopened(Ok(()))));
                            }
                            Err(error) => {
                                effects.start(update(&mut model, Msg::Reopened(Err(error.to_string()))));
                            }
                        }
                    }
                }
                // The look that follows takes in all that changes until then.
                look_at = look_at.min(Instant::now() + SETTLE);
                if let Change::Told = told {
                    continue;
                }
            }
            () = tokio::time::sleep_until(look_at) => {
                messages.push(Msg::Changed(now()));
                look_at = Instant::now() + poll(&model, changes.is_some());
            }
            _ = tick.tick(), if model.is_alive() => messages.push(Msg::Tick(now())),
        }
        for message in messages {
            effects.start(update(&mut model, message));
        }
        if let Some(machine) = views.wanted(&model) {
            let drawn = drawn.clone();
            // Nobody waits for it to end: whatever comes late is not taken.
            drop(tokio::task::spawn_blocking(move || drop(drawn.send(ui::Drawings::of(machine)))));
        }
        screen.draw(&mut model, &views)?;
    }
    drop(screen);
    drop(held);
    Ok(())
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

/// How long until the next look that nobody asked for.
fn poll(model: &Model, is_told: bool) -> Duration {
    if is_told {
        // Whoever tells of every change makes polling a precaution.
        Duration::from_secs(60)
    } else {
        let Poll { fastest, slowest } = model.settings.poll;
        Duration::from_millis(u64::try_from(if model.is_alive() { fastest } else { slowest }).unwrap_or(0))
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
