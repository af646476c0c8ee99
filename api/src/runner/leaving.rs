//! How a node goes: what it took is done, and what it held is free for the others at once.

use std::sync::Arc;
use std::time::Duration;

use super::{Runner, Shared, dispatcher};

/// What the other nodes are told by one that goes, so that they look for what it held.
pub const LEFT: &str = "left";

/// How long what is under way to the outside may still take.
const DELIVERY_TIME_MAX: Duration = Duration::from_secs(1);

/// How long all that follows from commands may take to end: a delivery, and noting it.
const FOLLOW_TIME_MAX: Duration = Duration::from_millis(1_500);

impl Runner {
    /// Takes no more commands, and returns when those that were taken are answered. Deliveries that take long are broken off;
    /// others begin with them, and with all that this node had in hand, without waiting for a lease to end.
    pub async fn stop(mut self) {
        self.shared.stopping.send_replace(true);
        while self.committing.join_next().await.is_some() {}
        self.shared.leaving.send_replace(true);
        let ending = async { while self.following.join_next().await.is_some() {} };
        if tokio::time::timeout(FOLLOW_TIME_MAX, ending).await.is_err() {
            self.following.shutdown().await;
        }
        if let Some(presence) = self.presence {
            if let Err(error) = free(&self.shared).await {
                tracing::warn!(%error, "what this node held is free when its leases end");
            }
            presence.leave().await;
        }
        self.shared.database.close().await;
    }
}

impl Shared {
    /// Returns when the node goes.
    pub(super) async fn left(&self) {
        // The sender is in `self`, so that it is there.
        let _ = self.leaving.subscribe().wait_for(|leaving| *leaving).await;
    }

    /// Returns when the node goes and has waited for long enough.
    pub(super) async fn left_behind(&self) {
        self.left().await;
        tokio::time::sleep(DELIVERY_TIME_MAX).await;
    }
}

/// Does something that has no end until the node goes. It may be broken off anywhere.
pub async fn until_left(shared: Arc<Shared>, endless: impl Future<Output = ()>) {
    tokio::select! {
        () = endless => {}
        () = shared.left() => {}
    }
}

/// Lets the others have what waited in memory, and tells them.
async fn free(shared: &Shared) -> crate::storage::Result<()> {
    dispatcher::release_queued(shared).await?;
    shared.database.tell(LEFT).await
}
