//! The address of a server, with what is written wrong in it said: the driver passes over what it does not know.

use std::str::FromStr;

use duban_engine::nearest::nearest;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::super::{Error, Result};

/// What may stand behind the `?`, before each `=`.
const OPTIONS: [&str; 13] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "options",
    "application_name",
];

/// Reads an address. PgBouncer refuses a startup that says how exact fractions are to be, and there are none.
pub fn read(address: &str) -> Result<PgConnectOptions> {
    let options = address.split_once('?').map_or("", |(_, options)| options);
    let words = options.split('&').map(|option| option.split_once('=').map_or(option, |(word, _)| word));
    if let Some(word) = words.filter(|word| !word.is_empty()).find(|word| !OPTIONS.contains(word)) {
        let meant = nearest(word, OPTIONS).unwrap_or("sslmode");
        return Err(Error::AddressOption { word: word.to_owned(), meant });
    }
    let options = PgConnectOptions::from_str(address).map_err(Error::AddressUnreadable)?;
    Ok(options.application_name("duban").extra_float_digits(None).disable_statement_logging())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(address: &str) -> String {
        read(address).expect_err("it is wrong").to_string()
    }

    #[test]
    fn an_option_that_is_not_known_is_refused() {
        assert!(read("postgres://duban@db.example/duban?sslmode=verify-full&sslrootcert=/etc/ca.pem").is_ok());
        let said = said("postgres://duban:word@db.example/duban?sslmod=verify-full");
        assert!(said.contains("`sslmod`") && said.contains("`sslmode`") && !said.contains("word@"), "{said}");
    }

    #[test]
    fn a_password_that_breaks_the_address_is_said_to_be_written_with_percent_signs() {
        assert!(read("postgres://duban:a%40b%23c@db.example/duban").is_ok());
        for address in ["postgres://duban:a#b@db.example/duban", "postgres://duban:a/b@db.example/duban"] {
            let said = said(address);
            assert!(said.contains("`%40` for `@`") && !said.contains("a#b") && !said.contains("a/b"), "{said}");
        }
    }
}
