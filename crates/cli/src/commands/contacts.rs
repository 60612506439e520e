//! `sealpost add`, `accept`, `block`

use sealpost_client::{Client, Contact, ContactId};
use serde::Serialize;

use super::words;
use crate::arguments::{Accept, Add, Block, Common};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;
use crate::terminal::one_line;

#[derive(Serialize)]
struct Shown {
    contact: String,
    state: &'static str,
}

pub(super) fn add(common: &Common, command: &Add, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let id = client.add(&command.card, &command.name)?;
    show(&client, id, output)
}

pub(super) fn accept(common: &Common, command: &Accept, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let Contact { id, .. } = opening::contact(&client, &command.name)?;
    if let Some(name) = &command.rename {
        client.rename(id, name)?;
    }
    client.accept(id)?;
    show(&client, id, output)
}

pub(super) fn block(common: &Common, command: &Block, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let Contact { id, .. } = opening::contact(&client, &command.name)?;
    client.block(id)?;
    show(&client, id, output)
}

fn show(client: &Client, id: ContactId, output: Output) -> Result<(), Failure> {
    let contact = client.contact(id)?;
    let shown = Shown { state: words::contact_state(contact.state), contact: contact.name };
    output.show(&shown, |shown| format!("{} is {} now.\n", one_line(&shown.contact), shown.state))
}
