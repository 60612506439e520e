fn main() {
    println!("{}", sealpost_identity::PhoneNumber::parse("+12025550123", None).unwrap());
    println!("{}", sealpost_identity::Imei::parse("490154203237518").unwrap());
    println!("{}", sealpost_identity::Imsi::parse("262011234567890").unwrap());
    println!("{}", sealpost_identity::AddressBook::new());
}
