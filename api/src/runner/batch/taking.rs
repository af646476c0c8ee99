//! How a batch comes to the numbers that it gives: it holds their series, or it guesses and the database compares.

use std::collections::BTreeMap;

use super::super::Shared;
use super::super::numbers::Turn;
use crate::storage::{Result, Transaction, Writes, serials};

/// How a batch comes to the numbers that it gives.
#[derive(Debug, Default)]
pub struct Taking {
    /// That no other batch of this node takes numbers of the same series.
    pub turn: Option<Turn>,
    /// The transaction in which no other node does.
    pub held: Option<Transaction>,
}

impl Taking {
    /// Writes a batch that found series at `found` and left those that it took numbers from at `left`.
    pub async fn write(
        self,
        shared: &Shared,
        found: &BTreeMap<String, u64>,
        left: &BTreeMap<String, u64>,
        mut writes: Writes<'_>,
    ) -> Result<()> {
        match self.held {
            Some(mut begun) => {
                serials::keep(&mut writes, left);
                if !writes.is_empty() {
                    begun.write(&writes).await?;
                    begun.commit().await?;
                }
            }
            None if left.is_empty() => shared.database.write(&writes).await?,
            None => {
                // What comes last the server does first: whoever waits for the series then keeps nothing that others wait for.
                for (series, to) in left {
                    let from = found.get(series).copied().unwrap_or_default();
                    serials::move_on(&mut writes, series, from, *to);
                }
                shared.database.write_impatiently(&writes).await?;
            }
        }
        if let Some(turn) = self.turn {
            turn.left(left);
        }
        Ok(())
    }
}
