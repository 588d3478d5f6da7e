//! SQLite as bare as diesel gives it.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::sqlite::Sqlite;
use diesel::{Connection, QueryResult, RunQueryDsl, SqliteConnection};

use crate::Outcome;

/// The file in a data directory.
pub const FILE: &str = "bookly.sqlite3";

/// Opens the file of a data directory with the settings that Bookly has.
///
/// # Errors
/// When it cannot be opened.
pub fn open(directory: &Path) -> Outcome<SqliteConnection> {
    let mut connection = SqliteConnection::establish(&directory.join(FILE).to_string_lossy())?;
    connection.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY",
    )?;
    Ok(connection)
}

/// Copies the file of a data directory that no process uses any more into another one.
///
/// # Errors
/// When it cannot be copied.
pub fn copy(from: &Path, to: &Path) -> Outcome {
    open(from)?.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)")?;
    std::fs::copy(from.join(FILE), to.join(FILE))?;
    Ok(())
}

/// A value of a statement.
#[derive(Debug)]
pub enum Value<'a> {
    /// An identifier.
    Id(&'a [u8]),
    /// A number, or an instant in microseconds.
    Number(i64),
    /// Text, or JSON.
    Text(&'a str),
    /// Nothing.
    Null,
}

/// A statement that diesel prepares once, as it does with those that its macros make.
#[derive(Debug)]
pub struct Statement<'a> {
    /// Its text, with a `?` for each value.
    pub text: &'a str,
    /// The values.
    pub values: Vec<Value<'a>>,
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    // It is known again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let mut pieces = self.text.split('?');
        out.push_sql(pieces.next().unwrap_or_default());
        for (value, piece) in self.values.iter().zip(pieces) {
            match value {
                Value::Id(bytes) => out.push_bind_param::<Binary, [u8]>(bytes)?,
                Value::Number(number) => out.push_bind_param::<BigInt, i64>(number)?,
                Value::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Value::Null => out.push_bind_param::<Nullable<BigInt>, Option<i64>>(&None)?,
            }
            out.push_sql(piece);
        }
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for Statement<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::sql_query;

    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = Nullable<Text>)]
        word: Option<String>,
    }

    #[test]
    fn values_stand_where_the_marks_were() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute("CREATE TABLE words (id blob, number integer, word text)").unwrap();
        for word in [Value::Text("a"), Value::Null] {
            let text = "INSERT INTO words (id, number, word) VALUES (?, ?, ?)";
            let statement = Statement { text, values: vec![Value::Id(&[7]), Value::Number(1), word] };
            assert_eq!(statement.execute(&mut connection).unwrap(), 1);
        }
        let query = "SELECT word FROM words WHERE id = x'07' AND number = 1 ORDER BY rowid";
        let found: Vec<Found> = sql_query(query).load(&mut connection).unwrap();
        assert_eq!(found.into_iter().map(|found| found.word).collect::<Vec<_>>(), [Some("a".to_owned()), None]);
    }
}
