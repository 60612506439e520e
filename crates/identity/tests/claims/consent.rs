//! Consent comes of a shown text, one scope at a time, and is stored and taken back.

use proptest::prelude::*;
use sealpost_identity::consent::{
    Consent, ConsentRecord, Discovery, Messaging, NotAPrompt, Prompt, RestoreError, Scope, ScopeName, SmsFallback,
};
use sealpost_wire::codec::exact;
use sealpost_wire::time::Day;
use sealpost_wire::to_bytes;

#[test]
fn a_consent_holds_the_text_that_was_shown() {
    let consent = Consent::given(Prompt::<Messaging>::new("An?", 7).unwrap(), Day(20_600));
    assert_eq!((consent.prompt().text(), consent.prompt().version(), consent.day()), ("An?", 7, Day(20_600)));
}

#[test]
fn a_prompt_says_something() {
    for nothing in ["", " \n\t"] {
        assert_eq!(Prompt::<Messaging>::new(nothing, 1), Err(NotAPrompt));
    }
    let longest = "x".repeat(ConsentRecord::MAX_TEXT);
    assert!(Prompt::<Messaging>::new(&longest, 1).is_ok());
    assert_eq!(Prompt::<Messaging>::new(&(longest + "x"), 1), Err(NotAPrompt));
}

#[test]
fn a_record_of_one_scope_is_none_of_another() {
    let record = Consent::given(Prompt::<Messaging>::standard(), Day(1)).record();
    let other = RestoreError::OtherScope { recorded: ScopeName::Messaging, wanted: ScopeName::Discovery };
    assert_eq!(Consent::<Discovery>::restore(&record), Err(other));
    assert!(Consent::<SmsFallback>::restore(&record).is_err());
    assert!(Consent::<Messaging>::restore(&record).is_ok());
}

#[test]
fn a_record_without_text_proves_nothing() {
    let record = ConsentRecord { scope: ScopeName::Messaging, text: String::new(), version: 1, day: Day(1) };
    assert_eq!(Consent::<Messaging>::restore(&record), Err(RestoreError::Text(NotAPrompt)));
}

#[test]
fn revoking_consumes_the_consent_and_keeps_the_day() {
    let consent = Consent::given(Prompt::<Messaging>::standard(), Day(1));
    assert_eq!(consent.revoke(Day(2)).day(), Day(2));
}

#[test]
fn the_standard_prompts_are_of_their_scopes_and_differ() {
    let texts = [Messaging::TEXT, Discovery::TEXT, SmsFallback::TEXT];
    assert!(texts.iter().all(|text| text.contains("turn this off")), "each says that it can be undone");
    assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
    assert_eq!(Prompt::<Discovery>::standard().text(), Discovery::TEXT);
}

proptest! {
    #[test]
    fn a_record_is_read_back(text in "\\PC{1,100}", version: u32, day: u32) {
        prop_assume!(!text.trim().is_empty());
        let consent = Consent::given(Prompt::<SmsFallback>::new(&text, version).unwrap(), Day(day));
        let record: ConsentRecord = exact(&to_bytes(&consent.record())).unwrap();
        prop_assert_eq!(Consent::restore(&record), Ok(consent));
    }
}
