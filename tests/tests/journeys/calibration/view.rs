//! What a relay saw, as the simulation tells it: by mailbox, what was left there, and how often its owner asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sealpost_audit::oblivious::GatewayKeys;
use sealpost_tests::Result;
use sealpost_tests::tap::{Connection, Seen};
use sealpost_wire::frame::{COLLECT_SOCKET, Channel, OwnerFrame};
use sealpost_wire::oblivious::{InsideRequest, PATH};
use sealpost_wire::request::{Collect, Deposit, MailboxKind, OpenMailbox, Request};
use sealpost_wire::{EnvelopeId, MailboxId, from_bytes};

/// Where each connection ended when somebody looked last.
#[derive(Default)]
pub(super) struct Mark(Vec<usize>);

/// What was asked of one mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Classes of what was left there, the smallest first.
    pub(super) deposits: Vec<u8>,
    /// How many of those were collected.
    pub(super) collected: usize,
    /// How often its owner asked, whatever was there.
    pub(super) asks: usize,
}

/// Everything since a mark. Kinds and connections are those of all time.
#[derive(Default)]
pub(super) struct View {
    pub(super) mailboxes: BTreeMap<MailboxId, Asked>,
    pub(super) doors: BTreeSet<MailboxId>,
    /// The mailboxes that are collected on one connection, where a connection shows that.
    pub(super) together: Vec<BTreeSet<MailboxId>>,
    /// All other requests, by path.
    pub(super) others: BTreeMap<String, usize>,
    /// What was left and what was erased: whoever gets no answer in time asks for the same again.
    left: BTreeSet<EnvelopeId>,
    erased: BTreeSet<EnvelopeId>,
}

/// One request, and whether it came since the mark.
struct Heard<'a> {
    seen: &'a Seen,
    is_new: bool,
}

impl Mark {
    pub(super) fn of(connections: &[Connection]) -> Self {
        Self(connections.iter().map(|connection| connection.requests().len()).collect())
    }

    /// What came after it, sealed requests opened.
    pub(super) fn view(&self, connections: &[Connection], keys: &GatewayKeys) -> Result<View> {
        let mut view = View::default();
        for (number, connection) in connections.iter().enumerate() {
            let from = self.0.get(number).copied().unwrap_or_default();
            let mut channels = HashMap::new();
            for (index, seen) in connection.requests().iter().enumerate() {
                view.take(&Heard { seen: &opened(seen, keys)?, is_new: index >= from }, &mut channels)?;
            }
            view.together.extend((!channels.is_empty()).then(|| channels.into_values().collect()));
        }
        Ok(view)
    }
}

/// What is inside, if it is sealed.
fn opened(seen: &Seen, keys: &GatewayKeys) -> Result<Seen> {
    if seen.path != PATH {
        return Ok(seen.clone());
    }
    let inside = keys.open(&seen.body).map_err(|closed| format!("a sealed request: {closed}"))?;
    let InsideRequest { path, body } = InsideRequest::from_bytes(&inside)?;
    Ok(Seen { path, body: body.unwrap_or_default() })
}

impl View {
    fn take(&mut self, heard: &Heard<'_>, channels: &mut HashMap<Channel, MailboxId>) -> Result<()> {
        let Heard { seen: Seen { path, body }, is_new } = *heard;
        match path.as_str() {
            OpenMailbox::PATH => {
                let OpenMailbox { mailbox, kind, .. } = from_bytes(body)?;
                self.doors.extend((kind == MailboxKind::FrontDoor).then_some(mailbox));
            }
            // A socket is opened by a request without a body at the place where one envelope is asked for.
            COLLECT_SOCKET if body.is_empty() => return Ok(()),
            _ => {}
        }
        if let Ok(frame) = from_bytes::<OwnerFrame>(body)
            && path == COLLECT_SOCKET
        {
            self.subscribed(&frame, channels, is_new);
        } else if is_new {
            self.asked(path, body)?;
        }
        Ok(())
    }

    fn subscribed(&mut self, frame: &OwnerFrame, channels: &mut HashMap<Channel, MailboxId>, is_new: bool) {
        channels.extend(frame.subscribe.iter().map(|subscribe| (subscribe.channel, subscribe.mailbox)));
        for received in frame.acknowledge.iter().filter(|_| is_new) {
            if let Some(mailbox) = channels.get(&received.channel) {
                let asked = self.mailboxes.entry(*mailbox).or_default();
                let fresh = received.ids.iter().filter(|id| self.erased.insert(**id)).count();
                asked.collected += fresh;
                asked.asks += fresh;
            }
        }
    }

    fn asked(&mut self, path: &str, body: &[u8]) -> Result<()> {
        match path {
            Collect::PATH => {
                let Collect { mailbox, received, .. } = from_bytes(body)?;
                let asked = self.mailboxes.entry(mailbox).or_default();
                // What is erased now was found by the poll before.
                asked.collected += received.iter().filter(|id| self.erased.insert(**id)).count();
                asked.asks += 1;
            }
            Deposit::PATH => {
                let Deposit { deposit, collect, id, envelope, .. } = from_bytes(body)?;
                if !self.left.insert(id) {
                    return Ok(());
                }
                let asked = self.mailboxes.entry(MailboxId::of(&deposit, &collect)).or_default();
                asked.deposits.push(envelope.class() as u8);
                asked.deposits.sort_unstable();
            }
            path => *self.others.entry(path.to_owned()).or_default() += 1,
        }
        Ok(())
    }
}
