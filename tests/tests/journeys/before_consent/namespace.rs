//! A network namespace for one command, and the kernel's counters of it.

use sealpost_audit::silence;
use sealpost_tests::Result;
use sealpost_tests::person::Person;

/// The counters that are not zero after a command of `person` has run, each as `name=value`.
///
/// # Errors
/// When no namespace can be made, since nothing would have been tested then.
pub(super) fn counted(person: &Person, arguments: &[&str], input: &str) -> Result<Vec<String>> {
    let noise = silence::counted(&person.command(arguments)?, input)?;
    noise
        .packets
        .ok_or_else(|| "no network namespace: `unshare --user --map-root-user --net` must be permitted here".into())
}
