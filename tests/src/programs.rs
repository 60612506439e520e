//! The programs under test: found beside this one, built first where a test runs without `cargo xtask test`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Result;

/// Set by `cargo xtask test`, which has built them.
const BUILT: &str = "SEALPOST_PROGRAMS_ARE_BUILT";
/// What has the programs.
const PACKAGES: [&str; 3] = ["sealpost-relay", "sealpost-attester", "sealpost"];

/// The path of `sealpost`, `sealpost-relay` or `sealpost-attester`.
///
/// # Errors
/// When it cannot be built or is not there.
pub fn program(name: &str) -> Result<PathBuf> {
    static DIRECTORY: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| prepare().map_err(|trouble| trouble.to_string())).clone()?;
    let path = directory.join(name).with_extension(env::consts::EXE_EXTENSION);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not there: build it", path.display()).into()) }
}

/// Tests lie in `deps`, below the programs; the demo lies beside them, and whoever built it built them too.
fn prepare() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let beside = own.parent().ok_or("this program has no directory")?;
    if !beside.ends_with("deps") {
        return Ok(beside.to_owned());
    }
    let directory = beside.parent().ok_or("deps has no parent")?;
    if env::var_os(BUILT).is_none() {
        build(directory)?;
    }
    Ok(directory.to_owned())
}

/// By the same profile and target directory that this test was built with.
fn build(directory: &Path) -> Result<()> {
    let target = directory.parent().ok_or("the profile's directory has no parent")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet"]).args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    cargo.arg("--target-dir").arg(target);
    if directory.ends_with("release") {
        cargo.arg("--release");
    }
    if cargo.status()?.success() { Ok(()) } else { Err("the programs could not be built".into()) }
}
