//! Dependency direction, checked by machine: which of our crates may import which.
//!
//! The table is `docs/architecture.md`'s picture. What a crate may import it may import through others too; what is not
//! in its row it may not import at all, and for its tests only what stands in a second, short table.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::failure::Failure;
use crate::run::{cargo, metadata, output};

/// Bottom-up: a crate, and those of ours that it may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("sealpost-wire", &[]),
    ("sealpost-blind", &["sealpost-wire"]),
    ("sealpost-server", &["sealpost-wire"]),
    ("sealpost-identity", &["sealpost-wire"]),
    ("sealpost-crypto", &["sealpost-identity", "sealpost-wire"]),
    ("sealpost-attester", &["sealpost-blind", "sealpost-identity", "sealpost-server", "sealpost-wire"]),
    ("sealpost-client", &["sealpost-blind", "sealpost-crypto", "sealpost-identity", "sealpost-wire"]),
    ("sealpost-relay", &["sealpost-blind", "sealpost-server", "sealpost-wire"]),
    ("sealpost", &["sealpost-client", "sealpost-identity", "sealpost-wire"]),
    ("sealpost-redis-stage", &[]),
    ("sealpost-audit", &["sealpost-identity", "sealpost-redis-stage", "sealpost-wire"]),
    // These stand outside: they look at all the others, and none imports them.
    ("sealpost-adversary", &["sealpost-client", "sealpost-crypto"]),
    (
        "sealpost-tests",
        &[
            "sealpost-adversary",
            "sealpost-audit",
            "sealpost-blind",
            "sealpost-client",
            "sealpost-crypto",
            "sealpost-identity",
            "sealpost-redis-stage",
            "sealpost-wire",
        ],
    ),
    (
        "sealpost-benches",
        &[
            "sealpost-blind",
            "sealpost-client",
            "sealpost-crypto",
            "sealpost-identity",
            "sealpost-redis-stage",
            "sealpost-relay",
            "sealpost-wire",
        ],
    ),
    ("xtask", &[]),
];

/// What a crate's tests may import besides; it is not linked into anything that ships.
const ALLOWED_FOR_TESTS: &[(&str, &str)] = &[
    ("sealpost-client", "sealpost-attester"),
    ("sealpost-client", "sealpost-relay"),
    ("sealpost-relay", "sealpost-redis-stage"),
];

/// What must not be in the relay's tree, by the beginning of a package's name.
const NOT_IN_THE_RELAY: &[&str] = &["sealpost-crypto", "sealpost-identity", "sealpost-client", "libsignal"];

/// Checks the imports of every member, and all that the relay links.
pub(crate) fn check() -> Result<(), Failure> {
    let mut wrong = wrong_imports(&imports(&metadata()?));
    let tree = ["tree", "--package", "sealpost-relay", "--edges", "normal", "--prefix", "none"];
    wrong.extend(wrong_in_relay(&output(&mut cargo(&tree))?));
    if !wrong.is_empty() {
        return Err(Failure::new(format!("imports that point the wrong way:\n  {}", wrong.join("\n  "))));
    }
    eprintln!("layers: {} crates import downwards only; the relay cannot decrypt or name a number", ALLOWED.len());
    Ok(())
}

/// One member's import of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    from: String,
    to: String,
    for_tests: bool,
}

/// All imports of members by members; and the members themselves, whether or not they import anything.
fn imports(metadata: &Value) -> (BTreeSet<String>, BTreeSet<Import>) {
    let (mut members, mut imports) = (BTreeSet::new(), BTreeSet::new());
    for package in list(metadata, "packages") {
        members.insert(text(package, "name"));
        let is_ours = |dependency: &&Value| dependency.get("path").is_some_and(Value::is_string);
        imports.extend(list(package, "dependencies").iter().filter(is_ours).map(|dependency| Import {
            from: text(package, "name"),
            to: text(dependency, "name"),
            for_tests: text(dependency, "kind") == "dev",
        }));
    }
    (members, imports)
}

fn wrong_imports((members, imports): &(BTreeSet<String>, BTreeSet<Import>)) -> Vec<String> {
    let unknown = members.iter().filter(|member| row(member).is_none());
    let unknown = unknown.map(|member| format!("{member} has no row in xtask/src/layers.rs"));
    let wrong = imports.iter().filter(|import| !is_allowed(import));
    unknown.chain(wrong.map(|Import { from, to, .. }| format!("{from} imports {to}"))).collect()
}

fn is_allowed(Import { from, to, for_tests }: &Import) -> bool {
    let in_row = row(from).is_none_or(|allowed| allowed.contains(&to.as_str()));
    in_row || (*for_tests && ALLOWED_FOR_TESTS.contains(&(from.as_str(), to.as_str())))
}

fn row(name: &str) -> Option<&'static [&'static str]> {
    ALLOWED.iter().find(|(member, _)| *member == name).map(|(_, allowed)| *allowed)
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

    fn import(from: &str, to: &str, for_tests: bool) -> Import {
        Import { from: from.to_owned(), to: to.to_owned(), for_tests }
    }

    fn wrong(import: Import) -> Vec<String> {
        wrong_imports(&(BTreeSet::new(), BTreeSet::from([import])))
    }

    #[test]
    fn an_import_that_points_up_is_found_also_where_only_tests_have_it() {
        for for_tests in [false, true] {
            let up = import("sealpost-relay", "sealpost-crypto", for_tests);
            assert_eq!(wrong(up), ["sealpost-relay imports sealpost-crypto"]);
            assert!(wrong(import("sealpost-relay", "sealpost-wire", for_tests)).is_empty());
        }
    }

    #[test]
    fn the_client_may_start_a_relay_in_its_tests_and_nowhere_else() {
        assert!(wrong(import("sealpost-client", "sealpost-relay", true)).is_empty());
        assert_eq!(
            wrong(import("sealpost-client", "sealpost-relay", false)),
            ["sealpost-client imports sealpost-relay"]
        );
    }

    #[test]
    fn a_crate_that_no_row_names_is_found() {
        assert_eq!(wrong_imports(&(BTreeSet::from(["sealpost-new".to_owned()]), BTreeSet::new())).len(), 1);
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
            {"name": "b", "path": "/b", "kind": "dev"}, {"name": "c", "path": "/c", "kind": null}, {"name": "serde", "kind": null}
        ]}]});
        let expected = BTreeSet::from([import("a", "b", true), import("a", "c", false)]);
        assert_eq!(imports(&metadata), (BTreeSet::from(["a".to_owned()]), expected));
    }
}
