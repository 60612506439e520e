//! `cargo xtask static`: the servers as programs that need nothing of the machine that they run on.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::commands::target;
use crate::failure::Failure;
use crate::machine::{self, BUILD, MUSL};
use crate::run::{cargo, run};

const PROGRAMS: [&str; 2] = ["sealpost-relay", "sealpost-attester"];

/// Builds them with musl, and tries each in a directory that holds nothing else.
pub(crate) fn build() -> Result<(), Failure> {
    machine::ensure(BUILD)?;
    machine::ensure(MUSL)?;
    let triple = triple();
    // Where there is no rustup, the toolchain has the target, or cargo says that it has not.
    let _added_or_not = run(Command::new("rustup").args(["target", "add", &triple]));
    let packages = PROGRAMS.iter().flat_map(|program| ["--package", program]);
    run(cargo(&["build", "--locked", "--release", "--target", &triple]).args(packages))?;
    let built = directory()?;
    PROGRAMS.iter().try_for_each(|program| try_alone(&built.join(program)))?;
    eprintln!("static: {} in {}", PROGRAMS.join(" and "), built.display());
    Ok(())
}

/// Where they are, once they are built.
pub(crate) fn directory() -> Result<PathBuf, Failure> {
    Ok(target()?.join(triple()).join("release"))
}

fn triple() -> String {
    format!("{ARCH}-unknown-linux-musl")
}

/// Has a program say its version where nothing but itself is there.
fn try_alone(program: &Path) -> Result<(), Failure> {
    let root = program.with_extension("alone");
    let failed = |error| Failure::new(format!("{}: {error}", root.display()));
    fs::create_dir_all(&root).map_err(failed)?;
    fs::copy(program, root.join("program")).map_err(failed)?;
    let alone =
        run(Command::new("unshare").args(["--map-root-user", "--root"]).arg(&root).args(["/program", "--version"]));
    fs::remove_dir_all(&root).map_err(failed)?;
    alone
}
