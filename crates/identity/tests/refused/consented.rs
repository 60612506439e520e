use sealpost_identity::consent::{Consent, Discovery, Messaging, Prompt};
use sealpost_wire::time::Day;

fn look_up_contacts(_: &Consent<Discovery>) {}

fn main() {
    let messaging = Consent::given(Prompt::<Messaging>::standard(), Day(20_000));
    look_up_contacts(&messaging);
}
