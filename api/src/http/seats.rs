//! The seats: which connections are open, from where, and which one gives way when somebody new comes.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How many connections are open at the same time; more wait in the system's queue.
const SEATS_MAX: usize = 1024;

/// How many of them one address may have when nothing else is set: four have to conspire to take them all.
pub const SHARE: usize = SEATS_MAX / 4;

/// How long a connection on which nothing was asked yet keeps its seat when others need one.
const SILENT_TIME_MIN: Duration = Duration::from_secs(1);

/// How long one that was used keeps it. Whoever keeps connections for later takes those first that were used last.
const IDLE_TIME_MIN: Duration = Duration::from_secs(5);

/// All connections.
pub struct Seats {
    /// How many of them one address may have.
    share: usize,
    taken: Mutex<Vec<Arc<Seat>>>,
    freed: Notify,
    /// That somebody was refused is logged once.
    refused: Once,
}

/// One connection.
pub struct Seat {
    from: IpAddr,
    state: Mutex<State>,
    leave: Notify,
}

/// What a connection does, and since when.
#[derive(Clone, Copy)]
enum State {
    /// Nothing was asked on it yet.
    Silent(Instant),
    /// Something is being answered.
    Busy,
    /// Everything that was asked is answered.
    Idle(Instant),
}

/// A seat that is free again when this is dropped.
pub struct Taken {
    seats: Arc<Seats>,
    seat: Arc<Seat>,
}

impl Seats {
    /// Seats of which one address may have a share; `0` is all of them.
    pub fn new(share: usize) -> Self {
        let share = if share == 0 { SEATS_MAX } else { share.min(SEATS_MAX) };
        Self { share, taken: Mutex::default(), freed: Notify::new(), refused: Once::new() }
    }

    /// Returns when somebody new could have a seat.
    pub async fn wait_for_room(&self) {
        while !self.has_room() {
            tokio::select! {
                () = self.freed.notified() => {}
                () = sleep(SILENT_TIME_MIN) => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        let taken = self.lock();
        taken.len() < SEATS_MAX || taken.iter().any(|seat| seat.gives_way())
    }

    /// A seat for a connection from an address. Whoever has its share, or comes when all are taken, gets the one that has
    /// been idle longest, if that is long enough; else `None`: who came last is refused, not who was served just now.
    pub fn take(self: &Arc<Self>, from: IpAddr) -> Option<Taken> {
        let from = neighbourhood(from);
        let mut taken = self.lock();
        let has_share = taken.iter().filter(|seat| seat.from == from).count() >= self.share;
        if has_share || taken.len() >= SEATS_MAX {
            let others = taken.iter().enumerate().filter(|(_, seat)| !has_share || seat.from == from);
            let idle = others.filter(|(_, seat)| seat.gives_way()).min_by_key(|(_, seat)| seat.idle_since());
            let Some((place, seat)) = idle else {
                drop(taken);
                self.tell_of_refusal(from);
                return None;
            };
            seat.leave.notify_one();
            taken.remove(place);
        }
        let state = Mutex::new(State::Silent(Instant::now()));
        let seat = Arc::new(Seat { from, state, leave: Notify::new() });
        taken.push(Arc::clone(&seat));
        Some(Taken { seats: Arc::clone(self), seat })
    }

    fn tell_of_refusal(&self, from: IpAddr) {
        let share = self.share;
        self.refused.call_once(|| {
            tracing::warn!(
                %from,
                share,
                "an address has all the connections that it may have, and more are refused; \
                 when it is a proxy, give it all with --connections-per-address 0"
            );
        });
    }

    /// Has everybody leave who is not being answered, and those as soon as they are.
    pub fn dismiss(&self) {
        self.lock().iter().for_each(|seat| seat.leave.notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Something is asked.
    pub fn begin(&self) {
        *self.lock() = State::Busy;
    }

    /// It is answered.
    pub fn end(&self) {
        *self.lock() = State::Idle(Instant::now());
    }

    /// Returns when the connection has to go.
    pub async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    /// Whether nothing was ever asked on it.
    pub fn is_silent(&self) -> bool {
        matches!(*self.lock(), State::Silent(_))
    }

    fn idle_since(&self) -> Option<Instant> {
        match *self.lock() {
            State::Silent(since) | State::Idle(since) => Some(since),
            State::Busy => None,
        }
    }

    fn gives_way(&self) -> bool {
        match *self.lock() {
            State::Silent(since) => since.elapsed() >= SILENT_TIME_MIN,
            State::Idle(since) => since.elapsed() >= IDLE_TIME_MIN,
            State::Busy => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// The seat.
    pub fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.seats.lock().retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        self.seats.freed.notify_one();
    }
}

/// Those who have one address of IPv6 have at least the 2^64 around it.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => std::net::Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("it is an address")
    }

    /// As if nothing had happened on a connection for so long.
    fn age(seat: &Seat, by: Duration) {
        let then = Instant::now().checked_sub(by).expect("the machine runs for longer");
        let mut state = seat.lock();
        *state = match *state {
            State::Silent(_) => State::Silent(then),
            State::Idle(_) | State::Busy => State::Idle(then),
        };
    }

    fn fill(seats: &Arc<Seats>, from: &str, count: usize) -> Vec<Taken> {
        let taken: Vec<Taken> = (0..count).filter_map(|_| seats.take(address(from))).collect();
        assert_eq!(taken.len(), count, "{from} has no share of {count}");
        taken
    }

    #[test]
    fn one_address_has_its_share_and_others_have_theirs() {
        let seats = Arc::new(Seats::new(SHARE));
        let _greedy = fill(&seats, "192.0.2.1", SHARE);

        assert!(seats.take(address("192.0.2.1")).is_none());
        assert!(seats.take(address("::ffff:192.0.2.1")).is_none(), "it is the same in other letters");
        let other = seats.take(address("192.0.2.2"));
        assert!(other.is_some() && seats.has_room());
    }

    #[test]
    fn neighbours_in_ipv6_share() {
        let seats = Arc::new(Seats::new(SHARE));
        let greedy: Vec<_> = (0..SHARE).map(|n| seats.take(address(&format!("2001:db8::{n:x}")))).collect();

        assert!(greedy.iter().all(Option::is_some));
        assert!(seats.take(address("2001:db8::ffff:1")).is_none());
        assert!(seats.take(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn the_share_is_what_was_set_and_nothing_is_everything() {
        for (set, share) in [(0, SEATS_MAX), (1, 1), (SEATS_MAX * 2, SEATS_MAX)] {
            let seats = Arc::new(Seats::new(set));
            let _taken = fill(&seats, "192.0.2.1", share);

            assert!(seats.take(address("192.0.2.1")).is_none(), "{set}");
            assert_eq!(seats.has_room(), share < SEATS_MAX, "who has all of them waits, and is not refused");
        }
    }

    #[tokio::test]
    async fn who_was_served_just_now_stays_and_who_comes_is_refused() {
        let seats = Arc::new(Seats::new(3));
        let held = fill(&seats, "192.0.2.1", 3);
        for taken in &held {
            taken.seat().begin();
            taken.seat().end();
            age(taken.seat(), SILENT_TIME_MIN * 2);
        }

        assert!(seats.take(address("192.0.2.1")).is_none(), "all were used a moment ago");
        age(held[1].seat(), IDLE_TIME_MIN * 3);
        age(held[2].seat(), IDLE_TIME_MIN * 2);
        let newcomer = seats.take(address("192.0.2.1"));

        assert!(newcomer.is_some());
        held[1].seat().told_to_leave().await;
        assert!(seats.lock().iter().any(|seat| Arc::ptr_eq(seat, held[2].seat())), "the other was idle for less long");
    }

    #[tokio::test]
    async fn what_says_nothing_gives_way_to_a_neighbour_and_what_is_busy_does_not() {
        let seats = Arc::new(Seats::new(SHARE));
        let held = fill(&seats, "192.0.2.1", SHARE);
        held.iter().for_each(|taken| age(taken.seat(), SILENT_TIME_MIN * 2));
        held[0].seat().begin();

        let newcomer = seats.take(address("192.0.2.1"));

        assert!(newcomer.is_some());
        held[1].seat().told_to_leave().await;
        assert_eq!(seats.lock().len(), SHARE);
        held.iter().for_each(|taken| taken.seat().begin());
        assert!(seats.take(address("192.0.2.1")).is_none());
        drop(held);
        assert_eq!(seats.lock().len(), 1);
    }
}
