//! What is left of removed values in the files of a database.

/// Bytes of removed values in the files of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traces {
    /// There are none.
    #[default]
    Gone,
    /// They were written over where they stood, and single copies may lie where rows once were: the file was not written anew.
    Strewn,
    /// Somebody still reads the file, so that its log has them; the next time may succeed.
    InUse,
    /// The server of the database has to be told to remove them.
    OnServer,
}
