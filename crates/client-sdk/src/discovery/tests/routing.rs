//! Sealed, or by SMS, or not at all.

use std::cell::RefCell;

use sealpost_identity::consent::SmsFallback;

use super::super::fake::World;
use super::looking_up::forget_reads;
use super::*;
use crate::{ErrorKind, Route, SmsRefused, SmsSender};

#[derive(Default)]
struct Phone {
    sent: RefCell<Vec<String>>,
    is_off: bool,
}

impl SmsSender for Phone {
    fn send(&self, to: &PhoneNumber, text: &str) -> Result<(), SmsRefused> {
        if self.is_off {
            return Err(SmsRefused);
        }
        self.sent.borrow_mut().push(format!("{} {text}", to.expose_e164()));
        Ok(())
    }
}

fn consent() -> Consent<SmsFallback> {
    Consent::given(Prompt::standard(), clock::today())
}

#[tokio::test(flavor = "multi_thread")]
async fn sms_needs_a_consent_of_its_own_and_ends_with_it() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let (bob, phone) = (number("+1 202 555 0123"), Phone::default());
    assert_eq!(seeker.client.route(&bob).unwrap(), Route::None);
    assert!(seeker.client.sms().unwrap().is_none());
    let sms = seeker.client.consent_to_sms(consent()).unwrap();
    assert_eq!(seeker.client.route(&bob).unwrap(), Route::Sms);
    sms.send(&bob, "come home", &phone).unwrap();
    assert_eq!(*phone.sent.borrow(), ["+12025550123 come home"]);
    sms.clone().revoke(clock::today()).unwrap();
    assert_eq!(sms.send(&bob, "again", &phone).unwrap_err().kind(), ErrorKind::NoConsent);
    assert_eq!(seeker.client.route(&bob).unwrap(), Route::None);
    assert_eq!(phone.sent.borrow().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_found_gets_no_sms_even_when_the_directory_hides_them() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let (alice, phone) = (number("+49 1512 3456789"), Phone::default());
    let sms = seeker.client.consent_to_sms(consent()).unwrap();
    world.list("+4915123456789", &card(&world, 5));
    let book = || book(&[("Alice", "+49 1512 3456789")]);
    let contact = seeker.look_up(book()).await.found[0].1;
    assert_eq!(seeker.client.route(&alice).unwrap(), Route::Sealed(contact));
    assert_eq!(sms.send(&alice, "psst", &phone).unwrap_err().kind(), ErrorKind::SealedRoute);
    world.state().slots.clear();
    forget_reads(&seeker);
    let report = seeker.look_up(book()).await;
    assert_eq!(report.found, [("Alice".to_owned(), contact)]);
    assert_eq!(sms.send(&alice, "psst", &phone).unwrap_err().kind(), ErrorKind::SealedRoute);
    assert!(phone.sent.borrow().is_empty());
    // Only the person can decide otherwise.
    seeker.client.forget_number(&alice).unwrap();
    sms.send(&alice, "by the old way", &phone).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_does_not_send_is_told() {
    let world = World::open().await;
    let seeker = Seeker::new(&world.relay());
    let sms = seeker.client.consent_to_sms(consent()).unwrap();
    let off = Phone { is_off: true, ..Phone::default() };
    let refused = sms.send(&number("+1 202 555 0123"), "hello", &off).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::SmsRefused);
}
