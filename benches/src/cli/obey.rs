//! Doing what the command line says, and telling what came of it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::arguments::{
    AwayArguments, DiscoverArguments, IdleArguments, MixedArguments, ObliviousArguments, OnlineArguments,
    RotateArguments,
};
use super::{Command, Common};
use crate::compare;
use crate::failure::Failure;
use crate::floor;
use crate::machine::Machine;
use crate::plot;
use crate::progress::Progress;
use crate::redis::Backing;
use crate::scenario::shape::{Content, Over, Shape};
use crate::scenario::{
    all, all::All, away, burst, discover, idle, mixed, oblivious, online, quick, rotate, sizes, soak,
};
use crate::subject::{Kind, Programs};
use crate::table;

/// A result, with what it was got on.
#[derive(Serialize)]
struct Told<'a, T> {
    scenario: &'static str,
    machine: &'a Machine,
    #[serde(flatten)]
    setting: Setting,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<Backing>,
    result: T,
}

/// How it was got.
#[derive(Default, Serialize)]
struct Setting {
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Shape>,
    tls: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    over: Option<Over>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

impl Setting {
    fn of(shape: Shape, tls: bool) -> Self {
        Self { shape: Some(shape), tls, ..Self::default() }
    }

    fn shapeless(tls: bool) -> Self {
        Self { tls, ..Self::default() }
    }
}

/// Who does it.
struct Bench<'c> {
    programs: Programs,
    machine: Machine,
    common: &'c Common,
}

pub(super) async fn obey(command: Command, common: &Common) -> Result<(), Failure> {
    let mut programs = Programs::find(common.relay.clone(), common.data.clone(), common.url.clone())?;
    (programs.redis, programs.proxy) = (common.redis, common.proxy.clone());
    let bench = Bench { programs, machine: Machine::this(), common };
    match command {
        Command::Floor { listen, tls } => floor::serve(listen, tls).await,
        Command::Quick => bench.quick().await,
        Command::Compare { one, other } => print(&compare::files(&one, &other)?),
        Command::Burst { tls } => bench.burst(tls).await,
        Command::Sizes => bench.sizes().await,
        Command::Soak { minutes } => bench.soak(minutes).await,
        Command::All { write } => bench.all(write.as_deref()).await,
        Command::Online(arguments) => bench.online(&arguments).await,
        Command::Mixed(arguments) => bench.mixed(&arguments).await,
        Command::Oblivious(arguments) => bench.oblivious(&arguments).await,
        Command::Rotate(arguments) => bench.rotate(&arguments).await,
        Command::Discover(arguments) => bench.discover(&arguments).await,
        Command::Away(arguments) => bench.away(&arguments).await,
        Command::Idle(arguments) => bench.idle(&arguments).await,
    }
}

impl Bench<'_> {
    async fn online(&self, arguments: &OnlineArguments) -> Result<(), Failure> {
        let (plan, tls) = (arguments.plan()?, arguments.shape.tls);
        let kind = if arguments.floor { Kind::Floor } else { Kind::Relay };
        let subject = self.programs.start_for(kind, tls, plan.over)?;
        let progress = Progress::lasting("online", plan.times.all());
        let result = online::run(&subject, &plan).await;
        progress.finish();
        let (over, content) = (Some(plan.over), Some(plan.content));
        self.tell("online", Setting { over, content, ..Setting::of(plan.shape, tls) }, result?)
    }

    async fn mixed(&self, arguments: &MixedArguments) -> Result<(), Failure> {
        let times = arguments.times.times();
        let subject = self.programs.start(Kind::Relay, arguments.tls)?;
        let progress = Progress::lasting("mixed", times.all());
        let result = mixed::run(&subject, arguments.rate, times).await;
        progress.finish();
        self.tell("mixed", Setting::of(mixed::shape(), arguments.tls), result?)
    }

    async fn oblivious(&self, arguments: &ObliviousArguments) -> Result<(), Failure> {
        let progress = Progress::default();
        progress.steps(oblivious::WAYS);
        let result = oblivious::run(&self.programs, arguments.rate, arguments.times.times(), &progress).await;
        progress.finish();
        self.tell("oblivious", Setting::of(Shape::default(), true), result?)
    }

    async fn rotate(&self, arguments: &RotateArguments) -> Result<(), Failure> {
        let (tls, times) = (arguments.tls, arguments.times.times());
        let progress = Progress::default();
        progress.steps(2);
        let result = rotate::run(&self.programs, tls, arguments.rates(), times, &progress).await;
        progress.finish();
        self.tell("rotate", Setting::of(Shape::default(), tls), result?)
    }

    async fn discover(&self, arguments: &DiscoverArguments) -> Result<(), Failure> {
        let subject = self.programs.start_directory()?;
        let progress = Progress::default();
        let result = discover::run(&subject, arguments.search(), &progress).await;
        progress.finish();
        self.tell("discover", Setting { over: Some(arguments.over), ..Setting::shapeless(true) }, result?)
    }

    async fn away(&self, arguments: &AwayArguments) -> Result<(), Failure> {
        let (shape, tls) = (arguments.shape.shape()?, arguments.shape.tls);
        let subject = self.programs.start(Kind::Relay, tls)?;
        let result = away::run(&subject, shape, arguments.messages, arguments.shape.window).await?;
        self.tell("away", Setting::of(shape, tls), result)
    }

    async fn idle(&self, arguments: &IdleArguments) -> Result<(), Failure> {
        let subject = self.programs.start(Kind::Relay, arguments.tls)?;
        let result = idle::run(&subject, arguments.connections).await?;
        self.tell("idle", Setting::shapeless(arguments.tls), result)
    }

    /// Figures of a relay that does not hold are told, and it fails.
    async fn burst(&self, tls: bool) -> Result<(), Failure> {
        let result = burst::run(&self.programs.start_tuned(Kind::Relay, tls, &burst::tuning())?).await?;
        let holds = result.holds;
        self.tell("burst", Setting::shapeless(tls), result)?;
        if holds { Ok(()) } else { Err(Failure::NotBorne) }
    }

    async fn sizes(&self) -> Result<(), Failure> {
        let progress = Progress::default();
        progress.steps(sizes::STEPS);
        let result = sizes::run(&self.programs, &progress).await;
        progress.finish();
        self.tell("sizes", Setting::shapeless(false), result?)
    }

    async fn quick(&self) -> Result<(), Failure> {
        let progress = Progress::default();
        let figures = quick::run(&self.programs, &progress).await;
        progress.finish();
        self.print(&figures?)
    }

    async fn all(&self, write: Option<&Path>) -> Result<(), Failure> {
        let progress = Progress::default();
        let results = all::run(&self.programs, &progress).await;
        progress.finish();
        let results = results?;
        if let Some(directory) = write {
            keep(&results, directory)?;
        }
        self.print(&results)
    }

    /// Figures of a relay that does not hold are told, and it fails.
    async fn soak(&self, minutes: f64) -> Result<(), Failure> {
        let progress = Progress::default();
        let soaked = soak::run(&self.programs, Duration::from_secs_f64(minutes * 60.0), &progress).await;
        progress.finish();
        let soaked = soaked?;
        self.print(&soaked)?;
        if soaked.holds { Ok(()) } else { Err(Failure::NotSteady) }
    }

    fn tell(&self, scenario: &'static str, setting: Setting, result: impl Serialize) -> Result<(), Failure> {
        self.print(&Told { scenario, machine: &self.machine, setting, redis: self.programs.redis, result })
    }

    fn print(&self, value: &impl Serialize) -> Result<(), Failure> {
        let value = serde_json::to_value(value).map_err(|error| Failure::Argument(error.to_string()))?;
        let text = if self.common.json { value.to_string() } else { table::of(&value) };
        print(&text)
    }
}

fn print(text: &str) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(|error| Failure::Files("writing the result", error))
}

/// Writes results and plots.
fn keep(results: &All, directory: &Path) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(results).map_err(|error| Failure::Argument(error.to_string()))?;
    let files = [
        ("results.json", json + "\n"),
        ("latency.svg", plot::latency(results)?),
        ("memory.svg", plot::memory(results)?),
        ("mixed.svg", plot::mixed(&results.further)?),
        ("requests.svg", plot::requests(&results.further)?),
        ("ways.svg", plot::ways(&results.further)?),
    ];
    let write = |(name, text): &(&str, String)| fs::write(directory.join(name), text);
    fs::create_dir_all(directory)
        .and_then(|()| files.iter().try_for_each(write))
        .map_err(|error| Failure::Files("writing the results", error))
}
