//! The database is put back to what it was earlier, as by a copy or a failover that lost something, while nodes run on.

use duban::storage::{Cell, Database, TABLES, Table};
use duban_engine::ids::CaseId;

use crate::cluster::on_each_database;
use crate::town::{Town, assert_sound, knows, note, open};

/// All rows of all tables.
type Copy = Vec<(&'static Table, Vec<Vec<Cell>>)>;

async fn copy(database: &Database) -> Copy {
    let mut copy = Copy::new();
    for table in TABLES {
        let rows = database.fetch_table(table).await.expect("the database answers");
        copy.push((table, rows.into_iter().map(|row| row.0).collect()));
    }
    copy
}

async fn put_back(database: &Database, copy: &Copy) {
    let mut transaction = database.begin().await.expect("a transaction begins");
    for (table, rows) in copy {
        let now = database.fetch_table(table).await.expect("the database answers");
        let keys: Vec<Vec<Cell>> = now.into_iter().map(|row| row.0[..table.key].to_vec()).collect();
        transaction.delete(table, &keys).await.expect("rows are removed");
        transaction.insert(table, rows).await.expect("rows are written");
    }
    transaction.commit().await.expect("a transaction commits");
}

#[tokio::test]
async fn a_node_goes_on_from_what_the_database_has_and_not_from_what_it_remembers() {
    on_each_database(async |address| {
        let town = Town::new(address).await;
        let nodes = [town.runner().await, town.runner().await];
        for command in [open(1, "路灯"), open(2, "井盖"), note(1, "甲")] {
            nodes[0].submit(command).await.expect("it is done");
        }
        let database = town.database().await;
        let earlier = copy(&database).await;
        for command in [note(1, "乙"), note(1, "丙"), note(2, "丁")] {
            nodes[0].submit(command).await.expect("it is done");
        }

        put_back(&database, &earlier).await;
        // The other node writes as many transitions as the first remembers: only their hashes tell them apart.
        nodes[1].submit(note(2, "戊")).await.expect("it is done");
        let read = nodes[0].case(CaseId(1)).await.expect("the database answers").expect("it is there");
        let one = nodes[0].submit(note(1, "己")).await.expect("it is done");
        let two = nodes[0].submit(note(2, "庚")).await.expect("it is done");

        assert_eq!((read.sequence, one.sequence, two.sequence), (2, 3, 3));
        assert_eq!(knows(&nodes[1], CaseId(1), "words").await, "己");
        assert_eq!(knows(&nodes[1], CaseId(2), "times").await, "2");
        assert_sound(&nodes[1]).await;
    })
    .await;
}
