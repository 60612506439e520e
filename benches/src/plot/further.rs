//! Pictures of the other scenarios.

use super::{Titles, bars, spread};
use crate::failure::Failure;
use crate::scenario::further::Further;
use crate::scenario::online::Online;

const PARTS: [&str; 3] = ["relay", "proxy", "Redis"];

/// How long messages take to owners of several manners, as an SVG image.
///
/// # Errors
/// [`Failure::Plot`].
pub fn mixed(further: &Further) -> Result<String, Failure> {
    let mixed = &further.mixed;
    let lines = [
        ("to owners who are there", mixed.there),
        ("who acknowledge late", mixed.late),
        ("who come and go", mixed.coming),
        ("accepted", mixed.all.accept),
    ];
    spread::svg(&titles("Owners of several manners, all sizes, TLS", "of all messages", "ms"), &lines)
}

/// How long it takes to open a mailbox, to live its life, to look for people, as an SVG image.
///
/// # Errors
/// [`Failure::Plot`].
pub fn requests(further: &Further) -> Result<String, Failure> {
    let Further { rotate, discover, .. } = further;
    let lines = [
        ("a mailbox is open", rotate.open),
        ("and used and closed", rotate.life),
        ("64 values are evaluated", discover.evaluate),
        ("and 8 buckets read", discover.look),
    ];
    spread::svg(&titles("Requests, TLS", "of all that were due", "ms"), &lines)
}

/// What a message takes of processors by the way that it goes and the store that it lies in, as an SVG image.
///
/// # Errors
/// [`Failure::Plot`].
pub fn ways(further: &Further) -> Result<String, Failure> {
    let oblivious = &further.oblivious;
    let ways = [
        ("HTTP/2", Some(&oblivious.http2)),
        ("Oblivious", Some(&oblivious.gateway)),
        ("by a proxy", oblivious.proxy.as_ref()),
    ];
    let ways = ways.into_iter().filter_map(|(name, online)| Some((name.to_owned(), parts(online?))));
    let word = |backing| serde_json::to_value(backing).ok().and_then(|word| word.as_str().map(ToOwned::to_owned));
    let stores = further
        .redis
        .iter()
        .map(|one| (format!("Redis: {}", word(one.backing).unwrap_or_default()), parts(&one.online)));
    let titles = titles(
        "Processors for a message",
        "requests at 500 a second by TLS; clusters at 2,000, one Redis as fast as it goes",
        "µs",
    );
    bars::svg(&titles, &PARTS, &ways.chain(stores).collect::<Vec<_>>())
}

fn titles(caption: &'static str, x: &'static str, y: &'static str) -> Titles {
    Titles { caption, x, y }
}

/// Of the relay, the proxy and Redis.
fn parts(online: &Online) -> Vec<f64> {
    let of = |name: &str| online.cpu_us_by_program.get(name).copied();
    let relay = of("relay").or(online.cpu_us_per_message).unwrap_or_default();
    vec![relay, of("proxy").unwrap_or_default(), of("redis").unwrap_or_default()]
}
