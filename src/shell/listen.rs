//! What comes from the terminal: keys, the mouse, pasted text, another size.
//!
//! It is read in a thread of its own, for two reasons. A terminal that has died makes crossterm read without end, which
//! may cost this thread and never the dashboard's. And as long as a stream of events lives, crossterm goes on reading
//! behind it and takes what another program should get: the stream is dropped while one has the terminal, and made anew
//! afterwards.

use std::io;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, EventStream};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// Events that wait to be taken in; a paste beyond that waits in the terminal.
const WAITING: usize = 256;
/// How long the thread may take to let the terminal go. It takes none, unless the terminal has died.
const PATIENCE: Duration = Duration::from_millis(500);

/// Hears what comes from the terminal, until it is dropped.
pub(super) struct Listener {
    events: mpsc::Receiver<Event>,
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    /// Reads nothing any more, and says when that is so.
    Pause(oneshot::Sender<()>),
    /// Reads again.
    Resume,
}

impl Listener {
    /// Begins to listen. Needs a tokio runtime.
    pub(super) fn start() -> io::Result<Self> {
        let (heard, events) = mpsc::channel(WAITING);
        let (orders, ordered) = mpsc::unbounded_channel();
        let runtime = Handle::current();
        // Nobody waits for its end: it ends with the listener, or with the process.
        thread::Builder::new()
            .name("listener".to_owned())
            .spawn(move || runtime.block_on(listen(ordered, heard)))
            .map(drop)?;
        Ok(Self { events, orders })
    }

    /// The next event; `None` once the terminal is gone. Nothing is lost if nobody waits for it to the end.
    pub(super) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Leaves what comes from now on to another program. What came before is ours.
    pub(super) async fn pause(&self) {
        let (done, paused) = oneshot::channel();
        if self.orders.send(Order::Pause(done)).is_ok() {
            // Where the terminal has died there is no answer; what is done with it next fails, and says so.
            let _ = tokio::time::timeout(PATIENCE, paused).await;
        }
    }

    /// Listens again.
    pub(super) fn resume(&self) {
        // A thread that is gone says so by the end of its events.
        let _ = self.orders.send(Order::Resume);
    }
}

async fn listen(mut orders: mpsc::UnboundedReceiver<Order>, heard: mpsc::Sender<Event>) {
    let mut stream = Some(EventStream::new());
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Pause(done)) => {
                    stream = None;
                    // Dropping it only asks crossterm's reader to stop. It holds a lock while it reads, and a new stream
                    // begins by taking it: once that is made, nobody reads. It reads nothing itself until it is polled.
                    drop(EventStream::new());
                    // That asked it to stop as well, and the next stream would hear it: together with a key that was
                    // pressed just then, which crossterm would leave in the terminal until another key is pressed.
                    let _ = event::poll(Duration::ZERO);
                    // Whoever asked may have lost patience.
                    let _ = done.send(());
                }
                Some(Order::Resume) => stream = Some(EventStream::new()),
                None => return,
            },
            told = tell_next(&mut stream, &heard) => {
                if !told {
                    return;
                }
            }
        }
    }
}

/// Passes on the next event; `false` when there is none any more, or nobody to hear it.
async fn tell_next(stream: &mut Option<EventStream>, heard: &mpsc::Sender<Event>) -> bool {
    let Some(stream) = stream else { return std::future::pending().await };
    // Room comes first, so that an event that was read is never held back by one that is not taken in.
    let Ok(room) = heard.reserve().await else { return false };
    match stream.next().await {
        Some(Ok(event)) => {
            room.send(event);
            true
        }
        Some(Err(_)) | None => false,
    }
}
