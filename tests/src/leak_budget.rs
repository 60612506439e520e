//! The leak budgets, `docs/protocol/relay.cddl` and `attester.cddl`, as judges: of golden vectors, and of traffic that was
//! recorded.

use cddl::ast::CDDL;
use cddl::validator::Validator;
use cddl::validator::cbor::CBORValidator;
use cddl::validator::cbor_value::decode_cbor;
use sealpost_wire::directory::BucketRead;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::manifest;

use crate::Result;

/// What relays and key services are sent.
pub const RELAY: &str = include_str!("../../docs/protocol/relay.cddl");
/// What attesters are sent.
pub const ATTESTER: &str = include_str!("../../docs/protocol/attester.cddl");

/// A budget, parsed; which takes a while.
pub struct LeakBudget(CDDL<'static>);

impl LeakBudget {
    /// Reads the text of a budget, such as [`RELAY`].
    ///
    /// # Errors
    /// When it is not CDDL.
    pub fn of(text: &'static str) -> Result<Self> {
        Ok(Self(cddl::cddl_from_str(text, false)?))
    }

    /// Whether there is a place for `body` under the rule of that name, such as `deposit`.
    pub fn allows(&mut self, rule: &str, body: &[u8]) -> bool {
        let place = self.0.rules.iter().position(|known| known.name() == rule);
        let (Some(place), Ok(value)) = (place, decode_cbor(body)) else { return false };
        // The validator begins with the first rule.
        self.0.rules.swap(0, place);
        CBORValidator::new(&self.0, value, None).validate().is_ok()
    }

    /// Whether there is a place for what a client sent to `path`: the body of a request, or a frame of the socket there.
    /// Where nothing is to be sent, that is nothing.
    pub fn allows_sent(&mut self, path: &str, body: &[u8]) -> bool {
        match path {
            manifest::PATH => body.is_empty(),
            path if path.starts_with(BucketRead::PATH) => body.is_empty() && is_bucket(path),
            COLLECT_SOCKET => body.is_empty() || self.allows("collect", body) || self.allows("owner-frame", body),
            DEPOSIT_SOCKET => body.is_empty() || self.allows("deposit", body) || self.allows("deposit-frame", body),
            _ => path.strip_prefix("/v1/").is_some_and(|request| self.allows(request, body)),
        }
    }
}

/// Three numbers, each in its one spelling, are all that the path of a bucket has room for.
fn is_bucket(path: &str) -> bool {
    let numbers: Vec<_> = path.trim_start_matches(BucketRead::PATH).split('/').collect();
    matches!(numbers[..], ["", epoch, bits, number] if BucketRead::of(epoch, bits, number).is_some())
}

#[cfg(test)]
mod tests {
    use sealpost_wire::codec::V1;
    use sealpost_wire::request::{Collect, Request, Take};
    use sealpost_wire::{CollectKey, MailboxId, StockHash, TakeKey, to_bytes};

    use super::*;

    #[test]
    fn what_is_sent_is_judged_by_where_it_is_sent() {
        let mut budget = LeakBudget::of(RELAY).unwrap();
        let take = to_bytes(&Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) });
        let (mailbox, collect) = (MailboxId::from_bytes([1; 32]), CollectKey::new([2; 32]));
        let collect = to_bytes(&Collect { version: V1, mailbox, collect, after: 0, max: 1 });
        assert!(budget.allows_sent(Take::PATH, &take) && budget.allows_sent(Collect::PATH, &collect));
        assert!(!budget.allows_sent(Take::PATH, &collect) && !budget.allows_sent(Collect::PATH, &take));
        assert!(!budget.allows_sent("/v1/whoami", &take) && !budget.allows_sent(manifest::PATH, &take));
        assert!(budget.allows_sent(manifest::PATH, b"") && !budget.allows_sent(Take::PATH, b""));
        assert!(budget.allows_sent("/v1/bucket/230/3/5", b"") && !budget.allows_sent("/v1/bucket/230/3/5", &take));
        for more in ["/v1/bucket/230/3/8", "/v1/bucket/230/3/5/6", "/v1/bucket/230/3/5?me", "/v1/bucketful/230/3/5"] {
            assert!(!budget.allows_sent(more, b""), "{more}");
        }
    }
}
