//! Connections to a server that are encrypted, and that know whom they talk to.

use duban::storage::{Database, Error};
use duban_city::postgres::Postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Makes a certificate of the server's own for its address, and has it used.
const ENCRYPT: [&str; 5] = [
    "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 \
        -keyout own.key -out own.crt -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
        -addext basicConstraints=critical,CA:FALSE 2>/dev/null'",
    "ALTER SYSTEM SET ssl_cert_file = 'own.crt'",
    "ALTER SYSTEM SET ssl_key_file = 'own.key'",
    "ALTER SYSTEM SET ssl = on",
    "SELECT pg_reload_conf()",
];

const IS_ENCRYPTED: &str =
    "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'duban'";

async fn number(address: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(address).await.expect("the server is there");
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect("it is a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_encrypted_and_made_only_to_the_server_that_is_meant() {
    let server = Postgres::start_in(None);
    let plain = Postgres::database_at(server.address);
    let mut administrator = PgConnection::connect(&plain).await.expect("the server is there");
    for statement in ENCRYPT {
        sqlx::raw_sql(statement).execute(&mut administrator).await.expect(statement);
    }
    let certificate: String = sqlx::query_scalar("SELECT pg_read_file('own.crt')")
        .fetch_one(&mut administrator)
        .await
        .expect("the server wrote it");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("own-{}.crt", server.address.port()));
    std::fs::write(&file, certificate).expect("the folder for tests is there");
    let joint = if plain.contains('?') { '&' } else { '?' };
    let strict = format!("{plain}{joint}sslmode=verify-full");
    // The server takes its settings a moment after it was told to.
    while number(&plain, "SELECT COUNT(*) FROM pg_settings WHERE name = 'ssl' AND setting = 'on'").await == 0 {
        tokio::task::yield_now().await;
    }

    let stranger = Database::open(&strict).await;
    let known = Database::open(&format!("{strict}&sslrootcert={}", file.display())).await.expect("it is the one");
    known.ping().await.expect("it answers");

    assert!(matches!(stranger, Err(Error::Unreachable(_))), "{stranger:?}");
    assert!(number(&plain, IS_ENCRYPTED).await > 0);
}
