//! What servers of each kind have in memory while nobody asks anything of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use std::{env, process};

use clap::Args;
use rustix::fs::{Advice, fadvise};
use serde_json::{Map, Value, json};

use crate::commands::built;
use crate::failure::Failure;
use crate::machine::{self, BUILD};
use crate::run::{cargo, output, run};

/// Each with the most that it may take, in KiB.
const SERVERS: [(&str, u64); 4] =
    [("relay", 16 * 1024), ("key-service", 12 * 1024), ("ohttp-proxy", 16 * 1024), ("attester", 12 * 1024)];
/// From when on a server is taken to be idle.
const SETTLED: Duration = Duration::from_secs(4);

/// `cargo xtask footprint`
#[derive(Args)]
pub(crate) struct Footprint {
    /// One JSON object instead of a table
    #[arg(long)]
    json: bool,
}

/// Has optimized servers started, each by itself, and looks at their resident memory.
pub(crate) fn footprint(footprint: &Footprint) -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    run(&mut cargo(&[
        "build",
        "--release",
        "--bins",
        "--package",
        "sealpost-relay",
        "--package",
        "sealpost-attester",
    ]))?;
    let directory = Scratch::new()?;
    let mut taken = Vec::new();
    for (server, most) in SERVERS {
        taken.push((server, resident(server, &directory.0)?, most));
    }
    print(&taken, footprint.json);
    match taken.iter().find(|(_, kib, most)| kib > most) {
        Some((server, ..)) => Err(Failure::new(format!("an idle {server} takes more than it may"))),
        None => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "it is what was asked for")]
fn print(taken: &[(&str, u64, u64)], in_json: bool) {
    if in_json {
        let figures = taken.iter().map(|(server, kib, _)| (format!("{}_kib", server.replace('-', "_")), json!(kib)));
        println!("{}", Value::Object(figures.collect::<Map<_, _>>()));
        return;
    }
    println!("{:<12} {:>12} {:>12}", "idle server", "resident", "at most");
    for (server, kib, most) in taken {
        println!("{server:<12} {:>8.1} MiB {:>8} MiB", *kib as f64 / 1024.0, most / 1024);
    }
}

/// What one has in memory, in KiB, of a program that was not in memory before, as after a boot.
fn resident(server: &str, scratch: &Path) -> Result<u64, Failure> {
    let (program, config) = match server {
        "attester" => ("sealpost-attester", "sealpost-attester.toml"),
        _ => ("sealpost-relay", "sealpost-relay.toml"),
    };
    let (program, directory) = (built(program, true)?, scratch.join(server));
    let mut init = Command::new(&program);
    init.args(["init", "--admin", "off", "--listen", "127.0.0.1:0", "--json"]);
    init.arg("--dir").arg(&directory);
    match server {
        "attester" => init.args(["--host", "localhost:8445", "--directory", &reference(&scratch.join("relay"))?]),
        _ => init.args(["--host", "localhost:8443", "--role", server]),
    };
    fs::create_dir_all(scratch).map_err(failed("making a directory"))?;
    fs::write(scratch.join(format!("{server}.json")), output(&mut init)?).map_err(failed("writing"))?;
    forget(&program)?;
    let mut serve = Command::new(&program);
    serve.arg("serve").arg("--config").arg(directory.join(config)).stdout(Stdio::null()).stderr(Stdio::null());
    let mut served = Served(serve.spawn().map_err(failed("starting a server"))?);
    sleep(SETTLED);
    served.resident()
}

/// What clients know the relay by that was set up in `directory`.
fn reference(directory: &Path) -> Result<String, Failure> {
    let said = fs::read_to_string(directory.with_extension("json")).map_err(failed("reading what init printed"))?;
    let said: Value = serde_json::from_str(&said).map_err(|error| Failure::new(format!("init: {error}")))?;
    let reference = said.get("reference").and_then(Value::as_str);
    reference.map(str::to_owned).ok_or_else(|| Failure::new("init printed no reference"))
}

/// Has the system forget what it has in memory of a file.
fn forget(file: &Path) -> Result<(), Failure> {
    let file = File::open(file).map_err(failed("opening a program"))?;
    file.sync_all().map_err(failed("syncing a program"))?;
    fadvise(&file, 0, None, Advice::DontNeed).map_err(|error| failed("forgetting a program")(error.into()))
}

fn failed(doing: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::new(format!("{doing}: {error}"))
}

/// A server that is killed when it is dropped.
struct Served(Child);

impl Served {
    fn resident(&mut self) -> Result<u64, Failure> {
        if let Ok(Some(status)) = self.0.try_wait() {
            return Err(Failure::new(format!("the server ended: {status}")));
        }
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).map_err(failed("reading /proc"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kib = line.split_whitespace().next().and_then(|number| number.parse().ok());
        kib.ok_or_else(|| Failure::new("/proc tells no resident memory"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _status = self.0.wait();
    }
}

/// A directory that is removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let directory = env::temp_dir().join(format!("sealpost-footprint-{}", process::id()));
        fs::create_dir(&directory).map_err(failed("making a directory"))?;
        Ok(Self(directory))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.0);
    }
}
