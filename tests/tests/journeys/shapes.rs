//! What scripts rely on: each object that `--json` prints has exactly the fields that crates/cli/README.md names.

use std::collections::BTreeSet;
use std::fs;

use sealpost_tests::Result;
use sealpost_tests::server::Settings;
use serde_json::Value;

use super::company::{Company, PATIENCE};

const DOCUMENTED: &str = include_str!("../../../crates/cli/README.md");

#[test]
fn every_object_has_exactly_the_fields_that_are_documented() -> Result<()> {
    let Company { relay, anna, ben, directory } = Company::meet(&Settings::default())?;
    let carol = sealpost_tests::person::Person::new("carol", &directory.path().join("carol"))?;
    let check = |row: &str, object: &Value| assert_eq!(fields_of(object), documented(row), "{row}: {object}");
    check("`opt-in`", &carol.call_one(&["opt-in", "--i-consent", "--relay", relay.reference()])?);
    check("`card`", &carol.call_one(&["card"])?);
    check("`add`", &carol.call_one(&["add", "anna", &anna.card()?])?);
    check("`send`", &anna.call_one(&["send", "ben", "hi"])?);
    let listener = ben.listen(0)?;
    listener.wait_for(1, PATIENCE)?;
    drop(listener);
    check("`listen`", &ben.call_one(&["listen", "--after", "0", "--once"])?);
    let happened = ben.call(&["listen", "--events", "--once"])?;
    check("`listen --events`", happened.iter().find(|object| object.get("event").is_some()).ok_or("nothing happened")?);
    ben.call(&["accept", "anna"])?;
    check("`receipts`", &ben.call_one(&["receipts", "anna", "on"])?);
    check("`typing`", &ben.call_one(&["typing", "anna", "off"])?);
    check("`chats`", &ben.call_one(&["chats"])?);
    check("`chats NAME`", &ben.call_one(&["chats", "anna"])?);
    check("`safety-number`", &ben.call_one(&["safety-number", "anna"])?);
    check("`status`", &ben.call_one(&["status"])?);
    check("`opt-out`", &ben.call_one(&["opt-out", "--yes", "--at-once"])?);
    assert_eq!(ben.attempt(&["card"])?.status.code(), Some(4));
    let log = fs::read_to_string(ben.log())?;
    check("an error", &serde_json::from_str(log.lines().last().unwrap_or_default())?);
    Ok(())
}

fn fields_of(object: &Value) -> BTreeSet<String> {
    object.as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

/// The second column of the row whose first one starts so.
fn documented(row: &str) -> BTreeSet<String> {
    let rows = DOCUMENTED.lines().filter_map(|line| line.strip_prefix("| "));
    let column = rows.filter(|line| line.strip_prefix(row).is_some_and(|rest| rest.starts_with([',', ' '])));
    let fields = column.filter_map(|line| line.split('|').nth(1)).next().unwrap_or_default();
    fields.split('`').map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned).collect()
}
