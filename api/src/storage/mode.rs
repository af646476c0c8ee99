//! How a database is opened.

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is made when it is missing, and its tables are brought up to date.
    Make,
    /// It must be there; its tables are brought up to date.
    Use,
    /// It must be there, with its tables up to date; nothing is written.
    Read,
}
