//! The time: the machine's own, or one that a test or a rehearsal moves by hand.

use std::future::Future;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Something that is waited for.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// Waits until an instant.
    fn sleep_until(&self, at: Timestamp) -> Waiting<'_>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = Timestamp::now().as_microsecond();
        Timestamp::from_microsecond(micros).expect("what was an instant still is one without its nanoseconds")
    }

    fn sleep_until(&self, at: Timestamp) -> Waiting<'_> {
        Box::pin(async move {
            while self.now() < at {
                let left = at.duration_since(self.now()).max(SignedDuration::ZERO);
                tokio::time::sleep(left.unsigned_abs()).await;
            }
        })
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// A clock that shows this instant.
    pub fn new(now: Timestamp) -> Self {
        Self { now: watch::Sender::new(now) }
    }

    /// Moves it on. It never goes back.
    pub fn advance(&self, by: SignedDuration) {
        self.now.send_modify(|now| *now += by.max(SignedDuration::ZERO));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep_until(&self, at: Timestamp) -> Waiting<'_> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, so that waiting cannot fail.
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}
