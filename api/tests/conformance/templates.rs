//! Templates that would cost more than their text: refused, or left out, and everything else goes on.

use std::collections::BTreeMap;

use duban::runner::DeployError;
use duban::storage::{Cell, documents, incidents};
use duban_engine::ids::CaseId;

use crate::cluster::{self, on_each_database};
use crate::town::{Town, assert_sound, files, note, open, take};

const ENDLESS: &str = "{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}";

fn files_with_slip(text: &str) -> BTreeMap<String, String> {
    let mut files = files();
    files.insert("matter/templates/slip.hbs".to_owned(), text.to_owned());
    files
}

#[tokio::test]
async fn a_template_that_includes_itself_is_refused_when_it_is_deployed() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;

        let refused = runner.deploy(&files_with_slip(ENDLESS)).await;

        let names = match refused {
            Err(DeployError::Templates(wrong)) => wrong.into_keys().collect(),
            Ok(_) | Err(DeployError::Unsound(_) | DeployError::Storage(_)) => Vec::new(),
        };
        assert_eq!(names, ["matter/slip"]);
    })
    .await;
}

#[tokio::test]
async fn a_template_that_was_deployed_before_it_was_refused_costs_only_its_text() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let database = town.database().await;
        let old = serde_json::to_string(&files_with_slip(ENDLESS)).expect("texts are JSON");
        let mut transaction = database.begin().await.expect("a transaction begins");
        transaction.execute("UPDATE deployments SET files = $1", &[Cell::from(old)]).await.expect("it is written");
        transaction.commit().await.expect("a transaction commits");

        let runner = town.runner().await;
        for command in [open(1, "路灯"), take(1, "file")] {
            runner.submit(command).await.expect("the case goes on");
        }

        let filed = documents::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        let texts: Vec<_> = filed.iter().map(|document| (document.title.as_str(), document.body.as_str())).collect();
        assert_eq!(texts, [("路灯", "")]);
        let raised = incidents::latest(runner.database(), 9).await.expect("the database answers");
        let texts: Vec<_> = raised.iter().map(|incident| incident.text.as_str()).collect();
        assert_eq!(texts, ["there is no template `slip` that can be filled in"]);
    })
    .await;
}

#[tokio::test]
async fn a_text_that_grows_too_long_is_left_out_and_raises_an_incident() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let runner = town.runner().await;
        town.advance(1);
        // 20 times 20,000 characters of 3 bytes are more than a mebibyte.
        runner.deploy(&files_with_slip(&"{{words}}".repeat(20))).await.expect("it is a sound template");

        for command in [open(1, "路灯"), note(1, &"长".repeat(20_000)), take(1, "file"), take(1, "finish")] {
            runner.submit(command).await.expect("the case goes on");
        }

        let filed = documents::of_case(runner.database(), CaseId(1)).await.expect("the database answers");
        let texts: Vec<_> = filed.iter().map(|document| (document.title.as_str(), document.body.len())).collect();
        assert_eq!(texts, [("路灯", 0)]);
        let raised = incidents::latest(runner.database(), 9).await.expect("the database answers");
        assert!(raised.len() == 1 && raised[0].text.contains("longer than 1048576 bytes"), "{raised:?}");
        assert_sound(&runner).await;
    })
    .await;
}

#[tokio::test]
async fn a_field_is_found_however_the_template_comes_to_it() {
    let ways = [
        "{{words}}",
        "{{[words]}}",
        "{{this.words}}",
        "{{lookup this \"words\"}}",
        "{{#with this}}{{words}}{{/with}}",
        "{{#each this}}{{this}}{{/each}}",
        "{{@root.words}}",
        "{{~#each this~}}{{{this}}}{{~/each~}}",
    ];
    let address = cluster::SqliteFile::default();
    let town = Town::new(address.address()).await;
    let runner = town.runner().await;
    for (case, way) in (1..).zip(ways) {
        town.advance(1);
        runner.deploy(&files_with_slip(way)).await.expect("it is a sound template");

        for command in [open(case, "路灯"), note(case, "已到现场"), take(case, "file")] {
            runner.submit(command).await.expect("the case goes on");
        }

        let filed = documents::of_case(runner.database(), CaseId(case)).await.expect("the database answers");
        assert!(
            filed.iter().all(|document| document.body.contains("已到现场")) && filed.len() == 1,
            "{way}: {filed:?}"
        );
    }
}
