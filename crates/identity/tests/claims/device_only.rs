//! What is device-only cannot leave by way of the type system, and is wiped.
//!
//! The run fails when one of these types learns to be serialized or displayed, or when the compiler's refusal is of
//! something else than that.

use sealpost_identity::{AddressBook, IdentityKeyPair, Imei, Imsi, PhoneNumber};
use zeroize::ZeroizeOnDrop;

/// Does not compile when `$type` has one of the traits: then two impls give `refuse` a meaning.
macro_rules! has_none_of {
    ($type:ty: $($trait:path),+ $(,)?) => {$(
        const _: fn() = || {
            trait Ambiguous<A> {
                fn refuse() {}
            }
            struct Forbidden;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<Forbidden> for T {}
            <$type as Ambiguous<_>>::refuse();
        };
    )+};
}

macro_rules! device_only {
    ($($type:ty),+) => {$(
        has_none_of!($type: serde::Serialize, minicbor::Encode<()>, std::fmt::Display, AsRef<str>, AsRef<[u8]>);
    )+};
}

device_only!(PhoneNumber, Imei, Imsi, AddressBook, IdentityKeyPair);

#[test]
fn device_only_types_are_wiped() {
    const fn wiped<T: ZeroizeOnDrop>() {}
    const { wiped::<PhoneNumber>() };
    const { wiped::<Imei>() };
    const { wiped::<Imsi>() };
    const { wiped::<AddressBook>() };
}

#[test]
fn programs_that_would_let_them_out_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
