//! `sealpost chats`

use sealpost_client::{Chat, Message};
use serde::Serialize;

use super::words;
use crate::arguments::{Chats, Common};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;
use crate::table::table;
use crate::terminal::one_line;

#[derive(Serialize)]
struct ChatShown {
    contact: String,
    state: &'static str,
    messages: u64,
    queued: u64,
    last: Option<Last>,
}

#[derive(Serialize)]
struct Last {
    text: String,
    time: String,
    state: &'static str,
}

#[derive(Serialize)]
struct MessageShown {
    position: u64,
    contact: String,
    text: String,
    time: String,
    state: &'static str,
    reason: Option<String>,
}

pub(super) fn run(common: &Common, command: &Chats, output: Output) -> Result<(), Failure> {
    match &command.name {
        None => list(common, output),
        Some(name) => history(common, name, command.limit, output),
    }
}

fn list(common: &Common, output: Output) -> Result<(), Failure> {
    let chats: Vec<_> = opening::opted_in(common)?.chats()?.into_iter().map(ChatShown::of).collect();
    output.show_all(&chats, |chats| {
        let rows: Vec<_> = chats.iter().map(ChatShown::row).collect();
        table(["CONTACT", "STATE", "MESSAGES", "QUEUED", "LAST"], &rows)
    })
}

fn history(common: &Common, name: &str, limit: usize, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let contact = opening::contact(&client, name)?;
    let messages = client.history(contact.id, None, limit)?;
    let messages: Vec<_> = messages.into_iter().map(|message| MessageShown::of(&contact.name, &message)).collect();
    output.show_all(&messages, |messages| {
        let rows: Vec<_> = messages.iter().map(MessageShown::row).collect();
        table(["TIME", "STATE", "TEXT"], &rows)
    })
}

impl ChatShown {
    fn of(chat: Chat) -> Self {
        let last = chat.last.map(|message| Last {
            text: message.text.expose().to_owned(),
            time: words::time(message.time),
            state: words::state(message.state),
        });
        let state = words::contact_state(chat.contact.state);
        Self { contact: chat.contact.name, state, messages: chat.messages, queued: chat.queued, last }
    }

    fn row(&self) -> [String; 5] {
        let last = self.last.as_ref().map(|last| one_line(&excerpt(&last.text))).unwrap_or_default();
        let (messages, queued) = (self.messages.to_string(), self.queued.to_string());
        [one_line(&self.contact), self.state.to_owned(), messages, queued, last]
    }
}

impl MessageShown {
    fn of(contact: &str, message: &Message) -> Self {
        Self {
            position: message.position.0,
            contact: contact.to_owned(),
            text: message.text.expose().to_owned(),
            time: words::time(message.time),
            state: words::state(message.state),
            reason: words::reason(message.state),
        }
    }

    fn row(&self) -> [String; 3] {
        let state = self.reason.as_ref().map_or(self.state.to_owned(), |reason| format!("{}: {reason}", self.state));
        [self.time.clone(), state, one_line(&self.text)]
    }
}

fn excerpt(text: &str) -> String {
    const SHOWN: usize = 40;
    let start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() { start + "…" } else { start }
}
