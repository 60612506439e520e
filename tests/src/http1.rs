//! HTTP/1.1 as it was recorded: messages of one direction, one behind the other.

/// A request or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its first line: `POST /v1/deposit HTTP/1.1`, `HTTP/1.1 200 OK`.
    pub first_line: String,
    /// Its body.
    pub body: Vec<u8>,
}

/// The messages of one direction and, where it became a WebSocket, the frames behind them.
///
/// A message that was cut off by the end of the connection is left out.
#[must_use]
pub fn split(mut bytes: &[u8]) -> (Vec<Message>, Option<&[u8]>) {
    let mut messages = Vec::new();
    while let Some((message, upgraded, rest)) = first(bytes) {
        messages.push(message);
        bytes = rest;
        if upgraded {
            return (messages, Some(bytes));
        }
    }
    (messages, None)
}

impl Message {
    /// The path of a request.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.first_line.split(' ').nth(1).filter(|path| path.starts_with('/'))
    }
}

fn first(bytes: &[u8]) -> Option<(Message, bool, &[u8])> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at_checked(end + 4)?;
    let head = String::from_utf8_lossy(head).into_owned();
    let first_line = head.lines().next()?.to_owned();
    let length = header(&head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    let (body, rest) = rest.split_at_checked(length)?;
    let upgraded = header(&head, "upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    Some((Message { first_line, body: body.to_vec() }, upgraded, rest))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_split_by_their_lengths() {
        let bytes = b"POST /v1/take HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /v1/relay HTTP/1.1\r\n\r\n";
        let (messages, frames) = split(bytes);
        assert_eq!(messages.iter().map(|m| m.path()).collect::<Vec<_>>(), [Some("/v1/take"), Some("/v1/relay")]);
        assert_eq!((messages[0].body.as_slice(), frames), (b"abc".as_slice(), None));
    }

    #[test]
    fn what_follows_an_upgrade_is_frames() {
        let (messages, frames) = split(b"GET /v1/collect HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\x82\x00");
        assert_eq!((messages.len(), frames), (1, Some(b"\x82\x00".as_slice())));
    }

    #[test]
    fn a_message_that_was_cut_off_is_none() {
        assert_eq!(split(b"POST /v1/take HTTP/1.1\r\nContent-Length: 3\r\n\r\nab").0, []);
    }
}
