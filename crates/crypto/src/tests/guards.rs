//! The seven guards that this publication of libsignal needs (docs/decisions/0016). Guard 5 is tested with the other
//! forgeries, guard 6 with the replays.

mod keys;
mod panics;
mod portability;
mod post_quantum;
