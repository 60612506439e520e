//! Values, by their types, in pages.

use ::redis::{Value, cmd};

use super::{ScanError, Server};
use crate::budget::shown;

/// Bytes of a string that are asked for at once.
const PART: usize = 1024 * 1024;
/// Elements that are asked for at once.
const PAGE: isize = 1_000;

impl Server<'_> {
    /// Searches the value of a key. One that has gone is none.
    pub(super) fn value(&mut self, database: u32, key: &[u8]) -> Result<(), ScanError> {
        let kind: String = self.ask(cmd("TYPE").arg(key))?;
        let place = format!("database {database}, {kind} {}", shown(key));
        match kind.as_str() {
            "none" => Ok(()),
            "string" => self.string(&place, key),
            "list" => self.list(&place, key),
            "set" => self.scanned("SSCAN", &place, key),
            "hash" => self.scanned("HSCAN", &place, key),
            "zset" => self.scanned("ZSCAN", &place, key),
            "stream" => self.stream(&place, key),
            _ => {
                self.unsearched.add("values of this type are not read here".to_owned(), place);
                Ok(())
            }
        }
    }

    fn string(&mut self, place: &str, key: &[u8]) -> Result<(), ScanError> {
        let mut stream = self.search.stream(place);
        let mut at = 0;
        loop {
            let part: Vec<u8> = self.ask(cmd("GETRANGE").arg(key).arg(at).arg(at + PART - 1))?;
            stream.feed(&part);
            (self.progress)(part.len() as u64);
            if part.len() < PART {
                self.search.end(stream);
                return Ok(());
            }
            at += PART;
        }
    }

    fn list(&mut self, place: &str, key: &[u8]) -> Result<(), ScanError> {
        let mut at = 0;
        loop {
            let page: Vec<Vec<u8>> = self.ask(cmd("LRANGE").arg(key).arg(at).arg(at + PAGE - 1))?;
            if page.is_empty() {
                return Ok(());
            }
            page.iter().for_each(|element| self.found_at(place, element));
            at += PAGE;
        }
    }

    fn scanned(&mut self, command: &str, place: &str, key: &[u8]) -> Result<(), ScanError> {
        let mut cursor = 0_u64;
        loop {
            let (next, page): (u64, Value) = self.ask(cmd(command).arg(key).arg(cursor).arg("COUNT").arg(PAGE))?;
            self.all(place, &page);
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    fn stream(&mut self, place: &str, key: &[u8]) -> Result<(), ScanError> {
        let mut after = "-".to_owned();
        loop {
            let page: Vec<(String, Value)> =
                self.ask(cmd("XRANGE").arg(key).arg(&after).arg("+").arg("COUNT").arg(PAGE))?;
            let Some((last, _)) = page.last() else { break };
            after = format!("({last}");
            page.iter().for_each(|(_, fields)| self.all(place, fields));
        }
        let groups: Value = self.ask(cmd("XINFO").arg("STREAM").arg(key).arg("FULL"))?;
        self.all(place, &groups);
        Ok(())
    }
}
