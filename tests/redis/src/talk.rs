//! As much of Redis's protocol (RESP2) as it takes to give a server commands.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// Gives the server at `address` a command. What it answers, each line of a list on a line of its own.
pub(crate) fn tell(address: SocketAddr, words: &[&[u8]]) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut command = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        command.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        command.extend_from_slice(word);
        command.extend_from_slice(b"\r\n");
    }
    stream.write_all(&command)?;
    answer(&mut BufReader::new(stream))
}

fn answer(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
    match kind {
        "-" => Err(io::Error::other(rest.to_owned())),
        "$" => bulk(stream, rest.parse().unwrap_or(-1)),
        "*" => {
            let count = 0..rest.parse().unwrap_or(0);
            Ok(count.map(|_| answer(stream)).collect::<io::Result<Vec<_>>>()?.join("\n"))
        }
        _ => Ok(rest.to_owned()),
    }
}

fn bulk(stream: &mut impl Read, length: i64) -> io::Result<String> {
    let Ok(length) = usize::try_from(length) else { return Ok(String::new()) };
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes)?;
    bytes.truncate(length);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_every_kind_are_read() {
        for (bytes, text) in [("+OK\r\n", "OK"), (":7\r\n", "7"), ("$-1\r\n", ""), ("*2\r\n$1\r\na\r\n:1\r\n", "a\n1")]
        {
            assert_eq!(answer(&mut bytes.as_bytes()).unwrap(), text);
        }
        assert_eq!(answer(&mut "-ERR no\r\n".as_bytes()).unwrap_err().to_string(), "ERR no");
    }
}
