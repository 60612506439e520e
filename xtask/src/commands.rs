//! What each command runs.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::layers;
use crate::machine::{self, AUDIT, BUILD, FAKETIME, PAGE, TEST, VALGRIND};
use crate::run::{cargo, metadata, output, root, run, run_or};

pub(crate) const PROGRAMS: &[&str] = &[
    "--package",
    "sealpost-relay",
    "--package",
    "sealpost-attester",
    "--package",
    "sealpost",
    "--package",
    "sealpost-tests",
];

/// `cargo xtask demo`
#[derive(Args)]
pub(crate) struct Demo {
    /// The talk, a line for each message: `name: text`
    #[arg(long, value_name = "FILE")]
    talk: Option<PathBuf>,
    /// An address book of your own to look up: a vCard file
    #[arg(long, value_name = "FILE")]
    vcard: Option<PathBuf>,
    /// Start a proxy of Oblivious HTTP, and have everyone collect `together` or `apart` through it
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// One JSON object at the end instead of tables
    #[arg(long)]
    json: bool,
    /// Use optimized programs
    #[arg(long)]
    release: bool,
}

/// Builds the programs and the demo, then runs it with the caller's terminal.
///
/// The demo is started by its path: `cargo run` would build it again, with other features of some dependencies.
pub(crate) fn demo(demo: &Demo) -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    let profile: &[&str] = if demo.release { &["--release"] } else { &[] };
    run(cargo(&["build", "--bins"]).args(PROGRAMS).args(profile))?;
    let mut command = Command::new(built("sealpost-demo", demo.release)?);
    if let Some(talk) = &demo.talk {
        command.arg("--talk").arg(talk);
    }
    if let Some(vcard) = &demo.vcard {
        command.arg("--vcard").arg(vcard);
    }
    if let Some(policy) = &demo.policy {
        command.arg("--policy").arg(policy);
    }
    if demo.json {
        command.arg("--json");
    }
    run(&mut command)
}

/// `cargo xtask audit`
#[derive(Args)]
pub(crate) struct Audit {
    /// One JSON object at the end instead of tables
    #[arg(long)]
    json: bool,
    /// Write the report as one page for a browser, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Leave capture, key log and the relay's files in this directory, which must be empty
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Builds the programs, makes the experiment with them, and tries the search itself.
///
/// What cannot be looked into on this machine is told, and is no failure.
pub(crate) fn audit(audit: &Audit) -> Result<(), Failure> {
    const NOT_ALL: i32 = 4;
    machine::ensure(BUILD)?;
    machine::ensure(AUDIT)?;
    run(cargo(&["build", "--bins", "--package", "sealpost-audit"]).args(PROGRAMS))?;
    let mut command = Command::new(built("sealpost-audit", false)?);
    command.arg("experiment").arg("--relay").arg(built("sealpost-relay", false)?);
    command.arg("--client").arg(built("sealpost", false)?);
    command.arg("--attester").arg(built("sealpost-attester", false)?);
    for (option, path) in [("--html", &audit.html), ("--keep", &audit.keep)] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    if audit.json {
        command.arg("--json");
    }
    run_or(&mut command, &[NOT_ALL])
}

/// `cargo xtask adversary`
#[derive(Args)]
pub(crate) struct Adversary {
    /// One JSON object at the end instead of a table
    #[arg(long)]
    json: bool,
    /// Instead, what these kinds of evidence link, each by itself, where mailboxes are collected apart
    #[arg(long, value_name = "KINDS")]
    means: Option<String>,
    /// Write the table into SECURITY.md and docs/adversary.md, and the plot and the report beside it
    #[arg(long)]
    write: bool,
}

/// Builds the adversary and lets it attack; it fails where it links more than it may, or than it did before.
///
/// It is optimized in every profile, so that it takes no build of its own.
pub(crate) fn adversary(adversary: &Adversary) -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    run(&mut cargo(&["build", "--bins", "--package", "sealpost-adversary"]))?;
    let mut command = Command::new(built("sealpost-adversary", false)?);
    if adversary.json {
        command.arg("--json");
    }
    if let Some(means) = &adversary.means {
        command.arg("--means").arg(means);
    }
    if adversary.write {
        command.arg("--write").arg(root());
    } else {
        command.arg("--earlier").arg(root().join("docs/adversary.json"));
    }
    run(&mut command)
}

/// `cargo xtask bench`
#[derive(Args)]
pub(crate) struct Bench {
    /// The figures that matter, within five minutes of the build
    #[arg(long)]
    quick: bool,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Has an optimized relay measured.
pub(crate) fn bench(bench: &Bench) -> Result<(), Failure> {
    let mut command = generator(if bench.quick { &[] } else { &["--features", "sealpost-benches/sealing"] })?;
    if bench.quick {
        command.arg("quick");
    } else {
        command.arg("all").arg("--write").arg(root().join("docs/performance"));
    }
    if bench.json {
        command.arg("--json");
    }
    run(&mut command)
}

/// `cargo xtask soak`
#[derive(Args)]
pub(crate) struct Soak {
    /// For how long
    #[arg(long, default_value = "3", value_name = "N")]
    minutes: String,
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Has an optimized relay soaked; it fails where something is lost, or grows.
pub(crate) fn soak(soak: &Soak) -> Result<(), Failure> {
    machine::ensure(FAKETIME)?;
    let mut command = generator(&[])?;
    command.arg("soak").arg("--minutes").arg(&soak.minutes);
    if soak.json {
        command.arg("--json");
    }
    run(&mut command)
}

/// `cargo xtask instructions`
#[derive(Args)]
pub(crate) struct Instructions {
    /// Write down what is counted, instead of comparing it
    #[arg(long)]
    write: bool,
}

/// Counts the instructions of what every message goes through; it fails where they are more than were written down.
pub(crate) fn instructions(instructions: &Instructions) -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    machine::ensure(VALGRIND)?;
    let word = if instructions.write { "write" } else { "check" };
    let bench = ["bench", "--package", "sealpost-benches", "--no-default-features", "--bench", "instructions"];
    run(cargo(&bench).args(["--", word]))
}

/// Builds an optimized relay and what loads it; gives the latter.
///
/// `features` are what the latter needs besides. Both are built by one call: apart, cargo would choose other features for some
/// dependencies, and build those twice.
fn generator(features: &[&str]) -> Result<Command, Failure> {
    machine::ensure(BUILD)?;
    let packages = ["--package", "sealpost-relay", "--package", "sealpost-benches", "--no-default-features"];
    run(cargo(&["build", "--release", "--bins"]).args(packages).args(features))?;
    let mut command = Command::new(built("sealpost-bench", true)?);
    command.current_dir(root());
    Ok(command)
}

/// `cargo xtask page`
#[derive(Args)]
pub(crate) struct Page {
    /// Take the pictures in docs/ anew, with five minutes to see
    #[arg(long)]
    write: bool,
}

/// Has a browser draw the page at the admin listener, and judges what it drew.
pub(crate) fn page(page: &Page) -> Result<(), Failure> {
    const FIVE_MINUTES: &str = "300";
    machine::ensure(BUILD)?;
    machine::ensure(PAGE)?;
    let mut command = cargo(&["test", "--package", "sealpost-relay", "--test", "serve", "page::", "--", "--ignored"]);
    if page.write {
        command.env("SEALPOST_PAGE_SECONDS", FIVE_MINUTES).env("SEALPOST_PAGE_PICTURES", root().join("docs"));
    }
    run(&mut command)
}

/// Where cargo put a program that it built.
pub(crate) fn built(program: &str, release: bool) -> Result<PathBuf, Failure> {
    let profile = if release { "release" } else { "debug" };
    Ok(target()?.join(profile).join(program).with_extension(env::consts::EXE_EXTENSION))
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf, Failure> {
    let metadata = metadata()?;
    let directory = metadata.get("target_directory").and_then(Value::as_str);
    directory.map(PathBuf::from).ok_or_else(|| Failure::new("cargo metadata names no target directory"))
}

/// Builds the programs that the journeys start, then runs every test.
///
/// Programs and tests are built by one call: apart, cargo would choose other features for some dependencies, and build
/// those twice.
pub(crate) fn test(arguments: &[String]) -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    machine::ensure(AUDIT)?;
    machine::ensure(TEST)?;
    run(&mut cargo(&["build", "--workspace", "--bins", "--tests"]))?;
    run(cargo(&["test", "--workspace"]).args(arguments).env("SEALPOST_PROGRAMS_ARE_BUILT", "1"))
}

/// `fmt`, `clippy`, `layers`, `docs`, `test`, `instructions`, `deny`, in the order of how soon they fail.
pub(crate) fn check() -> Result<(), Failure> {
    fmt(false)?;
    layers::check()?;
    clippy()?;
    docs()?;
    test(&[])?;
    instructions(&Instructions { write: false })?;
    deny()
}

/// Checks the formatting, or repairs it.
pub(crate) fn fmt(fix: bool) -> Result<(), Failure> {
    let mode: &[&str] = if fix { &[] } else { &["--check"] };
    run(cargo(&["fmt", "--all"]).args(mode))
}

/// Lints everything, tests and benches included.
pub(crate) fn clippy() -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

/// Builds the documentation of our own crates.
pub(crate) fn docs() -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// What the dependencies may be: `deny.toml` says.
pub(crate) fn deny() -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    if output(&mut cargo(&["deny", "--version"])).is_err() {
        run(&mut cargo(&["install", "--locked", "cargo-deny"]))?;
    }
    run(&mut cargo(&["deny", "check", "licenses", "bans", "sources"]))
}
