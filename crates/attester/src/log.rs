//! The closed list of what happens to an attester, besides [what happens to every server](sealpost_server::log): each event is
//! a fixed text and numbers, and none is of a connection, a request or a phone number.

pub use sealpost_server::log::start;

sealpost_server::events! {
    /// Directory and key services are there and agree.
    INFO Attesting {} = "numbers can be attested";
    /// The directory does not answer.
    ERROR DirectoryOut {} = "the directory cannot be asked: nobody can be attested until it can";
    /// A key service does not answer.
    ERROR KeyServiceOut {} = "a key service cannot be asked: nobody can be attested until it can";
    /// The directory has no epoch for today.
    ERROR NoEpoch {} = "the directory has no open epoch: nobody can be attested until it has";
    /// Our word would be worth nothing.
    ERROR OtherAttester {} = "the directory or a key service names another attester than this one: nobody is attested";
    /// The directory is not one that clients use.
    ERROR BadDescriptor {
        /// The epoch.
        epoch: u32
    } = "the directory's descriptor of an epoch is outside of what clients bear: nobody is attested";
    /// One of two servers lies, or is not up to date.
    ERROR Disagreement {
        /// The epoch.
        epoch: u32
    } = "the directory names another key or contribution than the key service itself: nobody is attested";
    /// A key service does not do what its key says.
    ERROR WrongProof {} = "a key service's proof does not hold for the key that it says: it is not believed";
    /// The system gave no memory.
    ERROR OutOfMemory {} = "there is too little memory to hash a number";
    /// The gateway is not there.
    ERROR GatewayOut {} = "the SMS gateway does not answer: codes are not sent";
    /// The gateway does not want us.
    ERROR GatewayRefuses {
        /// Its answer.
        status: u16
    } = "the SMS gateway refuses: codes are not sent";
    /// The gateway's file cannot be written.
    ERROR GatewayFile {
        /// The system's error number.
        errno: i32
    } = "the file of the SMS gateway cannot be written: codes are not sent";
    /// It was in trouble before.
    INFO GatewayBack {} = "the SMS gateway takes codes again";
    /// Numbers and codes are written down.
    WARN GatewayIsAFile {} = "codes are written to a file and not sent (gateway.kind): for trying out, and for nothing else";
    /// Logs nothing can be learnt from but that the program is alive.
    TRACE Swept {} = "forgot what is over";
}
