//! `statements.json`: statements of deletion, and when they count.

use sealpost_wire::codec::exact;
use sealpost_wire::directory::Epoch;
use sealpost_wire::operator::{OperatorKey, Purpose};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::time::Day;
use sealpost_wire::to_bytes;
use serde::{Deserialize, Serialize};

use crate::file::{assert_golden, load};
use crate::groups;
use crate::samples::parts::{mailbox, operator, shelf, slot};

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Statement {
    shows: String,
    operator: String,
    signed: String,
    /// What it says, if the operator's signature is good: the kind of object, its id (an entry's: epoch and tag), the day.
    says: Option<(String, String, u32)>,
}

fn statement(shows: &str, signed: &[u8], says: Option<(Closed, Day)>) -> Statement {
    let says = says.map(|(closed, day)| {
        let (kind, id) = match closed {
            Closed::Mailbox(id) => ("mailbox", id.as_bytes().to_vec()),
            Closed::Shelf(id) => ("shelf", id.as_bytes().to_vec()),
            Closed::Entry(epoch, tag) => ("entry", [epoch.0.to_be_bytes().as_slice(), tag.as_bytes()].concat()),
        };
        (kind.into(), groups::of_bytes(&id), day.0)
    });
    let operator = groups::of_bytes(operator().public().as_bytes());
    Statement { shows: shows.into(), operator, signed: groups::of_bytes(signed), says }
}

fn good(shows: &str, closed: Closed, day: Day) -> Statement {
    statement(shows, &to_bytes(&SignedDeletion::sign(closed, day, &operator())), Some((closed, day)))
}

fn bad(shows: &str, signed: &[u8]) -> Statement {
    statement(shows, signed, None)
}

/// `[statement, signature]` for any bytes and purpose.
fn signed_as(purpose: Purpose, text: &[u8]) -> Vec<u8> {
    let signature = operator().sign(purpose, text);
    let mut bytes = Vec::new();
    minicbor::Encoder::new(&mut bytes).array(2).unwrap().bytes(text).unwrap().bytes(&signature).unwrap();
    bytes
}

fn made() -> Vec<Statement> {
    let closed = Closed::Mailbox(mailbox());
    let whole = to_bytes(&SignedDeletion::sign(closed, Day(20_000), &operator()));
    // [statement, signature] with the statement behind a head of three bytes and before the 66 of the signature.
    let text = whole[3..whole.len() - 66].to_vec();
    let other_day = [&text[..text.len() - 1], &[text[text.len() - 1] ^ 1]].concat();
    let forged = [&whole[..3], &other_day, &whole[whole.len() - 66..]].concat();
    let other_version = [&[text[0], 0, 2], &text[3..]].concat();
    vec![
        good("a mailbox", closed, Day(20_000)),
        good("a shelf", Closed::Shelf(shelf()), Day(20_000)),
        good("an entry of a directory", Closed::Entry(Epoch(230), slot().tag()), Day(20_000)),
        good("the first day", closed, Day(0)),
        good("the last day", closed, Day(u32::MAX)),
        bad("another day than was signed", &forged),
        bad("signed as a manifest", &signed_as(Purpose::Manifest, &text)),
        bad("a signed statement of another version", &signed_as(Purpose::Deletion, &other_version)),
        bad("a signed statement with a byte left over", &signed_as(Purpose::Deletion, &[&text[..], &[0]].concat())),
        bad("a signed nothing", &signed_as(Purpose::Deletion, &[])),
    ]
}

#[test]
fn the_file_of_statements_is_what_this_code_makes() {
    assert_golden("statements.json", &made());
}

#[test]
fn a_statement_counts_only_as_its_operator_signed_it() {
    for vector in load::<Vec<Statement>>("statements.json") {
        let signed: SignedDeletion = exact(&groups::to_bytes(&vector.signed)).unwrap();
        let operator = OperatorKey::from_bytes(&groups::to_bytes(&vector.operator)).unwrap();
        let said = signed.verify(&operator).map(|deletion| (deletion.closed, deletion.day));
        let said = statement("", &[], said).says;
        assert_eq!(said, vector.says, "{}", vector.shows);
    }
}
