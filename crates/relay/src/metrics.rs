//! Numbers of the whole relay, for Prometheus.
//!
//! A label is a variant of one of the enums here, so none can name a mailbox, a shelf or a peer.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use sealpost_wire::request::Refusal;

use crate::service::Totals;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);
/// Upper bounds of the histograms' buckets, in seconds: from a store's commit to a client's patience.
const BUCKETS: [f64; 10] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0, 10.0];

macro_rules! labels {
    ($(#[$doc:meta])* $name:ident $label:literal { $($variant:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $($variant,)* }

        impl $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn label(self) -> Label {
                Label::from_static_parts($label, match self { $(Self::$variant => $text,)* })
            }
        }
    };
}

labels! {
    /// What was asked for.
    Kind "kind" {
        OpenMailbox "open_mailbox"
        Collect "collect"
        Acknowledge "acknowledge"
        CloseMailbox "close_mailbox"
        OpenShelf "open_shelf"
        Stock "stock"
        CountItems "count_items"
        CloseShelf "close_shelf"
        Deposit "deposit"
        Take "take"
        Manifest "manifest"
        Other "other"
    }
}

labels! {
    /// What became of it.
    Answer "answer" {
        Done "done"
        Malformed "malformed"
        Denied "denied"
        WrongSide "wrong_side"
        TicketNeeded "ticket_needed"
        Limit "limit"
        Gone "gone"
        TryLater "try_later"
        TooLarge "too_large"
        Version "version"
        NoSuchRequest "no_such_request"
        NoEpoch "no_epoch"
        OtherBits "other_bits"
        NotAttested "not_attested"
    }
}

labels! {
    /// Which socket.
    Socket "socket" {
        Collect "collect"
        Deposit "deposit"
    }
}

/// The numbers that the connections count; those of the service come from its [`Totals`].
pub(crate) struct Metrics {
    all: Registry,
    connections: Gauge,
    refused: Counter,
    failed_handshakes: Counter,
    requests: Vec<Counter>,
    request_seconds: Histogram,
    sockets: Vec<Gauge>,
    batch_seconds: Histogram,
    subscriptions: Gauge,
    store_bytes: Gauge,
}

/// One more of something, until it is dropped.
pub(crate) struct OneMore(Gauge);

impl OneMore {
    fn of(gauge: &Gauge) -> Self {
        gauge.increment(1);
        Self(gauge.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let all = Registry(recorder());
        Self {
            connections: all.gauge("sealpost_connections", "Connections there are", Vec::new()),
            refused: all.counter(
                "sealpost_connections_refused_total",
                "Connections closed for there being too many",
                Vec::new(),
            ),
            failed_handshakes: all.counter(
                "sealpost_handshakes_failed_total",
                "Connections that never spoke TLS",
                Vec::new(),
            ),
            requests: request_counters(&all),
            request_seconds: all.histogram("sealpost_request_seconds", "From a request's head to its answer"),
            sockets: Socket::ALL.iter().map(|socket| socket_gauge(&all, *socket)).collect(),
            batch_seconds: all.histogram(
                "sealpost_deposit_batch_seconds",
                "From a socket's batch of deposits to its durable outcome",
            ),
            subscriptions: all.gauge(
                "sealpost_subscriptions",
                "Mailboxes that connected collectors wait for",
                Vec::new(),
            ),
            store_bytes: all.gauge("sealpost_store_bytes", "Bytes that the store takes of its disk", Vec::new()),
            all,
        }
    }

    /// Counts a connection until what is returned is dropped.
    pub(crate) fn connection(&self) -> OneMore {
        OneMore::of(&self.connections)
    }

    /// Counts a connection that was closed because there were too many.
    pub(crate) fn connection_refused(&self) {
        self.refused.increment(1);
    }

    /// Counts a connection that did not come to speak TLS.
    pub(crate) fn handshake_failed(&self) {
        self.failed_handshakes.increment(1);
    }

    /// Counts a socket until what is returned is dropped.
    pub(crate) fn socket(&self, socket: Socket) -> Option<OneMore> {
        self.sockets.get(socket as usize).map(OneMore::of)
    }

    /// Counts a request, what became of it and how long it took.
    pub(crate) fn request(&self, kind: Kind, answer: Answer, took: Duration) {
        if let Some(counter) = self.requests.get(kind as usize * Answer::ALL.len() + answer as usize) {
            counter.increment(1);
        }
        self.request_seconds.record(took);
    }

    /// Counts the time from a batch of deposits to its durable outcome.
    pub(crate) fn deposit_batch(&self, took: Duration) {
        self.batch_seconds.record(took);
    }

    /// Folds what histograms hold back into their buckets; to be called every few seconds.
    pub(crate) fn tidy(&self) {
        self.all.0.handle().run_upkeep();
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn render(&self, totals: &Totals) -> String {
        for (name, help, value) in named(totals) {
            self.all.counter(name, help, Vec::new()).absolute(value);
        }
        self.subscriptions.set(totals.subscriptions as f64);
        self.store_bytes.set(totals.store_bytes as f64);
        self.all.0.handle().render()
    }
}

/// What has been registered; a name registered again is the same number.
struct Registry(PrometheusRecorder);

impl Registry {
    fn counter(&self, name: &'static str, help: &'static str, labels: Vec<Label>) -> Counter {
        self.0.describe_counter(KeyName::from_const_str(name), None, help.into());
        self.0.register_counter(&Key::from_parts(name, labels), &METADATA)
    }

    fn gauge(&self, name: &'static str, help: &'static str, labels: Vec<Label>) -> Gauge {
        self.0.describe_gauge(KeyName::from_const_str(name), None, help.into());
        self.0.register_gauge(&Key::from_parts(name, labels), &METADATA)
    }

    fn histogram(&self, name: &'static str, help: &'static str) -> Histogram {
        self.0.describe_histogram(KeyName::from_const_str(name), None, help.into());
        self.0.register_histogram(&Key::from_static_name(name), &METADATA)
    }
}

/// The service's totals by the names that they are shown under; a new one must be given a name here.
fn named(totals: &Totals) -> [(&'static str, &'static str, u64); 13] {
    let Totals {
        accepted,
        full,
        gone,
        slowed,
        store_out,
        delivered,
        acknowledged,
        taken,
        mailboxes_opened,
        mailboxes_closed,
        shelves_opened,
        shelves_closed,
        leases_lapsed,
        subscriptions: _,
        store_bytes: _,
    } = *totals;
    [
        ("sealpost_deposits_accepted_total", "Deposits accepted, repeats included", accepted),
        ("sealpost_deposits_full_total", "Deposits into a full mailbox", full),
        ("sealpost_deposits_gone_total", "Deposits into no mailbox", gone),
        ("sealpost_slowed_total", "Requests and deposits that came too fast", slowed),
        ("sealpost_store_out_total", "Requests and deposits for which the store was out", store_out),
        ("sealpost_envelopes_delivered_total", "Envelopes given to collectors, repeats included", delivered),
        ("sealpost_envelopes_acknowledged_total", "Envelopes named in acknowledgements", acknowledged),
        ("sealpost_items_taken_total", "Items taken from shelves", taken),
        ("sealpost_mailboxes_opened_total", "Mailboxes opened, repeats included", mailboxes_opened),
        ("sealpost_mailboxes_closed_total", "Mailboxes closed by their owners", mailboxes_closed),
        ("sealpost_shelves_opened_total", "Shelves opened, repeats included", shelves_opened),
        ("sealpost_shelves_closed_total", "Shelves closed by their owners", shelves_closed),
        ("sealpost_leases_lapsed_total", "Mailboxes and shelves erased because their lease lapsed", leases_lapsed),
    ]
}

fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new();
    builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder()
}

/// One counter for each pair, answers running fastest.
fn request_counters(all: &Registry) -> Vec<Counter> {
    let pairs = Kind::ALL.iter().flat_map(|kind| Answer::ALL.iter().map(|answer| vec![kind.label(), answer.label()]));
    pairs
        .map(|labels| all.counter("sealpost_requests_total", "Requests over HTTP, by what became of them", labels))
        .collect()
}

fn socket_gauge(all: &Registry, socket: Socket) -> Gauge {
    all.gauge("sealpost_sockets", "WebSockets there are", vec![socket.label()])
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Malformed => Self::Malformed,
            Refusal::Denied => Self::Denied,
            Refusal::WrongSide => Self::WrongSide,
            Refusal::TicketNeeded => Self::TicketNeeded,
            Refusal::Limit => Self::Limit,
            Refusal::Gone => Self::Gone,
            Refusal::TryLater => Self::TryLater,
            Refusal::TooLarge => Self::TooLarge,
            Refusal::Version => Self::Version,
            Refusal::NoSuchRequest => Self::NoSuchRequest,
            Refusal::NoEpoch => Self::NoEpoch,
            Refusal::OtherBits => Self::OtherBits,
            Refusal::NotAttested => Self::NotAttested,
        }
    }
}
