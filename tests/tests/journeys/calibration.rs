//! A real relay's view of real clients, against what the simulation of `tests/adversary` shows its adversary of the same script:
//! three people, two acquaintances, a conversation that both ends have open, and a few texts.
//!
//! **What fails a run**: a request that the simulation knows nothing of and that is not on the list of what it leaves out; a mailbox of
//! an acquaintance with other deposits, other sizes or other collections than the simulated one; a mailbox that is asked
//! for more than twice as often, or less than half as often, beside another one, as in the simulation; a connection that
//! shows other mailboxes together.
//!
//! **What does not**: how many polls there are, which is chance and the machine's, as long as they stand in that proportion; front
//! doors and spares that the simulation does not have, which are counted.

mod stage;
mod view;

use std::collections::BTreeSet;

use sealpost_adversary::life::{Automatic, Setting, System};
use sealpost_adversary::log::{Purpose, Request, Seen, Truth};
use sealpost_tests::Result;
use sealpost_wire::request::{self, Request as _};

use stage::{PACE, Stage};
use view::{Asked, View};

/// What real clients do that the simulation leaves out: shelves, mailboxes for later, and what is the same for everyone.
const LEFT_OUT: [&str; 7] = [
    request::OpenMailbox::PATH,
    request::Stock::PATH,
    request::CountItems::PATH,
    request::Take::PATH,
    request::OpenShelf::PATH,
    sealpost_wire::manifest::PATH,
    sealpost_wire::oblivious::KEYS_PATH,
];
/// Worlds over which the simulated polls are averaged.
const WORLDS: u64 = 40;

/// What the simulated relay saw of the mailbox of one end.
fn simulated(seen: &Seen, truth: &Truth, tie: u32, end: u8) -> Asked {
    let is_its = |mailbox: u32| truth.mailboxes[mailbox as usize].1 == Purpose::Tie { tie, end };
    let mut asked = Asked::default();
    for event in seen.events.iter().filter(|event| is_its(event.mailbox)) {
        match event.request {
            Request::Deposit(size) => asked.deposits.push(size),
            Request::Collect => (asked.collected, asked.asks) = (asked.collected + 1, asked.asks + 1),
            Request::Poll => asked.asks += 1,
            Request::Open | Request::Close => {}
        }
    }
    asked.deposits.sort_unstable();
    asked
}

fn worlds(stage: &Stage, system: System) -> Vec<(Seen, Truth)> {
    let setting = |seed| Setting { system, automatic: Automatic::Nothing, pace: PACE.pace(), seed };
    (0..WORLDS).map(|seed| stage.script.enact(setting(seed))).collect()
}

/// Deposits, their sizes and what was collected are the same in each world, and must be the same in the real one.
fn has_the_same_traffic(stage: &Stage, view: &View, worlds: &[(Seen, Truth)]) {
    for (tie, end, mailbox) in stage.mailboxes() {
        let real = view.mailboxes.get(&mailbox).cloned().unwrap_or_default();
        for (seen, truth) in worlds {
            let simulated = simulated(seen, truth, tie, end);
            assert_eq!((&real.deposits, real.collected), (&simulated.deposits, simulated.collected), "{tie} {end}");
        }
    }
    let unknown: BTreeSet<_> = view.others.keys().filter(|path| !LEFT_OUT.contains(&path.as_str())).collect();
    assert!(unknown.is_empty(), "the simulation knows nothing of {unknown:?}");
}

/// How often the mailboxes that somebody looks at are asked for, beside those at which nobody does.
fn proportion(asks: impl Fn(u32, u8) -> f64) -> f64 {
    (asks(0, 0) + asks(0, 1)) / (asks(1, 0) + asks(1, 1))
}

#[test]
fn apart_a_real_relay_sees_what_the_simulated_one_does() -> Result<()> {
    let stage = Stage::play("apart")?;
    let (view, worlds) = (stage.view()?, worlds(&stage, System::Apart));
    has_the_same_traffic(&stage, &view, &worlds);
    assert!(view.together.is_empty(), "a connection shows which mailboxes belong together");
    assert!(worlds.iter().all(|(seen, _)| seen.mailboxes.iter().all(|kind| kind.collected_by.is_none())));
    let real = |tie, end| {
        stage.mailbox(tie, end).and_then(|of| view.mailboxes.get(&of)).map_or(0.0, |asked| asked.asks as f64)
    };
    let mean = |tie, end| {
        worlds.iter().map(|(seen, truth)| simulated(seen, truth, tie, end).asks as f64).sum::<f64>() / WORLDS as f64
    };
    let (real, simulated) = (proportion(real), proportion(mean));
    assert!(simulated > 2.0 && real > simulated / 2.0 && real < simulated * 2.0, "{real} and {simulated}");
    // Whoever is simulated has one door; real people have another for contacts, and spares.
    let known: BTreeSet<_> = stage.mailboxes().map(|(_, _, mailbox)| mailbox).collect();
    let asked: BTreeSet<_> = view.mailboxes.keys().filter(|mailbox| !known.contains(mailbox)).collect();
    let doors = asked.iter().filter(|mailbox| view.doors.contains(mailbox)).count();
    assert!(doors <= 2 * 3 && asked.len() - doors <= 3 * 3, "{doors} doors of {} others", asked.len());
    Ok(())
}

#[test]
fn together_a_real_relay_sees_what_the_simulated_one_does() -> Result<()> {
    let stage = Stage::play("together")?;
    let (view, worlds) = (stage.view()?, worlds(&stage, System::Together));
    has_the_same_traffic(&stage, &view, &worlds);
    let (seen, truth) = &worlds[0];
    let simulated = |tie, end| {
        let its = truth.mailboxes.iter().position(|(_, purpose)| *purpose == Purpose::Tie { tie, end });
        its.and_then(|its| seen.mailboxes[its].collected_by)
    };
    for (one, of_one) in stage.mailboxes().map(|(tie, end, mailbox)| (mailbox, simulated(tie, end))) {
        for (other, of_other) in stage.mailboxes().map(|(tie, end, mailbox)| (mailbox, simulated(tie, end))) {
            let shown = view.together.iter().any(|group| group.contains(&one) && group.contains(&other));
            assert_eq!(shown, of_one == of_other && of_one.is_some(), "on one connection");
        }
    }
    let mixed = view.together.iter().find(|group| group.len() > 1 && !group.is_disjoint(&view.doors));
    assert!(mixed.is_none(), "a front door is collected with other mailboxes");
    Ok(())
}
