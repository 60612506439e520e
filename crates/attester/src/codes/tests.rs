//! Codes against a model that is written as the rules are: whatever is asked and guessed, and however time seems to go,
//! both agree. Then the claims that matter most, each by itself.

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

#[derive(Debug, Clone)]
enum Step {
    Draw(usize),
    /// Drawn, but the gateway was not there.
    DrawUnsent(usize),
    /// The number's last code; served with it, or not.
    Right(usize, bool),
    /// The number's last code but one.
    Former(usize),
    Wrong(usize),
    Pass(Duration),
    /// Time seems to go back.
    Back(Duration),
    Sweep,
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..3_usize;
    let span = || prop_oneof![0..70_u64, 500..700_u64, Just(600), Just(599), 20_000..90_000_u64].prop_map(secs);
    prop_oneof![
        6 => number().prop_map(Step::Draw),
        1 => number().prop_map(Step::DrawUnsent),
        3 => (number(), any::<bool>()).prop_map(|(number, served)| Step::Right(number, served)),
        1 => number().prop_map(Step::Former),
        8 => number().prop_map(Step::Wrong),
        4 => span().prop_map(Step::Pass),
        1 => span().prop_map(Step::Back),
        1 => Just(Step::Sweep),
    ]
}

/// The rules, as the protocol says them.
#[derive(Default)]
struct Model {
    latest: Duration,
    day_began: Duration,
    drawn_at: Vec<Duration>,
    drawn_today: [u32; 3],
    last: [Option<Issued>; 3],
    former: [Option<Code>; 3],
}

struct Issued {
    code: Code,
    at: Duration,
    wrong: u8,
    used: bool,
}

impl Model {
    fn turn_to(&mut self, now: Duration) {
        self.latest = self.latest.max(now);
        if self.latest - self.day_began >= DAY {
            self.day_began = self.latest;
            self.drawn_today = [0; 3];
        }
    }

    fn may_draw(&mut self, index: usize) -> bool {
        let minute = self.drawn_at.iter().filter(|at| **at + secs(60) > self.latest).count();
        let today: u32 = self.drawn_today.iter().sum();
        self.drawn_today[index] < 5 && today < LIMITS.per_day && minute < LIMITS.per_minute as usize
    }

    fn draw(&mut self, index: usize, code: &Code) {
        self.drawn_at.push(self.latest);
        self.drawn_today[index] += 1;
        let issued = Issued { code: code.clone(), at: self.latest, wrong: 0, used: false };
        self.former[index] = self.last[index].replace(issued).map(|former| former.code);
    }

    fn take_back(&mut self, index: usize) {
        self.drawn_today[index] -= 1;
        self.last[index] = None;
    }

    fn guess(&mut self, index: usize, code: &Code) -> bool {
        let latest = self.latest;
        let Some(issued) = &mut self.last[index] else { return false };
        let good = !issued.used && issued.wrong < 5 && latest < issued.at + secs(600);
        let right = issued.code == *code;
        issued.wrong += u8::from(good && !right);
        good && right
    }
}

fn agree(bench: &mut Bench, model: &mut Model, step: &Step) {
    match *step {
        Step::Draw(index) | Step::DrawUnsent(index) => {
            model.turn_to(bench.now);
            let drawn = bench.draw(index);
            assert_eq!(drawn.is_ok(), model.may_draw(index), "{drawn:?}");
            let Ok(drawn) = drawn else { return };
            model.draw(index, &drawn.code);
            if matches!(step, Step::DrawUnsent(_)) {
                bench.codes.unsent(drawn.id);
                model.take_back(index);
            }
        }
        Step::Right(index, served) => {
            let Some(code) = model.last[index].as_ref().map(|issued| issued.code.clone()) else { return };
            let taken = guess(bench, model, index, &code);
            match (taken, &mut model.last[index]) {
                (Some(id), Some(issued)) if served => {
                    bench.codes.spend(id);
                    issued.used = true;
                }
                (Some(id), _) => bench.codes.give_back(id),
                (None, _) => {}
            }
        }
        Step::Former(index) => {
            let last = model.last[index].as_ref().map(|issued| issued.code.clone());
            let Some(code) = model.former[index].clone().filter(|former| last.as_ref() != Some(former)) else { return };
            assert!(guess(bench, model, index, &code).is_none());
        }
        Step::Wrong(index) => {
            let right = model.last[index].as_ref().map_or(Code::of(1).unwrap(), |issued| issued.code.clone());
            assert!(guess(bench, model, index, &other_than(&right)).is_none());
        }
        Step::Pass(span) => bench.now += span,
        Step::Back(span) => bench.now = bench.now.saturating_sub(span),
        Step::Sweep => {
            model.turn_to(bench.now);
            bench.sweep();
        }
    }
}

fn guess(bench: &mut Bench, model: &mut Model, index: usize, code: &Code) -> Option<CodeId> {
    model.latest = model.latest.max(bench.now);
    let taken = bench.take(index, code);
    assert_eq!(taken.is_ok(), model.guess(index, code), "{taken:?}");
    taken.ok()
}

proptest! {
    #[test]
    fn codes_are_what_the_rules_say(steps in prop::collection::vec(step(), 1..120)) {
        let (mut bench, mut model) = (Bench::new(LIMITS), Model::default());
        for step in &steps {
            agree(&mut bench, &mut model, step);
        }
    }

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
