//! For trying things out: nothing is sent, and everything is written down.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use sealpost_identity::PhoneNumber;
use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;

use super::message;
use super::{GatewayError, SmsGateway};

/// Appends each message to a file as a line of JSON, `{"to":…,"text":…}`.
///
/// **It keeps numbers and codes on the disk.** No attester that strangers use may have it.
#[derive(Debug, Clone)]
pub struct FileGateway(PathBuf);

impl FileGateway {
    /// Writes to `path`; a file that is made is its owner's alone.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl SmsGateway for FileGateway {
    fn send<'a>(&'a self, to: &'a PhoneNumber, text: &'a str) -> BoxFuture<'a, Result<(), GatewayError>> {
        Box::pin(async move {
            let mut line = message::json(to, text);
            line.push(b'\n');
            let written = async {
                let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.0).await?;
                file.write_all(&line).await?;
                file.flush().await
            };
            written.await.map_err(GatewayError::File)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn number() -> PhoneNumber {
        PhoneNumber::parse("+49 1512 3456789", None).unwrap()
    }

    #[tokio::test]
    async fn messages_are_lines_of_a_file_of_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sms.jsonl");
        let gateway = FileGateway::new(path.clone());
        gateway.send(&number(), "one").await.unwrap();
        gateway.send(&number(), "two \"quoted\"\n").await.unwrap();
        let expected = "{\"to\":\"+4915123456789\",\"text\":\"one\"}\n\
                        {\"to\":\"+4915123456789\",\"text\":\"two \\\"quoted\\\"\\n\"}\n";
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let error = FileGateway::new(directory.path().to_owned()).send(&number(), "one").await.unwrap_err();
        assert!(matches!(error, GatewayError::File(_)) && error.is_unsent());
    }
}
