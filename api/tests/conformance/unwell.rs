//! A receiver that is unwell for long gets each webhook in the end, and keeps nobody else waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use duban::clock::{Clock, ManualClock};
use duban::runner::{Outside, RandomSalts, Reply, Replying, Request, Runner, Settings, Surroundings};
use duban_engine::event::Fields;
use duban_engine::ids::CaseId;
use jiff::{SignedDuration, Timestamp};

use crate::cluster::on_each_database;
use crate::town::{OneSecret, Town, assert_sound, files, open, submit_together, take};

/// How long the receiver `city` is unwell.
const UNWELL: SignedDuration = SignedDuration::from_hours(1);

/// How often the clock is looked at.
const STEP: SignedDuration = SignedDuration::from_secs(10);

/// When the attempts come after the first, in seconds: each wait is twice the one before, as the reference says.
const ATTEMPTS: [i64; 10] = [0, 10, 30, 70, 150, 310, 630, 1270, 2550, 5110];

/// How many deliveries hang: more than a node has under way at the same time.
const HANGING: u128 = 700;

/// When a delivery came, in seconds, and whether it was taken.
type Came = Vec<(i64, bool)>;

/// A receiver for an hour unwell, or one that does not answer at all, and others that are well.
struct World {
    clock: Arc<ManualClock>,
    hangs: bool,
    began: Timestamp,
    /// Of each delivery, by receiver and id.
    seen: Mutex<BTreeMap<(String, String), Came>>,
}

impl Outside for World {
    fn send(&self, request: Request) -> Replying<'_> {
        let is_city = request.url.contains("city.example");
        let after = self.clock.now().duration_since(self.began);
        let is_well = !is_city || (!self.hangs && after >= UNWELL);
        let id = request.headers.iter().find(|(name, _)| name == "webhook-id").map(|(_, id)| id.clone());
        let whose = (if is_city { "city" } else { "meter" }.to_owned(), id.expect("a webhook has an id"));
        let mut seen = self.seen.lock().expect("no test panics in between");
        seen.entry(whose).or_default().push((after.as_secs(), is_well));
        let hangs = self.hangs && is_city;
        Box::pin(async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(Reply { status: if is_well { 200 } else { 500 }, body: String::new() })
        })
    }
}

impl World {
    fn seen(&self, whose: &str) -> Vec<Came> {
        let seen = self.seen.lock().expect("no test panics in between");
        seen.iter().filter(|((name, _), _)| name == whose).map(|(_, came)| came.clone()).collect()
    }
}

/// A runner whose matters tell two receivers, and its world.
async fn unwell(town: &Town, hangs: bool) -> (Runner, Arc<World>) {
    let (clock, began) = (Arc::clone(&town.clock), town.clock.now());
    let world = Arc::new(World { clock, hangs, began, seen: Mutex::default() });
    let surroundings = Surroundings {
        clock: town.clock.clone(),
        outside: world.clone(),
        secrets: Arc::new(OneSecret),
        salts: Arc::new(RandomSalts),
    };
    let settings = Settings { automatic: hangs, ..Settings::default() };
    let runner = Runner::start(town.database().await, surroundings, settings).await.expect("it starts");
    let mut set = files();
    let told = "      tell: {title: 告知, do: [{webhook: {to: city, type: matter.told, with: {words: =words}}}]}\n";
    let more = "      tell_other: {title: 告知抄表, do: [{webhook: {to: meter, type: matter.told}}]}\n";
    let matter = set.get_mut("matter/matter.yaml").expect("it is in the set");
    assert!(matter.contains(told));
    *matter = matter.replace(told, &format!("{told}{more}"));
    runner.deploy(&set).await.expect("the set is sound");
    (runner, world)
}

#[tokio::test]
async fn a_receiver_that_is_unwell_for_an_hour_gets_each_webhook_when_its_turn_comes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (runner, world) = unwell(&town, false).await;
        submit_together(&runner, (1..=3).map(|case| open(case, "路灯")).collect()).await;
        let told = submit_together(&runner, (1..=3).map(|case| take(case, "tell")).collect()).await;
        assert!(told.iter().all(Result::is_ok), "{told:?}");

        let mut told_others = 0;
        while town.clock.now().duration_since(world.began) < UNWELL * 2 {
            if world.seen("city").iter().flatten().count() % 9 == 0 {
                runner.submit(take(1, "tell_other")).await.expect("it is done");
                told_others += 1;
            }
            runner.settle().await.expect("the database answers");
            assert_eq!(world.seen("meter").len(), told_others, "nobody else waits");
            town.clock.advance(STEP);
        }

        let taken = ATTEMPTS.map(|after| (after, after >= UNWELL.as_secs()));
        assert_eq!(world.seen("city"), vec![taken.to_vec(); 3], "each id, with all its attempts");
        assert!(told_others > 1 && world.seen("meter").iter().all(|came| came.len() == 1), "{told_others}");
        let left = runner.given_up(9).await.expect("the database answers");
        assert!(left.is_empty(), "{left:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_never_answers_keeps_no_other_waiting() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (runner, world) = unwell(&town, true).await;
        let cases = || 1..=HANGING;
        submit_together(&runner, cases().map(|case| open(case, "路灯")).collect()).await;
        let told = submit_together(&runner, cases().map(|case| take(case, "tell")).collect()).await;
        assert!(told.iter().all(Result::is_ok));

        runner.submit(take(1, "tell_other")).await.expect("it is done");
        runner.submit(take(2, "ask")).await.expect("it is done");

        let is_asked = async || {
            let case = runner.case(CaseId(2)).await.expect("the database answers").expect("it was opened");
            let child = case.visits.values().find_map(|visit| visit.child);
            let child = child.expect("a call names its case");
            runner.case(child).await.expect("the database answers").is_some_and(|case| case.fields != Fields::new())
        };
        let others = async {
            while world.seen("meter").is_empty() || !is_asked().await {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(30), others).await;
        assert!(waited.is_ok(), "{} hang, and others wait for them", world.seen("city").len());
        runner.stop().await;
    })
    .await;
}
