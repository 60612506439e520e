//! Bytes that were laid down for an envelope and then neither kept nor erased.
//!
//! They lie there where a server did not know the script that decides on them, and the relay went before it could tell it. Their
//! mailbox may not be there, and so be in no list: all keys are looked through for them, once a day.

use futures_util::future::try_join_all;
use redis::{Value, cmd};
use sealpost_wire::MailboxId;

use super::answer::{Fault, bytes, list};
use super::call::Call;
use super::context::Context;
use super::keys::Tag;
use super::link::Node;
use super::mailboxes::at;
use super::scripts::SCRIPTS;

/// Keys that are looked at at a time.
const KEYS: usize = 512;
/// An id of a mailbox, in a key.
const ID: usize = 32;

impl Context {
    /// Erases them everywhere.
    pub(super) async fn erase_orphans(&self) -> Result<(), Fault> {
        for node in self.link.masters().await? {
            self.erase_orphans_of(&node).await?;
        }
        Ok(())
    }

    async fn erase_orphans_of(&self, node: &Node) -> Result<(), Fault> {
        // Braces mean nothing in a pattern, and a namespace has no letter that does.
        let pattern = format!("{}*b", self.keys.everything());
        let mut cursor = b"0".to_vec();
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(KEYS).arg("TYPE").arg("hash");
            let mut answer = list(self.link.ask_node(node, &scan).await?)?.into_iter();
            cursor = bytes(answer.next().ok_or(Fault::Odd)?)?;
            let found = list(answer.next().unwrap_or(Value::Array(Vec::new())))?;
            let found: Vec<Vec<u8>> = found.into_iter().map(bytes).collect::<Result<_, _>>()?;
            self.erase_orphans_in(found.iter().filter_map(|key| mailbox(key)).collect()).await?;
            if cursor == b"0" {
                return Ok(());
            }
        }
    }

    async fn erase_orphans_in(&self, mailboxes: Vec<[u8; ID]>) -> Result<(), Fault> {
        let tags: Vec<Tag> = mailboxes.iter().map(|id| self.mailbox(&MailboxId::from_bytes(*id))).collect();
        let divided = self.link.divide(&tags);
        let calls = divided.iter().filter_map(|places| {
            let call = Call::about(&SCRIPTS.orphans, &at(&tags, places))?;
            Some(self.change(call.with_all(at(&mailboxes, places).into_iter().map(<[u8; ID]>::as_slice))))
        });
        try_join_all(calls).await.map(drop)
    }
}

/// The mailbox whose envelopes' bytes are under that key, if it is one of these.
fn mailbox(key: &[u8]) -> Option<[u8; ID]> {
    let tag = key.iter().position(|byte| *byte == b'}')?;
    key.get(tag + 1..)?.strip_suffix(b"b")?.try_into().ok()
}
