//! What goes to an attester, and comes from it.

use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, Attested, Code, DisclosedNumber, EntryOf, ProveNumber};
use sealpost_identity::consent::{Consent, Prompt};
use sealpost_wire::codec::V1;
use sealpost_wire::directory::Epoch;
use sealpost_wire::time::Day;

use super::parts::*;
use super::{Sample, sample};

/// Of a range that is kept free for fiction.
pub(crate) const NUMBER: &str = "+12025550123";

fn number(number: &str) -> DisclosedNumber {
    let consent = Consent::given(Prompt::standard(), Day(20_700));
    DisclosedNumber::of(&PhoneNumber::parse(number, None).unwrap(), &consent)
}

pub(crate) fn all() -> Vec<Sample> {
    let ask = |text| AskCode { version: V1, number: number(text) };
    let entry = |epoch| EntryOf { epoch: Epoch(epoch), entry: entry_key().hash() };
    let prove = |entries| ProveNumber {
        version: V1,
        number: number(NUMBER),
        code: Code::of(12_345).unwrap(),
        entries: list(entries),
    };
    let attested = |attestations, vouchers| Attested {
        version: V1,
        attestations: list(vec![attestation(); attestations]),
        vouchers: list(vec![voucher(); vouchers]),
    };
    vec![
        sample("ask-code", "a number", ask(NUMBER)),
        sample("ask-code", "a number of 15 digits", ask("+882123456789012")),
        sample("prove-number", "for vouchers alone", prove(vec![])),
        sample("prove-number", "for one epoch", prove(vec![entry(230)])),
        sample("prove-number", "for two epochs", prove(vec![entry(230), entry(231)])),
        sample("attested", "where there is no key service", attested(1, 0)),
        sample("attested", "two epochs and two key services", attested(2, 4)),
        sample("attested", "two epochs, two key services and the relay", attested(2, 6)),
    ]
}
