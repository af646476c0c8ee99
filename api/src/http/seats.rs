//! The seats: which connections are open, from where, and which one gives way when somebody new comes.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// How many connections are open at the same time; more wait in the system's queue.
const SEATS_MAX: usize = 1024;

/// How many of them one address may have, so that four have to conspire; a proxy needs far fewer.
const SHARE_MAX: usize = SEATS_MAX / 4;

/// How long a connection on which nothing is asked keeps its seat when others need one.
const IDLE_TIME_MIN: Duration = Duration::from_secs(1);

/// All connections.
#[derive(Default)]
pub struct Seats {
    taken: Mutex<Vec<Arc<Seat>>>,
    freed: Notify,
}

/// One connection.
pub struct Seat {
    from: IpAddr,
    /// Since when nothing is asked on it.
    idle_since: Mutex<Option<Instant>>,
    leave: Notify,
}

/// A seat that is free again when this is dropped.
pub struct Taken {
    seats: Arc<Seats>,
    seat: Arc<Seat>,
}

impl Seats {
    /// Returns when somebody new could have a seat.
    pub async fn wait_for_room(&self) {
        while !self.has_room() {
            tokio::select! {
                () = self.freed.notified() => {}
                () = sleep(IDLE_TIME_MIN) => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        let taken = self.lock();
        taken.len() < SEATS_MAX || taken.iter().any(|seat| seat.is_idle())
    }

    /// A seat for a connection from an address. Whoever has its share, or comes when all are taken, gets the one that has
    /// been idle longest; `None` when there is no such.
    pub fn take(self: &Arc<Self>, from: IpAddr) -> Option<Taken> {
        let from = neighbourhood(from);
        let mut taken = self.lock();
        let has_share = taken.iter().filter(|seat| seat.from == from).count() >= SHARE_MAX;
        if has_share || taken.len() >= SEATS_MAX {
            let mut idle = taken.iter().enumerate().filter(|(_, seat)| !has_share || seat.from == from);
            // They stand in the order in which they came.
            let (place, seat) = idle.find(|(_, seat)| seat.is_idle())?;
            seat.leave.notify_one();
            taken.remove(place);
        }
        let idle_since = Mutex::new(Some(Instant::now()));
        let seat = Arc::new(Seat { from, idle_since, leave: Notify::new() });
        taken.push(Arc::clone(&seat));
        Some(Taken { seats: Arc::clone(self), seat })
    }

    /// Has everybody leave.
    pub fn clear(&self) {
        self.lock().iter().for_each(|seat| seat.leave.notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Something is asked.
    pub fn begin(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// It is answered.
    pub fn end(&self) {
        *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns when the connection has to go.
    pub async fn told_to_leave(&self) {
        self.leave.notified().await;
    }

    fn is_idle(&self) -> bool {
        let since = *self.idle_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() >= IDLE_TIME_MIN)
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

    fn age(seat: &Seat) {
        let long_ago = Instant::now().checked_sub(IDLE_TIME_MIN * 2).expect("the machine runs for longer");
        *seat.idle_since.lock().expect("no test panics in between") = Some(long_ago);
    }

    #[test]
    fn one_address_has_its_share_and_others_have_theirs() {
        let seats = Arc::<Seats>::default();
        let greedy: Vec<_> = (0..SHARE_MAX).map(|_| seats.take(address("192.0.2.1"))).collect();

        assert!(greedy.iter().all(Option::is_some));
        assert!(seats.take(address("192.0.2.1")).is_none());
        assert!(seats.take(address("::ffff:192.0.2.1")).is_none(), "it is the same in other letters");
        let other = seats.take(address("192.0.2.2"));
        assert!(other.is_some() && seats.has_room());
    }

    #[test]
    fn neighbours_in_ipv6_share() {
        let seats = Arc::<Seats>::default();
        let greedy: Vec<_> = (0..SHARE_MAX).map(|n| seats.take(address(&format!("2001:db8::{n:x}")))).collect();

        assert!(greedy.iter().all(Option::is_some));
        assert!(seats.take(address("2001:db8::ffff:1")).is_none());
        assert!(seats.take(address("2001:db8:0:1::1")).is_some());
    }

    #[tokio::test]
    async fn what_is_idle_gives_way_to_a_neighbour_and_what_is_busy_does_not() {
        let seats = Arc::<Seats>::default();
        let held: Vec<Taken> = (0..SHARE_MAX).filter_map(|_| seats.take(address("192.0.2.1"))).collect();
        held.iter().for_each(|taken| age(taken.seat()));
        held[0].seat().begin();

        let newcomer = seats.take(address("192.0.2.1"));

        assert!(newcomer.is_some());
        held[1].seat().told_to_leave().await;
        assert_eq!(seats.lock().len(), SHARE_MAX);
        held.iter().for_each(|taken| taken.seat().begin());
        assert!(seats.take(address("192.0.2.1")).is_none());
        drop(held);
        assert_eq!(seats.lock().len(), 1);
    }
}
