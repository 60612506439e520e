//! kill -9, 200 times, while two people write to each other all the time.
//!
//! Five processes: a relay and, for each person, one that listens (it has the engine: it collects, seals and sends) and
//! one that writes lines into the outbox. At random moments one of them is killed and, after a random pause, started
//! again; often that is while it still recovers from the kill before. The one that reads what `listen` shows remembers the
//! position of the last whole line, as every script should, and goes on from there.
//!
//! **What fails the run**: a line that `send` said it had stored and that the other person is not shown in the end; a line
//! that is shown twice; a line that is shown after a later one of the same person; a line that nobody wrote; an envelope
//! that cannot be opened; an outbox that does not become empty; a process that ends by itself; a text or name in a log,
//! all of which are written at trace level; fewer lines than [`LEAST`] each way, since a thin load proves nothing.
//!
//! **What does not**: a line that `send` was killed over before it said anything: it may arrive or not. How long anything
//! takes, as long as the end comes within [`PATIENCE`] of the last progress. Kills are not aimed: where in its work a
//! process is hit is left to chance, of which the seed is fixed and the timing of the machine is not.
//!
//! Set `SEALPOST_KILLS` and `SEALPOST_KILL_SEED` to kill more often, or otherwise.

mod dice;
mod ledger;
mod stage;
mod writer;

use std::env;
use std::thread::sleep;
use std::time::Duration;

use sealpost_tests::Result;

use dice::Dice;
use stage::{Stage, Victim};

const KILLS: u64 = 200;
const SEED: u64 = 0x5ea1_9057;
/// So many lines must be shown to each person at least, for each kill.
const LEAST: f64 = 1.0;
/// The longest time without a new line, in the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// A repetition would come within this time, if there were one.
const AFTERMATH: Duration = Duration::from_secs(2);
const BETWEEN_KILLS: std::ops::Range<u64> = 40..800;
const PAUSE: std::ops::Range<u64> = 0..150;

#[test]
fn two_hundred_kills_lose_nothing_repeat_nothing_and_keep_the_order() {
    let (kills, seed) = (from_environment("SEALPOST_KILLS", KILLS), from_environment("SEALPOST_KILL_SEED", SEED));
    if let Err(trouble) = run(kills, seed) {
        panic!("{trouble}\nSEALPOST_KILLS={kills} SEALPOST_KILL_SEED={seed} runs the same kills again");
    }
}

fn run(kills: u64, seed: u64) -> Result<()> {
    let mut dice = Dice::new(seed);
    let directory = tempfile::tempdir()?;
    let mut stage = Stage::set(directory.path())?;
    for number in 0..kills {
        sleep(dice.milliseconds(BETWEEN_KILLS));
        let victim = dice.pick(&Victim::ALL);
        stage.kill(victim).map_err(|trouble| format!("kill {number}, {victim:?}: {trouble}"))?;
        sleep(dice.milliseconds(PAUSE));
        stage.start(victim)?;
    }
    stage.stop_writing()?;
    stage.drain(PATIENCE)?;
    sleep(AFTERMATH);
    let shown = stage.end()?;
    #[expect(clippy::print_stderr, reason = "how heavy the load was, for whoever asks with --nocapture")]
    let () = eprintln!("{kills} kills, {} and {} lines shown", shown[0], shown[1]);
    let least = kills as f64 * LEAST;
    if shown.iter().any(|shown| (*shown as f64) < least) {
        return Err(format!("only {shown:?} lines were shown: too thin a load").into());
    }
    Ok(())
}

fn from_environment(name: &str, default: u64) -> u64 {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
