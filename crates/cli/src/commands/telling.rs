//! `sealpost receipts` and `sealpost typing`

use sealpost_client::{Client, Contact, ContactId, Error};
use serde::Serialize;

use crate::arguments::{Common, Switch, Telling};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;
use crate::terminal::one_line;

/// What a contact is told by itself.
#[derive(Serialize)]
struct Shown {
    contact: String,
    receipts: bool,
    typing: bool,
}

pub(super) fn receipts(common: &Common, command: &Telling, output: Output) -> Result<(), Failure> {
    set(common, command, output, Client::set_receipts)
}

pub(super) fn typing(common: &Common, command: &Telling, output: Output) -> Result<(), Failure> {
    set(common, command, output, Client::set_typing)
}

fn set(
    common: &Common,
    command: &Telling,
    output: Output,
    change: impl FnOnce(&Client, ContactId, bool) -> Result<(), Error>,
) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let Contact { id, .. } = opening::contact(&client, &command.name)?;
    change(&client, id, command.switch == Switch::On)?;
    let Contact { name, receipts, typing, .. } = client.contact(id)?;
    output.show(&Shown { contact: name, receipts, typing }, text)
}

fn text(shown: &Shown) -> String {
    let name = one_line(&shown.contact);
    let told = match (shown.receipts, shown.typing) {
        (false, false) => "nothing by itself",
        (true, false) => "what has arrived and was read",
        (false, true) => "when you are writing",
        (true, true) => "what has arrived and was read, and when you are writing",
    };
    format!("{name} is told {told}.\n")
}
