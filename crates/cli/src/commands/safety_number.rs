//! `sealpost safety-number`

use data_encoding::BASE64;
use serde::Serialize;

use super::card::terminal;
use crate::arguments::{Common, Who};
use crate::failure::Failure;
use crate::opening;
use crate::output::Output;
use crate::terminal::one_line;

#[derive(Serialize)]
struct Shown {
    contact: String,
    digits: String,
    scannable: String,
}

pub(super) fn run(common: &Common, command: &Who, output: Output) -> Result<(), Failure> {
    let client = opening::opted_in(common)?;
    let contact = opening::contact(&client, &command.name)?;
    let number = client.safety_number(contact.id)?;
    let (digits, scannable) = (number.digits().to_owned(), BASE64.encode(number.scannable()));
    output.show(&Shown { contact: contact.name, digits, scannable }, |shown| {
        let code = number.qr().to_text(terminal(command.light));
        let name = one_line(&shown.contact);
        format!("{code}\n{number}\n\nThe same number on {name}'s screen means that nobody stands between you.\n")
    })
}
