//! `SECURITY.md` names the test of each promise; here is the test of that.

use std::fs;
use std::path::{Path, PathBuf};

const SECURITY: &str = include_str!("../../../SECURITY.md");

/// The words in backticks that are names of tests: those of at least four parts.
fn named() -> impl Iterator<Item = &'static str> {
    SECURITY.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() >= 3 && !word.contains('='))
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let of_entry = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    };
    entries.flat_map(of_entry).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

#[test]
fn every_test_that_is_named_is_in_the_tree() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = ["crates", "tests", "xtask"].into_iter().flat_map(|folder| sources(&root.join(folder)));
    let tree: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    let missing: Vec<_> = named().filter(|name| !tree.contains(&format!("fn {name}("))).collect();
    assert_eq!(missing, Vec::<&str>::new());
    assert!(named().count() > 40, "the names are read from SECURITY.md");
}
