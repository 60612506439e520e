//! An attester, what it depends on, and a person with a phone.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use sealpost_identity::PhoneNumber;
use sealpost_identity::attester::{AskCode, Attested, Code, DisclosedNumber, EntryOf, ProveNumber};
use sealpost_identity::consent::{Consent, Prompt};
use sealpost_server::Denial;
use sealpost_server::clock::ManualClock;
use sealpost_wire::EntryHash;
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::Epoch;
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::Done;
use sealpost_wire::time::Day;

use super::servers::Servers;
use crate::attesting::Attesting;
use crate::codes::Limits;
use crate::gateway::{GatewayError, SmsGateway, Template};
use crate::hashers::Hashers;
use crate::metrics::Metrics;
use crate::service::{Attester, Parts};
use crate::uptime::Uptime;

pub(super) const EPOCH: Epoch = Epoch(230);

/// In the middle of [`EPOCH`], which alone is open.
pub(super) const TODAY: Day = Day(EPOCH.first_day().0 + 45);

pub(super) struct World {
    pub(super) attester: Attester,
    pub(super) servers: Arc<Servers>,
    pub(super) phones: Arc<Phones>,
    pub(super) operator: Arc<OperatorSecret>,
    clock: Arc<ManualClock>,
    uptime: Arc<ManualUptime>,
}

/// The network of phones.
#[derive(Default)]
pub(super) struct Phones {
    pub(super) received: Mutex<Vec<(String, String)>>,
    pub(super) fails: Mutex<Option<fn() -> GatewayError>>,
}

impl SmsGateway for Phones {
    fn send<'a>(&'a self, to: &'a PhoneNumber, text: &'a str) -> BoxFuture<'a, Result<(), GatewayError>> {
        let fails = *self.fails.lock().unwrap();
        let sent = match fails {
            Some(error) => Err(error()),
            None => {
                self.received.lock().unwrap().push((to.expose_e164().to_owned(), text.to_owned()));
                Ok(())
            }
        };
        Box::pin(async move { sent })
    }
}

#[derive(Default)]
struct ManualUptime(Mutex<Duration>);

impl Uptime for ManualUptime {
    fn uptime(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::with_hashers(1)
    }

    pub(super) fn with_hashers(hashers: usize) -> Self {
        let operator = Arc::new(OperatorSecret::from_seed(&[9; 32]));
        let servers = Arc::new(Servers::new(operator.public(), vec![EPOCH]));
        let (phones, uptime) = (Arc::<Phones>::default(), Arc::<ManualUptime>::default());
        let clock = Arc::new(ManualClock::new(noon(TODAY)));
        let hashers = Hashers::new(hashers, Duration::ZERO);
        let attesting = Attesting::new(Arc::clone(&servers) as _, Arc::clone(&operator), hashers);
        let parts = Parts {
            limits: Limits { per_minute: 100, per_day: 100 },
            gateway: Arc::clone(&phones) as _,
            template: Template::default(),
            metrics: Metrics::unseen(),
            clock: Arc::clone(&clock) as _,
            uptime: Arc::clone(&uptime) as _,
        };
        Self { attester: Attester::new(attesting, parts), servers, phones, operator, clock, uptime }
    }

    pub(super) fn pass(&self, span: Duration) {
        *self.uptime.0.lock().unwrap() += span;
        self.clock.advance(span);
    }

    /// Sets the clock; no time passes.
    pub(super) fn set_day(&self, day: Day) {
        self.clock.set(noon(day));
    }

    pub(super) async fn ask(&self) -> Result<Done, Denial> {
        self.attester.ask_code(AskCode { version: V1, number: disclosed(&number()) }).await
    }

    /// Asks for a code and reads it off the phone.
    pub(super) async fn code(&self) -> Code {
        self.ask().await.unwrap();
        let received = self.phones.received.lock().unwrap();
        let (to, text) = received.last().unwrap();
        assert_eq!(to, number().expose_e164());
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        Code::parse(&digits).unwrap()
    }

    pub(super) async fn prove(&self, code: &Code, epochs: &[Epoch]) -> Result<Attested, Denial> {
        self.attester.prove_number(proof(code, epochs)).await
    }
}

pub(super) fn proof(code: &Code, epochs: &[Epoch]) -> ProveNumber {
    let entries = epochs.iter().map(|epoch| EntryOf { epoch: *epoch, entry: entry(*epoch) }).collect();
    let entries = List::new(entries).unwrap();
    ProveNumber { version: V1, number: disclosed(&number()), code: code.clone(), entries }
}

pub(super) fn entry(epoch: Epoch) -> EntryHash {
    EntryHash::from_bytes([epoch.0 as u8; 32])
}

pub(super) fn number() -> PhoneNumber {
    PhoneNumber::parse("+49 1512 3456789", None).unwrap()
}

fn disclosed(number: &PhoneNumber) -> DisclosedNumber {
    DisclosedNumber::of(number, &Consent::given(Prompt::standard(), TODAY))
}

fn noon(day: Day) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::from(day.0) * 86_400 + 43_200)
}
