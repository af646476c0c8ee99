//! What follows from a command: notices, documents, webhooks, other cases, messages and jobs, each once.

use duban::runner::{DeployError, JobError, Request, sign};
use duban::storage::{documents, jobs, notices, outbox};
use duban_engine::case::Case;
use duban_engine::ids::{CaseId, Name};
use duban_engine::rejection::Rejection;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, at, fields, knows, note, open, take, take_with, wang};

#[tokio::test]
async fn a_notice_is_written_from_its_template_when_the_rung_is_reached() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯不亮")).await.expect("it is done");

        town.advance(50);
        runner.settle().await.expect("the database answers");

        let told = notices::of_duty(runner.database(), &"office".into(), &"clerk".into(), 9).await;
        let told = told.expect("the database answers");
        let texts: Vec<_> =
            told.iter().map(|notice| (notice.title.as_str(), notice.text.trim(), notice.created_at)).collect();
        assert_eq!(texts, [("即将到期：路灯不亮", "小0001号（办理）将于 2026-03-02 10:00 到期。", at("09:50"))]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_document_is_filed_with_what_the_case_knew_then() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), note(1, "甲"), take(1, "file"), note(1, "乙")] {
            runner.submit(command).await.expect("it is done");
        }

        let filed = documents::of_case(runner.database(), CaseId(1)).await.expect("the database answers");

        let texts: Vec<_> = filed.iter().map(|document| (document.title.as_str(), document.body.trim())).collect();
        assert_eq!(texts, [("小0001号", "标题：路灯\n记录：甲")]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_webhook_is_a_signed_cloud_event() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), note(1, "甲"), take(1, "tell")] {
            runner.submit(command).await.expect("it is done");
        }

        runner.settle().await.expect("the database answers");
        runner.settle().await.expect("the database answers");

        let sent = town.post.sent();
        assert_eq!(sent.len(), 1);
        let Request { method, url, headers, body, private } = &sent[0];
        assert_eq!((method.as_str(), url.as_str(), *private), ("POST", "https://city.example/hook", false));
        let header = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let event: serde_json::Value = serde_json::from_str(body).expect("the body is JSON");
        let id = header("webhook-id").expect("it has an id");
        let expected = serde_json::json!({
            "specversion": "1.0", "id": id, "source": format!("/cases/{}", CaseId(1)), "type": "matter.told",
            "time": "2026-03-02T01:00:00Z", "datacontenttype": "application/json", "data": {"words": "甲"},
        });
        assert_eq!(event, expected);
        assert_eq!(header("content-type"), Some("application/cloudevents+json"));
        assert_eq!(header("webhook-timestamp"), Some("1772413200"));
        let signature = sign(crate::town::SECRET, id, 1_772_413_200, body);
        assert_eq!(header("webhook-signature"), signature.as_deref());
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_notice_by_a_way_that_there_is_not_leaves_a_trace() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "call_all")] {
            runner.submit(command).await.expect("it is done");
        }

        runner.settle().await.expect("the database answers");

        let entries = outbox::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        let told: Vec<_> = entries.iter().map(|entry| (entry.error.as_deref(), entry.due_at, entry.attempts)).collect();
        assert_eq!(told, [(Some("no channel for mail and sms"), None, 0)]);
        assert!(!entries[0].effect.contains("inbox"), "{}", entries[0].effect);
        let inbox = notices::of_duty(runner.database(), &Name::new("office"), &Name::new("clerk"), 9).await;
        assert_eq!(inbox.expect("the database answers").len(), 1);
        assert_eq!(runner.given_up(9).await.expect("the database answers"), []);
        assert_sound(&runner).await;
    })
    .await;
}

#[test]
fn a_signature_is_that_of_standard_webhooks() {
    // `TestWebhookSign` in libraries/go/webhook_test.go of github.com/standard-webhooks/standard-webhooks (b2fa7b8), the
    // same in its other libraries. OpenSSL's HMAC-SHA256 over `id.timestamp.body` agrees.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = r#"{"test": 2432232314}"#;

    let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);

    assert_eq!(signature.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

#[tokio::test]
async fn a_webhook_that_fails_is_sent_again_later_with_the_same_id_and_given_up_at_last() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "tell")] {
            runner.submit(command).await.expect("it is done");
        }
        for _ in 0..12 {
            town.post.will_answer(503, "");
        }

        runner.settle().await.expect("the database answers");
        runner.settle().await.expect("the database answers");
        let at_once = town.post.sent().len();
        for _ in 0..12 {
            town.advance(6 * 60);
            runner.settle().await.expect("the database answers");
        }

        let sent = town.post.sent();
        assert_eq!((at_once, sent.len()), (1, 12));
        assert!(sent.iter().all(|request| request.body == sent[0].body));
        let dead = outbox::dead(runner.database(), 9).await.expect("the database answers");
        let errors: Vec<_> = dead.iter().map(|entry| entry.error.as_deref()).collect();
        assert_eq!(errors, [Some("https://city.example/hook answered 503")]);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_node_left_undone_is_done_when_its_lease_ends() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "tell"), take(1, "ask")] {
            runner.submit(command).await.expect("it is done");
        }
        drop(runner);

        let next = town.runner().await;
        let during = next.settle().await.expect("the database answers");
        town.advance(1);
        let after = next.settle().await.expect("the database answers");

        assert_eq!((during, after), (0, 2));
        assert_eq!(town.post.sent().len(), 1);
        assert!(
            next.case(child_of(&next.case(CaseId(1)).await.expect("it answers").expect("it exists")))
                .await
                .expect("it answers")
                .is_some()
        );
        assert_sound(&next).await;
    })
    .await;
}

fn child_of(case: &Case) -> CaseId {
    case.visits.values().find_map(|visit| visit.child).expect("the case waits for another")
}

#[tokio::test]
async fn a_called_case_gives_back_what_it_found() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "ask")] {
            runner.submit(command).await.expect("it is done");
        }
        runner.settle().await.expect("the database answers");
        let child = child_of(&runner.case(CaseId(1)).await.expect("the database answers").expect("it exists"));

        assert_eq!(knows(&runner, child, "subject").await, "路灯");
        runner.submit(take_with(child.0, "reply", &[("words", "明天修")])).await.expect("it is done");
        runner.settle().await.expect("the database answers");

        assert_eq!(knows(&runner, CaseId(1), "words").await, "明天修");
        let back = runner.submit(take(1, "finish")).await.expect("the case is at the desk again");
        assert_eq!(back.sequence, 4);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_is_one_workers_until_its_lease_ends_and_counts_once() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "print")] {
            runner.submit(command).await.expect("it is done");
        }
        let (slow, quick, topic) = (Name::new("slow"), Name::new("quick"), Name::new("print"));
        let fetch = async |worker: &Name| runner.fetch_jobs(worker, &topic, 9).await.expect("the database answers");

        let held = fetch(&slow).await;
        let none = fetch(&quick).await;
        town.advance(1);
        let taken_over = fetch(&quick).await;
        let late = runner.finish_job(&slow, &held[0].id, fields(&[("words", "慢")])).await;
        let done = runner.finish_job(&quick, &held[0].id, fields(&[("words", "快")])).await.expect("it is held");
        let again = runner.finish_job(&quick, &held[0].id, fields(&[("words", "快")])).await.expect("it is known");

        assert_eq!(held[0].fields, fields(&[("subject", "路灯")]));
        assert_eq!((none.len(), taken_over.len()), (0, 1));
        assert!(matches!(late, Err(JobError::NotHeld { .. })), "{late:?}");
        assert_eq!(done, again);
        assert_eq!(knows(&runner, CaseId(1), "words").await, "快");
        assert_eq!(jobs::find(runner.database(), &held[0].id).await.expect("the database answers"), None);
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_nobody_needs_any_more_is_taken_back() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "print")] {
            runner.submit(command).await.expect("it is done");
        }
        let (worker, topic) = (Name::new("printer"), Name::new("print"));
        let held = runner.fetch_jobs(&worker, &topic, 9).await.expect("the database answers");

        let cancel = duban::runner::Submission::new(CaseId(1), wang(), duban_engine::command::Ask::Cancel);
        runner.submit(cancel).await.expect("the case ends");
        let late = runner.finish_job(&worker, &held[0].id, fields(&[("words", "好")])).await;

        assert!(matches!(late, Err(JobError::NotHeld { .. })), "{late:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_of_the_servers_own_takes_back_what_the_answer_says() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        town.post.will_answer(200, r#"{"reading": 42}"#);
        for command in [open(1, "水表"), take(1, "read")] {
            runner.submit(command).await.expect("it is done");
        }

        runner.settle().await.expect("the database answers");
        runner.settle().await.expect("the database answers");

        let sent = town.post.sent();
        assert_eq!(sent.len(), 1);
        assert_eq!(
            (sent[0].url.as_str(), sent[0].body.as_str()),
            ("https://meter.example/api/read", r#"{"subject":"水表"}"#)
        );
        assert_eq!(knows(&runner, CaseId(1), "reading").await, "42");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_schedule_opens_one_case_per_instant_on_two_nodes() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let (one, two) = (town.runner().await, town.runner().await);

        for _ in 0..3 {
            town.advance(24 * 60);
            let (first, second) = tokio::join!(one.settle(), two.settle());
            first.expect("the database answers");
            second.expect("the database answers");
        }

        let rows = one.database().fetch("SELECT opened_at FROM cases WHERE process = 'round'", &[]).await;
        assert_eq!(rows.expect("the database answers").len(), 3);
        assert_sound(&one).await;
    })
    .await;
}

#[tokio::test]
async fn a_case_runs_by_the_version_it_began_with() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        runner.submit(open(1, "路灯")).await.expect("it is done");
        let mut files = crate::town::files();
        let text = files.get_mut("matter/matter.yaml").expect("it is one of the files");
        *text = text.replace("      shout: {", "      cry: {");
        runner.deploy(&files).await.expect("the files are sound");
        runner.submit(open(2, "供水")).await.expect("it is done");

        let old = runner.submit(take(1, "shout")).await;
        let new = runner.submit(take(2, "shout")).await;
        let restarted = town.runner().await;
        let old_again = restarted.submit(take(1, "shout")).await;

        assert!(old.is_ok() && old_again.is_ok(), "{old:?} {old_again:?}");
        let refused = matches!(
            new,
            Err(duban::runner::Refusal::Rejected(Rejection::NoSuchAction { ref action, .. })) if action == "shout"
        );
        assert!(refused, "{new:?}");
        assert_sound(&restarted).await;
    })
    .await;
}

#[tokio::test]
async fn a_template_that_cannot_be_read_is_refused_when_it_is_deployed() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        let mut files = crate::town::files();
        files.insert("matter/templates/slip.hbs".to_owned(), "{{#if words}}never closed".to_owned());

        let refused = runner.deploy(&files).await;

        let names = match refused {
            Err(DeployError::Templates(wrong)) => wrong.into_keys().collect(),
            Ok(_) | Err(DeployError::Unsound(_) | DeployError::Storage(_)) => Vec::new(),
        };
        assert_eq!(names, ["matter/slip"]);
        runner.submit(open(1, "路灯")).await.expect("what was deployed before goes on");
    })
    .await;
}
