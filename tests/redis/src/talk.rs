//! As much of Redis's protocol (RESP2) as it takes to give a server commands.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// Gives the server at `address` a command. What it answers, each line of a list on a line of its own.
pub(crate) fn tell(address: SocketAddr, words: &[&[u8]]) -> io::Result<String> {
    answer(&mut asked(address, words)?)
}

/// The same of a command that a list of strings answers, which may have any bytes in them.
pub(crate) fn tell_raw(address: SocketAddr, words: &[&[u8]]) -> io::Result<Vec<Vec<u8>>> {
    let mut stream = asked(address, words)?;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let count: usize = line.strip_prefix('*').and_then(|count| count.trim_end().parse().ok()).unwrap_or_default();
    (0..count).map(|_| string(&mut stream)).collect()
}

fn asked(address: SocketAddr, words: &[&[u8]]) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut command = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        command.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        command.extend_from_slice(word);
        command.extend_from_slice(b"\r\n");
    }
    stream.write_all(&command)?;
    Ok(BufReader::new(stream))
}

fn string(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let length = line.strip_prefix('$').and_then(|length| length.trim_end().parse().ok());
    bulk(stream, length.ok_or(io::ErrorKind::InvalidData)?)
}

fn answer(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
    match kind {
        "-" => Err(io::Error::other(rest.to_owned())),
        "$" => Ok(String::from_utf8_lossy(&bulk(stream, rest.parse().unwrap_or(-1))?).into_owned()),
        "*" => {
            let count = 0..rest.parse().unwrap_or(0);
            Ok(count.map(|_| answer(stream)).collect::<io::Result<Vec<_>>>()?.join("\n"))
        }
        _ => Ok(rest.to_owned()),
    }
}

fn bulk(stream: &mut impl Read, length: i64) -> io::Result<Vec<u8>> {
    let Ok(length) = usize::try_from(length) else { return Ok(Vec::new()) };
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
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
