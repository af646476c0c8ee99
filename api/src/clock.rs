//! The time: the machine's own, or one that a test or a rehearsal moves by hand.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

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
        Box::pin(sleep(self, at))
    }
}

async fn sleep(clock: &impl Clock, at: Timestamp) {
    while clock.now() < at {
        let left = at.duration_since(clock.now()).max(SignedDuration::ZERO);
        tokio::time::sleep(left.unsigned_abs()).await;
    }
}

/// The clock of somewhere else, carried on by the machine's stopwatch: whoever sets the clock of this machine changes
/// nothing. It is behind by the time that an answer takes, and not ahead, so that nothing happens early.
#[derive(Debug)]
pub struct CarriedClock {
    began: Instant,
    /// What it showed there, in microseconds, as the stopwatch began.
    began_at: AtomicI64,
}

impl CarriedClock {
    /// A clock that shows now what it shows there.
    pub fn new(there: Timestamp) -> Self {
        Self { began: Instant::now(), began_at: AtomicI64::new(there.as_microsecond()) }
    }

    /// Takes note of what it showed there no later than at this instant of the stopwatch.
    pub fn set(&self, there: Timestamp, answered: Instant) {
        self.began_at.store(there.as_microsecond() - self.elapsed(answered), Ordering::Relaxed);
    }

    fn at(&self, instant: Instant) -> Timestamp {
        let micros = self.began_at.load(Ordering::Relaxed) + self.elapsed(instant);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    fn elapsed(&self, instant: Instant) -> i64 {
        i64::try_from(instant.saturating_duration_since(self.began).as_micros()).unwrap_or(0)
    }
}

impl Clock for CarriedClock {
    fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    fn sleep_until(&self, at: Timestamp) -> Waiting<'_> {
        Box::pin(sleep(self, at))
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_carried_clock_goes_on_from_what_it_showed_there() {
        let noon = Timestamp::from_second(1_800_000_000).expect("it is an instant");
        let clock = CarriedClock::new(noon);
        let (second, minute) = (SignedDuration::from_secs(1), SignedDuration::from_mins(1));
        let later = clock.began + Duration::from_secs(60);

        assert_eq!((clock.at(clock.began), clock.at(later)), (noon, noon + minute));

        clock.set(noon + minute + second, later);
        assert_eq!(clock.at(later), noon + minute + second, "it had gone slow");
        clock.set(noon + minute - second, later);
        assert_eq!(clock.at(later + Duration::from_secs(1)), noon + minute, "it had gone fast");
    }
}
