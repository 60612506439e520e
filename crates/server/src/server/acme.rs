//! A certificate of the web, had from an authority by ACME (RFC 8555) and renewed in time, while the server runs.
//!
//! The authority connects to port 443 of the name, asks for `acme-tls/1` there (TLS-ALPN-01, RFC 8737), and is shown a certificate that
//! only whoever asked could make. Until the first one is there, the server shows one of its own.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::reload::{Material, Reloader};
use crate::clock::{Clock, every};
use crate::config::Acme;
use crate::keys;
use crate::log::Event;
use crate::tls::Certificate;

/// How often it is looked whether the certificate is to be renewed. Authorities allow five failures an hour.
const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

/// Why there is no new certificate.
#[derive(Debug, Error)]
enum NotIssued {
    /// The authority cannot be spoken with, or answers what it should not.
    #[error("the authority could not be asked")]
    Authority(#[source] instant_acme::Error),
    /// It did not find the answer to its challenge behind the name.
    #[error("the authority did not find this server behind its name")]
    Unproved,
    /// A file cannot be read or written.
    #[error("the files of the certificate or the account could not be used")]
    Files(#[source] io::Error),
    /// What was issued, or what was to be shown, is no certificate.
    #[error("what the authority issued does for no TLS")]
    Unfit,
}

impl NotIssued {
    fn log(&self) {
        match self {
            Self::Authority(_) => Event::AuthorityOut {}.log(),
            Self::Unproved => Event::NameUnproved {}.log(),
            Self::Files(_) => Event::CertificateUnwritten {}.log(),
            Self::Unfit => Event::CertificateUnfit {}.log(),
        }
    }
}

impl From<instant_acme::Error> for NotIssued {
    fn from(error: instant_acme::Error) -> Self {
        Self::Authority(error)
    }
}

/// Renews the certificate of a server whose configuration wants it, for as long as it runs.
pub(super) async fn keep(reloader: Reloader, clock: Arc<dyn Clock>) {
    let Some((material, acme)) = reloader.material().and_then(|material| Some((material, material.acme.as_ref()?)))
    else {
        return std::future::pending().await;
    };
    every(LOOK_EVERY, || async {
        if is_due(material, clock.now()) {
            match renew(&reloader, material, acme).await {
                Ok(()) => Event::CertificateIssued {}.log(),
                Err(why) => why.log(),
            }
        }
    })
    .await;
}

/// Whether the certificate is the server's own, or the last third of its time has begun.
fn is_due(material: &Material, now: SystemTime) -> bool {
    let Ok(first) = CertificateDer::from_pem_file(&material.chain) else { return true };
    let Ok((_, certificate)) = X509Certificate::from_der(&first) else { return true };
    let (from, to) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    certificate.issuer() == certificate.subject() || now >= to - (to - from) / 3
}

async fn renew(reloader: &Reloader, material: &Material, acme: &Acme) -> Result<(), NotIssued> {
    let account = account(acme).await?;
    let name = [Identifier::Dns(material.host.host().to_owned())];
    let mut order = account.new_order(&NewOrder::new(&name)).await?;
    let proved = prove(material, &mut order).await;
    material.shown.answer(None);
    proved?;
    let key = Zeroizing::new(order.finalize().await?);
    let chain = order.poll_certificate(&RetryPolicy::default()).await?;
    keys::put(&material.key, key.as_bytes(), 0o600).map_err(NotIssued::Files)?;
    keys::put(&material.chain, chain.as_bytes(), 0o644).map_err(NotIssued::Files)?;
    reloader.reload().map_err(|_| NotIssued::Unfit)
}

/// Answers the challenge, and waits until the authority has found the answer.
async fn prove(material: &Material, order: &mut Order) -> Result<(), NotIssued> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(ChallengeType::TlsAlpn01).ok_or(NotIssued::Unproved)?;
        let digest = challenge.key_authorization().digest();
        let answer = Certificate::answer(&material.host, digest.as_ref()).map_err(|_| NotIssued::Unfit)?;
        material.shown.answer(Some(answer));
        challenge.set_ready().await?;
    }
    match order.poll_ready(&RetryPolicy::default()).await {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) | Err(instant_acme::Error::Api(_)) => Err(NotIssued::Unproved),
        Err(error) => Err(error.into()),
    }
}

/// The account of last time, or a new one.
async fn account(acme: &Acme) -> Result<Account, NotIssued> {
    let builder = match acme.ca.as_os_str().is_empty() {
        true => Account::builder()?,
        false => Account::builder_with_root(&acme.ca)?,
    };
    if acme.account.exists() {
        let kept = keys::read(&acme.account).map_err(|_| NotIssued::Files(io::ErrorKind::InvalidData.into()))?;
        let kept: AccountCredentials = serde_json::from_slice(&kept).map_err(|error| NotIssued::Files(error.into()))?;
        return Ok(builder.from_credentials(kept).await?);
    }
    let contact = format!("mailto:{}", acme.contact);
    let contacts = [contact.as_str()];
    let contact: &[&str] = if acme.contact.is_empty() { &[] } else { &contacts };
    let new = NewAccount { contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder.create(&new, acme.directory.clone(), None).await?;
    let text = Zeroizing::new(serde_json::to_vec(&credentials).map_err(|error| NotIssued::Files(error.into()))?);
    keys::put(&acme.account, &text, 0o600).map_err(NotIssued::Files)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// A certificate of ninety days, from the first of January 2026, of an authority or of its own.
    fn material(directory: &std::path::Path, of_an_authority: bool) -> Material {
        let mut params = rcgen::CertificateParams::new(["relay.example.org".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let pair = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
        let authority = rcgen::Issuer::new(authority, rcgen::KeyPair::generate().unwrap());
        let made = if of_an_authority { params.signed_by(&pair, &authority) } else { params.self_signed(&pair) };
        let [chain, key] = ["tls.pem", "tls.key"].map(|name| directory.join(name));
        keys::put(&chain, made.unwrap().pem().as_bytes(), 0o644).unwrap();
        keys::put(&key, pair.serialize_pem().as_bytes(), 0o600).unwrap();
        let tls = crate::config::Tls { certificate: chain.clone(), key: key.clone(), ..Default::default() };
        let shown = Certificate::load(&chain, &key).unwrap();
        Material::of(&tls, &"relay.example.org:443".parse().unwrap(), &shown)
    }

    fn after_new_year(days: u32) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_225_600) + DAY * days
    }

    #[test]
    fn a_certificate_is_renewed_in_the_last_third_of_its_time() {
        let directory = tempfile::tempdir().unwrap();
        let material = material(directory.path(), true);
        let due: Vec<_> =
            [0, 59, 60, 200].into_iter().filter(|days| is_due(&material, after_new_year(*days))).collect();
        assert_eq!(due, [60, 200]);
    }

    #[test]
    fn an_own_one_is_renewed_at_once_and_one_that_is_gone_too() {
        let directory = tempfile::tempdir().unwrap();
        let material = material(directory.path(), false);
        assert!(is_due(&material, after_new_year(1)));
        std::fs::remove_file(&material.chain).unwrap();
        assert!(is_due(&material, after_new_year(1)));
    }
}
