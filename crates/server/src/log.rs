//! The one module that logs: closed lists of events, each a fixed text and numbers.
//!
//! No event is of a connection or a request, so none can carry an id, a key, an address or its time. Dependencies log
//! such things; the filter lets nothing through but the events' own target, and `RUST_LOG` is not read. A program makes
//! its own list with [`events!`](crate::events).

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{Log, LogFormat, LogLevel};

/// What all events are filed under, and nothing else.
#[doc(hidden)]
pub const TARGET: &str = "sealpost";

/// What an event may carry besides its text.
pub trait Number: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($type:ty)*) => { $(impl sealed::Sealed for $type {} impl Number for $type {})* };
}

numbers! { u16 u32 u64 usize i32 }

/// Makes a program's list of events: an enum `Event` with a method `log`.
///
/// ```
/// sealpost_server::events! {
///     /// The key of an epoch was erased.
///     INFO Erased {
///         /// The epoch's number.
///         epoch: u32
///     } = "an epoch's key was erased";
/// }
/// Event::Erased { epoch: 7 }.log();
/// ```
///
/// What an event carries is a [`Number`](crate::log::Number):
///
/// ```compile_fail
/// sealpost_server::events! {
///     /// Somebody came.
///     INFO Came {
///         /// From where.
///         from: &'static str
///     } = "somebody came";
/// }
/// ```
#[macro_export]
macro_rules! events {
    ($($(#[$doc:meta])* $level:ident $event:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* } = $text:literal;)*) => {
        /// What happens to the program.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $event { $($(#[$field_doc])* $field: $type,)* },)*
        }

        impl Event {
            /// Writes the event to the log.
            pub fn log(self) {
                const fn number<T: $crate::log::Number>() {}
                match self {
                    $(Self::$event { $($field),* } => {
                        $(const { number::<$type>() };)*
                        $crate::tracing::event!(
                            target: $crate::log::TARGET, $crate::tracing::Level::$level, $($field,)* $text
                        );
                    })*
                }
            }

            /// What the log says of it, without its numbers.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$event { .. } => $text,)*
                }
            }
        }
    };
}

events! {
    /// Clients may connect.
    INFO Listening {
        /// The port of the listener.
        port: u16
    } = "clients may connect";
    /// The operator may connect.
    INFO AdminListening {
        /// The port of the admin listener.
        port: u16
    } = "the admin listener is open";
    /// It says where it has moved to.
    INFO Moved {} = "this server has moved: it says where to, and does nothing else";
    /// A signal came.
    INFO Stopping {} = "stopping: no new connections";
    /// All that there was to do is done.
    INFO Stopped {} = "stopped";
    /// Not all connections ended in time.
    WARN CutOff {} = "connections that did not end in time were cut off";
    /// The manifest could not be written, so the former one is served on.
    ERROR ManifestKept {} = "the manifest could not be signed anew";
    /// SIGHUP came, and the certificate's files were read.
    INFO CertificateRead {} = "the TLS certificate was read anew; new connections are shown it";
    /// An authority has issued a certificate, and it is shown.
    INFO CertificateIssued {} = "a certificate was issued by ACME; new connections are shown it";
    /// An authority was asked for a certificate and could not be spoken with.
    WARN AuthorityOut {} = "no certificate by ACME: the authority could not be asked, or refused; it is asked again in an hour";
    /// An authority did not find the server behind its name.
    WARN NameUnproved {} = "no certificate by ACME: the authority did not find this server on port 443 of its name; it is asked again in an hour";
    /// A certificate, its key or the account could not be read or written.
    ERROR CertificateUnwritten {} = "no certificate by ACME: its files, or the account's, could not be read or written";
    /// An authority has issued something else.
    ERROR CertificateUnfit {} = "no certificate by ACME: what was issued does for no TLS";
    /// SIGHUP came, and the files do for no certificate.
    ERROR CertificateKept {} = "the TLS certificate could not be read anew: the former one is shown on; check-config says why";
    /// The keys of Oblivious HTTP could not be looked after; said once for each outage.
    ERROR KeysUnkept {} = "the key of a day for Oblivious HTTP could not be made, read or erased";
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
    /// The process could not be kept from being dumped to disk.
    WARN Dumpable {} = "core dumps could not be disabled";
    /// The process reaches its own files alone, and starts no program.
    INFO Confined {} = "confined to the server's own files (Landlock)";
    /// The same, less what an older kernel cannot forbid.
    INFO ConfinedInPart {} = "confined to the server's own files (Landlock), as far as this kernel can";
    /// The kernel cannot confine it.
    WARN Unconfined {} = "this kernel confines no process to its files: it has no Landlock, or it is turned off";
    /// The configuration does without.
    WARN SandboxOff {} = "not confined to the server's own files: [sandbox] is off";
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
    tracing::error!(target: TARGET, file, line, "a part of the server failed; please report it with this place");
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
            tracing::trace!(target: "sealpost_server::server", id = "ab", "ourselves, elsewhere");
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
