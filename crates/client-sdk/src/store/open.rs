//! Opening the database: key first, then what every connection must have set.

use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::header::StoreKey;
use super::{Files, StoreError, schema};

/// "Seal", in the database's own header: tells our databases from others.
const APPLICATION: i32 = 0x5365_616C;

const BUSY: Duration = Duration::from_secs(15);

/// `secure_delete` overwrites what is deleted; `FULL` makes a commit durable before it returns.
const SETTINGS: &str = "
    PRAGMA cipher_memory_security = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA trusted_schema = OFF;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA synchronous = FULL;
";

/// A connection to the database, which is made when there is none, and brought to this version's schema.
pub(super) fn connection(files: &Files, key: &StoreKey) -> Result<Connection, StoreError> {
    let path = files.database();
    // SQLite gives its other files the rights of this one.
    Files::create_private(&path).map_err(StoreError::of_file)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    connection.execute_batch(&key.pragma())?;
    connection.execute_batch(SETTINGS)?;
    claim(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    schema::migrate(&mut connection)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Marks a fresh database as ours; refuses one that is marked otherwise.
fn claim(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let application: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, tables) {
        (APPLICATION, _) => Ok(()),
        (0, 0) => {
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            Ok(transaction.commit()?)
        }
        _ => Err(StoreError::Foreign),
    }
}
