//! Leaks in a Redis server, if there is one to start.

use sealpost_redis_stage::{Server, is_installed};

use super::Ground;
use super::written::Written;
use crate::Trouble;
use crate::redis;

const KIND: &str = "Redis value";

impl Ground {
    pub(super) fn redis(&mut self, written: &[Written]) -> Result<(), Trouble> {
        if !is_installed() {
            self.outcome.not_tried.push(format!("{KIND}: redis-server is not installed"));
            return Ok(());
        }
        let server = Server::start(&[])?;
        for (number, leak) in written.iter().enumerate() {
            let key = letters(number);
            // Each type in its turn.
            let (kind, command): (_, &[&[u8]]) = match number % 6 {
                0 => ("string", &[b"SET", key.as_bytes(), &leak.bytes]),
                1 => ("list", &[b"RPUSH", key.as_bytes(), b"first", &leak.bytes]),
                2 => ("set", &[b"SADD", key.as_bytes(), &leak.bytes]),
                3 => ("hash", &[b"HSET", key.as_bytes(), b"field", &leak.bytes]),
                4 => ("zset", &[b"ZADD", key.as_bytes(), b"1", &leak.bytes]),
                _ => ("stream", &[b"XADD", key.as_bytes(), b"*", b"field", &leak.bytes]),
            };
            server.tell(command)?;
            self.planted(KIND, format!("database 0, {kind} {key}"), leak);
        }
        self.search.begin("a Redis server with what was planted");
        Ok(redis::scan(&server.address().to_string(), &mut self.search, &mut self.unsearched, &mut |_| {})?)
    }
}

/// A name for a key: names are shown by their letters alone.
fn letters(number: usize) -> String {
    let letter = |digit: usize| u8::try_from(digit % 26).map_or('a', |digit| char::from(b'a' + digit));
    [letter(number / 26 / 26), letter(number / 26), letter(number)].iter().collect::<String>() + ":"
}
