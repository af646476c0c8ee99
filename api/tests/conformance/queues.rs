//! The list of tasks reads no more than it shows, however many tasks there are.

use duban::storage::tasks::{self, Filter, Queue};
use duban::storage::{self, Cell, Database, Row};
use duban_engine::ids::Name;

use crate::cluster::{on_each_database, open};

/// How many open tasks there are: enough that both databases would rather sort than read in order if they had to.
const TASKS: i64 = 20_000;

/// A case for each task; each is due some time, or never; one in ten is held, one in a thousand is for a rare duty.
const FILL: &[&str] = &[
    "INSERT INTO cases WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
        SELECT '000000000000000000000000' || (10000000 + i), 'appeal', 'v1', NULL, 'title', i, NULL, NULL, NULL, NULL, 1, 'hash',
        NULL, i, 0 FROM n",
    "INSERT INTO tasks SELECT case_id, 1, 'triage', 'Triage', opened_at, CASE WHEN opened_at % 10 = 0 THEN 'wang' END, NULL,
        CASE WHEN opened_at % 7 > 0 THEN (opened_at * 7919) % 1000003 END, 0, 'green' FROM cases",
    "INSERT INTO task_candidates SELECT case_id, visit, 'office',
        CASE WHEN entered_at % 1000 = 1 THEN 'rare' ELSE 'clerk' END, '', COALESCE(due_at, 9223372036854775807), 'appeal', step,
        light FROM tasks WHERE holder IS NULL",
    "INSERT INTO task_candidates SELECT case_id, visit, '', '', 'li', COALESCE(due_at, 9223372036854775807), 'appeal', step,
        light FROM tasks WHERE holder IS NULL AND entered_at % 1000 = 2",
    "ANALYZE",
];

async fn fill(database: &Database, statements: &[&str]) {
    for statement in statements {
        let parameters = if statement.contains("$1") { vec![Cell::from(TASKS)] } else { Vec::new() };
        let mut transaction = database.begin().await.expect("it is open");
        transaction.execute(statement, &parameters).await.expect(statement);
        transaction.commit().await.expect(statement);
    }
}

/// How the database goes about a list of tasks.
async fn plan(database: &Database, statement: &str, light: &str, queue: &[&str]) -> String {
    let mut parameters: Vec<Cell> = vec!["".into(), "".into(), light.into(), i64::MIN.into(), "".into(), 0_u32.into()];
    parameters.push(51_i64.into());
    parameters.extend(queue.iter().map(|word| Cell::from(*word)));
    explain(database, statement, &parameters).await
}

/// How the database goes about a statement, one line for each part.
async fn explain(database: &Database, statement: &str, parameters: &[Cell]) -> String {
    let (word, column) = match database {
        Database::Sqlite(_) => ("EXPLAIN QUERY PLAN", 3),
        Database::Postgres(_) => ("EXPLAIN", 0),
    };
    let rows = database.fetch(&format!("{word} {statement}"), parameters).await.expect("it is understood");
    let line = |row: &Row| row.text(column).expect("a plan is text");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_list_of_tasks_is_read_in_the_order_of_an_index_and_no_further() {
    let statements = storage::statements();
    let of = |table: &str| *statements.iter().find(|sql| sql.contains(table)).expect("there is one");
    let (clerk, pressing) = (["office", "clerk", ""], of("queue.light <> 'green'"));
    on_each_database(async |address| {
        let database = open(&address).await;
        fill(&database, FILL).await;

        for (statement, light, queue, index) in [
            (of("FROM task_candidates AS queue"), "", &clerk[..], "task_candidates_by_due"),
            (of("FROM task_candidates AS queue"), "", &["office", "rare", ""], "task_candidates_by_due"),
            (of("FROM task_candidates AS queue"), "", &["", "", "li"], "task_candidates_by_due"),
            (of("FROM task_candidates AS queue"), "", &["", "", "nobody"], "task_candidates_by_due"),
            (pressing, "red", &clerk, "task_candidates_pressing"),
            (pressing, "yellow", &clerk, "task_candidates_pressing"),
            (of("FROM tasks AS queue"), "", &["wang"], "tasks_by_holder"),
        ] {
            let plan = plan(&database, statement, light, queue).await;
            let reads_all = ["Sort", "Seq Scan", "TEMP B-TREE", "SCAN queue", "SCAN tasks", "SCAN cases"];
            assert!(!reads_all.iter().any(|word| plan.contains(word)), "{queue:?}:\n{plan}");
            assert!(plan.contains(index), "{queue:?}:\n{plan}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_task_leaves_its_queue_without_the_queue_being_read() {
    let leave = tasks::CANDIDATES.delete("(SELECT value AS case_id, 1 AS visit, 'office' AS unit, 'clerk' AS duty, '' AS person FROM each($1)) AS leaving");
    on_each_database(async |address| {
        let database = open(&address).await;
        // What a planner knows is from the first minute.
        let mut transaction = database.begin().await.expect("it is open");
        transaction.execute("ANALYZE", &[]).await.expect("it is understood");
        transaction.commit().await.expect("it is open");
        fill(&database, &FILL[..FILL.len() - 1]).await;

        let plan =
            explain(&database, &leave, &[Cell::Texts(vec!["00000000000000000000000010000001".to_owned()])]).await;

        assert!(!plan.contains("task_candidates_by_due") && !plan.contains("task_candidates_pressing"), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn page_after_page_every_open_task_comes_once_by_its_due_time() {
    on_each_database(async |address| {
        let database = open(&address).await;
        fill(&database, FILL).await;
        let name = |word: &str| Name::new(word);

        for (queue, expected) in [
            (Queue::Duty(name("office"), name("rare")), TASKS / 1000),
            (Queue::Person(name("li")), TASKS / 1000),
            (Queue::Held(name("wang")), TASKS / 10),
            (Queue::Duty(name("office"), name("nobody")), 0),
        ] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let filter = Filter { process: "appeal", step: "", light: "", after, limit: 7 };
                let page = tasks::of_queue(&database, &queue, &filter).await.expect("it is open");
                let Some(last) = page.last() else { break };
                after = Some((last.order, last.task.case, last.task.visit.0));
                seen.extend(page.iter().map(|listed| (listed.order, listed.task.case)));
            }
            let mut sorted = seen.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(seen, sorted, "{queue:?}");
            assert_eq!(i64::try_from(seen.len()), Ok(expected), "{queue:?}");
        }
        let red = Filter { process: "", step: "", light: "red", after: None, limit: 7 };
        let found = tasks::of_queue(&database, &Queue::Duty(name("office"), name("clerk")), &red).await;
        assert_eq!(found.expect("it is open"), []);
    })
    .await;
}
