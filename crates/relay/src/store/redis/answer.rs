//! What a request of Redis can fail with, and what its answers are read as.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};
use thiserror::Error;

/// Why there is no answer. Nothing is promised to have happened.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// The server was not reached, or refuses.
    #[error("Redis did not answer as asked")]
    Redis(#[from] RedisError),
    /// The answer is not one that this program's scripts give.
    #[error("Redis answered with something else")]
    Odd,
    /// It happened, but not on as many replicas as it must be.
    #[error("too few replicas have it")]
    NotReplicated,
    /// It comes too fast, at all relays together.
    #[error("it comes too fast")]
    TooFast,
    /// What came before it takes too long.
    #[error("what came before it takes too long")]
    Crowded,
    /// What was looked at changed, each time before it could be changed.
    #[error("others were faster, each time")]
    Overtaken,
}

impl Fault {
    /// Whether something is wrong with the server. It is not while what is asked for moves to another.
    pub(super) fn is_outage(&self) -> bool {
        let is_moving = |error: &RedisError| error.kind() == ErrorKind::Server(ServerErrorKind::TryAgain);
        !matches!(self, Self::Redis(error) if is_moving(error))
    }
}

pub(super) const fn integer(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Int(integer) => Ok(*integer),
        _ => Err(Fault::Odd),
    }
}

pub(super) fn integers(value: Value) -> Result<Vec<i64>, Fault> {
    list(value)?.iter().map(integer).collect()
}

pub(super) fn list(value: Value) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(values) | Value::Set(values) => Ok(values),
        _ => Err(Fault::Odd),
    }
}

pub(super) fn bytes(value: Value) -> Result<Vec<u8>, Fault> {
    optional_bytes(value)?.ok_or(Fault::Odd)
}

pub(super) fn optional_bytes(value: Value) -> Result<Option<Vec<u8>>, Fault> {
    match value {
        Value::BulkString(bytes) => Ok(Some(bytes)),
        Value::SimpleString(text) => Ok(Some(text.into_bytes())),
        Value::VerbatimString { text, .. } => Ok(Some(text.into_bytes())),
        Value::Nil => Ok(None),
        _ => Err(Fault::Odd),
    }
}

pub(super) fn text(value: Value) -> Result<String, Fault> {
    String::from_utf8(bytes(value)?).map_err(|_| Fault::Odd)
}
