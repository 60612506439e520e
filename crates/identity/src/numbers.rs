//! Numbers that name a person or a device. They stay on the device.
//!
//! None of these types can be serialized or displayed, their `Debug` shows a name alone, and they are wiped when
//! dropped. [`Imei`] and [`Imsi`] have no accessor for the whole number: all that can be done with one is to hand it to
//! the [tripwire](crate::Tripwire).
//!
//! rlibphonenumber, which reads phone numbers, writes some of them to the `log` crate at trace level: no program of
//! ours installs a logger there.

mod address_book;
mod digits;
mod imei;
mod imsi;
mod phone;
mod region;

pub use address_book::{AddressBook, Contact};
pub use imei::{Imei, ImeiError};
pub use imsi::{Imsi, ImsiError, MncLength};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use region::{Region, UnknownRegion};

pub(crate) use digits::Digits;
