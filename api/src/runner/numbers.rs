//! What each number series will give next, as this node last left it: where no other node takes numbers, a batch need not hold
//! the series before it decides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

/// How many batches in a row hold a series at most after another node took a number of it.
const HELD_MAX: u32 = 256;

/// How long a batch waits for the others of this node that take numbers of the same series, before it goes its own way.
const TURN_TIME_MAX: Duration = Duration::from_secs(1);

/// The series of which this node gave numbers. The batches of one node take them one after another.
#[derive(Debug, Default)]
pub struct Numbers(Mutex<BTreeMap<String, Arc<Queue<Memory>>>>);

/// What this node knows of a series.
#[derive(Debug, Default)]
struct Memory {
    /// What it will give next, as this node last left or found it.
    next: Option<u64>,
    /// Whether what this node wrote last is known to have been written.
    is_sure: bool,
    /// How many batches still hold the series.
    held: u32,
    /// How many batches held it after the last time that another node was first.
    patience: u32,
}

/// The right to take numbers of some series, until it is dropped. Whatever is not said to be written before is forgotten.
#[derive(Debug)]
pub struct Turn {
    series: Vec<(String, OwnedMutexGuard<Memory>)>,
    is_guess: bool,
}

impl Numbers {
    /// Waits until no other batch of this node takes numbers of these series, which come in order. `None` when that takes so
    /// long that the database had better say who is next.
    pub async fn turn(&self, series: &[String]) -> Option<Turn> {
        let wanted: Vec<(String, Arc<Queue<Memory>>)> = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            series.iter().map(|name| (name.clone(), Arc::clone(all.entry(name.clone()).or_default()))).collect()
        };
        let turn = async {
            let mut series = Vec::with_capacity(wanted.len());
            for (name, queue) in wanted {
                series.push((name, queue.lock_owned().await));
            }
            Turn { series, is_guess: false }
        };
        tokio::time::timeout(TURN_TIME_MAX, turn).await.ok()
    }
}

impl Turn {
    /// What the series will give next unless another node was first; `None` when one of them is to be held instead.
    pub fn guess(&mut self) -> Option<BTreeMap<String, u64>> {
        let guess: Option<BTreeMap<String, u64>> = self
            .series
            .iter()
            .map(|(name, memory)| Some((name.clone(), memory.next.filter(|_| memory.is_sure && memory.held == 0)?)))
            .collect();
        self.is_guess = guess.is_some();
        self.doubt();
        guess
    }

    /// Takes note of what the series really give next: they are held now.
    pub fn found(&mut self, held: &BTreeMap<String, u64>) {
        self.is_guess = false;
        for (name, memory) in &mut self.series {
            let Some(next) = held.get(name).copied() else { continue };
            if memory.next.is_some_and(|known| known != next) {
                memory.patience = (memory.patience * 2).clamp(1, HELD_MAX);
                memory.held = memory.patience;
            } else {
                memory.held = memory.held.saturating_sub(1);
            }
            memory.next = Some(next);
        }
        self.doubt();
    }

    /// Takes note of what the batch left the series at; those that it took nothing from are where they were.
    pub fn left(mut self, next: &BTreeMap<String, u64>) {
        for (name, memory) in &mut self.series {
            if let Some(next) = next.get(name) {
                memory.next = Some(*next);
                memory.patience = if self.is_guess { memory.patience / 2 } else { memory.patience };
            }
            memory.is_sure = true;
        }
    }

    fn doubt(&mut self) {
        self.series.iter_mut().for_each(|(_, memory)| memory.is_sure = false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(next: u64) -> BTreeMap<String, u64> {
        BTreeMap::from([("2026".to_owned(), next)])
    }

    async fn turn(numbers: &Numbers) -> Turn {
        numbers.turn(&["2026".to_owned()]).await.expect("nobody else has the turn")
    }

    /// A batch that takes one number, of a series that other nodes move as well; answers whether it held it.
    async fn take(numbers: &Numbers, series: &mut u64) -> bool {
        let mut turn = turn(numbers).await;
        let is_right = turn.guess().is_some_and(|guess| guess == at(*series));
        if !is_right {
            turn.found(&at(*series));
        }
        *series += 1;
        turn.left(&at(*series));
        !is_right
    }

    #[tokio::test]
    async fn a_node_that_is_alone_holds_a_series_once() {
        let (numbers, mut series) = (Numbers::default(), 1);
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(take(&numbers, &mut series).await);
        }
        assert_eq!(held, [true, false, false, false]);
    }

    #[tokio::test]
    async fn where_another_node_takes_numbers_too_they_are_held_more_and_more() {
        let (numbers, mut series) = (Numbers::default(), 1);
        let (mut held, mut wrong) = (0, 0);
        for _ in 0..1_000 {
            series += 1;
            let mut turn = turn(&numbers).await;
            wrong += u32::from(turn.guess().is_some());
            drop(turn);
            held += u32::from(take(&numbers, &mut series).await);
        }
        assert!(held == 1_000 && wrong <= 1, "{held} were held, {wrong} guesses were wrong");

        let mut until_alone = 0;
        while take(&numbers, &mut series).await {
            until_alone += 1;
        }
        assert!((1..=HELD_MAX).contains(&until_alone), "{until_alone} more were held");
    }

    #[tokio::test]
    async fn what_may_not_have_been_written_is_not_guessed_again() {
        let (numbers, mut series) = (Numbers::default(), 7);
        take(&numbers, &mut series).await;
        let mut failed = turn(&numbers).await;
        let guess = failed.guess();
        drop(failed);

        assert_eq!((guess, turn(&numbers).await.guess()), (Some(at(8)), None));
        assert!(take(&numbers, &mut series).await, "it is held");
        assert!(!take(&numbers, &mut series).await, "nobody else was first");
    }

    #[tokio::test]
    async fn batches_of_one_node_have_their_turns_and_who_waits_long_goes_without() {
        let numbers = Numbers::default();
        let first = turn(&numbers).await;

        let waited = numbers.turn(&["2026".to_owned()]).await;
        let other = numbers.turn(&["2027".to_owned()]).await;
        drop(first);
        let after = numbers.turn(&["2026".to_owned()]).await;

        assert!(waited.is_none() && other.is_some() && after.is_some());
    }
}
