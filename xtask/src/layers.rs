//! Dependency direction, checked by machine: which of our crates may import which.
//!
//! The table is `docs/architecture.md`'s picture. What a crate may import it may import through others too; what is not
//! in its row it may not import at all, not even for its tests.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::failure::Failure;
use crate::run::{cargo, output};

/// Bottom-up: a crate, and those of ours that it may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("sealpost-wire", &[]),
    ("sealpost-blind", &["sealpost-wire"]),
    ("sealpost-identity", &["sealpost-wire"]),
    ("sealpost-crypto", &["sealpost-identity", "sealpost-wire"]),
    ("sealpost-client", &["sealpost-blind", "sealpost-crypto", "sealpost-identity", "sealpost-wire"]),
    ("sealpost-relay", &["sealpost-blind", "sealpost-wire"]),
    ("sealpost", &["sealpost-client", "sealpost-identity", "sealpost-wire"]),
    // These stand outside: they look at all the others, and none imports them.
    ("sealpost-tests", &["sealpost-client", "sealpost-crypto", "sealpost-identity", "sealpost-wire"]),
    ("sealpost-benches", &["sealpost-client", "sealpost-crypto", "sealpost-identity", "sealpost-wire"]),
    ("xtask", &[]),
];

/// What must not be in the relay's tree, by the beginning of a package's name.
const NOT_IN_THE_RELAY: &[&str] = &["sealpost-crypto", "sealpost-identity", "sealpost-client", "libsignal"];

/// Checks the imports of every member, and all that the relay links.
pub(crate) fn check() -> Result<(), Failure> {
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"]))?;
    let metadata = serde_json::from_str(&metadata).map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    let mut wrong = wrong_imports(&imports(&metadata));
    let tree = ["tree", "--package", "sealpost-relay", "--edges", "normal", "--prefix", "none"];
    wrong.extend(wrong_in_relay(&output(&mut cargo(&tree))?));
    if !wrong.is_empty() {
        return Err(Failure::new(format!("imports that point the wrong way:\n  {}", wrong.join("\n  "))));
    }
    eprintln!("layers: {} crates import downwards only; the relay cannot decrypt or name a number", ALLOWED.len());
    Ok(())
}

/// Pairs of members, of any kind of dependency, in the workspace's own words.
fn imports(metadata: &Value) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    for package in list(metadata, "packages") {
        // A member without imports counts too: it must be in the table.
        pairs.insert((text(package, "name"), String::new()));
        let ours = list(package, "dependencies")
            .iter()
            .filter(|dependency| dependency.get("path").is_some_and(Value::is_string));
        pairs.extend(ours.map(|dependency| (text(package, "name"), text(dependency, "name"))));
    }
    pairs
}

fn wrong_imports(imports: &BTreeSet<(String, String)>) -> Vec<String> {
    let row = |name: &str| ALLOWED.iter().find(|(member, _)| *member == name).map(|(_, allowed)| *allowed);
    let complaint = |(from, to): &(String, String)| match row(from) {
        None => Some(format!("{from} has no row in xtask/src/layers.rs")),
        Some(allowed) if to.is_empty() || allowed.contains(&to.as_str()) => None,
        Some(_) => Some(format!("{from} imports {to}")),
    };
    imports.iter().filter_map(complaint).collect()
}

fn wrong_in_relay(tree: &str) -> Vec<String> {
    let banned = |line: &&str| NOT_IN_THE_RELAY.iter().any(|name| line.starts_with(name));
    tree.lines().filter(banned).map(|line| format!("sealpost-relay links {line}")).collect()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(from: &str, to: &str) -> BTreeSet<(String, String)> {
        BTreeSet::from([(from.to_owned(), to.to_owned())])
    }

    #[test]
    fn an_import_that_points_up_is_found() {
        assert_eq!(
            wrong_imports(&pair("sealpost-relay", "sealpost-crypto")),
            ["sealpost-relay imports sealpost-crypto"]
        );
        assert_eq!(
            wrong_imports(&pair("sealpost-wire", "sealpost-identity")),
            ["sealpost-wire imports sealpost-identity"]
        );
        assert!(wrong_imports(&pair("sealpost-relay", "sealpost-wire")).is_empty());
    }

    #[test]
    fn a_crate_that_no_row_names_is_found() {
        assert_eq!(wrong_imports(&pair("sealpost-new", "")).len(), 1);
    }

    #[test]
    fn rows_name_only_rows_above_them() {
        for (index, (_, allowed)) in ALLOWED.iter().enumerate() {
            let above: Vec<_> = ALLOWED.iter().take(index).map(|(name, _)| *name).collect();
            assert!(allowed.iter().all(|name| above.contains(name)));
        }
    }

    #[test]
    fn libsignal_in_the_relays_tree_is_found() {
        assert_eq!(wrong_in_relay("axum v0.8.9\nlibsignal-core-syft v0.85.3\nsealpost-wire v0.1.0 (/x)").len(), 1);
    }

    #[test]
    fn imports_are_read_from_what_cargo_says() {
        let metadata = serde_json::json!({"packages": [{"name": "a", "dependencies": [
            {"name": "b", "path": "/b", "kind": "dev"}, {"name": "serde", "kind": null}
        ]}]});
        let expected = [("a".to_owned(), String::new()), ("a".to_owned(), "b".to_owned())];
        assert_eq!(imports(&metadata), BTreeSet::from(expected));
    }
}
