//! Numbers of the whole server, for Prometheus.
//!
//! A label is a variant of an enum that [`labels!`](crate::labels) made, so none can name a mailbox, a shelf or a peer.

use std::marker::PhantomData;
use std::time::Duration;

use metrics::{Key, KeyName, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use sealpost_wire::request::Refusal;
use sealpost_wire::time::Hour;

pub use metrics::{Counter, Gauge, Histogram};

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);
/// Upper bounds of the histograms' buckets, in seconds: from a store's commit to a client's patience.
const BUCKETS: [f64; 10] = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 1.0, 10.0];

/// The values of a label: a closed list.
pub trait Label: Copy + Send + Sync + 'static {
    /// The label's name.
    const NAME: &'static str;
    /// All its values, each at its [`index`](Self::index).
    const ALL: &'static [Self];

    /// Its place among them.
    fn index(self) -> usize;

    /// Its text.
    fn text(self) -> &'static str;
}

/// Makes an enum that is a label.
///
/// ```
/// sealpost_server::labels! {
///     /// Which key was asked for.
///     Age "age" {
///         Current "current"
///         Former "former"
///     }
/// }
/// use sealpost_server::metrics::Label;
/// assert_eq!(Age::ALL.len(), 2);
/// assert_eq!(Age::Former.text(), "former");
/// ```
#[macro_export]
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident $label:literal { $($variant:ident $text:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name { $(#[allow(missing_docs, reason = "the label's text says it")] $variant,)* }

        impl $crate::metrics::Label for $name {
            const NAME: &'static str = $label;
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn index(self) -> usize {
                self as usize
            }

            fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

labels! {
    /// What became of a request.
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
        TicketSpent "ticket_spent"
        VoucherNeeded "voucher_needed"
        OtherKeys "other_keys"
        OtherKey "other_key"
        Unreachable "unreachable"
    }
}

labels! {
    /// Requests that no program has, or all have.
    Besides "kind" {
        Manifest "manifest"
        Oblivious "oblivious"
        OhttpKeys "ohttp_keys"
        Other "other"
    }
}

/// The numbers that are registered; a name registered again is the same number.
pub struct Registry(PrometheusRecorder);

impl Registry {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        Self(builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder())
    }

    /// A number that goes up.
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        self.0.describe_counter(KeyName::from_const_str(name), None, help.into());
        self.0.register_counter(&Key::from_static_name(name), &METADATA)
    }

    /// A number that goes up and down.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.0.describe_gauge(KeyName::from_const_str(name), None, help.into());
        self.0.register_gauge(&Key::from_static_name(name), &METADATA)
    }

    /// Durations, from half a millisecond to ten seconds.
    pub fn histogram(&self, name: &'static str, help: &'static str) -> Histogram {
        self.0.describe_histogram(KeyName::from_const_str(name), None, help.into());
        self.0.register_histogram(&Key::from_static_name(name), &METADATA)
    }

    /// A counter for each value of a label.
    #[must_use]
    pub fn counters<L: Label>(&self, name: &'static str, help: &'static str) -> PerLabel<L, Counter> {
        self.0.describe_counter(KeyName::from_const_str(name), None, help.into());
        let of = |label: &L| self.0.register_counter(&labelled(name, &[pair(*label)]), &METADATA);
        PerLabel(L::ALL.iter().map(of).collect(), PhantomData)
    }

    /// A gauge for each value of a label.
    #[must_use]
    pub fn gauges<L: Label>(&self, name: &'static str, help: &'static str) -> PerLabel<L, Gauge> {
        self.0.describe_gauge(KeyName::from_const_str(name), None, help.into());
        let of = |label: &L| self.0.register_gauge(&labelled(name, &[pair(*label)]), &METADATA);
        PerLabel(L::ALL.iter().map(of).collect(), PhantomData)
    }

    /// The program's version, on a number that is always 1.
    fn version(&self) {
        let name = "sealpost_build_info";
        self.0.describe_gauge(KeyName::from_const_str(name), None, "The program's version".into());
        let labels = [("version", env!("CARGO_PKG_VERSION"))];
        self.0.register_gauge(&labelled(name, &labels), &METADATA).set(1.0);
    }

    fn requests<K: Label>(&self) -> Vec<Counter> {
        let (name, help) = ("sealpost_requests_total", "Requests over HTTP, by what became of them");
        self.0.describe_counter(KeyName::from_const_str(name), None, help.into());
        let kinds = K::ALL.iter().map(|kind| kind.text()).chain(Besides::ALL.iter().map(|kind| kind.text()));
        let pairs = kinds.flat_map(|kind| Answer::ALL.iter().map(move |answer| [(Besides::NAME, kind), pair(*answer)]));
        pairs.map(|labels| self.0.register_counter(&labelled(name, &labels), &METADATA)).collect()
    }
}

fn pair<L: Label>(label: L) -> (&'static str, &'static str) {
    (L::NAME, label.text())
}

fn labelled(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let label = |(name, text): &(&'static str, &'static str)| metrics::Label::from_static_parts(name, text);
    Key::from_parts(name, labels.iter().map(label).collect::<Vec<_>>())
}

/// A number for each value of a label.
pub struct PerLabel<L, T>(Vec<T>, PhantomData<L>);

impl<L: Label, T> PerLabel<L, T> {
    /// The number of `label`; there is one for every value.
    pub fn of(&self, label: L) -> Option<&T> {
        self.0.get(label.index())
    }
}

/// One more of something, until it is dropped.
pub struct OneMore(Gauge);

impl OneMore {
    /// Counts one more.
    #[must_use]
    pub fn of(gauge: &Gauge) -> Self {
        gauge.increment(1);
        Self(gauge.clone())
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// The kind of a request: one of the program's, or one that is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<K> {
    Own(K),
    Besides(Besides),
}

impl<K: Label> Kind<K> {
    fn index(self) -> usize {
        match self {
            Self::Own(kind) => kind.index(),
            Self::Besides(kind) => K::ALL.len() + kind.index(),
        }
    }
}

/// The numbers that every server has.
pub(crate) struct Metrics {
    all: Registry,
    connections: Gauge,
    refused: Counter,
    failed_handshakes: Counter,
    under_way: Gauge,
    /// One for each pair of kind and answer, answers running fastest.
    requests: Vec<Counter>,
    request_seconds: Histogram,
}

impl Metrics {
    /// The numbers of a server whose program has requests of the kinds `K`, started in that hour.
    pub(crate) fn new<K: Label>(all: Registry, Hour(started): Hour) -> Self {
        all.gauge("sealpost_started_hour", "The hour in which the server was started, in hours after 1970")
            .set(f64::from(started));
        all.version();
        Self {
            connections: all.gauge("sealpost_connections", "Connections there are"),
            refused: all.counter("sealpost_connections_refused_total", "Connections closed for there being too many"),
            failed_handshakes: all.counter("sealpost_handshakes_failed_total", "Connections that never spoke TLS"),
            under_way: all.gauge("sealpost_requests_under_way", "Requests over HTTP that are being answered"),
            requests: all.requests::<K>(),
            request_seconds: all.histogram("sealpost_request_seconds", "From a request's head to its answer"),
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

    /// Shows how many requests are being answered.
    pub(crate) fn requests_under_way(&self, count: usize) {
        self.under_way.set(count as f64);
    }

    /// Counts a request, what became of it and how long it took.
    pub(crate) fn request<K: Label>(&self, kind: Kind<K>, answer: Answer, took: Duration) {
        if let Some(counter) = self.requests.get(kind.index() * Answer::ALL.len() + answer.index()) {
            counter.increment(1);
        }
        self.request_seconds.record(took);
    }

    /// Folds what histograms hold back into their buckets; to be called every few seconds.
    pub(crate) fn tidy(&self) {
        self.all.0.handle().run_upkeep();
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn render(&self) -> String {
        self.all.0.handle().render()
    }
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
            Refusal::TicketSpent => Self::TicketSpent,
            Refusal::VoucherNeeded => Self::VoucherNeeded,
            Refusal::OtherKeys => Self::OtherKeys,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    labels! {
        /// Kinds of two requests.
        Kinds "kind" {
            One "one"
            Two "two"
        }
    }

    #[test]
    fn a_request_counts_under_its_own_kind_and_answer() {
        let metrics = Metrics::new::<Kinds>(Registry::new(), Hour(0));
        metrics.request(Kind::Own(Kinds::Two), Answer::Denied, Duration::ZERO);
        metrics.request::<Kinds>(Kind::Besides(Besides::Other), Answer::NoSuchRequest, Duration::ZERO);
        let page = metrics.render();
        let is_counted = |line: &&str| line.starts_with("sealpost_requests") && line.ends_with(" 1");
        let mut counted: Vec<_> = page.lines().filter(is_counted).collect();
        counted.sort_unstable();
        assert_eq!(
            counted,
            [
                "sealpost_requests_total{kind=\"other\",answer=\"no_such_request\"} 1",
                "sealpost_requests_total{kind=\"two\",answer=\"denied\"} 1"
            ]
        );
    }
}
