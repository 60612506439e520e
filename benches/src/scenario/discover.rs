//! People are looked for by number: a key service evaluates, and a directory's buckets are read.
//!
//! Before it is measured, values are listed in the directory under the tags that the key service's answers give, and all
//! questions are blinded. Every bucket is looked through as it comes, and every answer's proof is checked in the end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, try_join_all};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde::Serialize;
use tokio::time::sleep;

use super::online::Times;
use super::phase::Phase;
use super::shape::Over;
use crate::failure::Failure;
use crate::load::carrier::{Carrier, Route};
use crate::load::client::Target;
use crate::load::finder::{Answers, Question, Terms, Values};
use crate::load::latency::{Latency, Spread};
use crate::load::pace::Schedule;
use crate::process::Usage;
use crate::progress::Progress;
use crate::subject::{KEY_SERVICE, Subject};

/// Connections to each server.
const CONNECTIONS: usize = 4;
/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Looks a second.
    pub rate: f64,
    /// Buckets that are read in each.
    pub buckets: usize,
    /// Values that are listed before, rounded up to whole questions of 64.
    pub entries: usize,
    /// How requests go.
    pub over: Over,
    /// For how long.
    pub times: Times,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Discover {
    /// Looks that were due a second.
    pub offered: f64,
    /// Looks that were due while it was measured: each has 64 values evaluated.
    pub looks: u64,
    /// Buckets that each of them read.
    pub buckets_each: usize,
    /// Entries that were listed for it.
    pub entries: usize,
    /// How many buckets the directory has.
    pub buckets: u32,
    /// From when a look was due to the key services' answers.
    pub evaluate: Spread,
    /// To the last of its buckets.
    pub look: Spread,
    /// Time of processors that the key service took for one evaluation, in µs; none where it is not known.
    pub key_service_us_per_look: Option<f64>,
    /// Time of processors that the relay took for one bucket, in µs.
    pub relay_us_per_bucket: Option<f64>,
    /// The same of this program for a look, without blinding and unblinding, in µs.
    pub generator_us_per_look: f64,
    /// Whether all proofs held and all entries were found; there are no figures when one was not.
    pub verified: bool,
}

impl Search {
    /// More looks are not due, as good as never: six deviations above what is to be expected.
    fn most(self) -> usize {
        let expected = self.rate * self.times.all().as_secs_f64();
        (expected + 6.0 * expected.sqrt()).ceil() as usize + 10
    }
}

/// Everyone who is asked.
struct Town {
    terms: Terms,
    relay: Vec<Carrier>,
    /// Of each connection, all key services.
    services: Vec<Vec<Carrier>>,
    values: Vec<Arc<Values>>,
}

/// A look that is over, in nanoseconds since the run began.
struct Looked {
    due: u64,
    evaluated: u64,
    done: u64,
    values: Arc<Values>,
    answers: Answers,
}

type Looks = FuturesUnordered<BoxFuture<'static, Result<Looked, Failure>>>;

/// What was taken while it was measured.
struct Taken {
    servers: Vec<(&'static str, Usage)>,
    own: Usage,
}

/// Does it.
///
/// # Errors
/// [`Failure`]: no figures.
pub async fn run(subject: &Subject, search: Search, progress: &Progress) -> Result<Discover, Failure> {
    progress.say("listing entries");
    let town = Town::settle(subject, search).await?;
    progress.say("blinding questions");
    let questions = town.questions(search)?;
    // A server may have closed those that nothing went over meanwhile.
    let town = town.connected(subject, search).await?;
    progress.say("looking");
    let phase = Arc::<Phase>::default();
    let (looked, (before, after)) =
        tokio::try_join!(look(&town, questions, search, &phase), measure(subject, &phase, search.times))?;
    progress.say("checking proofs");
    figures(&town, search, (&before, &after), looked, &phase)
}

async fn measure(subject: &Subject, phase: &Phase, times: Times) -> Result<(Taken, Taken), Failure> {
    let read = || Ok::<_, Failure>(Taken { servers: subject.usage_by_program()?, own: Usage::of(std::process::id())? });
    sleep(times.warm_up).await;
    phase.measure();
    let before = read()?;
    sleep(times.measured).await;
    phase.measured();
    let after = read()?;
    phase.end();
    Ok((before, after))
}

fn figures(
    town: &Town,
    search: Search,
    (before, after): (&Taken, &Taken),
    looked: Vec<Looked>,
    phase: &Phase,
) -> Result<Discover, Failure> {
    let (mut evaluate, mut look) = (Latency::default(), Latency::default());
    for Looked { due, evaluated, done, values, answers } in looked {
        if phase.is_measured(due) {
            evaluate.record(evaluated.saturating_sub(due));
            look.record(done.saturating_sub(due));
        }
        values.check(&town.terms, answers)?;
    }
    let look = look.spread();
    let each = |before: Usage, after: Usage| (after.cpu - before.cpu).as_secs_f64() * 1e6 / look.count.max(1) as f64;
    let of = |name: &str| {
        let find = |taken: &Taken| taken.servers.iter().find(|(program, _)| *program == name).map(|(_, usage)| *usage);
        Some(each(find(before)?, find(after)?))
    };
    Ok(Discover {
        offered: search.rate,
        looks: look.count,
        buckets_each: search.buckets,
        entries: town.values.iter().map(|values| values.lookups.len()).sum(),
        buckets: town.terms.bits.buckets(),
        evaluate: evaluate.spread(),
        look,
        key_service_us_per_look: of(KEY_SERVICE),
        relay_us_per_bucket: of("relay").map(|us| us / search.buckets.max(1) as f64),
        generator_us_per_look: each(before.own, after.own),
        verified: true,
    })
}

impl Town {
    async fn settle(subject: &Subject, search: Search) -> Result<Self, Failure> {
        let terms = Terms::ask(&open(search.over, subject.target.clone()).await?).await?;
        let town = Self { terms, relay: Vec::new(), services: Vec::new(), values: Vec::new() };
        let mut town = town.connected(subject, search).await?;
        for turn in 0..search.entries.div_ceil(sealpost_wire::directory::ELEMENTS) {
            let values = Values::list(&town.terms, town.relay(turn)?, town.services(turn)?).await?;
            town.values.push(Arc::new(values));
        }
        // Buckets may have split meanwhile.
        town.terms = Terms::ask(town.relay(0)?).await?;
        Ok(town)
    }

    /// The same, with new connections.
    async fn connected(self, subject: &Subject, search: Search) -> Result<Self, Failure> {
        let (mut relay, mut services) = (Vec::new(), Vec::new());
        for _ in 0..CONNECTIONS {
            relay.push(open(search.over, subject.target.clone()).await?);
            let mut all = Vec::new();
            for reference in &self.terms.references {
                let target = Target::named(reference.host.host(), reference.host.port(), true)?;
                all.push(open(search.over, target).await?);
            }
            services.push(all);
        }
        Ok(Self { relay, services, ..self })
    }

    fn relay(&self, turn: usize) -> Result<&Carrier, Failure> {
        self.relay.get(turn % self.relay.len().max(1)).ok_or(Failure::Ended)
    }

    fn services(&self, turn: usize) -> Result<&[Carrier], Failure> {
        self.services.get(turn % self.services.len().max(1)).map(Vec::as_slice).ok_or(Failure::Ended)
    }

    /// As many as may be due.
    fn questions(&self, search: Search) -> Result<Vec<(Arc<Values>, Question)>, Failure> {
        let question = |values: &Arc<Values>| Ok((Arc::clone(values), values.question(&self.terms)?));
        self.values.iter().cycle().take(search.most()).map(question).collect()
    }
}

async fn open(over: Over, target: Target) -> Result<Carrier, Failure> {
    match over {
        Over::Oblivious => Carrier::open(&Route::Gateway(target)).await,
        Over::Websocket | Over::Http2 => Carrier::open(&Route::Direct(target)).await,
        Over::Proxy => Err(Failure::Argument("a look goes by http2 or oblivious".into())),
    }
}

async fn look(
    town: &Town,
    questions: Vec<(Arc<Values>, Question)>,
    search: Search,
    phase: &Arc<Phase>,
) -> Result<Vec<Looked>, Failure> {
    let mut schedule = Schedule::new(search.rate, Duration::ZERO, 0);
    let (mut questions, mut turn) = (questions.into_iter(), 0);
    let (mut looks, mut looked) = (Looks::new(), Vec::new());
    while !phase.is_over() || !looks.is_empty() {
        while let Some(due) = schedule.due(phase.now()).filter(|_| !phase.is_over()) {
            let Some((values, question)) = questions.next() else { break };
            let (relay, services) = (town.relay(turn)?.clone(), town.services(turn)?.to_vec());
            let terms = town.terms.clone();
            let one = One { terms, relay, services, values, buckets: search.buckets, due, phase: Arc::clone(phase) };
            looks.push(one.look(question).boxed());
            turn += 1;
        }
        tokio::select! {
            Some(done) = looks.next() => looked.push(done?),
            () = sleep(LOOK_EVERY) => {}
        }
    }
    Ok(looked)
}

/// One look.
struct One {
    terms: Terms,
    relay: Carrier,
    services: Vec<Carrier>,
    values: Arc<Values>,
    buckets: usize,
    due: u64,
    phase: Arc<Phase>,
}

impl One {
    /// The key services first, then all buckets at once, as whoever knows their places then.
    async fn look(self, question: Question) -> Result<Looked, Failure> {
        let answers = question.ask(&self.services).await?;
        let evaluated = self.phase.now();
        try_join_all((0..self.buckets).map(|place| self.values.read(&self.terms, &self.relay, place))).await?;
        Ok(Looked { due: self.due, evaluated, done: self.phase.now(), values: self.values, answers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_questions_for_all_that_may_be_due() {
        for (rate, seconds) in [(0.5, 2), (50.0, 10), (1_000.0, 3)] {
            let times = Times { warm_up: Duration::ZERO, measured: Duration::from_secs(seconds) };
            let search = Search { rate, buckets: 1, entries: 1, over: Over::Http2, times };
            let mut schedule = Schedule::new(rate, Duration::ZERO, 0);
            let due = std::iter::from_fn(|| schedule.due(seconds * 1_000_000_000)).count();
            assert!(due <= search.most(), "{due} of {}", search.most());
        }
    }
}
