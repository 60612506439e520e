//! Asking the directory and each key service, and comparing what they say.

use data_encoding::HEXLOWER;
use sealpost_blind::discovery::Descriptor;
use sealpost_wire::RelayRef;
use sealpost_wire::directory::Epoch;
use sealpost_wire::manifest::{Directory, EpochDescriptor, KeyService};
use sealpost_wire::operator::OperatorKey;
use sealpost_wire::time::Day;

use super::{Epochs, Moment, OpenEpoch, Service, Unusable};
use crate::asking::{Asking, DirectoryWord};

/// Key services that have answered, each asked once.
type Answered = Vec<(RelayRef, KeyService, OperatorKey)>;

/// All epochs that are open at the moment, and whether the directory's relay gives tickets on the attester's word.
pub(super) async fn open_epochs(asking: &dyn Asking, attester: &OperatorKey, read: Moment) -> Result<Epochs, Unusable> {
    let DirectoryWord { directory, operator, tickets_by } = asking.directory().await.map_err(Unusable::Directory)?;
    believes(directory.attester.as_deref(), attester)?;
    // A relay may give tickets on somebody else's word: then it gets none of ours.
    let issuer = tickets_by.is_some_and(|named| is(&named, attester)).then_some(operator);
    let (mut answered, mut open) = (Answered::new(), Vec::new());
    for descriptor in named(&directory, read.today) {
        let descriptor = check(descriptor)?;
        ask_all(asking, &descriptor, &mut answered).await?;
        open.push(compare(descriptor, attester, &answered)?);
    }
    if open.is_empty() { Err(Unusable::NoEpoch) } else { Ok(Epochs { open, issuer, read }) }
}

/// A directory or a key service without an attester believes everyone.
fn believes(named: Option<&str>, attester: &OperatorKey) -> Result<(), Unusable> {
    if named.is_none_or(|named| is(named, attester)) { Ok(()) } else { Err(Unusable::OtherAttester) }
}

fn is(reference: &str, attester: &OperatorKey) -> bool {
    reference.parse().is_ok_and(|named: RelayRef| named.operator == *attester)
}

/// The epoch after the day's may have been opened early, in the place of one whose keys have leaked.
fn named(directory: &Directory, today: Day) -> impl Iterator<Item = &EpochDescriptor> {
    let next = Epoch::of(today).next();
    let early = (!next.is_open(today)).then_some(next);
    let near = Epoch::open_on(today).chain(early);
    near.filter_map(|epoch| directory.epochs.iter().find(|named| named.epoch == epoch))
}

fn check(descriptor: &EpochDescriptor) -> Result<Descriptor, Unusable> {
    let epoch = descriptor.epoch;
    Descriptor::check(descriptor).map_err(|source| Unusable::Descriptor { epoch, source })
}

async fn ask_all(asking: &dyn Asking, descriptor: &Descriptor, answered: &mut Answered) -> Result<(), Unusable> {
    for reference in &descriptor.references {
        if !answered.iter().any(|(asked, ..)| asked == reference) {
            let (says, operator) = asking.key_service(reference).await.map_err(Unusable::KeyService)?;
            answered.push((reference.clone(), says, operator));
        }
    }
    Ok(())
}

fn compare(descriptor: Descriptor, attester: &OperatorKey, answered: &Answered) -> Result<OpenEpoch, Unusable> {
    let disagreement = Unusable::Disagreement { epoch: descriptor.epoch };
    let expected = descriptor.references.iter().zip(descriptor.services.keys()).zip(&descriptor.contributions);
    let mut services = Vec::new();
    for ((reference, key), contribution) in expected {
        let (_, says, operator) = answered.iter().find(|(asked, ..)| asked == reference).ok_or(disagreement)?;
        believes(says.attester.as_deref(), attester)?;
        let own = says.epochs.iter().find(|own| own.epoch == descriptor.epoch).ok_or(disagreement)?;
        let said = [HEXLOWER.encode(&key.to_bytes()), HEXLOWER.encode(contribution)];
        if said != [own.public_key.as_str(), own.contribution.as_str()] {
            return Err(disagreement);
        }
        services.push(Service { reference: reference.clone(), operator: *operator, key: *key });
    }
    Ok(OpenEpoch { descriptor, services })
}
