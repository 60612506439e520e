use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_wire::time::Day;

fn main() {
    let _unasked = Consent::<Messaging> { prompt: Prompt::standard(), day: Day(20_000) };
}
