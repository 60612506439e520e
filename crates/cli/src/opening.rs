//! From arguments to an opened profile.

use std::path::Path;

use sealpost_client::policy::Pace;
use sealpost_client::{Client, Contact, Options, Profile, Regions, Unlock};

use crate::arguments::Common;
use crate::directory;
use crate::failure::Failure;
use crate::own_numbers;
use crate::passphrase::{self, Use};

/// Opens the profile that the arguments name; `None` where there is none, and none is made.
pub(crate) fn existing(common: &Common, options: Options) -> Result<Option<Profile>, Failure> {
    let directory = directory::of(common.profile.as_deref())?;
    if directory::is_unused(&directory) {
        return Ok(None);
    }
    open(common, &directory, Use::Opens, options).map(Some)
}

/// Opens the profile, or makes a fresh one.
pub(crate) fn existing_or_fresh(common: &Common) -> Result<Profile, Failure> {
    let directory = directory::of(common.profile.as_deref())?;
    let wanted = if directory::is_unused(&directory) { Use::Protects } else { Use::Opens };
    open(common, &directory, wanted, Options::default())
}

/// The client of a profile that has opted in.
pub(crate) fn opted_in(common: &Common) -> Result<Client, Failure> {
    opted_in_with(common, Options::default())
}

/// As [`opted_in`], with other options than the usual ones.
pub(crate) fn opted_in_with(common: &Common, options: Options) -> Result<Client, Failure> {
    match existing(common, options)? {
        Some(Profile::OptedIn(client)) => Ok(client),
        Some(Profile::Leaving(_)) => Err(sealpost_client::Error::from(sealpost_client::ErrorKind::OptedOut).into()),
        Some(Profile::Fresh(_)) | None => Err(Failure::no_consent()),
    }
}

/// The contact of that name.
pub(crate) fn contact(client: &Client, name: &str) -> Result<Contact, Failure> {
    client.contacts()?.into_iter().find(|contact| contact.name == name).ok_or_else(Failure::no_contact)
}

fn open(common: &Common, directory: &Path, wanted: Use, options: Options) -> Result<Profile, Failure> {
    let regions = match common.regions.as_slice() {
        [] => Regions::any(),
        allowed => Regions::only(allowed.iter().map(String::as_str)),
    };
    let tripwire = own_numbers::tripwire(&common.own_numbers)?;
    let pace = common.way.pace.map_or(options.pace, Pace::around);
    let (proxy, private_relays) = (common.way.proxy.clone(), common.private_relays);
    let options = Options { tripwire, regions, private_relays, proxy, pace, ..options };
    let passphrase = passphrase::read(common.passphrase_file.as_deref(), wanted)?;
    let profile = Profile::open(directory, &Unlock::passphrase(&passphrase), options)?;
    if let Profile::OptedIn(client) = &profile {
        common.invite.iter().try_for_each(|invite| invite.keep(client))?;
    }
    Ok(profile)
}
