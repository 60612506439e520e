//! A Redis server's whole memory: every key and value of every database, read by its type, and what the server keeps about
//! its clients. Nothing is changed there.

mod values;

use std::time::Duration;

use ::redis::{Client, Cmd, Connection, ConnectionLike, FromRedisValue, RedisError, Value, cmd};
use thiserror::Error;

use crate::search::Search;
use crate::unsearched::Unsearched;

const PATIENCE: Duration = Duration::from_secs(10);
/// Keys that are asked for at once.
const PAGE: u32 = 500;
/// What a server knows besides its data: what was asked of it, by whom, and code.
const MEMORIES: [&[&str]; 6] = [
    &["SLOWLOG", "GET", "-1"],
    &["CLIENT", "LIST"],
    &["ACL", "LOG", "128"],
    &["PUBSUB", "CHANNELS"],
    &["FUNCTION", "LIST", "WITHCODE"],
    &["CONFIG", "GET", "*"],
];

/// A server cannot be read, or not to the end.
#[derive(Debug, Error)]
pub enum ScanError {
    /// The address is none of the forms `redis://HOST:PORT`, `HOST:PORT` or a socket's path.
    #[error("the address of the Redis server is none")]
    Address(#[source] RedisError),
    /// It does not answer, or not as asked.
    #[error("the Redis server did not answer")]
    Unanswered(#[source] RedisError),
}

/// Searches the server at `address`; what it would not show is added to `unsearched`.
///
/// # Errors
/// [`ScanError`]; what was read until then has been searched.
pub fn scan(
    address: &str,
    search: &mut Search,
    unsearched: &mut Unsearched,
    progress: &mut dyn FnMut(u64),
) -> Result<(), ScanError> {
    let mut server = Server { connection: connect(address)?, search, unsearched, progress };
    for database in server.databases()? {
        server.database(database)?;
    }
    MEMORIES.iter().for_each(|memory| server.memory(memory));
    Ok(())
}

struct Server<'a> {
    connection: Connection,
    search: &'a mut Search,
    unsearched: &'a mut Unsearched,
    progress: &'a mut dyn FnMut(u64),
}

fn connect(address: &str) -> Result<Connection, ScanError> {
    let url = match address {
        url if url.contains("://") => url.to_owned(),
        path if path.starts_with('/') => format!("unix://{path}"),
        address => format!("redis://{address}"),
    };
    let client = Client::open(url).map_err(ScanError::Address)?;
    let connection = client.get_connection_with_timeout(PATIENCE).map_err(ScanError::Unanswered)?;
    connection.set_read_timeout(Some(PATIENCE)).map_err(ScanError::Unanswered)?;
    Ok(connection)
}

impl Server<'_> {
    /// The databases that have keys.
    fn databases(&mut self) -> Result<Vec<u32>, ScanError> {
        let info: String = self.ask(cmd("INFO").arg("keyspace"))?;
        let names = info.lines().filter_map(|line| line.strip_prefix("db")?.split(':').next());
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    fn database(&mut self, database: u32) -> Result<(), ScanError> {
        let () = self.ask(cmd("SELECT").arg(database))?;
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<Vec<u8>>) = self.ask(cmd("SCAN").arg(cursor).arg("COUNT").arg(PAGE))?;
            for key in keys {
                self.search.piece(&format!("the name of a key, database {database}"), &key);
                self.value(database, &key)?;
            }
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// What the server remembers besides.
    fn memory(&mut self, words: &[&str]) {
        let mut question = Cmd::new();
        words.iter().for_each(|word| {
            question.arg(*word);
        });
        match self.ask::<Value>(&question) {
            Ok(answer) => self.all(&words.join(" "), &answer),
            Err(_) => {
                let why = "the Redis server does not show it".to_owned();
                self.unsearched.add(why, words.join(" "));
            }
        }
    }

    /// Searches every string of an answer.
    fn all(&mut self, place: &str, answer: &Value) {
        match answer {
            Value::BulkString(bytes) => self.found_at(place, bytes),
            Value::SimpleString(text) | Value::VerbatimString { text, .. } => self.found_at(place, text.as_bytes()),
            Value::Array(answers) | Value::Set(answers) => answers.iter().for_each(|answer| self.all(place, answer)),
            Value::Map(pairs) => pairs.iter().for_each(|(key, value)| {
                self.all(place, key);
                self.all(place, value);
            }),
            Value::Int(number) => self.found_at(place, number.to_string().as_bytes()),
            Value::Double(number) => self.found_at(place, number.to_string().as_bytes()),
            _ => {}
        }
    }

    fn found_at(&mut self, place: &str, bytes: &[u8]) {
        (self.progress)(bytes.len() as u64);
        self.search.piece(place, bytes);
    }

    fn ask<T: FromRedisValue>(&mut self, question: &Cmd) -> Result<T, ScanError> {
        question.query(&mut self.connection as &mut dyn ConnectionLike).map_err(ScanError::Unanswered)
    }
}

#[cfg(test)]
mod tests;
