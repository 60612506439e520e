//! Two people write to each other for weeks, and their mailboxes are replaced.
//!
//! All are processes of their own; `faketime` moves them and the relay on together. What the relay sees is read at a tap.
//!
//! **What fails here**: a message that is lost, shown twice or not in its order; a mailbox that is used for longer than until the
//! next message of its owner after its week; one that is never closed; a growing number of open ones.

use std::collections::BTreeSet;
use std::time::Duration;

use sealpost_tests::person::Person;
use sealpost_tests::server::{Server, Settings, free_port};
use sealpost_tests::tap::{Connection, Seen, Tap};
use sealpost_tests::{Result, wait};
use sealpost_wire::MailboxId;
use sealpost_wire::frame::{DEPOSIT_SOCKET, DepositFrame};
use sealpost_wire::from_bytes;
use sealpost_wire::request::{CloseMailbox, Request};

use super::company::{PATIENCE, introduce};

/// Days between the times at which the two are there: more than a week, and two days in which a spare is waited for.
const DAYS: u32 = 10;
const TIMES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// The two, and what lies between them.
struct Pair {
    relay: Server,
    tap: Tap,
    people: [Person; 2],
    /// What each has been shown.
    positions: [u64; 2],
    said: u32,
}

#[test]
fn mailboxes_are_replaced_week_after_week_and_old_ones_are_closed() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut pair = Pair::meet(directory.path())?;
    let mut known = pair.talk(&BTreeSet::new())?;
    for time in 1..=TIMES {
        pair.wait_days(time * DAYS)?;
        let used = pair.talk(&known)?;
        assert!(used.is_disjoint(&known), "at the {time}. time");
        known.extend(used);
    }
    let closed: BTreeSet<_> = pair.tap.connections().iter().flat_map(closed_on).collect();
    assert!(known.intersection(&closed).count() >= 2, "the first ones are closed: {}", closed.len());
    for person in &pair.people {
        let open = person.call_one(&["status"])?["mailboxes"].as_u64().ok_or("no number")?;
        assert!(open <= 2 + 4 + 6, "two front doors, some mailboxes of the conversation, some spares: {open}");
    }
    Ok(())
}

impl Pair {
    fn meet(directory: &std::path::Path) -> Result<Self> {
        let port = free_port()?;
        let settings = Settings { public_port: Some(port), ..Settings::default() };
        let mut relay = Server::init(&directory.join("relay"), &settings)?;
        let tap = Tap::start(port, &relay)?;
        relay.start()?;
        let person = |name| Person::new(name, &directory.join(name));
        let people = [person("anna")?, person("ben")?];
        introduce(&people[0], &people[1], relay.reference())?;
        let mut pair = Self { relay, tap, people, positions: [0; 2], said: 0 };
        // First messages go to front doors.
        pair.say_to_each_other()?;
        Ok(pair)
    }

    fn wait_days(&mut self, days: u32) -> Result<()> {
        let jump = format!("+{days}d");
        self.relay.stop()?;
        self.relay.set_clock(&jump);
        self.people.iter_mut().for_each(|person| person.set_clock(&jump));
        self.relay.start()
    }

    /// They write until each writes to a mailbox that was not known; returns those two.
    fn talk(&mut self, known: &BTreeSet<MailboxId>) -> Result<BTreeSet<MailboxId>> {
        let mut used = BTreeSet::new();
        wait::until("each direction has a mailbox that is new", 3 * PATIENCE, || {
            let before = self.tap.connections().len();
            self.say_to_each_other()?;
            used = self.tap.connections()[before..].iter().flat_map(deposited_on).collect();
            Ok((used.len() == 2 && used.is_disjoint(known)).then_some(()))
        })?;
        Ok(used)
    }

    /// A message each way, which the other is shown, and nothing else.
    fn say_to_each_other(&mut self) -> Result<()> {
        let listeners = [self.people[0].listen(self.positions[0])?, self.people[1].listen(self.positions[1])?];
        // Mailboxes are opened and collected meanwhile.
        std::thread::sleep(PAUSE);
        for (from, to) in [(0, 1), (1, 0)] {
            self.said += 1;
            let text = format!("message {}", self.said);
            self.people[from].call(&["send", self.people[to].name(), &text])?;
            listeners[to].wait_for(1, PATIENCE)?;
            let shown = listeners[to].shown();
            assert_eq!(shown.into_iter().map(|message| message.text).collect::<Vec<_>>(), [text]);
            self.positions[to] = listeners[to].position();
        }
        Ok(())
    }
}

fn deposited_on(connection: &Connection) -> Vec<MailboxId> {
    let deposits = |Seen { path, body }: Seen| match path.as_str() {
        DEPOSIT_SOCKET => from_bytes::<DepositFrame>(&body).unwrap_or_default().deposits.into_vec(),
        _ => Vec::new(),
    };
    let of = |deposit: sealpost_wire::request::Deposit| MailboxId::of(&deposit.deposit, &deposit.collect);
    connection.requests().into_iter().flat_map(deposits).map(|tagged| of(tagged.deposit)).collect()
}

fn closed_on(connection: &Connection) -> Vec<MailboxId> {
    let close =
        |Seen { path, body }: Seen| (path == CloseMailbox::PATH).then(|| from_bytes::<CloseMailbox>(&body).ok());
    connection.requests().into_iter().filter_map(close).flatten().map(|close| close.mailbox).collect()
}
