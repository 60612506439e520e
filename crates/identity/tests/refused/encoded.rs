fn send(_: &impl minicbor::Encode<()>) {}

fn main() {
    send(&sealpost_identity::PhoneNumber::parse("+12025550123", None).unwrap());
    send(&sealpost_identity::Imei::parse("490154203237518").unwrap());
    send(&sealpost_identity::Imsi::parse("262011234567890").unwrap());
    send(&sealpost_identity::AddressBook::new());
}
