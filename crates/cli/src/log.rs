//! What `-v` and `RUST_LOG` show: our own messages, which name nobody, and no other library's.

use std::env;
use std::io::{self, IsTerminal};

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

/// Starts logging to the standard error, if the caller asked for it by `-v` or `RUST_LOG`.
///
/// There is no bridge for the `log` crate: libsignal writes addresses and ratchet keys to it.
pub(crate) fn start(verbose: u8) {
    let Some(filter) = filter(verbose) else { return };
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_filter(filter_fn(is_ours));
    // Only a second call could fail, and there is none.
    let _ = tracing::subscriber::set_global_default(registry().with(filter).with(lines));
}

fn filter(verbose: u8) -> Option<EnvFilter> {
    let level = match verbose {
        0 => return env::var("RUST_LOG").ok().map(EnvFilter::new),
        1 => Level::INFO,
        2 => Level::DEBUG,
        _ => Level::TRACE,
    };
    Some(EnvFilter::new(level.to_string()))
}

/// Other libraries print addresses, header lines and whole frames at their lower levels.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "sealpost"
        || metadata.target().starts_with("sealpost_")
        || metadata.target().starts_with("sealpost::")
}
