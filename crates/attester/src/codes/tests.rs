//! The claims that matter most, each by itself.

mod model;

use std::sync::LazyLock;

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

const LIMITS: Limits = Limits { per_minute: 4, per_day: 9 };

/// Reading one takes a while.
static NUMBERS: LazyLock<Vec<PhoneNumber>> = LazyLock::new(|| {
    (0..50).map(|index| PhoneNumber::parse(&format!("+4915123450{index:03}"), None).unwrap()).collect()
});

fn number(index: usize) -> PhoneNumber {
    NUMBERS[index].clone()
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn other_than(code: &Code) -> Code {
    Code::of((code.expose().parse::<u32>().unwrap() + 1) % 1_000_000).unwrap()
}

struct Bench {
    codes: Codes,
    now: Duration,
    rng: StdRng,
}

impl Bench {
    fn new(limits: Limits) -> Self {
        let mut rng = StdRng::seed_from_u64(7);
        Self { codes: Codes::new(limits, Duration::ZERO, &mut rng), now: Duration::ZERO, rng }
    }

    fn draw(&mut self, index: usize) -> Result<Drawn, TooMany> {
        self.codes.draw(&number(index), self.now, &mut self.rng)
    }

    fn take(&mut self, index: usize, code: &Code) -> Result<CodeId, NotTaken> {
        self.codes.take(&number(index), code, self.now)
    }

    fn sweep(&mut self) {
        self.codes.sweep(self.now, &mut self.rng);
    }
}

proptest! {
    /// Whoever guesses at one number all day long, asking for codes in between as they please, has 25 guesses that could
    /// have been right. A guess could, if the right code in its place would have been taken.
    #[test]
    fn nobody_has_more_than_25_guesses_a_day(asks in prop::collection::vec(0..40_usize, 1..30), pause in 0..120_u64) {
        let mut bench = Bench::new(Limits { per_minute: 1_000, per_day: 1_000 });
        let (mut effective, mut since_drawn, mut drawn) = (0, 0, None);
        for guesses in asks {
            if let Ok(new) = bench.draw(0) {
                (drawn, since_drawn) = (Some(new), 0);
            }
            for _ in 0..guesses {
                let Some(Drawn { code, .. }) = &drawn else { continue };
                match bench.take(0, code) {
                    Ok(id) => {
                        bench.codes.give_back(id);
                        (effective, since_drawn) = (effective + 1, since_drawn + 1);
                    }
                    Err(reason) => assert_eq!(reason, NotTaken::Wrong),
                }
                assert_eq!(bench.take(0, &other_than(code)), Err(NotTaken::Wrong));
                prop_assert!(since_drawn <= u32::from(TRIES));
                bench.now += secs(pause);
            }
            prop_assert!(bench.now >= DAY || effective <= 25);
        }
    }
}

#[test]
fn expiry_is_exact() {
    let mut bench = Bench::new(LIMITS);
    bench.now = Duration::from_nanos(3);
    let code = bench.draw(0).unwrap().code;
    bench.now += GOOD_FOR - Duration::from_nanos(1);
    let id = bench.take(0, &code).unwrap();
    bench.codes.give_back(id);
    bench.now += Duration::from_nanos(1);
    assert_eq!(bench.take(0, &code), Err(NotTaken::Wrong));
}

#[test]
fn time_that_seems_to_go_back_extends_nothing() {
    let mut bench = Bench::new(LIMITS);
    bench.now = secs(1_000);
    let code = bench.draw(0).unwrap().code;
    bench.now += GOOD_FOR;
    assert_eq!(bench.take(0, &code), Err(NotTaken::Wrong));
    let code = bench.draw(0).unwrap().code;
    bench.now += GOOD_FOR;
    bench.sweep();
    bench.now = secs(0);
    assert_eq!(bench.take(0, &code), Err(NotTaken::Wrong));
    let code = bench.draw(0).unwrap().code;
    bench.now = secs(1_000_000);
    bench.draw(1).unwrap();
    bench.now = secs(0);
    assert_eq!(bench.take(0, &code), Err(NotTaken::Wrong), "later was heard of from someone else");
}

#[test]
fn a_code_is_used_once() {
    let mut bench = Bench::new(LIMITS);
    let code = bench.draw(0).unwrap().code;
    let id = bench.take(0, &code).unwrap();
    assert_eq!(bench.take(0, &code), Err(NotTaken::InUse), "while it is being used");
    bench.codes.spend(id);
    assert_eq!(bench.take(0, &code), Err(NotTaken::Wrong), "once it was used");
}

#[test]
fn a_code_that_was_taken_for_nothing_can_be_used_still() {
    let mut bench = Bench::new(LIMITS);
    let code = bench.draw(0).unwrap().code;
    for _ in 0..20 {
        let id = bench.take(0, &code).unwrap();
        bench.codes.give_back(id);
    }
    assert!(bench.take(0, &code).is_ok());
}

#[test]
fn what_happens_to_an_old_code_does_not_touch_a_new_one() {
    let mut bench = Bench::new(LIMITS);
    let old = bench.draw(0).unwrap();
    let taken = bench.take(0, &old.code).unwrap();
    let new = bench.draw(0).unwrap();
    bench.codes.spend(taken);
    bench.codes.unsent(old.id);
    assert!(bench.take(0, &new.code).is_ok());
}

#[test]
fn a_code_is_its_numbers_alone() {
    let mut bench = Bench::new(LIMITS);
    let code = bench.draw(0).unwrap().code;
    assert_eq!(bench.take(1, &code), Err(NotTaken::Wrong));
    assert!(bench.take(0, &code).is_ok());
}

#[test]
fn a_code_outlives_the_day_that_it_was_drawn_on_and_the_day_key_does_not() {
    let mut bench = Bench::new(LIMITS);
    bench.now = DAY - secs(1);
    let code = bench.draw(0).unwrap().code;
    let name = bench.codes.today.name(&number(0));
    bench.now = DAY + secs(1);
    bench.sweep();
    assert_ne!(bench.codes.today.name(&number(0)), name);
    let id = bench.take(0, &code).unwrap();
    bench.codes.give_back(id);
    bench.now = DAY + GOOD_FOR;
    bench.sweep();
    assert!(bench.codes.yesterday.is_none() && bench.take(0, &code).is_err());
}

#[test]
fn a_new_code_takes_the_place_of_one_of_yesterday() {
    let mut bench = Bench::new(LIMITS);
    bench.now = DAY - secs(1);
    let old = bench.draw(0).unwrap().code;
    bench.now = DAY;
    let new = bench.draw(0).unwrap().code;
    assert_ne!(old, new);
    assert_eq!(bench.take(0, &old), Err(NotTaken::Wrong));
    assert!(bench.take(0, &new).is_ok());
}

#[test]
fn who_is_refused_is_told_how_long_to_wait() {
    let mut bench = Bench::new(Limits { per_minute: 2, per_day: 7 });
    let draw = |bench: &mut Bench, index| bench.draw(index).map(|_| ()).map_err(|too_many| too_many.wait.as_secs());
    assert_eq!((draw(&mut bench, 0), draw(&mut bench, 0)), (Ok(()), Ok(())));
    bench.now = secs(20);
    assert_eq!(draw(&mut bench, 1), Err(40), "all numbers together had two in this minute");
    for minute in 1..=3 {
        bench.now = secs(60 * minute);
        assert_eq!(draw(&mut bench, 0), Ok(()));
    }
    bench.now = secs(240);
    assert_eq!(draw(&mut bench, 0), Err(86_160), "this number had five today");
    assert_eq!((draw(&mut bench, 1), draw(&mut bench, 2)), (Ok(()), Ok(())));
    bench.now = secs(600);
    assert_eq!(draw(&mut bench, 3), Err(85_800), "all numbers together had seven today");
    bench.now = DAY;
    assert_eq!(draw(&mut bench, 0), Ok(()));
}

#[test]
fn memory_is_bounded_by_the_limit_of_the_day() {
    let mut bench = Bench::new(Limits { per_minute: 1_000, per_day: 10 });
    for index in 0..49 {
        if let Ok(drawn) = bench.draw(index)
            && index % 2 == 0
        {
            bench.codes.unsent(drawn.id);
        }
        assert!(bench.take(index + 1, &Code::of(0).unwrap()).is_err());
    }
    assert_eq!(bench.codes.today.numbers(), 10);
}

#[test]
fn nothing_of_it_prints_a_number_or_a_code() {
    let mut bench = Bench::new(LIMITS);
    let drawn = bench.draw(0).unwrap();
    assert_eq!(format!("{:?} {drawn:?}", bench.codes), "Codes(..) Drawn { code: Code(..), id: CodeId(..) }");
}
