//! The one module that logs: a closed list of events, each a fixed text and numbers.
//!
//! No event is of a connection or a request, so none can carry an id, a key, an address or its time. Dependencies log
//! such things; the filter lets nothing through but this module's own target, and `RUST_LOG` is not read.

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{Log, LogFormat, LogLevel};

const TARGET: &str = "sealpost_relay";

macro_rules! events {
    ($($(#[$doc:meta])* $level:ident $event:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* } = $text:literal;)*) => {
        /// What happens to the relay.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $event { $($(#[$field_doc])* $field: $type,)* },)*
        }

        impl Event {
            /// Writes the event to the log.
            pub fn log(self) {
                match self {
                    $(Self::$event { $($field),* } => tracing::event!(target: TARGET, tracing::Level::$level, $($field,)* $text),)*
                }
            }
        }
    };
}

events! {
    /// Clients may connect.
    INFO Listening {
        /// The port of the relay's listener.
        port: u16
    } = "clients may connect";
    /// The operator may connect.
    INFO AdminListening {
        /// The port of the admin listener.
        port: u16
    } = "the admin listener is open";
    /// A signal came.
    INFO Stopping {} = "stopping: no new connections";
    /// The store is closed.
    INFO Stopped {} = "stopped; the store is closed";
    /// Not all connections ended in time.
    WARN CutOff {} = "connections that did not end in time were cut off";
    /// Logs nothing can be learnt from but that the program is alive.
    TRACE Swept {} = "swept what has expired";
    /// Rewrote the store.
    INFO Purged {} = "the store was rewritten without what had been erased";
    /// The store could not be rewritten.
    ERROR PurgeFailed {} = "the store could not be rewritten; is the disk full?";
    /// The store's disk failed; said once for each outage.
    ERROR StoreOut {} = "the store's disk failed: requests are told to try later until it is back";
    /// The store was opened again.
    INFO StoreBack {} = "the store's disk is back";
    /// The store was out when it was to be closed.
    WARN NotSynced {} = "the store was out when it was closed; what was answered before is kept";
    /// The store hangs for good.
    ERROR StoreStuck {} = "the store has hung for a minute: the program ends, to be started again; nothing accepted is lost";
    /// A row is not one that this program writes; said once.
    ERROR DamagedRow {} = "the store found a damaged row";
    /// The limit of connections is reached; said once a minute at most.
    WARN Crowded {
        /// The limit.
        max: usize
    } = "as many connections as allowed; further ones are closed as they come";
    /// The system gave no connection; said once a minute at most.
    WARN AcceptFailed {
        /// The system's error number.
        errno: i32
    } = "the system could not accept a connection";
    /// Others than this machine reach the admin listener.
    WARN AdminExposed {} = "the admin listener has no password and is not on loopback";
    /// Little of the disk is left.
    WARN LittleSpace {
        /// What is free, in MiB.
        free: u64,
        /// What is to stay free, in MiB.
        reserve: u64
    } = "little of the disk is free beyond disk_reserve (MiB): senders are told to try later, now or soon";
    /// The reserve is too small.
    WARN LittleReserve {} = "disk_reserve is less than 64 MiB: a full disk may keep owners from making room";
    /// The process could not be kept from being dumped to disk.
    WARN Dumpable {} = "core dumps could not be disabled";
    /// The limit of open files is less than the connections need.
    WARN FewFiles {
        /// The limit.
        limit: u64
    } = "the limit of open files is lower than that of connections; raise it (LimitNOFILE)";
}

/// Sends events to standard error, as configured, and what panics say nowhere but to an event without their text.
pub fn start(log: &Log) {
    // A second start in one process keeps the first one's settings.
    let _already_started = tracing::subscriber::set_global_default(subscriber(log, io::stderr));
    std::panic::set_hook(Box::new(panicked));
}

/// What [`start`] installs, writing elsewhere.
fn subscriber<W>(log: &Log, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(log.format == LogFormat::Text && io::stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.with_target(false).json().flatten_event(true).boxed(),
    };
    Registry::default().with(lines.with_filter(filter_fn(is_ours)).with_filter(level(log.level)))
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target() == TARGET
}

const fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// A panic's message can hold values, so it is dropped; its place, in some program's source, cannot.
fn panicked(info: &PanicHookInfo<'_>) {
    let (file, line) = info.location().map_or(("unknown", 0), |place| (place.file(), place.line()));
    tracing::error!(target: TARGET, file, line, "a part of the relay failed; please report it with this place");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(level: LogLevel, format: LogFormat, run: impl FnOnce()) -> String {
        let page = Page::default();
        let writer = page.clone();
        tracing::subscriber::with_default(subscriber(&Log { format, level }, move || writer.clone()), run);
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn other_targets_are_silent_at_every_level() {
        let text = written(LogLevel::Trace, LogFormat::Text, || {
            tracing::error!(target: "h2::server", peer = "192.0.2.1", "a dependency");
            tracing::trace!(target: "sealpost_relay::service", id = "ab", "ourselves, elsewhere");
        });
        assert_eq!(text, "");
    }

    #[test]
    fn an_event_is_its_text_and_numbers() {
        let text = written(LogLevel::Trace, LogFormat::Json, || Event::Listening { port: 8443 }.log());
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&line["message"], &line["port"]), (&"clients may connect".into(), &8443.into()));
    }

    #[test]
    fn levels_hold_back_what_is_below_them() {
        assert_eq!(written(LogLevel::Warn, LogFormat::Text, || Event::Stopping {}.log()), "");
        assert_eq!(written(LogLevel::Off, LogFormat::Text, || Event::CutOff {}.log()), "");
        assert!(written(LogLevel::Warn, LogFormat::Text, || Event::CutOff {}.log()).contains("cut off"));
    }
}
