//! Journeys: what must hold for people, whatever is killed, full, damaged or hostile meanwhile. Real processes on loopback.
//!
//! Each module opens with what fails it and, where that is not plain, what does not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a journey that cannot go on has failed")]

mod journeys {
    mod bad_input;
    mod before_consent;
    mod calibration;
    mod clock_jumps;
    mod company;
    mod discovery;
    mod full_disk;
    mod kill;
    mod leaving;
    mod logs;
    mod meddling;
    mod memory;
    mod moving;
    mod numbers;
    mod prompt;
    mod proxied;
    mod quiet;
    mod relays_on_redis;
    mod rotation;
    mod shapes;
    mod terminal;
    mod tickets;
    mod trouble;
    mod two_worlds;
}
