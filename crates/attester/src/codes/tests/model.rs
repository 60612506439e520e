//! Codes against a model that is written as the rules are: whatever is asked and guessed, and however time seems to go,
//! both agree.

use proptest::prelude::*;

use super::*;

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
}
