//! The leak budgets, `docs/protocol/relay.cddl` and `attester.cddl`, as judges: of golden vectors, and of traffic that was
//! recorded.

mod exact;
mod head;
mod judge;
pub(crate) mod learns;

use cddl::ast::CDDL;
use cddl::validator::Validator;
use cddl::validator::cbor::CBORValidator;
use cddl::validator::cbor_value::decode_cbor;
use sealpost_wire::directory::BucketRead;
use sealpost_wire::frame::{COLLECT_SOCKET, DEPOSIT_SOCKET};
use sealpost_wire::manifest;
use thiserror::Error;

use exact::is_exact;
pub use judge::Undeclared;
pub(crate) use judge::shown;

/// What relays and key services are sent.
pub const RELAY: &str = include_str!("../../../docs/protocol/relay.cddl");
/// What attesters are sent.
pub const ATTESTER: &str = include_str!("../../../docs/protocol/attester.cddl");

/// What every path begins with.
const VERSION: &str = "/v1/";
/// How a budget tells what is posted where.
const POST: &str = "; POST /v1/";

/// A budget, parsed; which takes a while.
pub struct LeakBudget {
    rules: CDDL<'static>,
    requests: Vec<&'static str>,
}

/// The budgets of all servers there are.
pub struct Budgets {
    /// Of relays and key services.
    pub relay: LeakBudget,
    /// Of attesters.
    pub attester: LeakBudget,
}

/// A budget is not CDDL.
#[derive(Debug, Error)]
#[error("the leak budget cannot be read: {0}")]
pub struct BudgetError(String);

impl Budgets {
    /// Reads both.
    ///
    /// # Errors
    /// When one is not CDDL.
    pub fn read() -> Result<Self, BudgetError> {
        Ok(Self { relay: LeakBudget::of(RELAY)?, attester: LeakBudget::of(ATTESTER)? })
    }
}

impl LeakBudget {
    /// Reads the text of a budget, such as [`RELAY`].
    ///
    /// # Errors
    /// When it is not CDDL.
    pub fn of(text: &'static str) -> Result<Self, BudgetError> {
        let rules = cddl::cddl_from_str(text, false).map_err(BudgetError)?;
        let posts = text.lines().filter_map(|line| line.strip_prefix(POST));
        Ok(Self { rules, requests: posts.filter_map(|line| line.split(' ').next()).collect() })
    }

    /// Whether there is a place for `body`, in the one encoding that it has, under the rule of that name, such as
    /// `deposit`.
    pub fn allows(&mut self, rule: &str, body: &[u8]) -> bool {
        if !is_exact(body) {
            return false;
        }
        let place = self.rules.rules.iter().position(|known| known.name() == rule);
        let (Some(place), Ok(value)) = (place, decode_cbor(body)) else { return false };
        // The validator begins with the first rule.
        self.rules.rules.swap(0, place);
        CBORValidator::new(&self.rules, value, None).validate().is_ok()
    }

    /// Whether there is a place for what a client sent to `path`: the body of a request, or a frame of the socket there.
    /// Where nothing is to be sent, that is nothing.
    pub fn allows_sent(&mut self, path: &str, body: &[u8]) -> bool {
        match path {
            manifest::PATH => body.is_empty(),
            path if is_bucket(path) => body.is_empty(),
            COLLECT_SOCKET => body.is_empty() || self.allows("collect", body) || self.allows("owner-frame", body),
            DEPOSIT_SOCKET => body.is_empty() || self.allows("deposit", body) || self.allows("deposit-frame", body),
            _ => self.request_at(path).is_some_and(|request| self.allows(request, body)),
        }
    }

    /// Whether it is the budget of a server that has mailboxes and buckets.
    fn is_relays(&self) -> bool {
        self.requests.contains(&"deposit")
    }

    /// The request that is posted to this path, if there is one.
    fn request_at(&self, path: &str) -> Option<&'static str> {
        let name = path.strip_prefix(VERSION)?;
        self.requests.iter().find(|request| **request == name).copied()
    }
}

/// Three numbers, each in its one spelling, are all that the path of a bucket has room for.
fn is_bucket(path: &str) -> bool {
    let Some(numbers) = path.strip_prefix(BucketRead::PATH) else { return false };
    let numbers: Vec<_> = numbers.split('/').collect();
    matches!(numbers[..], ["", epoch, bits, number] if BucketRead::of(epoch, bits, number).is_some())
}

#[cfg(test)]
mod tests {
    use std::sync::{LazyLock, Mutex};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use sealpost_wire::codec::{List, V1};
    use sealpost_wire::request::{Collect, Request, Take};
    use sealpost_wire::{CollectKey, MailboxId, StockHash, TakeKey, to_bytes};

    use super::*;

    #[test]
    fn what_is_sent_is_judged_by_where_it_is_sent() {
        let mut budget = LeakBudget::of(RELAY).unwrap();
        let take = to_bytes(&Take { version: V1, take: TakeKey::new([1; 32]), stock: StockHash::from_bytes([2; 32]) });
        let (mailbox, collect) = (MailboxId::from_bytes([1; 32]), CollectKey::new([2; 32]));
        let collect = to_bytes(&Collect { version: V1, mailbox, collect, after: 0, max: 1, received: List::default() });
        assert!(budget.allows_sent(Take::PATH, &take) && budget.allows_sent(Collect::PATH, &collect));
        assert!(!budget.allows_sent(Take::PATH, &collect) && !budget.allows_sent(Collect::PATH, &take));
        assert!(!budget.allows_sent("/v1/whoami", &take) && !budget.allows_sent(manifest::PATH, &take));
        assert!(budget.allows_sent(manifest::PATH, b"") && !budget.allows_sent(Take::PATH, b""));
        assert!(budget.allows_sent("/v1/bucket/230/3/5", b"") && !budget.allows_sent("/v1/bucket/230/3/5", &take));
        for more in ["/v1/bucket/230/3/8", "/v1/bucket/230/3/5/6", "/v1/bucket/230/3/5?me", "/v1/bucketful/230/3/5"] {
            assert!(!budget.allows_sent(more, b""), "{more}");
        }
    }

    #[test]
    fn a_body_that_announces_more_than_it_has_is_refused() {
        let mut budget = LeakBudget::of(RELAY).unwrap();
        for body in [[&[0xBB][..], &[0x7F; 8]].concat(), [&[0x5B][..], &[0xFF; 8]].concat(), vec![0x81; 1 << 20]] {
            assert!(!budget.allows("take", &body));
        }
    }

    /// Any value, in its one encoding.
    fn any_value() -> impl Strategy<Value = Vec<u8>> {
        let short = |major: u8, count: usize| vec![major << 5 | u8::try_from(count).unwrap()];
        let string =
            move |major: u8| vec(any::<u8>(), 0..24).prop_map(move |bytes| [short(major, bytes.len()), bytes].concat());
        let leaf = prop_oneof![(0_u8..24).prop_map(|number| vec![number]), Just(vec![0xF4]), string(2), string(3)];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            let list =
                vec(inner.clone(), 0..6).prop_map(move |values| [short(4, values.len()), values.concat()].concat());
            let map = vec(inner, 0..6).prop_map(move |values| {
                let entries = values.iter().enumerate().map(|(key, value)| [short(0, key), value.clone()].concat());
                [short(5, values.len()), entries.collect::<Vec<_>>().concat()].concat()
            });
            prop_oneof![list, map]
        })
    }

    proptest! {
        #[test]
        fn any_value_is_judged_under_any_rule(body in any_value(), rule in any::<prop::sample::Index>()) {
            static BUDGETS: LazyLock<Mutex<Budgets>> = LazyLock::new(|| Mutex::new(Budgets::read().unwrap()));
            let mut budgets = BUDGETS.lock().unwrap();
            let rule = budgets.relay.rules.rules[rule.index(budgets.relay.rules.rules.len())].name();
            budgets.relay.allows(&rule, &body);
        }
    }

    #[test]
    fn rules_that_are_no_requests_have_no_path() {
        let mut budget = LeakBudget::of(RELAY).unwrap();
        assert!(budget.allows("version", &[1]) && !budget.allows_sent("/v1/version", &[1]));
        assert!(!budget.allows_sent("/v1/message", &[0xA1, 0, 1]), "it is a `done`, which only a relay says");
        let listed = RELAY.split_once("\nrequest = ").unwrap().1.split_once("\n\n").unwrap().0;
        let listed: Vec<_> = listed.split('/').map(str::trim).collect();
        assert!(
            budget.requests.iter().all(|request| listed.contains(request)) && listed.len() == budget.requests.len()
        );
    }
}
