//! `cargo xtask deploy-check`: the files of `deploy/`, read by the programs that will read them, and used where that is cheap.

mod pass_through;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::alone;
use crate::commands::{built, target};
use crate::failure::Failure;
use crate::machine::{self, BUILD, DEPLOY};
use crate::run::{cargo, output, root, run, run_or};

/// What a unit's exposure may be at most, times ten (`systemd-analyze security`).
const EXPOSURE: &str = "--threshold=15";
const UNITS: [&str; 2] = ["sealpost-relay.service", "sealpost-attester.service"];
const COMPOSE_FILES: [&str; 2] = ["docker/compose.yaml", "docker/cluster/compose.yaml"];
/// What `check-config` exits with when a configuration is right and the keys that it names are not there.
const NO_KEYS: i32 = 4;

/// Has every file read by what it is for. Packages of Debian and of Python are installed where they are missing.
pub(crate) fn check() -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    machine::ensure(DEPLOY)?;
    let scratch = Scratch::new()?;
    run(&mut cargo(&["build", "--bins", "--package", "sealpost-relay", "--package", "sealpost-attester"]))?;
    units(&scratch)?;
    monitoring()?;
    pass_through::check(&scratch.directory)?;
    let python = Python::new()?;
    containers(&python)?;
    images(&scratch)?;
    chart(&python, &scratch)?;
    cluster(&scratch)?;
    boot()?;
    eprintln!(
        "deploy: all right; not tried here: the first stage of images (it asks a registry), a cluster of Kubernetes, Caddy's \
         layer4 module"
    );
    Ok(())
}

/// The units, with a program in the place of ours, which is not installed.
fn units(scratch: &Scratch) -> Result<(), Failure> {
    for unit in UNITS {
        let text = read(&deploy(unit))?;
        let lines = text.lines().map(|line| if line.starts_with("ExecStart=") { "ExecStart=/bin/true" } else { line });
        let copy = scratch.write(unit, &lines.collect::<Vec<_>>().join("\n"))?;
        let said = Command::new("systemd-analyze").arg("verify").arg("--man=no").arg(&copy).output();
        let said = said.map_err(|error| Failure::new(format!("systemd-analyze: {error}")))?;
        let about = String::from_utf8_lossy(&said.stderr);
        if !said.status.success() || about.contains(unit) {
            return Err(Failure::new(format!("{unit}: {about}")));
        }
        run(Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", EXPOSURE])
            .arg(copy)
            .stdout(std::process::Stdio::null()))?;
    }
    Ok(())
}

fn monitoring() -> Result<(), Failure> {
    run(Command::new("promtool").args(["check", "rules"]).arg(deploy("monitoring/alerts.yaml")))?;
    run(Command::new("promtool").args(["test", "rules"]).arg(deploy("monitoring/alerts.test.yaml")))
}

fn containers(python: &Python) -> Result<(), Failure> {
    run(python.program("hadolint").arg(deploy("docker/Dockerfile")))?;
    let schema = ["--builtin-schema", "vendor.compose-spec"];
    run(python.program("check-jsonschema").args(schema).args(COMPOSE_FILES.map(deploy)))
}

/// Has what runs in the images built, of programs that need no library where there are such; that takes root.
fn images(scratch: &Scratch) -> Result<(), Failure> {
    if !is_root()? {
        eprintln!("deploy: no images were built: that takes root");
        return Ok(());
    }
    let alone = alone::directory()?;
    let programs = if alone.join("sealpost-relay").exists() { alone } else { target()?.join("debug") };
    let script = root().join("xtask/deploy/images.sh");
    run(Command::new("sh").arg(script).arg(root()).arg(programs).arg(&scratch.directory))
}

/// Has the chart rendered, and its configurations read by the relay.
fn chart(python: &Python, scratch: &Scratch) -> Result<(), Failure> {
    let script = root().join("xtask/deploy/chart.py");
    run(python.program("python").arg(script).arg(deploy("helm/sealpost-relay")).arg(&scratch.directory))?;
    for name in ["embedded", "redis", "proxy"] {
        let config = scratch.directory.join(name).with_extension("toml");
        run_or(
            Command::new(built("sealpost-relay", false)?).args(["check-config", "--json", "--config"]).arg(config),
            &[NO_KEYS],
        )?;
    }
    Ok(())
}

/// Sets the cluster of compose.yaml up with programs instead of images; each server takes its configuration.
fn cluster(scratch: &Scratch) -> Result<(), Failure> {
    let script = scratch.write("set-up.sh", &read(&deploy("docker/cluster/set-up.sh"))?)?;
    run(Command::new("sh").arg(script).env("SEALPOST_PROGRAMS", target()?.join("debug")))?;
    for server in ["relay-a", "relay-b", "keys-a", "keys-b", "proxy", "attester"] {
        let program = if server == "attester" { "sealpost-attester" } else { "sealpost-relay" };
        let config = scratch.directory.join("state").join(server).join(program).with_extension("toml");
        run(Command::new(built(program, false)?).args(["check-config", "--config"]).arg(config))?;
    }
    Ok(())
}

/// Follows the runbook, under a systemd that is booted for it; that takes root.
fn boot() -> Result<(), Failure> {
    if !is_root()? {
        eprintln!("deploy: the runbook was not followed: that takes root");
        return Ok(());
    }
    let script = root().join("xtask/deploy/boot.sh");
    run(Command::new("unshare").args(["--mount", "sh"]).arg(script).arg(root()).arg(built("sealpost-relay", false)?))
}

fn is_root() -> Result<bool, Failure> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// A file of `deploy/`.
pub(super) fn deploy(path: &str) -> PathBuf {
    root().join("deploy").join(path)
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// A directory that is empty at first and stays when something fails, to be looked into.
struct Scratch {
    directory: PathBuf,
}

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let directory = target()?.join("deploy-check/scratch");
        let _not_there = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).map_err(|error| Failure::new(format!("{}: {error}", directory.display())))?;
        Ok(Self { directory })
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.directory.join(name);
        fs::write(&path, text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        Ok(path)
    }
}

/// Packages of Python in a place of their own, which stays.
struct Python(PathBuf);

impl Python {
    fn new() -> Result<Self, Failure> {
        let place = target()?.join("deploy-check/python");
        let wanted = root().join("xtask/deploy/requirements.txt");
        if output(Command::new(place.join("bin/python")).arg("--version")).is_err() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        }
        let python = Self(place);
        run(python
            .program("pip")
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(wanted))?;
        Ok(python)
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.0.join("bin").join(name))
    }
}
