//! A deployment for a few, which has one relay and nothing else.

use std::slice::from_ref;

use sealpost_tests::Result;
use sealpost_tests::deployment::Plan;
use serde_json::json;

use super::stage::Stage;

#[test]
fn without_key_services_and_attester_people_are_found_too_and_told_what_that_means() -> Result<()> {
    let stage = Stage::set_with(1, &Plan { key_services: 0, attested: false, ..Plan::default() })?;
    let listed = stage.publish(&stage.listed()[0])?;
    assert_eq!((&listed["attester"], &listed["key_services"]), (&json!(null), &json!(0)), "{listed}");
    let book = stage.book(20)?;
    let found = stage.person("anna")?.discover(from_ref(&book))?;
    assert_eq!((found.found, found.unknown, found.evaluated), (stage.names(), 0, 0));
    Ok(())
}
