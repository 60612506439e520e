//! The shape of a body: its fields and their lengths, without any value.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;

/// `{0:u,1:[[u,{0:u,1:32,2:32,3:16,4:4052}]]}`; a list has each shape of its members once. Also for what is no CBOR.
pub(super) fn shape(body: &[u8]) -> String {
    let mut decoder = Decoder::new(body);
    value(&mut decoder).unwrap_or_else(|_| format!("{} bytes", body.len()))
}

fn value(decoder: &mut Decoder<'_>) -> Result<String, Error> {
    Ok(match decoder.datatype()? {
        Type::Bytes => decoder.bytes()?.len().to_string(),
        Type::Map => {
            let count = decoder.map()?.unwrap_or_default();
            let entries = (0..count).map(|_| Ok(format!("{}:{}", decoder.u64()?, value(decoder)?)));
            format!("{{{}}}", entries.collect::<Result<Vec<_>, Error>>()?.join(","))
        }
        Type::Array => {
            let count = decoder.array()?.unwrap_or_default();
            let mut members = (0..count).map(|_| value(decoder)).collect::<Result<Vec<_>, Error>>()?;
            members.dedup();
            format!("[{}]", members.join(","))
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
            decoder.u64()?;
            "u".to_owned()
        }
        other => {
            decoder.skip()?;
            other.to_string()
        }
    })
}

#[test]
fn a_shape_has_fields_and_lengths_and_no_value() {
    let body = [0xA3, 0, 1, 1, 0x42, 7, 7, 2, 0x82, 0x41, 9, 0x41, 8];
    assert_eq!(shape(&body), "{0:u,1:2,2:[1]}");
    assert_eq!(shape(&[0xA1, 0]), "2 bytes");
    assert_eq!(shape(b""), "0 bytes");
}
