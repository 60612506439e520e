//! The certificate: whether it and its key are a pair, and how long it is good.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{Check, Finding};
use crate::config::{Serving, TlsMode};
use crate::tls::{Certificate, CertificateError};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// So long before its end a certificate should have been replaced.
const SOON: Duration = Duration::from_secs(21 * 24 * 60 * 60);
const RENEW: &str = "renew the certificate where it came from, and start the server again";

/// Looks at the certificate that the configuration names.
#[must_use]
pub fn certificate(serving: &Serving<'_>, now: SystemTime) -> Vec<Finding> {
    let (chain, key) = (&serving.tls.certificate, &serving.tls.key);
    match serving.tls.mode {
        TlsMode::Off => vec![Finding::ok(Check::Tls, "there is none: only this machine can connect")],
        TlsMode::Own if !chain.exists() && !key.exists() => {
            vec![Finding::ok(Check::Tls, "the server makes its certificate when it starts")]
        }
        TlsMode::Acme if !chain.exists() && !key.exists() => {
            vec![Finding::ok(Check::Tls, "the server asks for a certificate when it starts")]
        }
        mode => match Certificate::load(chain, key) {
            Err(CertificateError::Key(error)) => vec![Finding::of_error(Check::Tls, &error)],
            Err(error) => vec![unfit(&error, chain, key)],
            Ok(_) => {
                let pair = Finding::ok(Check::Tls, "certificate and key are a pair, and the key is its owner's alone");
                let rest = (mode != TlsMode::Own).then(|| in_time(chain, serving, now));
                [pair].into_iter().chain(rest.into_iter().flatten()).collect()
            }
        },
    }
}

fn unfit(error: &CertificateError, chain: &Path, key: &Path) -> Finding {
    let mend = format!(
        "put a chain and its key, both PEM, into {} and {}; or `mode = \"own\"` in [tls], and move both away",
        chain.display(),
        key.display()
    );
    Finding { mend: Some(mend), ..Finding::of_error(Check::Tls, error) }
}

/// Whether the operator's certificate is good now, for a while, and for the server's name.
fn in_time(chain: &Path, serving: &Serving<'_>, now: SystemTime) -> Vec<Finding> {
    let Some(der) = fs::read(chain).ok().and_then(|pem| CertificateDer::from_pem_slice(&pem).ok()) else {
        return vec![];
    };
    let Ok((_, certificate)) = X509Certificate::from_der(&der) else {
        return vec![Finding::warning(Check::Tls, "the certificate cannot be read as X.509", RENEW)];
    };
    let validity = [&certificate.validity().not_before, &certificate.validity().not_after].map(|time| time.timestamp());
    let name = (serving.tls.web_pki && !is_for(&certificate, serving.public.host.host())).then(|| {
        Finding::problem(
            Check::Tls,
            "the certificate is not for the name in `host`, and web_pki has clients look at it",
            "a certificate for that name, or `web_pki = false` in [tls]",
        )
    });
    [validity_of(validity, now)].into_iter().chain(name).collect()
}

fn validity_of([first, last]: [i64; 2], now: SystemTime) -> Finding {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    let left = Duration::from_secs(last.saturating_sub(now).try_into().unwrap_or(0));
    match left {
        _ if now < first => {
            Finding::problem(Check::Tls, "the certificate is not good yet", "look at the clock: date -u")
        }
        Duration::ZERO => Finding::problem(Check::Tls, "the certificate has expired", RENEW),
        left if left < SOON => {
            let days = left.as_secs() / DAY.as_secs();
            Finding::warning(Check::Tls, format_args!("the certificate expires in {days} days"), RENEW)
        }
        left => Finding::ok(Check::Tls, format_args!("it is good for {} days", left.as_secs() / DAY.as_secs())),
    }
}

/// Whether a certificate names `host`, as itself or by a wildcard for its first label.
fn is_for(certificate: &X509Certificate<'_>, host: &str) -> bool {
    use x509_parser::extensions::GeneralName;
    let wildcard = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let named = certificate.subject_alternative_name().ok().flatten();
    named.is_some_and(|names| {
        names.value.general_names.iter().any(|name| match name {
            GeneralName::DNSName(name) => {
                name.eq_ignore_ascii_case(host) || wildcard.as_ref().is_some_and(|wild| name.eq_ignore_ascii_case(wild))
            }
            // An address is checked by nobody's eyes alone: clients do.
            GeneralName::IPAddress(_) => true,
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_certificate_is_good_between_its_days_and_soon_no_more() {
        let at = |days: u64| UNIX_EPOCH + DAY * u32::try_from(days).unwrap();
        let seconds = |days: i64| days * 24 * 60 * 60;
        let level = |now| validity_of([seconds(100), seconds(200)], at(now)).level;
        assert_eq!(
            [level(99), level(100), level(185), level(201)],
            [Level::Problem, Level::Ok, Level::Warning, Level::Problem]
        );
    }
}
