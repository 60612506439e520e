//! Servers of discovery for tests: they keep what they are asked, and misbehave as a test wants. Behind real TLS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use data_encoding::HEXLOWER;
use sealpost_blind::directory::{Bucket, Record};
use sealpost_blind::discovery::{Descriptor, Hasher, Lookup};
use sealpost_blind::{BlindedBatch, Purpose, ServerKey};
use sealpost_identity::attester::{AskCode, Attested, ProveNumber};
use sealpost_identity::{CardRef, PhoneNumber};
use sealpost_wire::codec::{List, V1};
use sealpost_wire::directory::{
    Attestation, BucketBits, BucketPrefix, BucketRead, Epoch, EvaluatedElements, SignedAttestation, SignedVoucher,
    Slot, Tag, Voucher, VoucherId,
};
use sealpost_wire::manifest::{
    self, Argon2, EpochDescriptor, KeyService, KeyServiceEpoch, KeyServiceKey, Manifest, Role,
};
use sealpost_wire::operator::OperatorSecret;
use sealpost_wire::request::{
    CloseMailbox, CloseShelf, ClosedReply, Done, Evaluate, Evaluated, Listing, Publish, Published, Refusal, Refused,
    Request, Withdraw,
};
use sealpost_wire::statement::{Closed, SignedDeletion};
use sealpost_wire::time::Day;
use sealpost_wire::{RelayRef, Secret, from_bytes, to_bytes};

use crate::clock;
use crate::net::test_relay::{Certificate, RelayServer, manifest_of};

/// The one code that the attester takes.
pub(crate) const CODE: &str = "123456";

/// A relay's manifest, without a directory.
pub(crate) fn manifest() -> Manifest {
    let operator = OperatorSecret::from_seed(&[1; 32]).public();
    manifest_of(&"relay.example.org:443".parse().unwrap(), &operator, &[])
}

/// Something that happens once.
type Then = Box<dyn FnOnce() + Send>;

/// What the servers keep, what they were asked, and how they misbehave.
#[derive(Default)]
pub(crate) struct State {
    /// What happens once a read was refused because there are more buckets by now.
    pub(crate) then: Option<Then>,
    /// What stands in the directory, whoever put it there.
    pub(crate) slots: Vec<(BucketPrefix, Slot)>,
    /// What was published, request by request.
    pub(crate) published: Vec<Publish>,
    /// What the directory answers to whoever publishes, if not that it is listed.
    pub(crate) verdict: Option<Verdict>,
    /// What was closed, in this order.
    pub(crate) closed: Vec<Closed>,
    pub(crate) bits: u8,
    /// Evaluations, by key service.
    pub(crate) evaluated: [usize; 2],
    pub(crate) reads: Vec<BucketRead>,
    /// After so many batches a key service does not answer any more.
    pub(crate) dies_after: [Option<usize>; 2],
    /// A key service evaluates with another key than it says.
    pub(crate) lies: [bool; 2],
    /// A key service takes no voucher any more after so many batches.
    pub(crate) spent_after: Option<usize>,
    /// The directory does not answer.
    pub(crate) is_silent: bool,
    /// The attester knows the epoch of the day alone.
    pub(crate) attests_one_epoch: bool,
    /// The attester vouches to somebody else in the relay's place.
    pub(crate) vouches_to_others: bool,
    /// The day that it is for the servers, if it is not today.
    pub(crate) day: Option<Day>,
    /// Numbers that were disclosed to the attester.
    pub(crate) disclosed: Vec<String>,
}

/// What a directory says to whoever publishes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    Answered(Listing, Option<Day>),
    Refused(Refusal),
}

/// A directory with two key services, and maybe an attester.
pub(crate) struct World {
    directory: RelayServer,
    services: [RelayServer; 2],
    attester: Option<RelayServer>,
    certificate: Certificate,
    state: Arc<Mutex<State>>,
}

fn operator(n: u8) -> OperatorSecret {
    OperatorSecret::from_seed(&[n; 32])
}

fn key(n: u8, epoch: Epoch) -> ServerKey {
    ServerKey::derive(&Secret::new([n; 32]), Purpose::Discovery(epoch))
}

/// The epoch of the day on which the tests run.
pub(crate) fn epoch() -> Epoch {
    Epoch::of(clock::today())
}

impl World {
    /// Anyone may ask, and publish.
    pub(crate) async fn open() -> Self {
        Self::start(false).await
    }

    /// Whoever wants to ask needs a voucher.
    pub(crate) async fn attested() -> Self {
        Self::start(true).await
    }

    async fn start(is_attested: bool) -> Self {
        let state = Arc::new(Mutex::new(State { bits: 2, ..State::default() }));
        let certificate = Certificate::fresh();
        let directory = {
            let state = state.clone();
            let handler = move |request: &[u8]| {
                let (answer, then) = directory(&mut state.lock().unwrap(), request);
                then.into_iter().for_each(|then| then());
                answer
            };
            RelayServer::start(&certificate, handler).await
        };
        let service = |place: usize| {
            let (state, certificate) = (state.clone(), certificate.clone());
            async move {
                let handler = move |request: &[u8]| service(&mut state.lock().unwrap(), place, is_attested, request);
                RelayServer::start(&certificate, handler).await
            }
        };
        let services = [service(0).await, service(1).await];
        let attester = if is_attested {
            let state = state.clone();
            let handler = move |request: &[u8]| attester(&mut state.lock().unwrap(), request);
            Some(RelayServer::start(&certificate, handler).await)
        } else {
            None
        };
        let world = Self { directory, services, attester, certificate, state };
        world.publish(|_| {});
        world
    }

    /// Publishes all manifests, the directory's changed before it is signed.
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Manifest)) {
        let today = self.state().day.unwrap_or_else(clock::today);
        let open = Epoch::open_on(today).collect::<Vec<_>>().into_iter();
        let attester = self.attester.as_ref().map(|attester| {
            attester.publish_as(&operator(9), &[&self.certificate], |manifest| manifest.role = Role::Attester);
            attester.reference(&operator(9)).to_string()
        });
        for (n, service) in (1..).zip(&self.services) {
            let epochs = open.clone().map(|epoch| KeyServiceEpoch {
                epoch,
                public_key: public_key(n, epoch),
                contribution: part(n),
            });
            let word = KeyService { attester: attester.clone(), epochs: epochs.collect() };
            service.publish_as(&operator(n), &[&self.certificate], |manifest| {
                manifest.role = Role::KeyService;
                manifest.key_service = Some(word);
            });
        }
        let epochs = open.map(|epoch| self.described(epoch)).collect();
        self.directory.publish_as(&operator(0x10), &[&self.certificate], |manifest| {
            manifest.directory = Some(manifest::Directory { attester, epochs });
            change(manifest);
        });
    }

    pub(crate) fn relay(&self) -> RelayRef {
        self.directory.reference(&operator(0x10))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// How many requests the directory has got, for its manifest included.
    pub(crate) fn requests_of_the_directory(&self) -> usize {
        self.directory.requests().len()
    }

    /// All bytes that came to the key services, by connection.
    pub(crate) fn connections_of_services(&self) -> [Vec<Vec<u8>>; 2] {
        [0, 1].map(|place| self.services[place].received())
    }

    fn described(&self, epoch: Epoch) -> EpochDescriptor {
        let services = (1..).zip(&self.services).map(|(n, service)| KeyServiceKey {
            reference: service.reference(&operator(n)).to_string(),
            public_key: public_key(n, epoch),
        });
        EpochDescriptor {
            epoch,
            argon2: Argon2 { memory_mib: 19, passes: 2, lanes: 1 },
            contributions: vec![part(1), part(2)],
            key_services: services.collect(),
            bucket_bits: self.state().bits,
        }
    }

    /// Lists a card under a number in the epoch of the day.
    pub(crate) fn list(&self, number: &str, card: &CardRef) {
        self.list_until(number, card, clock::today().plus(30));
    }

    pub(crate) fn list_until(&self, number: &str, card: &CardRef, last_day: Day) {
        self.list_in(epoch(), number, card, last_day);
    }

    pub(crate) fn list_in(&self, epoch: Epoch, number: &str, card: &CardRef, last_day: Day) {
        let lookup = self.lookup_in(epoch, number);
        let slot = Record { card: card.to_record(), last_day }.seal(&lookup.tag, &lookup.key, &mut rand::rng());
        let mut state = self.state();
        state.slots.retain(|(_, listed)| listed.tag() != lookup.tag);
        state.slots.push((lookup.prefix, slot));
    }

    /// Where a number is, as whoever holds all keys can tell.
    pub(crate) fn lookup(&self, number: &str) -> Lookup {
        self.lookup_in(epoch(), number)
    }

    fn lookup_in(&self, epoch: Epoch, number: &str) -> Lookup {
        let descriptor = Descriptor::check(&self.described(epoch)).unwrap();
        let number = PhoneNumber::parse(number, None).unwrap();
        let mut hasher = Hasher::new(descriptor.parameters).unwrap();
        let stretched = hasher.stretch(number.expose_e164().as_bytes(), &descriptor.salt);
        let outputs = [1, 2].map(|n| key(n, descriptor.epoch).output(stretched.secret()));
        descriptor.services.lookup(descriptor.epoch, &stretched, &[&outputs[0], &outputs[1]]).unwrap()
    }
}

/// The epochs that are open on the day on which the tests run.
pub(crate) fn near() -> impl Iterator<Item = Epoch> {
    Epoch::open_on(clock::today())
}

fn part(n: u8) -> String {
    HEXLOWER.encode(&[n; 32])
}

fn public_key(n: u8, epoch: Epoch) -> String {
    HEXLOWER.encode(&key(n, epoch).public().to_bytes())
}

fn answered(status: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn refused(reason: Refusal) -> Vec<u8> {
    answered("403 Forbidden", &to_bytes(&Refused { version: V1, reason, retry_after: None }))
}

fn body(request: &[u8]) -> &[u8] {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &request[end + 4..]
}

fn path(request: &[u8]) -> String {
    let line = String::from_utf8_lossy(request);
    line.split(' ').nth(1).unwrap_or_default().to_owned()
}

/// The answer, and what happens before it is given.
fn directory(state: &mut State, request: &[u8]) -> (Vec<u8>, Option<Then>) {
    if state.is_silent {
        return (Vec::new(), None);
    }
    if request.starts_with(b"POST ") {
        return (owner(state, request), None);
    }
    let path = path(request);
    let mut parts = path.trim_start_matches(BucketRead::PATH).trim_start_matches('/').split('/');
    let mut part = || parts.next().unwrap_or_default();
    let Some(read) = BucketRead::of(part(), part(), part()) else { return (refused(Refusal::NoSuchRequest), None) };
    if read.bits != BucketBits::new(state.bits).unwrap() {
        return (refused(Refusal::OtherBits), state.then.take());
    }
    state.reads.push(read);
    let inside = state.slots.iter().filter(|(prefix, _)| prefix.bucket(read.bits) == read.number);
    let bucket = Bucket::fill(&inside.map(|(_, slot)| slot.clone()).collect::<Vec<_>>(), &mut rand::rng()).unwrap();
    (answered("200 OK", bucket.as_bytes()), None)
}

/// What somebody asks who has something there.
fn owner(state: &mut State, request: &[u8]) -> Vec<u8> {
    let closed = match path(request).as_str() {
        Publish::PATH => return publish(state, from_bytes(body(request)).unwrap()),
        Withdraw::PATH => {
            let Withdraw { epoch, tag, entry, .. } = from_bytes(body(request)).unwrap();
            let mine = |put: &Publish| put.epoch == epoch && put.slot.tag() == tag && put.entry.hash() == entry.hash();
            if !state.published.iter().any(mine) {
                return refused(Refusal::Denied);
            }
            state.slots.retain(|(_, slot)| slot.tag() != tag);
            Closed::Entry(epoch, tag)
        }
        CloseMailbox::PATH => Closed::Mailbox(from_bytes::<CloseMailbox>(body(request)).unwrap().mailbox),
        CloseShelf::PATH => Closed::Shelf(from_bytes::<CloseShelf>(body(request)).unwrap().shelf),
        _ => return refused(Refusal::NoSuchRequest),
    };
    state.closed.push(closed);
    let statement = SignedDeletion::sign(closed, clock::today(), &operator(0x10));
    answered("200 OK", &to_bytes(&ClosedReply { version: V1, statement }))
}

fn publish(state: &mut State, request: Publish) -> Vec<u8> {
    state.published.push(request.clone());
    let (listing, day) = match state.verdict {
        Some(Verdict::Refused(reason)) => return refused(reason),
        Some(Verdict::Answered(listing, day)) => (listing, day),
        None => (Listing::Listed, None),
    };
    if listing == Listing::Listed {
        let tag = request.slot.tag();
        state.slots.retain(|(_, slot)| slot.tag() != tag);
        state.slots.push((request.prefix, request.slot));
    }
    answered("200 OK", &to_bytes(&Published { version: V1, listing, day }))
}

fn service(state: &mut State, place: usize, is_attested: bool, request: &[u8]) -> Vec<u8> {
    let batches = state.evaluated[place] / 64;
    if state.dies_after[place].is_some_and(|after| batches >= after) {
        return Vec::new();
    }
    let evaluate: Evaluate = from_bytes(body(request)).unwrap();
    let is_spent = state.spent_after.is_some_and(|after| batches >= after);
    if is_attested && (is_spent || !is_voucher(evaluate.voucher.as_ref(), place, evaluate.epoch)) {
        return refused(Refusal::TicketNeeded);
    }
    let n = if state.lies[place] { 7 } else { u8::try_from(place).unwrap() + 1 };
    let batch = BlindedBatch::from_bytes(evaluate.elements.as_bytes()).unwrap();
    let evaluated = key(n, evaluate.epoch).evaluate(&batch, &mut rand::rng());
    state.evaluated[place] += 64;
    let elements = EvaluatedElements::from_bytes(&evaluated.to_bytes()).unwrap();
    answered("200 OK", &to_bytes(&Evaluated { version: V1, elements }))
}

fn is_voucher(voucher: Option<&SignedVoucher>, place: usize, epoch: Epoch) -> bool {
    let service = operator(u8::try_from(place).unwrap() + 1).public();
    let voucher = voucher.and_then(|voucher| voucher.verify(&operator(9).public()));
    voucher.is_some_and(|voucher| voucher.service == service && voucher.epoch == epoch)
}

fn attester(state: &mut State, request: &[u8]) -> Vec<u8> {
    if path(request) == "/v1/ask-code" {
        let ask: AskCode = from_bytes(body(request)).unwrap();
        state.disclosed.push(ask.number.number().unwrap().expose_e164().to_owned());
        return answered("200 OK", &to_bytes(&Done { version: V1 }));
    }
    let prove: ProveNumber = from_bytes(body(request)).unwrap();
    if prove.code.expose() != CODE {
        return refused(Refusal::Denied);
    }
    if state.attests_one_epoch && prove.entries.iter().any(|entry| entry.epoch != epoch()) {
        return refused(Refusal::NoEpoch);
    }
    // Whoever looks at prefix and tag is not tested with this one.
    let attestations = prove.entries.iter().map(|entry| {
        let word = Attestation {
            version: V1,
            epoch: entry.epoch,
            prefix: BucketPrefix(0),
            tag: Tag::from_bytes([0; 16]),
            entry: entry.entry,
            issued: clock::today(),
        };
        SignedAttestation::of(&word, &operator(9))
    });
    // To both key services and to the relay, and in another round to somebody else, which nobody asked for.
    let relay = if state.vouches_to_others { 8 } else { 0x10 };
    let vouchers = prove.entries.iter().flat_map(|entry| [1, 2, relay].map(|n| (entry.epoch, n))).map(|(epoch, n)| {
        let voucher =
            Voucher { version: V1, id: VoucherId::random(&mut rand::rng()), service: operator(n).public(), epoch };
        SignedVoucher::of(&voucher, &operator(9))
    });
    let attested = Attested {
        version: V1,
        attestations: List::new(attestations.collect()).unwrap(),
        vouchers: List::new(vouchers.collect()).unwrap(),
    };
    answered("200 OK", &to_bytes(&attested))
}

/// How often each bucket was read.
pub(crate) fn times_read(state: &State) -> HashMap<u32, usize> {
    let mut times = HashMap::new();
    state.reads.iter().for_each(|read| *times.entry(read.number).or_default() += 1);
    times
}
