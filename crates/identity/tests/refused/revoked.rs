use sealpost_identity::consent::{Consent, Messaging, Prompt};
use sealpost_wire::time::Day;

fn main() {
    let consent = Consent::given(Prompt::<Messaging>::standard(), Day(20_000));
    let _revoked = consent.revoke(Day(20_001));
    let _record = consent.record();
}
