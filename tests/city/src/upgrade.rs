//! Nodes that are renewed one after the other while clients work, as in a deployment of a new version of the program.

use std::time::Duration;

use tokio::time::sleep;

use crate::fault::Site;
use crate::history::Entry;

/// How long a node may take to end that is told to stop.
const STOP_TIME_MAX: Duration = Duration::from_secs(5);

/// How long nodes of different versions work side by side before the next is renewed.
const SIDE_BY_SIDE: Duration = Duration::from_secs(5);

/// Renews all nodes, which run the older program; then takes one back to it, and forth again.
///
/// # Panics
/// When a node does not end in time and well, or does not start.
pub async fn roll(newer: &str, older: &str, site: &mut Site) {
    sleep(SIDE_BY_SIDE).await;
    for victim in 0..site.members.len() {
        renew(site, victim, newer, "newer").await;
    }
    renew(site, 0, older, "older").await;
    renew(site, 0, newer, "newer").await;
}

async fn renew(site: &mut Site, victim: usize, program: &str, word: &str) {
    let name = format!("Renewal of node {victim} by the {word} program");
    let (begun, ended) = (name.clone(), name.clone());
    site.log.note(|at| Entry::Begun { at, fault: begun });
    let member = &mut site.members[victim];
    let (took, is_well) = member.node.take().expect("it runs between renewals").stop().await;
    println!("{name}: stopped in {} ms", took.as_millis());
    // The older program may have promised less.
    assert!(is_well && (word == "newer" || took < STOP_TIME_MAX), "it took {took:?} to stop, well: {is_well}");
    member.plan.program = program.to_owned();
    let node = member.plan.start_in_the_end().await;
    println!("{name}: started in {} ms", node.started_in.as_millis());
    member.node = Some(node);
    site.log.note(|at| Entry::Ended { at, fault: ended });
    sleep(SIDE_BY_SIDE).await;
}
