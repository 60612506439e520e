//! People, their days, and who knows whom: the same for every system that they write through.

use std::time::Duration;

use crate::draw::Dice;

mod days;

pub use days::Spans;

/// Seconds of a day.
pub const DAY: f64 = 86_400.0;
/// Shares of people by time zone, hours east of Greenwich.
const ZONES: [(f64, f64); 5] = [(-5.0, 0.2), (0.0, 0.15), (1.0, 0.35), (5.5, 0.2), (8.0, 0.1)];
/// Degrees fall off as a power law: `P(degree > d) = (LEAST / d)^TAIL`.
const LEAST: f64 = 6.0;
const TAIL: f64 = 2.1;
const MOST: f64 = 60.0;
/// How much likelier people of one zone know each other.
const NEAR: f64 = 2.2;
const FAR: f64 = 0.3;
/// Conversations that somebody begins in a day.
const BEGUN_A_DAY: f64 = 3.2;
/// How unequal friends are: the deviation of the logarithm of how often one writes to them.
const UNEQUAL: f64 = 1.3;
/// The share of acquaintances that are made while the relay watches.
const NEW: f64 = 0.1;

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// When they may look at their phone: awake, and not parted from it.
    pub active: Spans,
    /// When their phone reaches the network.
    pub online: Spans,
    /// How long it takes them to look when the phone rings: the median, in seconds.
    pub reaction: f64,
    /// Their acquaintances, by index.
    pub ties: Vec<usize>,
    zone: f64,
}

/// Two people who write to each other.
#[derive(Debug, Clone, Copy)]
pub struct Tie {
    /// Both, by index; the first makes the acquaintance if it is new.
    pub ends: [usize; 2],
    /// Conversations that either end begins in a day.
    pub begun_a_day: f64,
    /// When they meet; zero if they know each other from before.
    pub since: Duration,
}

/// Everyone, for so many days.
#[derive(Debug, Clone)]
pub struct World {
    /// All people.
    pub people: Vec<Person>,
    /// All acquaintances.
    pub ties: Vec<Tie>,
    /// When it ends.
    pub end: Duration,
}

impl World {
    /// Makes up a world.
    #[must_use]
    pub fn new(people: usize, days: u32, seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let mut people: Vec<Person> = (0..people).map(|_| person(days, &mut dice)).collect();
        let ties = ties(&people, days, &mut dice);
        for (index, tie) in ties.iter().enumerate() {
            tie.ends.into_iter().for_each(|end| people[end].ties.push(index));
        }
        Self { people, ties, end: Duration::from_secs(u64::from(days) * 86_400) }
    }
}

impl World {
    /// People who are always awake and online, and never think of each other.
    #[must_use]
    pub fn quiet(people: usize, ties: &[[usize; 2]], end: Duration) -> Self {
        let of = |person| (0..ties.len()).filter(|tie| ties[*tie].contains(&person)).collect();
        let (active, online) = (Spans::all(end), Spans::all(end));
        let person = |person| Person {
            active: active.clone(),
            online: online.clone(),
            reaction: f64::INFINITY,
            ties: of(person),
            zone: 0.0,
        };
        let tie = |ends: &[usize; 2]| Tie { ends: *ends, begun_a_day: 0.0, since: Duration::ZERO };
        Self { people: (0..people).map(person).collect(), ties: ties.iter().map(tie).collect(), end }
    }
}

fn person(days: u32, dice: &mut Dice) -> Person {
    let zone = zone(dice.uniform());
    let days = days::of_somebody(zone, days, dice);
    Person { active: days.active, online: days.online, reaction: dice.around(240.0, 0.6), ties: Vec::new(), zone }
}

fn zone(mut at: f64) -> f64 {
    for (zone, share) in ZONES {
        at -= share;
        if at < 0.0 {
            return zone;
        }
    }
    0.0
}

/// Edges as Chung and Lu draw them: as likely as the product of the degrees that their ends are to have.
fn ties(people: &[Person], days: u32, dice: &mut Dice) -> Vec<Tie> {
    let wanted: Vec<f64> =
        people.iter().map(|_| (LEAST * (1.0 - dice.uniform()).powf(-1.0 / TAIL)).min(MOST)).collect();
    let zeal: Vec<f64> = people.iter().map(|_| dice.around(1.0, 0.6)).collect();
    let all: f64 = wanted.iter().sum();
    let mut ties = Vec::new();
    for one in 0..people.len() {
        for other in one + 1..people.len() {
            let near = if people[one].zone == people[other].zone { NEAR } else { FAR };
            if dice.chance(near * wanted[one] * wanted[other] / all) {
                let weight = (zeal[one] * zeal[other]).sqrt() * dice.around(1.0, UNEQUAL);
                ties.push(Tie { ends: [one, other], begun_a_day: weight, since: since(days, dice) });
            }
        }
    }
    let weight: f64 = ties.iter().map(|tie| tie.begun_a_day).sum();
    let scale = BEGUN_A_DAY * people.len() as f64 / weight.max(f64::MIN_POSITIVE);
    ties.iter_mut().for_each(|tie| tie.begun_a_day *= scale);
    ties
}

fn since(days: u32, dice: &mut Dice) -> Duration {
    let moment = dice.between(DAY, DAY * f64::from(days));
    if dice.chance(NEW) { moment } else { Duration::ZERO }
}
