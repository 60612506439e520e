use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn mailboxes(count: u32) -> BTreeMap<u32, Attention> {
    (0..count).map(|key| (key, Attention::Background)).collect()
}

fn started(count: u32, rng: &mut StdRng) -> Schedule<u32> {
    let mut schedule = Schedule::new(Pace::default());
    schedule.set(&mailboxes(count), Duration::ZERO, rng);
    schedule
}

/// Who is asked for, and when, until a time.
fn run(schedule: &mut Schedule<u32>, until: Duration, rng: &mut StdRng) -> Vec<(Duration, u32)> {
    let mut polls = Vec::new();
    while let Some(now) = schedule.next().filter(|now| *now <= until) {
        polls.extend(schedule.take_due(now, rng).map(|key| (now, key)));
    }
    polls
}

#[test]
fn waits_are_those_of_a_poisson_process() {
    let mut rng = StdRng::seed_from_u64(1);
    let mean = Duration::from_secs(100);
    let waits: Vec<_> = (0..20_000).map(|_| wait(mean, &mut rng)).collect();
    let share = |limit: Duration| waits.iter().filter(|wait| **wait > limit).count() as f64 / 20_000.0;
    for times in [0.25, 0.5, 1.0, 2.0, 3.0] {
        assert!((share(mean.mul_f64(times)) - (-times).exp()).abs() < 0.015, "{times}");
    }
    assert!(waits.iter().all(|wait| *wait <= mean * 10));
}

#[test]
fn a_start_is_no_sweep_but_any_hour_like_another() {
    let mut rng = StdRng::seed_from_u64(2);
    let polls = run(&mut started(500, &mut rng), 10 * HOUR, &mut rng);
    for hour in 0..10 {
        let of_it = polls.iter().filter(|(time, _)| (hour * HOUR..(hour + 1) * HOUR).contains(time)).count();
        // 500 mailboxes, four times each.
        assert!((1_800..2_200).contains(&of_it), "{of_it}");
    }
    let in_the_first_minute = polls.iter().filter(|(time, _)| *time < HOUR / 60).count();
    assert!((15..55).contains(&in_the_first_minute), "{in_the_first_minute}");
}

#[test]
fn what_was_slept_through_is_not_caught_up_on_in_a_sweep() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut schedule = started(1_000, &mut rng);
    let awake = 24 * HOUR;
    let mut at_once = 0;
    while schedule.take_due(awake, &mut rng).is_some() {
        at_once += 1;
    }
    assert!(at_once <= 5, "{at_once}");
    assert!(schedule.next().unwrap() > awake);
}

#[test]
fn clocks_of_two_mailboxes_tell_nothing_of_each_other() {
    let mut rng = StdRng::seed_from_u64(4);
    let polls = run(&mut started(2, &mut rng), 1_000 * HOUR, &mut rng);
    let times = |key: u32| polls.iter().filter(move |(_, of)| *of == key).map(|(time, _)| *time);
    // How often the other is asked for within a minute after this one: as often as within any minute.
    let others: BTreeSet<_> = times(1).collect();
    let soon = times(0).filter(|time| others.range(*time..*time + HOUR / 60).next().is_some()).count();
    let share = soon as f64 / times(0).count() as f64;
    assert!((share - (1.0 - (-1.0_f64 / 15.0).exp())).abs() < 0.02, "{share}");
}

#[test]
fn an_open_conversation_is_asked_for_more_often_and_no_other() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut schedule = started(10, &mut rng);
    let mut open = mailboxes(10);
    open.insert(3, Attention::Foreground);
    schedule.set(&open, Duration::ZERO, &mut rng);
    let count = |polls: &[(Duration, u32)], key: u32| polls.iter().filter(|(_, of)| *of == key).count();
    let polls = run(&mut schedule, HOUR, &mut rng);
    assert!((600..850).contains(&count(&polls, 3)), "{}", count(&polls, 3));
    assert!((0..10).filter(|key| *key != 3).all(|key| count(&polls, key) < 15));
    schedule.set(&mailboxes(10), HOUR, &mut rng);
    assert!(count(&run(&mut schedule, 2 * HOUR, &mut rng), 3) < 15);
}

#[test]
fn a_clock_goes_on_when_other_mailboxes_come_and_go() {
    let mut rng = StdRng::seed_from_u64(6);
    let mut schedule = started(1, &mut rng);
    let due = schedule.next();
    schedule.set(&mailboxes(1), HOUR / 60, &mut rng);
    assert_eq!(schedule.next(), due);
    schedule.set(&mailboxes(0), HOUR / 60, &mut rng);
    assert_eq!(schedule.next(), None);
    assert_eq!(schedule.take_due(9 * HOUR, &mut rng), None);
}

#[test]
fn what_was_left_behind_is_asked_for_soon() {
    let mut rng = StdRng::seed_from_u64(7);
    let mut schedule = started(1, &mut rng);
    schedule.hasten(0, Duration::ZERO, &mut rng);
    assert!(schedule.next().unwrap() <= 10 * Pace::default().drain);
    // Nothing comes later by it, and what is unknown stays so.
    let due = schedule.next();
    schedule.hasten(0, 9 * HOUR, &mut rng);
    schedule.hasten(1, Duration::ZERO, &mut rng);
    assert_eq!(schedule.next(), due);
}

#[test]
fn what_it_costs_is_counted_in_polls() {
    let pace = Pace::default();
    assert_eq!(pace.cost(0, 0), Cost { requests: 0, bytes: 0 });
    assert_eq!(pace.cost(1, 0).requests, 96);
    assert_eq!(pace.cost(1, 1).requests, 17_280);
    assert_eq!(pace.cost(100, 1).requests, 99 * 96 + 17_280);
    // Two hundred mailboxes are asked for as often as it says.
    let mut rng = StdRng::seed_from_u64(8);
    let polls = run(&mut started(200, &mut rng), 24 * HOUR, &mut rng).len() as f64;
    assert!((polls / pace.cost(200, 0).requests as f64 - 1.0).abs() < 0.02, "{polls}");
}

#[test]
fn a_front_door_is_asked_for_about_every_third_day() {
    let mut rng = StdRng::seed_from_u64(9);
    let mut schedule = Schedule::new(Pace::default());
    let doors: BTreeMap<u32, Attention> = (0..200).map(|key| (key, Attention::Door)).collect();
    schedule.set(&doors, Duration::ZERO, &mut rng);
    let polls = run(&mut schedule, 15 * 24 * HOUR, &mut rng).len();
    assert!((900..1_100).contains(&polls), "{polls}");
}
