//! Where a webhook is.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;
use thiserror::Error;

/// An `https` URL, or an `http` one on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    pub(super) tls: bool,
    /// A name or an address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// As it stands in the `host` field of a request.
    pub(super) authority: String,
    /// With the query, if there is one.
    pub(super) path: String,
}

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UrlError {
    /// It is no URL with a host.
    #[error("not a URL such as https://sms.example.org/send")]
    Malformed,
    /// It is neither `https` nor on this machine.
    #[error("only https, or http on loopback: numbers and codes go there")]
    Plain,
    /// There is a name or password in it.
    #[error("a name or password in the URL: messages are signed instead")]
    Password,
}

impl FromStr for WebhookUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::Malformed)?;
        let (scheme, authority) = uri.scheme().zip(uri.authority()).ok_or(UrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::Password);
        }
        let host = authority.host().trim_matches(['[', ']']);
        let tls = *scheme == Scheme::HTTPS;
        if host.is_empty() {
            return Err(UrlError::Malformed);
        }
        let stays_here = *scheme == Scheme::HTTP && is_loopback(host);
        if !(tls || stays_here) {
            return Err(UrlError::Plain);
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.to_string(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", if self.tls { "https" } else { "http" }, self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(bool, String, u16, String), UrlError> {
        text.parse::<WebhookUrl>().map(|url| (url.tls, url.host, url.port, url.path))
    }

    #[test]
    fn host_port_and_path_are_read() {
        assert_eq!(parsed("https://sms.example.org"), Ok((true, "sms.example.org".into(), 443, "/".into())));
        assert_eq!(
            parsed("https://sms.example.org:8443/send?from=us"),
            Ok((true, "sms.example.org".into(), 8443, "/send?from=us".into()))
        );
        assert_eq!(parsed("http://[::1]:7000/x"), Ok((false, "::1".into(), 7000, "/x".into())));
        assert_eq!(parsed("http://localhost/"), Ok((false, "localhost".into(), 80, "/".into())));
    }

    #[test]
    fn numbers_leave_the_machine_under_tls_alone() {
        for plain in
            ["http://sms.example.org/", "http://192.0.2.1/", "http://localhost.example.org/", "ftp://127.0.0.1/"]
        {
            assert_eq!(parsed(plain), Err(UrlError::Plain), "{plain}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_webhook_is_refused() {
        for bad in ["", "sms.example.org", "/send", "https://", "https:///send", "https://a b/"] {
            assert_eq!(parsed(bad), Err(UrlError::Malformed), "{bad}");
        }
        assert_eq!(parsed("https://me:word@sms.example.org/"), Err(UrlError::Password));
    }

    #[test]
    fn it_is_written_as_it_was_read() {
        for text in ["https://sms.example.org:8443/send?from=us", "http://[::1]:7000/"] {
            assert_eq!(text.parse::<WebhookUrl>().unwrap().to_string(), text);
        }
    }
}
