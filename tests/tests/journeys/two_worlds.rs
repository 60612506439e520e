//! Two worlds: in one, Alice writes to Bob; in the other, Carol writes to Dave. What the relay of each sees is the same in
//! shape, and does not differ in distribution: neither in who writes to whom nor in what is written.
//!
//! Two real relays, each behind a tap that has all that the relay has, TLS taken off. The worlds run side by side, so that
//! the machine's moods are the same for both. In the one, everything that is said is a word or two; in the other, it is
//! hundreds of letters. [`SAMPLES`] messages each.
//!
//! **What fails here** is: a request, or a frame, that one world often has and the other has not, by its path, its fields and
//! their lengths; another share of one kind of request; and, by the tests of [`sealpost_tests::statistics`] at their level
//! of one false alarm in a million each: the times between what senders say, the time that a recipient takes to
//! acknowledge, the bytes of envelopes, one world's against the other's and against chance. Also a byte of envelopes that
//! is the same in too many of them. `kinds` does the same for envelopes of texts against those of control messages.
//!
//! **What does not**: values that are drawn anew each time, such as ids. How large a difference goes unnoticed: with this
//! many samples, about 0.5 between the distribution functions. That a difference beyond it is noticed is a test too.

mod kinds;
mod shape;
mod world;

use std::collections::BTreeMap;
use std::thread;

use sealpost_tests::Result;
use sealpost_tests::statistics::{Outcome, entropy, histogram, homogeneity, kolmogorov_smirnov, uniformity};
use tempfile::TempDir;

use world::{View, World};

/// Messages in each world.
const SAMPLES: usize = 60;
/// What comes less often has to do with the time and not with messages, such as a socket that is opened anew after a rest;
/// only its share is compared.
const OFTEN: u64 = SAMPLES as u64 / 10;
/// As often as this, a byte value comes at one place of as many envelopes less than once in 10^9 runs.
const SAME_BYTE: u64 = 12;

#[test]
fn nothing_that_a_relay_sees_tells_one_pair_of_people_from_another() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let [one, other] = both(&directory)?;
    assert_eq!(one.shapes(OFTEN), other.shapes(OFTEN));
    let failed: Vec<_> = compared(&one, &other).into_iter().filter(|(_, outcome)| !outcome.is_alike()).collect();
    assert_eq!(failed, []);
    for view in [&one, &other] {
        assert!(view.envelopes.len() >= SAMPLES, "{} envelopes", view.envelopes.len());
        let bytes = view.envelopes.concat();
        assert!(
            uniformity(&bytes).is_alike() && entropy(&bytes) > 7.99,
            "{:?} {}",
            uniformity(&bytes),
            entropy(&bytes)
        );
    }
    assert!(most_alike(&one.envelopes) < SAME_BYTE && most_alike(&other.envelopes) < SAME_BYTE);
    marked_ones_are_noticed(&one, &other);
    Ok(())
}

/// Both worlds, side by side.
fn both(directory: &TempDir) -> Result<[View; 2]> {
    let one = World::begin(["alice", "bob"], &directory.path().join("one"))?;
    let other = World::begin(["carol", "dave"], &directory.path().join("other"))?;
    let short = thread::spawn(move || one.run(SAMPLES, |number| format!("ok {number}")));
    let long = other.run(SAMPLES, |number| "and so it went on for a while ".repeat(20 + number % 20));
    Ok([short.join().map_err(|_| "the first world panicked")??, long?])
}

/// Every statistic of two views, with its name.
fn compared(one: &View, other: &View) -> Vec<(&'static str, Outcome)> {
    vec![
        ("the kinds of requests", homogeneity(&one.kinds, &other.kinds)),
        ("the times between what senders say", kolmogorov_smirnov(&one.pauses, &other.pauses)),
        ("the times until recipients acknowledge", kolmogorov_smirnov(&one.reactions, &other.reactions)),
        (
            "the bytes of envelopes",
            homogeneity(&histogram(&one.envelopes.concat()), &histogram(&other.envelopes.concat())),
        ),
    ]
}

/// How often the most frequent byte of any one place of envelopes occurs there.
fn most_alike(envelopes: &[Vec<u8>]) -> u64 {
    let longest = envelopes.iter().map(Vec::len).max().unwrap_or_default();
    let at = |place: usize| {
        let mut counts = BTreeMap::<u8, u64>::new();
        envelopes
            .iter()
            .filter_map(|envelope| envelope.get(place))
            .for_each(|byte| *counts.entry(*byte).or_default() += 1);
        counts.into_values().max().unwrap_or_default()
    };
    (0..longest).map(at).max().unwrap_or_default()
}

/// The comparison would have failed, had one world been marked in any of these ways.
fn marked_ones_are_noticed(one: &View, other: &View) {
    let fails = |marked: &View| compared(one, marked).iter().any(|(_, outcome)| !outcome.is_alike());
    let mut late = other.clone();
    let slowest = one.reactions.iter().copied().fold(0.0, f64::max);
    late.reactions.iter_mut().for_each(|reaction| *reaction += slowest);
    assert!(fails(&late), "recipients that take longer");
    let mut chatty = other.clone();
    chatty.kinds.insert("/v1/deposit of another shape".to_owned(), SAMPLES as u64);
    assert!(fails(&chatty) && chatty.shapes(OFTEN) != one.shapes(OFTEN), "a frame more for each message");
    let mut marked = other.clone();
    marked.envelopes.iter_mut().for_each(|envelope| envelope[7] = 1);
    assert!(most_alike(&marked.envelopes) >= SAME_BYTE, "one byte that is always the same");
    let mut plain = other.clone();
    plain.envelopes.iter_mut().for_each(|envelope| envelope[..200].fill(b'a'));
    assert!(fails(&plain), "bytes that are not sealed");
}
