//! The ear for what other nodes tell.

use std::sync::Arc;

use super::leaving::LEFT;
use super::timekeeper::PAUSE;
use super::{DEPLOYED, Shared};

/// Hears what other nodes tell.
pub async fn listen(shared: Arc<Shared>) {
    loop {
        let Ok(mut listener) = shared.database.listen().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // What was told until now was told to nobody here.
        shared.hear_of_deployment().await;
        while let Ok(words) = listener.hear().await {
            if words.as_deref() == Some(LEFT) {
                shared.nudge.notify_one();
            } else if words.is_none_or(|words| words == DEPLOYED) {
                shared.hear_of_deployment().await;
            }
        }
    }
}
