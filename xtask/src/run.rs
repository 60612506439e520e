//! Runs other programs from the root of the workspace, and says so.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The cargo that runs us, at the root of the workspace.
///
/// What cargo sets for the package it runs is taken out again: build scripts that look at it would run anew each time
/// that one is called through us and then directly.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    for (name, _) in env::vars_os() {
        let own = name.to_string_lossy();
        if own.starts_with("CARGO_PKG_") || own.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Prints the command, runs it with our own input and output, and waits.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    run_or(command, &[])
}

/// As [`run`]; these exit codes are no failures either.
pub(crate) fn run_or(command: &mut Command, fine: &[i32]) -> Result<(), Failure> {
    let line = shown(command);
    eprintln!("▸ {line}");
    let status = command.status().map_err(|error| Failure::new(format!("cannot run {line}: {error}")))?;
    if status.success() || status.code().is_some_and(|code| fine.contains(&code)) {
        Ok(())
    } else {
        Err(Failure::new(format!("{line}: {status}")))
    }
}

/// Prints the command, and becomes it: what the terminal tells us, it is told.
pub(crate) fn become_it(command: &mut Command) -> Failure {
    let line = shown(command);
    eprintln!("▸ {line}");
    Failure::new(format!("cannot run {line}: {}", command.exec()))
}

/// Runs the command and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let line = shown(command);
    let output = command.output().map_err(|error| Failure::new(format!("cannot run {line}: {error}")))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("{line}: {}\n{errors}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("{line}: its output is not UTF-8")))
}

/// What cargo says of the workspace and its members, without their dependencies.
pub(crate) fn metadata() -> Result<Value, Failure> {
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    serde_json::from_str(&metadata).map_err(|error| Failure::new(format!("cargo metadata: {error}")))
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
