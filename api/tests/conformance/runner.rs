//! What the runner promises, on every database.

use duban::runner::{Refusal, Settings, Submission};
use duban::storage::{cases, marks};
use duban_engine::command::Ask;
use duban_engine::ids::CaseId;
use duban_engine::rejection::Rejection;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, knows, note, open, submit_together, take};

#[tokio::test]
async fn commands_of_one_batch_see_each_other_in_order() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let together = vec![open(1, "路灯"), note(1, "甲"), open(2, "供水"), note(1, "乙"), note(2, "丙")];
        let outcomes = submit_together(&runner, together).await;

        let sequences: Vec<u32> =
            outcomes.iter().map(|outcome| outcome.as_ref().expect("all are done").sequence).collect();
        assert_eq!(sequences, [1, 2, 1, 3, 2]);
        assert_eq!(knows(&runner, CaseId(1), "words").await, "乙");
        assert_eq!(knows(&runner, CaseId(1), "times").await, "2");
        assert_eq!(knows(&runner, CaseId(2), "words").await, "丙");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn numbers_have_no_gap_though_commands_are_rejected() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut unnamed = open(2, "");
        unnamed.command.by = duban_engine::event::Actor::person("zhao");

        let outcomes = submit_together(&runner, vec![open(1, "路灯"), unnamed, open(3, "供水")]).await;
        let later = runner.submit(open(4, "噪声")).await.expect("it is done");

        assert!(matches!(outcomes[1], Err(Refusal::Rejected(Rejection::NotAllowed { .. }))), "{:?}", outcomes[1]);
        let numbers: Vec<_> = [&outcomes[0], &outcomes[2], &Ok(later)]
            .map(|outcome| {
                outcome.as_ref().expect("the others are done").number.clone().expect("matters are numbered").to_string()
            })
            .into();
        assert_eq!(numbers, ["小0001号", "小0002号", "小0003号"]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn several_committers_leave_no_gap_and_lose_nothing() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let settings = Settings { automatic: false, committers: 4, batch_max: 8, ..Settings::default() };
        let runner = town.runner_with(settings).await;

        let outcomes = submit_together(&runner, (1..=64).map(|case| open(case, "路灯")).collect()).await;
        let noted = submit_together(&runner, (1..=64).map(|case| note(case, "甲")).collect()).await;

        let numbers: std::collections::BTreeSet<String> = outcomes
            .into_iter()
            .map(|outcome| outcome.expect("it is done").number.expect("matters are numbered").to_string())
            .collect();
        let expected = (1..=64).map(|number| format!("小{number:04}号")).collect();
        assert_eq!(numbers, expected);
        assert!(noted.iter().all(Result::is_ok), "{noted:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_rejection_leaves_the_rest_of_its_batch_alone() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let together = vec![open(1, "路灯"), take(1, "fly"), open(1, "路灯"), note(1, "甲"), take(7, "note")];
        let outcomes = submit_together(&runner, together).await;

        assert!(matches!(outcomes[1], Err(Refusal::Rejected(Rejection::NoSuchAction { .. }))), "{:?}", outcomes[1]);
        assert!(matches!(outcomes[2], Err(Refusal::CaseExists(CaseId(1)))), "{:?}", outcomes[2]);
        assert_eq!(outcomes[3].as_ref().expect("the note is taken").sequence, 2);
        assert!(matches!(outcomes[4], Err(Refusal::NoSuchCase(CaseId(7)))), "{:?}", outcomes[4]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_command_that_the_database_refuses_fails_alone() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        refuse_poison(&town).await;

        let together = vec![open(2, "供水"), note(1, "poison").with_key("p"), note(1, "甲"), note(2, "乙")];
        let outcomes = submit_together(&runner, together).await;

        assert!(matches!(outcomes[1], Err(Refusal::Storage(_))), "{:?}", outcomes[1]);
        let others: Vec<u32> =
            [0, 2, 3].map(|index: usize| outcomes[index].as_ref().expect("the others are done").sequence).into();
        assert_eq!(others, [1, 2, 2]);
        assert_eq!(knows(&runner, CaseId(1), "words").await, "甲");
        assert_sound(&runner).await;
    })
    .await;
}

/// Makes the database refuse every transition that contains the word `poison`.
async fn refuse_poison(town: &Town) {
    if let Some(path) = town.address.strip_prefix("sqlite:") {
        let trigger = "CREATE TRIGGER poison BEFORE INSERT ON transitions WHEN NEW.events LIKE '%poison%'
            BEGIN SELECT RAISE(ABORT, 'poison'); END";
        let mut connection =
            <sqlx::SqliteConnection as sqlx::Connection>::connect(path).await.expect("the file is there");
        sqlx::Executor::execute(&mut connection, trigger).await.expect("the trigger is understood");
    } else {
        let check = "ALTER TABLE transitions ADD CONSTRAINT poison CHECK (events NOT LIKE '%poison%')";
        let mut connection =
            <sqlx::PgConnection as sqlx::Connection>::connect(&town.address).await.expect("the server is there");
        sqlx::Executor::execute(&mut connection, check).await.expect("the constraint is understood");
    }
}

#[tokio::test]
async fn a_node_that_was_overtaken_reads_the_case_again() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (one, two) = (town.runner().await, town.runner().await);
        one.submit(open(1, "路灯")).await.expect("it is done");
        two.submit(note(1, "甲")).await.expect("it is done");

        let third = one.submit(note(1, "乙")).await.expect("the first node sees that the case has moved");
        two.submit(take(1, "finish")).await.expect("so does the second");
        let late = one.submit(note(1, "丙")).await;

        assert_eq!(third.sequence, 3);
        assert!(matches!(late, Err(Refusal::Rejected(Rejection::CaseClosed))), "{late:?}");
        assert_eq!(knows(&one, CaseId(1), "times").await, "2");
        assert_sound(&one).await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_never_rests_on_what_a_node_only_remembers() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (one, two) = (town.runner().await, town.runner().await);
        one.submit(open(1, "路灯")).await.expect("it is done");
        two.submit(take(1, "print")).await.expect("the case leaves the desk");
        let away = one.submit(note(1, "甲")).await;
        let (worker, topic) = ("printer".into(), "print".into());
        let jobs = one.fetch_jobs(&worker, &topic, 9).await.expect("the database answers");
        one.finish_job(&worker, &jobs[0].id, Default::default()).await.expect("the case comes back to the desk");

        let back = two.submit(note(1, "乙")).await;

        assert!(matches!(away, Err(Refusal::Rejected(Rejection::NoSuchAction { .. }))), "{away:?}");
        assert_eq!(back.expect("the second node sees that the case is back").sequence, 4);
    })
    .await;
}

#[tokio::test]
async fn nodes_that_race_for_one_case_lose_no_command() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (one, two) = (town.runner().await, town.runner().await);
        one.submit(open(1, "路灯")).await.expect("it is done");

        let notes = |who: &str| (0..40).map(|count| note(1, &format!("{who}{count}"))).collect::<Vec<_>>();
        let (first, second) = tokio::join!(submit_together(&one, notes("甲")), submit_together(&two, notes("乙")));

        assert!(first.iter().chain(&second).all(Result::is_ok));
        assert_eq!(knows(&two, CaseId(1), "times").await, "80");
        assert_sound(&two).await;
    })
    .await;
}

#[tokio::test]
async fn several_committers_keep_the_order_of_each_case() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let settings = Settings { committers: 4, batch_max: 16, automatic: false, ..Settings::default() };
        let runner = town.runner_with(settings).await;

        let opened: Vec<_> = (1..=20).map(|case| open(case, "路灯")).collect();
        let noted = (1..=5).flat_map(|round| (1..=20).map(move |case| note(case, &round.to_string())));
        let outcomes = submit_together(&runner, opened.into_iter().chain(noted).collect()).await;

        assert!(outcomes.iter().all(Result::is_ok));
        for case in 1..=20 {
            assert_eq!(knows(&runner, CaseId(case), "words").await, "5");
        }
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_crash_between_commit_and_answer_loses_nothing() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let database = town.database().await;

        let mut asked = Box::pin(runner.submit(note(1, "甲").with_key("k")));
        // Asked once, and never asked for the answer.
        let polled = std::future::poll_fn(|context| std::task::Poll::Ready(asked.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        while cases::find(&database, CaseId(1)).await.expect("the database answers").is_none_or(|row| row.sequence < 2)
        {
            tokio::task::yield_now().await;
        }
        drop(asked);
        drop(runner);
        let restarted = town.runner().await;
        let again = restarted.submit(note(1, "甲").with_key("k")).await.expect("the key is known");

        assert_eq!(again.sequence, 2);
        assert_eq!(knows(&restarted, CaseId(1), "times").await, "1");
        assert_sound(&restarted).await;
    })
    .await;
}

#[tokio::test]
async fn a_deadline_fires_once_never_early_and_on_one_of_two_nodes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (one, two) = (town.runner().await, town.runner().await);
        for case in 1..=30 {
            one.submit(open(case, "路灯")).await.expect("it is done");
        }

        town.advance(59);
        let early = one.settle().await.expect("the database answers");
        town.advance(1);
        let (first, second) = tokio::join!(one.settle(), two.settle());

        assert_eq!(early, 30, "the warning ten minutes before");
        let woken = first.expect("the database answers") + second.expect("the database answers");
        assert_eq!(woken, 30, "each case was woken by one node");
        let database = town.database().await;
        let from = crate::town::at("09:00");
        let marks =
            marks::between(&database, from, crate::town::at("23:00"), 1_000).await.expect("the database answers");
        assert_eq!(marks.len(), 30);
        assert!(marks.iter().all(|mark| mark.at == crate::town::at("10:00")));
        assert_sound(&two).await;
    })
    .await;
}

#[tokio::test]
async fn a_mark_is_for_the_instant_of_the_limit_however_late_the_clock_is_served() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");

        town.advance(3 * 60);
        runner.settle().await.expect("the database answers");

        let marks = marks::between(&town.database().await, crate::town::at("09:00"), crate::town::at("23:00"), 9).await;
        let instants: Vec<_> = marks.expect("the database answers").into_iter().map(|mark| mark.at).collect();
        assert_eq!(instants, [crate::town::at("10:00")]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_an_action_marked_is_gone_from_the_ledger_when_it_is_taken_back() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let database = town.database().await;
        let marked = async || {
            let marks = marks::between(&database, crate::town::at("09:00"), crate::town::at("23:00"), 9).await;
            marks.expect("the database answers").len()
        };

        runner.submit(take(1, "blame")).await.expect("it is done");
        let before = marked().await;
        let back = Submission::new(CaseId(1), crate::town::wang(), Ask::Withdraw);
        runner.submit(back).await.expect("nothing has happened since");

        assert_eq!((before, marked().await), (1, 0));
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_case_that_a_dead_node_held_is_woken_when_the_lease_ends() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        town.advance(60);
        let database = town.database().await;
        let now = crate::town::at("10:00");
        let mut transaction = database.begin().await.expect("a transaction begins");
        let until = now + jiff::SignedDuration::from_secs(60);
        let held = cases::claim(&mut transaction, now, until, 9).await.expect("a claim works");
        transaction.commit().await.expect("a transaction commits");

        let before = runner.settle().await.expect("the database answers");
        town.advance(1);
        let after = runner.settle().await.expect("the database answers");

        assert_eq!((held.len(), before, after), (1, 0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_runner_serves_the_clock_by_itself() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner_with(Settings::default()).await;
        runner.submit(open(1, "路灯")).await.expect("it is done");

        town.advance(60);
        let database = town.database().await;
        let marked = async || {
            let marks = marks::between(&database, crate::town::at("09:00"), crate::town::at("23:00"), 9).await;
            marks.expect("the database answers").len()
        };
        while marked().await == 0 {
            tokio::task::yield_now().await;
        }

        assert_eq!(marked().await, 1);
        runner.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_case_that_was_looked_at_is_not_read_again_until_it_moves() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let [writing, looking] = [town.runner().await, town.runner().await];
        for command in [open(1, "路灯"), note(1, "甲")] {
            writing.submit(command).await.expect("it is done");
        }
        let seen = knows(&looking, CaseId(1), "words").await;
        let change = async |words: &str, other: &str| {
            let mut transaction = looking.database().begin().await.expect("a transaction begins");
            let sql = "UPDATE transitions SET events = REPLACE(events, $1, $2)";
            transaction.execute(sql, &[words.into(), other.into()]).await.expect("rows are written");
            transaction.commit().await.expect("a transaction commits");
        };
        change("甲", "丙").await;

        let again = knows(&looking, CaseId(1), "words").await;

        assert_eq!((seen.as_str(), again.as_str()), ("甲", "甲"), "what is stored is not looked at");
        change("丙", "甲").await;
        writing.submit(note(1, "乙")).await.expect("it is done");
        assert_eq!(knows(&looking, CaseId(1), "words").await, "乙");
        assert_sound(&looking).await;
    })
    .await;
}
