//! `sealpost listen`

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use sealpost_client::{
    Client, Connection, Contact, ContactId, ContactState, Error, ErrorKind, Event, Message, MessageState, Position,
};
use serde::Serialize;

use super::words;
use crate::arguments::{Common, Listen};
use crate::failure::{Failure, word};
use crate::interruption::interruption;
use crate::opening;
use crate::output::Output;
use crate::terminal::one_line;

const PAGE: usize = 200;
/// The reader that a person at a terminal is.
const CURSOR: &str = "listen";
/// Events are hints and may be missed; so often the store is looked at anyhow.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct MessageShown {
    position: u64,
    contact: String,
    known: bool,
    text: String,
    time: String,
    late: bool,
}

#[derive(Serialize)]
struct EventShown {
    event: String,
    contact: Option<String>,
    detail: Option<String>,
}

/// Shows what arrives, and runs the engine if no other process does.
pub(super) async fn run(common: &Common, command: &Listen, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let position = command.after.map_or_else(|| client.cursor(CURSOR), |after| Ok(Position(after)))?;
    let keeps_cursor = command.after.is_none();
    let mut events = client.events();
    let open = command.open.iter().map(|name| opening::contact(&client, name).map(|contact| contact.id));
    client.set_open_conversations(open.collect::<Result<Vec<_>, _>>()?);
    let mut engine = client.start()?;
    let mut reader = Reader { client, position, keeps_cursor, names: HashMap::new(), output };
    let mut interrupted = std::pin::pin!(interruption());
    loop {
        reader.show_new()?;
        let event = tokio::select! {
            () = &mut interrupted => break,
            () = engine.ended() => return Err(Error::from(ErrorKind::OptedOut).into()),
            event = events.next() => event,
            () = tokio::time::sleep(LOOK_EVERY) => None,
        };
        if let (true, Some(event)) = (command.events, &event) {
            reader.show_event(event)?;
        }
        if command.once && event == Some(Event::Connection(Connection::CaughtUp)) {
            reader.show_new()?;
            break;
        }
    }
    engine.stop().await;
    Ok(())
}

/// What has been shown so far, and the names to show it under.
struct Reader {
    client: Client,
    position: Position,
    /// Whether the profile, and not the caller, remembers the position.
    keeps_cursor: bool,
    names: HashMap<ContactId, Contact>,
    output: Output,
}

impl Reader {
    fn show_new(&mut self) -> Result<(), Failure> {
        loop {
            let messages = self.client.messages_after(self.position, PAGE)?;
            if messages.is_empty() {
                return Ok(());
            }
            // A contact may have been renamed or accepted meanwhile.
            self.names.clear();
            for message in messages {
                self.show(&message)?;
                self.position = message.position;
            }
            if self.keeps_cursor {
                self.client.confirm(CURSOR, self.position)?;
            }
        }
    }

    fn show(&mut self, message: &Message) -> Result<(), Failure> {
        let contact = self.contact(message.contact)?;
        if contact.receipts {
            self.client.mark_read(message.contact, message.position)?;
        }
        let shown = MessageShown {
            position: message.position.0,
            known: contact.state == ContactState::Accepted,
            contact: contact.name,
            text: message.text.expose().to_owned(),
            time: words::time(message.time),
            late: message.state == MessageState::Received { late: true },
        };
        self.output.show(&shown, |shown| {
            let mark = if shown.known { "" } else { " (not a contact; `sealpost accept` makes them one)" };
            format!("{}  {}{mark}: {}\n", shown.time, one_line(&shown.contact), one_line(&shown.text))
        })
    }

    fn show_event(&mut self, event: &Event) -> Result<(), Failure> {
        let (contact, detail) = match *event {
            Event::Received { .. } => return Ok(()),
            Event::Connection(connection) => (None, Some(word(&format!("{connection:?}")))),
            Event::ContactRequest(contact) => (Some(contact), None),
            Event::Accepted(id) => (None, Some(words::id(&id))),
            Event::Failed(id, reason) => (None, Some(format!("{} {}", words::id(&id), word(&format!("{reason:?}"))))),
            Event::Waiting(contact, reason) => (Some(contact), Some(word(&format!("{reason:?}")))),
            Event::Receipt(contact) | Event::Typing(contact) => (Some(contact), None),
            Event::Gap { contact, missing } => (Some(contact), Some(missing.to_string())),
            Event::TripwireHit(tripped) => (None, Some(tripped.to_string())),
            Event::StoreTrouble(kind) => (None, Some(kind.to_string())),
            Event::NumberWaiting { from: day }
            | Event::NumberClaimed { until: day }
            | Event::NumberProofDue { by: day } => (None, Some(words::day(day))),
            Event::IdentityChanged { contact } => (Some(contact), None),
            Event::Moving(stage) => (None, Some(word(&format!("{stage:?}")))),
            Event::RegionNotAllowed { ref region, .. } => (None, Some(one_line(region))),
            Event::NeedsTickets { ref server, reason } => (None, Some(format!("{}: {reason}", server.as_str()))),
            Event::Missed(events) => (None, Some(events.to_string())),
            _ => (None, None),
        };
        let contact = contact.map(|contact| self.contact(contact)).transpose()?.map(|contact| contact.name);
        let shown = EventShown { event: word(&format!("{event:?}")), contact, detail };
        self.output.show(&shown, |shown| {
            let words = [Some(shown.event.clone()), shown.contact.as_deref().map(one_line), shown.detail.clone()];
            format!("· {}\n", words.into_iter().flatten().collect::<Vec<_>>().join(" "))
        })
    }

    fn contact(&mut self, id: ContactId) -> Result<Contact, Failure> {
        if let Some(contact) = self.names.get(&id) {
            return Ok(contact.clone());
        }
        let contact = self.client.contact(id)?;
        self.names.insert(id, contact.clone());
        Ok(contact)
    }
}
